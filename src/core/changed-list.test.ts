import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChangedList } from './changed-list.ts';

test('a list that is swept keeps what is to be kept, whatever is added meanwhile', () => {
  const step = fc.record({
    added: fc.nat(3_000),
    /** Of ten that are there, how many go. */
    leave: fc.nat(10),
    sweeps: fc.nat(12),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 6 }), (steps) => {
      const list = new ChangedList<{ number: number; isGone: boolean }>();
      const all: { number: number; isGone: boolean }[] = [];
      let left = 0;
      for (const { added, leave, sweeps } of steps) {
        for (let count = 0; count < added; count++) {
          const entity = { number: all.length, isGone: false };
          all.push(entity);
          list.push(entity);
        }
        for (const entity of all) {
          if (entity.isGone || entity.number % 10 >= leave) continue;
          entity.isGone = true;
          left += 1;
        }
        for (let count = 0; count < sweeps; count++) left -= list.sweepOne((one) => !one.isGone);
      }
      const held = list.lists.flat();
      expect(held.length).toBe(list.length);
      expect(held.filter(({ isGone }) => isGone).length).toBe(left);
      const kept = held.filter(({ isGone }) => !isGone).toSorted((a, b) => a.number - b.number);
      expect(kept).toEqual(all.filter(({ isGone }) => !isGone));
      expect(Math.max(0, ...list.lists.map(({ length }) => length))).toBeLessThanOrEqual(1_024);
    }),
    { numRuns: 50 },
  );
});
