import fc from 'fast-check';
import { expect, test } from 'vitest';
import { errorOf } from './circuit/testing/error-of.ts';
import { PARAMETERS } from './circuit/testing/random-circuit.ts';
import { sortedInSlices } from './sorted-in-slices.ts';
import { UNWATCHED } from './watch.ts';

test('items come out as from a stable sort', () => {
  fc.assert(
    fc.property(fc.nat({ max: 5_000 }), fc.integer({ min: 1, max: 50 }), (length, kinds) => {
      const items = Array.from({ length }, (_, k) => k);
      // Many are equal, and only their places tell them apart.
      const compare = (a: number, b: number): number => ((a * 7919) % kinds) - ((b * 7919) % kinds);
      expect(sortedInSlices(items, compare, UNWATCHED)).toEqual(items.toSorted(compare));
    }),
    { numRuns: 100, ...PARAMETERS },
  );
});

test('a canceled watch is seen while the last runs are merged', () => {
  let looks = 0;
  const count = 200_000;
  const watch = { ...UNWATCHED, isCanceled: () => (looks += 1) > 300 };
  const items = Array.from({ length: count }, (_, k) => (k * 7919) % count);
  expect(errorOf(() => sortedInSlices(items, (a, b) => a - b, watch)).code).toBe(
    'QUANTUM_CANCELED',
  );
  expect(looks).toBe(301);
});
