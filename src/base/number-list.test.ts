import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NumberList } from './number-list.ts';

const seed = process.env['SEED'];

test('a list of numbers holds what an array would', () => {
  const step = fc.record({ kind: fc.constantFrom('push', 'push', 'pop', 'set'), at: fc.nat(100) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const list = new NumberList();
      const twin: number[] = [];
      for (const { at, kind } of steps) {
        if (kind === 'push') {
          list.push(at - 50);
          twin.push(at - 50);
        } else if (kind === 'pop') expect(list.pop()).toBe(twin.pop());
        else if (at < twin.length) {
          list.set(at, at * 3);
          twin[at] = at * 3;
        }
        expect(list.length).toBe(twin.length);
        expect(list.at(at)).toBe(twin[at]);
      }
      expect(twin.map((_, position) => list.at(position))).toEqual(twin);
    }),
    { ...(seed === undefined ? {} : { seed: Number(seed) }), numRuns: 300 },
  );
});
