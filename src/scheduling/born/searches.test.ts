import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Searches } from './searches.ts';
import { SumTree } from './sum-tree.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

/** The first position at which the running sum exceeds the target. */
function dumbFind(weights: readonly number[], target: number): number {
  let sum = 0;
  return weights.findIndex((weight) => (sum += weight) > target);
}

test('searches that go down together find what each would find alone, in whichever tree', () => {
  const weights = fc.array(fc.nat(3), { minLength: 1, maxLength: 700, size: 'max' });
  fc.assert(
    fc.property(fc.array(weights, { minLength: 2, maxLength: 6 }), fc.nat(), (lists, salt) => {
      const full = lists.filter((list) => list.some((weight) => weight > 0));
      const trees = full.map((list) => {
        const tree = new SumTree();
        for (const weight of list) tree.push(weight);
        return tree;
      });
      const searches = new Searches(trees.length);
      const targets = trees.map(({ total }, at) => (((salt + at * 7_919) % 1_000) / 1_000) * total);
      for (const [at, tree] of trees.entries()) searches.begin(at, tree, targets[at] as number);
      searches.run();
      expect([...searches.found]).toEqual(
        full.map((list, at) => dumbFind(list, targets[at] as number)),
      );
    }),
    { ...SEED, numRuns: 300 },
  );
});
