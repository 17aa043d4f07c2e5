import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KeyedHeap } from './keyed-heap.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

test('has the member with the least key on top, whatever was put and removed', () => {
  const step = fc.record({
    member: fc.nat(40),
    key: fc.option(fc.double({ noNaN: true }), { freq: 3 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const heap = new KeyedHeap();
      const twin = new Map<number, number>();
      for (const { key, member } of steps) {
        if (key === null) {
          heap.remove(member);
          twin.delete(member);
        } else {
          heap.put(member, key);
          twin.set(member, key);
        }
        expect(heap.size).toBe(twin.size);
        expect(heap.has(member)).toBe(twin.has(member));
        expect(twin.get(heap.top)).toBe(twin.size === 0 ? undefined : least(twin));
      }
      for (; twin.size > 0; twin.delete(heap.top), heap.remove(heap.top))
        expect(twin.get(heap.top)).toBe(least(twin));
      expect(heap.top).toBe(-1);
    }),
    { numRuns: 300, ...SEED },
  );
});

function least(twin: ReadonlyMap<number, number>): number {
  return [...twin.values()].reduce((least, key) => (key < least ? key : least));
}
