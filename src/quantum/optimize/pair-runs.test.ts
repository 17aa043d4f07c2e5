import { expect, test } from 'vitest';
import { PairRuns } from './pair-runs.ts';

/** Entanglers of gates (`g`) and swaps (`s`), each on two machine qubits. */
function entanglersOf(acts: string): number {
  const runs = new PairRuns(4);
  for (const act of acts.split(' ')) {
    const [kind = '', a = 0, b = 0] = [act[0], Number(act[1]), Number(act[2])];
    if (kind === 'g') runs.gate(a, b);
    else runs.swap(a, b);
  }
  return runs.entanglers;
}

test.each([
  ['g01', 1],
  ['g01 g10 g01 g01', 3],
  ['s01', 3],
  ['g01 s10', 2],
  ['s01 s01', 0],
  ['g01 s01 s01', 1],
  ['g01 s01 g01', 3],
  ['g01 g12 g01', 3],
  ['s01 g23 g01', 3],
  ['s12 s01 g12', 7],
])('gates and swaps %s leave %i entanglers', (acts, expected) => {
  expect(entanglersOf(acts)).toBe(expected);
});
