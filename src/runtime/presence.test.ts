import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Presence } from './presence.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import type { Clock } from './clock.ts';
import { useSeed } from './testing/seed.ts';

useSeed();

const SLOT_MS = 100;

interface Entry {
  readonly id: number;
  readonly silenceMsMax: number;
  lastSeenMs: number;
}

/** Entries as objects, under their ids. */
class Watch {
  readonly presence: Presence;
  readonly #entries = new Map<number, Entry>();

  constructor(clock: Clock, silent: (entry: Entry) => void) {
    const entryOf = (id: number): Entry => this.#entries.get(id) as Entry;
    this.presence = new Presence({
      clock,
      heardMs: (id) => entryOf(id).lastSeenMs,
      silent: (id) => silent(entryOf(id)),
    });
  }

  get size(): number {
    return this.presence.size;
  }

  watch(entry: Entry): void {
    this.#entries.set(entry.id, entry);
    this.presence.watch(entry.id, entry.silenceMsMax);
  }

  forget({ id }: Entry): void {
    this.presence.forget(id);
  }

  close(): void {
    this.presence.close();
  }
}

const action = fc.oneof(
  fc.record({ type: fc.constant('watch' as const), ms: fc.integer({ min: 1, max: 200_000 }) }),
  fc.record({
    type: fc.constant('watch' as const),
    ms: fc.integer({ min: 6_000_000, max: 14_000_000 }),
  }),
  fc.record({ type: fc.constant('hear' as const), ms: fc.nat(30) }),
  fc.record({ type: fc.constant('forget' as const), ms: fc.nat(30) }),
  fc.record({ type: fc.constant('advance' as const), ms: fc.nat(70_000) }),
  fc.record({ type: fc.constant('advance' as const), ms: fc.nat(8_000_000) }),
  fc.record({ type: fc.constant('pause' as const), ms: fc.nat(200_000) }),
);

