import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { useSeed } from './testing/seed.ts';
import { TaskIdSource } from './task-ids.ts';

useSeed();

/** RFC 9562 §5.7: version 7, variant 10. */
const SHAPE = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const NOW = 1_700_000_000_000;

function msOf(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

describe('a task id', () => {
  test('has the shape of RFC 9562 §5.7 and names its millisecond', () => {
    let now = NOW;
    const ids = new TaskIdSource(() => now);
    for (let i = 0; i < 1_000; i++) {
      const id = ids.next();
      expect(id).toMatch(SHAPE);
      expect(msOf(id)).toBe(now);
      now += i % 2;
    }
  });

  test('is greater than the one before, however the clock goes, also after a restart', () => {
    const step = fc.oneof(fc.constant(0), fc.integer({ min: -100_000, max: 100_000 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(step, fc.boolean()), { maxLength: 300 }), (steps) => {
        let now = NOW;
        let ids = new TaskIdSource(() => now);
        let last = ids.next();
        for (const [ms, isRestart] of steps) {
          now = Math.max(0, now + ms);
          if (isRestart) ids = new TaskIdSource(() => now, { after: last });
          const id = ids.next();
          expect(id).toMatch(SHAPE);
          expect(id > last).toBe(true);
          last = id;
        }
      }),
    );
  });

  test('is one of a million different ones while the clock stands', () => {
    const ids = new TaskIdSource(() => NOW);
    let last = '';
    for (let i = 0; i < 1_000_000; i++) {
      const id = ids.next();
      if (id <= last) throw new Error(`${id} came after ${last}`);
      last = id;
    }
    expect(msOf(last)).toBe(NOW);
  });

  test('goes to the next millisecond when one has no more room', () => {
    const after = '018bcfe5-6800-7fff-bfff-000000000000';
    const ids = new TaskIdSource(() => 0, { after });
    expect(msOf(ids.next())).toBe(msOf(after) + 1);
  });
});
