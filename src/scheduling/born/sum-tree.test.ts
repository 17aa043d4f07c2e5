import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SumTree } from './sum-tree.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

/** Above 0 or nothing, over many orders of magnitude. */
const weights = fc.oneof(
  fc.constant(0),
  fc.double({ min: 1e-12, max: 1e12, noNaN: true }),
  fc.integer({ min: 1, max: 9 }),
);
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('push' as const), weight: weights, at: fc.nat() }),
    fc.record({ kind: fc.constant('set' as const), weight: weights, at: fc.nat() }),
    fc.record({ kind: fc.constant('pop' as const), weight: weights, at: fc.nat() }),
  ),
  { maxLength: 300, size: 'max' },
);

/** A tree of more than one level, and the weights it should hold. */
function treeOf(values: readonly number[]): SumTree {
  const tree = new SumTree();
  for (const value of values) tree.push(value);
  return tree;
}

function dumbSum(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

describe('sum tree', () => {
  test('agrees with a plain sum, and has forgotten the way there, whatever the history', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5_000 }), steps, (initial, history) => {
        const values = Array.from({ length: initial }, (_, index) => (index % 7) + 0.1);
        const tree = treeOf(values);
        for (const { kind, weight, at } of history) {
          if (kind === 'push') {
            tree.push(weight);
            values.push(weight);
          } else if (values.length > 0 && kind === 'set') {
            tree.set(at % values.length, weight);
            values[at % values.length] = weight;
          } else if (values.length > 0) {
            tree.pop();
            values.pop();
          }
        }
        const sum = dumbSum(values);
        expect(tree.size).toBe(values.length);
        expect(Math.abs(tree.total - sum)).toBeLessThanOrEqual(1e-12 * sum);
        // Bit by bit: no rounding of a former weight is left anywhere.
        expect(treeOf(values).total).toBe(tree.total);
        const middle = values.length >> 1;
        const before = dumbSum(values.slice(0, middle));
        expect(Math.abs(tree.before(middle) - before)).toBeLessThanOrEqual(1e-12 * sum);
      }),
      { numRuns: 60, ...SEED },
    );
  });

  test('a hundred thousand changes leave no drift', () => {
    const values = Array.from({ length: 300 }, () => 1);
    const tree = treeOf(values);
    for (let change = 0; change < 100_000; change++) {
      tree.set((change * 7_919) % 300, 10 ** ((change % 25) - 12));
    }
    for (let at = 0; at < 300; at++) tree.set(at, 0.1);
    expect(tree.total).toBe(treeOf(values.map(() => 0.1)).total);
  });

  test('finds for every running sum the weight that reaches it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 9_000, size: 'max' }),
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        (values, share) => {
          const sum = dumbSum(values);
          fc.pre(sum > 0);
          const target = Math.floor(share * sum);
          let expected = 0;
          for (let rest = target; rest >= (values[expected] as number); expected++) {
            rest -= values[expected] as number;
          }
          expect(treeOf(values).find(target)).toBe(expected);
        },
      ),
      { numRuns: 100, ...SEED },
    );
  });

  test('a sum past the end finds the last that has a weight', () => {
    const tree = treeOf([1, 2, 0]);
    expect(tree.find(3.5)).toBe(1);
    expect(treeOf([...Array.from({ length: 200 }, () => 1), 0, 0]).find(1_000)).toBe(199);
  });

  test('refuses weights that would spoil all sums', () => {
    for (const weight of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => treeOf([1]).set(0, weight)).toThrow('a weight must be finite');
    }
  });
});

test('a tree that gets room for a million at once finds as before', () => {
  const tree = new SumTree();
  const count = 70_000;
  let sum = 0;
  for (let at = 0; at < count; at++) {
    tree.push(1 + (at % 3));
    sum += 1 + (at % 3);
  }
  expect(tree.total).toBe(sum);
  // Three weights are six: the first of them ends at one, the second at three.
  for (const third of [0, 1, 12_345, 21_845, 21_846, 23_332]) {
    expect(tree.find(6 * third)).toBe(3 * third);
    expect(tree.find(6 * third + 2)).toBe(3 * third + 1);
    expect(tree.before(3 * third + 2)).toBe(6 * third + 3);
  }
});
