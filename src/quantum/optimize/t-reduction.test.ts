import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import type { GateName } from '../circuit/gate-table.ts';
import { lower } from './lower.ts';
import { NetworkBuilder } from './network-builder.ts';
import { synthesizedFrom } from './pauli-synthesis.ts';
import { cliffordPart, reducedParities } from './phase-polynomial.ts';
import { rotationCount } from './pieces.ts';
import { mergeRotations, rotationsOf } from './rotation-form.ts';
import { withFewerT } from './t-reduction.ts';
import { randomGates } from './testing/random-gates.ts';
import { overlapWith } from './testing/same-unitary.ts';

if (process.env['SEED'] !== undefined) fc.configureGlobal({ seed: Number(process.env['SEED']) });

const NAMES: readonly GateName[] = ['t', 'tdg', 'cx', 'cx', 'ccz', 'cs', 'h', 's', 'ccx'];
const options = (seed: number): { readonly rng: Rng; readonly isDue: () => boolean } => ({
  rng: Rng.fromSeed(seed),
  isDue: () => false,
});

test('fewer T are the same unitary', () => {
  let saved = 0;
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 2, max: 6 }), (seed, qubits) => {
      const rng = Rng.fromSeed(seed);
      // Few Hadamards, so that many rotations commute.
      const names = NAMES.filter((name) => name !== 'h' || rng.below(3) === 0);
      const operations = randomGates({ qubits, gates: 40, names }, rng);
      const builder = new NetworkBuilder(qubits);
      for (const operation of operations) lower(builder, operation);
      const merged = mergeRotations(builder.build());
      const reduced = withFewerT(rotationsOf(merged), options(seed));
      expect(reduced.count).toBeLessThanOrEqual(rotationCount(merged));
      saved += rotationCount(merged) - reduced.count;
      const made = synthesizedFrom(reduced, { discount: 0.8, frameWeight: 0.3, rng: null });
      expect(overlapWith(made, operations)).toBeCloseTo(1, 9);
    }),
    { numRuns: 60 },
  );
  expect(saved).toBeGreaterThan(0);
});

test('all parities of five variables need few T, or none', () => {
  const all = Array.from({ length: 31 }, (_, k) => k + 1);
  // A sum over all parities of four variables or more is a Clifford.
  expect(reducedParities(all, 5, options(1))).toHaveLength(0);
  expect(reducedParities([1, 2, 4, 3, 5, 6, 7], 3, options(1))).toHaveLength(7);
});

test('what is not a Clifford is refused as a difference', () => {
  const ccz = { parities: [1, 2, 4, 3, 5, 6, 7], weights: [1, 1, 1, -1, -1, -1, 1] };
  expect(() => cliffordPart(ccz, 3)).toThrow();
  const cz = { parities: [1, 2, 3], weights: [2, 2, -2] };
  expect(cliffordPart(cz, 2)).toEqual({ linear: [0, 0], quadratic: [0, 4, 0, 0] });
});
