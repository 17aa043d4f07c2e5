import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { measuredCoupling } from './coupling.ts';
import { NO_LOOK, WorkLook } from './look.ts';
import { NEVER, RoutingField } from './routing-field.ts';
import { routingPlan } from './routing-plan.ts';
import { randomGates } from './testing/random-gates.ts';

if (process.env['SEED'] !== undefined) fc.configureGlobal({ seed: Number(process.env['SEED']) });

const SIDE = 4;
const EDGES = Array.from({ length: SIDE * SIDE }, (_, k): [number, number][] => [
  ...(k % SIDE === SIDE - 1 ? [] : [[k, k + 1] as [number, number]]),
  ...(k + SIDE < SIDE * SIDE ? [[k, k + SIDE] as [number, number]] : []),
]).flat();
const GRID = measuredCoupling({ qubits: SIDE * SIDE, edges: EDGES });
const QUBITS = 13;

type Pairs = readonly (readonly [number, number])[];

/** Steps between pairs in a layout in which two machine qubits are swapped; the field knows nothing of it. */
function stepsAfter(layout: Int32Array, [a, b]: readonly [number, number], pairs: Pairs): number {
  const placeOf = (qubit: number): number => {
    const at = layout[qubit] ?? 0;
    return at === a ? b : at === b ? a : at;
  };
  return pairs.reduce(
    (sum, [s, t]) => sum + (GRID.distance[placeOf(s) * GRID.qubits + placeOf(t)] ?? 0),
    0,
  );
}

test('what is kept of gains is what swaps bring, after any swaps, waits and looks ahead', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 31), (seed) => {
      const rng = Rng.fromSeed(seed);
      const operations = randomGates({ qubits: QUBITS, gates: 40, names: ['cx'] }, rng);
      const plan = routingPlan(operations, new WorkLook(NO_LOOK));
      const pairOf = (i: number): [number, number] => [plan.first[i] ?? 0, plan.second[i] ?? 0];
      const field = new RoutingField(
        GRID,
        Array.from({ length: QUBITS }, (_, k) => k),
      );
      const waiting = new Set<number>();
      let soon: number[] = [];
      for (let n = 0; n < 60; n++) {
        const i = rng.below(operations.length);
        const [s, t] = pairOf(i);
        const [a, b] = GRID.edges[rng.below(GRID.edges.length)] ?? [0, 1];
        if (waiting.delete(i)) field.release(s, t);
        else if (rng.below(3) > 0) field.swap(a, b);
        else if ((field.partner[s] ?? 0) < 0 && (field.partner[t] ?? 0) < 0) {
          waiting.add(i);
          field.wait(i, s, t);
        } else {
          soon = Array.from({ length: rng.below(8) }, () => rng.below(operations.length));
          field.lookAhead(plan, soon);
        }
        if (rng.below(2) === 0) continue;
        requireGains(field, [...waiting].map(pairOf), soon.map(pairOf));
      }
    }),
    { numRuns: 40 },
  );
});

function requireGains(field: RoutingField, waiting: Pairs, soon: Pairs): void {
  const gains = field.gains();
  const soonGains = field.soonGains();
  const { layout } = field;
  const before = [waiting, soon].map((pairs) => stepsAfter(layout, [-1, -1], pairs));
  expect([field.steps, field.soonSteps]).toEqual(before);
  const places = new Set(waiting.flat().map((qubit) => layout[qubit]));
  for (const [k, edge] of GRID.edges.entries()) {
    if (!places.has(edge[0]) && !places.has(edge[1])) {
      expect(gains[k]).toBe(NEVER);
      continue;
    }
    const after = [waiting, soon].map((pairs) => stepsAfter(layout, edge, pairs));
    expect([gains[k], soonGains[k]]).toEqual(after.map((steps, n) => steps - (before[n] ?? 0)));
  }
}
