import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import type { GateName } from '../circuit/gate-table.ts';
import type { Operation } from '../circuit/operation.ts';
import { UNWATCHED } from '../watch.ts';
import { compareRotations } from './rotation-check.ts';
import { randomGates } from './testing/random-gates.ts';
import { verify, type CircuitPair } from './verify.ts';

if (process.env['SEED'] !== undefined) fc.configureGlobal({ seed: Number(process.env['SEED']) });

const options = { seed: 1, watch: UNWATCHED, simulate: null };

function gates(text: string): Operation[] {
  return text.split(', ').map((one): Operation => {
    const [name, ...qubits] = one.split(' ');
    return {
      kind: 'gate',
      name: name as GateName,
      params: [],
      qubits: qubits.map(Number),
      controls: [],
    };
  });
}

function pair(qubits: number, first: string, second: string): CircuitPair {
  return { qubits, first: gates(first), second: gates(second), ends: null };
}

describe.each([
  ['states', 2],
  ['rotations', 24],
])('by %s', (_, qubits) => {
  test.each([
    ['h 0, t 0, h 0', 't 0'],
    ['cx 0 1', 'cx 1 0'],
    ['t 0, h 0, t 0', 't 0, h 0, tdg 0'],
    ['s 0', 'sdg 0'],
  ])('%s is not %s', (first, second) => {
    const { method, isEqual } = verify(pair(qubits, first, second), options);
    expect(isEqual && method !== 'none').toBe(false);
  });

  test.each([
    ['t 0, t 0', 's 0'],
    ['cx 0 1, t 1, cx 0 1, cx 1 0, tdg 0, cx 1 0', 'x 0, x 0'],
    ['h 0, cz 0 1, h 0', 'cx 1 0'],
    ['t 0, s 1, h 1, t 1', 's 1, h 1, t 1, t 0'],
    ['tdg 0, h 0, t 0', 't 0, sdg 0, h 0, t 0'],
  ])('%s is %s', (first, second) => {
    const { method, isEqual } = verify(pair(qubits, first, second), options);
    expect(isEqual && method !== 'none').toBe(true);
  });
});

test('a circuit without one of its gates is never found equal by rotations', () => {
  const names: GateName[] = ['h', 's', 't', 'tdg', 'cx', 'cz', 'x', 'sx', 'ccx', 'rz', 'rx'];
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 2, max: 40 }), fc.nat(), (seed, qubits, at) => {
      const first = randomGates({ qubits, gates: 30, names }, Rng.fromSeed(seed)).filter(
        (operation) =>
          operation.kind !== 'gate' ||
          operation.params.every((angle) => Math.abs(Math.sin(angle / 2)) > 1e-9),
      );
      const second = first.toSpliced(at % first.length, 1);
      expect(compareRotations(qubits, first, first)).toMatch(/equal/);
      expect(compareRotations(qubits, first, second)).not.toMatch(/equal/);
    }),
    { numRuns: 60 },
  );
});
