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

/** Steps between pairs of a field, anew. */
function stepsOf(field: RoutingField, pairs: readonly (readonly [number, number])[]): number {
  return pairs.reduce((sum, [s, t]) => sum + field.between(s, t), 0);
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

function requireGains(
  field: RoutingField,
  waiting: readonly (readonly [number, number])[],
  soon: readonly (readonly [number, number])[],
): void {
  const gains = field.gains().slice();
  const soonGains = field.soonGains().slice();
  expect(field.steps).toBe(stepsOf(field, waiting));
  expect(field.soonSteps).toBe(stepsOf(field, soon));
  const places = new Set(waiting.flat().map((qubit) => field.layout[qubit]));
  for (const [edge, [a, b]] of GRID.edges.entries()) {
    if (!places.has(a) && !places.has(b)) {
      expect(gains[edge]).toBe(NEVER);
      continue;
    }
    const before = [stepsOf(field, waiting), stepsOf(field, soon)];
    field.swap(a, b);
    expect([gains[edge], soonGains[edge]]).toEqual([
      stepsOf(field, waiting) - (before[0] ?? 0),
      stepsOf(field, soon) - (before[1] ?? 0),
    ]);
    field.swap(a, b);
  }
}