describe('presence', () => {
  test('tells of each silence once, never early, at most a slot late, as a dumb twin does', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const clock = new ManualClock();
        const told: { id: number; atMs: number }[] = [];
        const presence = new Watch(clock, ({ id }) => {
          told.push({ id, atMs: clock.monotonicMs() });
        });
        const watched = new Map<number, Entry>();
        let [count, pausedUntilMs] = [0, 0];
        for (const { ms, type } of actions) {
          const nowMs = clock.monotonicMs();
          const chosen = [...watched.values()][ms % Math.max(1, watched.size)];
          if (type === 'watch') {
            const entry = { id: count++, silenceMsMax: ms, lastSeenMs: nowMs };
            watched.set(entry.id, entry);
            presence.watch(entry);
          } else if (type === 'hear' && chosen !== undefined) {
            chosen.lastSeenMs = nowMs;
          } else if (type === 'forget' && chosen !== undefined) {
            presence.forget(chosen);
            watched.delete(chosen.id);
          } else if (type === 'advance') {
            clock.advance(ms);
          } else if (type === 'pause') {
            clock.pause(ms);
            pausedUntilMs = clock.monotonicMs();
          }
          for (const { atMs, id } of told.splice(0)) {
            const entry = watched.get(id) as Entry;
            const dueMs = entry.lastSeenMs + entry.silenceMsMax;
            expect(atMs).toBeGreaterThan(dueMs);
            expect(atMs).toBeLessThanOrEqual(Math.max(dueMs + SLOT_MS, pausedUntilMs));
            expect(watched.delete(id)).toBe(true);
          }
          for (const entry of watched.values()) {
            const dueMs = entry.lastSeenMs + entry.silenceMsMax;
            expect(clock.monotonicMs()).toBeLessThan(dueMs + SLOT_MS);
          }
          expect(presence.size).toBe(watched.size);
        }
        presence.close();
        expect(clock.timers).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  test('is in time for whatever falls on the last tick of a slot of a coarser wheel', () => {
    // Bounds from 27 s to 55 s end in the second slot of 25.6 s of the wheel above, on each of its ticks.
    for (const [fromMs, toMs, stepMs] of [
      [27_000, 55_000, 100],
      [6_553_000, 6_580_000, 100],
      [13_106_000, 13_108_000, 100],
    ] as const) {
      const clock = new ManualClock();
      const told = new Map<number, number>();
      const presence = new Watch(clock, ({ silenceMsMax }) => {
        told.set(silenceMsMax, clock.monotonicMs());
      });
      for (let ms: number = fromMs; ms < toMs; ms += stepMs) {
        presence.watch({ id: ms / 100, silenceMsMax: ms, lastSeenMs: 0 });
      }
      clock.advance(toMs + 200);
      for (let ms: number = fromMs; ms < toMs; ms += stepMs) {
        expect(told.get(ms)).toBe(ms + SLOT_MS);
      }
      presence.close();
    }
  });

  test('looks again at what was heard since, to the millisecond', () => {
    const clock = new ManualClock();
    let toldMs = 0;
    const presence = new Watch(clock, () => (toldMs = clock.monotonicMs()));
    const entry = { id: 0, silenceMsMax: 1_000, lastSeenMs: 0 };
    presence.watch(entry);
    clock.advance(101);
    entry.lastSeenMs = 101;
    clock.advance(999);
    // At 1,100 it is silent for 999: the next look is at 1,200.
    expect(toldMs).toBe(0);
    clock.advance(100);
    expect(toldMs).toBe(1_200);
    presence.close();
  });

  test('has no timer while it watches nothing, and never again once closed', () => {
    const clock = new ManualClock();
    const presence = new Watch(clock, () => undefined);
    expect(clock.timers).toBe(0);
    const entry = { id: 0, silenceMsMax: 500, lastSeenMs: 0 };
    presence.watch(entry);
    expect(clock.timers).toBe(1);
    clock.advance(1_000);
    expect({ timers: clock.timers, size: presence.size }).toEqual({ timers: 0, size: 0 });
    presence.close();
    presence.watch(entry);
    expect({ timers: clock.timers, size: presence.size }).toEqual({ timers: 0, size: 0 });
  });

  test('wakes up when the first silence may be over, and not before', () => {
    const clock = new ManualClock();
    const presence = new Watch(clock, () => undefined);
    clock.advance(600_000);
    const late = { id: 0, silenceMsMax: 40_000, lastSeenMs: clock.monotonicMs() };
    presence.watch(late);
    // On the way it comes down from the wheel of 26 s.
    expect(clock.nextMs).toBe(640_000);
    const early = { id: 1, silenceMsMax: 1_000, lastSeenMs: clock.monotonicMs() };
    presence.watch(early);
    expect(clock.nextMs).toBe(601_100);
    clock.advance(2_000);
    expect([clock.nextMs, clock.timers]).toEqual([640_000, 1]);
    clock.advance(38_000);
    expect([clock.nextMs, clock.timers]).toEqual([640_100, 1]);
    presence.close();
  });

  test('lets whoever is told watch the same thing on', () => {
    const clock = new ManualClock();
    let told = 0;
    const presence: Watch = new Watch(clock, (entry) => {
      told += 1;
      entry.lastSeenMs = clock.monotonicMs();
      presence.watch(entry);
    });
    presence.watch({ id: 0, silenceMsMax: 1_000, lastSeenMs: 0 });
    clock.advance(11_000);
    expect(told).toBe(10);
    presence.close();
  });

  test('gives no verdict while too many are on their way, and all of them later', () => {
    const clock = new ManualClock();
    const told: number[] = [];
    let isBusy = true;
    const presence = new Presence({
      clock,
      heardMs: () => 0,
      silent: (id) => told.push(id),
      isBusy: () => isBusy,
    });
    for (let id = 0; id < 10; id++) presence.watch(id, 1_000);
    clock.advance(5_000);
    expect(told).toEqual([]);
    isBusy = false;
    clock.advance(100);
    expect(told.length).toBe(10);
    presence.close();
    expect(clock.timers).toBe(0);
  });

  test('looks at so many in a row at most, and at the others right after', () => {
    const clock = new ManualClock();
    const told: number[] = [];
    const turns: number[] = [];
    let wake = (): void => undefined;
    const slow: Clock = {
      now: () => clock.now(),
      monotonicMs: () => clock.monotonicMs(),
      setTimer: (_, callback) => {
        wake = callback;
        return () => undefined;
      },
    };
    const presence = new Presence({ clock: slow, heardMs: () => 0, silent: (id) => told.push(id) });
    for (let id = 0; id < 2_000; id++) presence.watch(id, 1_000);
    clock.advance(5_000);
    while (told.length < 2_000) {
      const before = told.length;
      wake();
      turns.push(told.length - before);
    }
    expect(Math.max(...turns)).toBeLessThan(300);
    expect(told.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 2_000 }, (_, id) => id));
    presence.close();
  });
});
