import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import type { GateName } from '../circuit/gate-table.ts';
import { lower } from './lower.ts';
import { NetworkBuilder } from './network-builder.ts';
import { entanglers, type Network } from './network.ts';
import { rotationsOf } from './rotation-form.ts';
import { synthesized } from './pauli-synthesis.ts';
import { randomGates } from './testing/random-gates.ts';

if (process.env['SEED'] !== undefined) fc.configureGlobal({ seed: Number(process.env['SEED']) });

const NAMES: readonly GateName[] = ['h', 's', 'sx', 'x', 'z', 'cx', 'cx', 'cx', 'cy', 'swap'];

function randomClifford(qubits: number, gates: number, seed: number): Network {
  const builder = new NetworkBuilder(qubits);
  for (const operation of randomGates({ qubits, gates, names: NAMES }, Rng.fromSeed(seed))) {
    lower(builder, operation);
  }
  return builder.build();
}

test.each([2, 5, 12, 30])(
  'any Clifford of %i qubits is found again, and the search for it ends',
  (qubits) => {
    fc.assert(
      fc.property(fc.integer(), fc.boolean(), (seed, hasChance) => {
        const network = randomClifford(qubits, 12 * qubits, seed);
        const rng = hasChance ? Rng.fromSeed(seed) : null;
        const made = synthesized(network, { discount: 0.5, frameWeight: 1, rng });
        expect(rotationsOf(made).frame.equals(rotationsOf(network).frame)).toBe(true);
        // Of 800 networks of 30 qubits half took at most 417 gates, and the longest 543.
        expect(entanglers(made)).toBeLessThanOrEqual(0.75 * qubits * (qubits - 1) + 3 * qubits);
      }),
      { numRuns: qubits > 20 ? 4 : 25 },
    );
  },
);
