import { beforeEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../testing/manual-clock.ts';
import { ReadTurns, type Reader } from './read-turns.ts';

let clock: ManualClock;
let rate: number;
let soon: (() => void)[];
let turns: ReadTurns;
let begun: string[];

beforeEach(() => {
  clock = new ManualClock();
  rate = Number.POSITIVE_INFINITY;
  soon = [];
  begun = [];
  turns = new ReadTurns({ clock, rate: () => rate, soon: (callback) => soon.push(callback) });
});

/** Sockets are looked at once. */
function look(): void {
  for (const callback of soon.splice(0)) callback();
}

/** A sender that brings `tasks` whenever it is read, and waits for its next turn then. */
function sender(name: string, tasks: number, isPaced = true): Reader {
  const reader = {
    begin: () => {
      begun.push(name);
      turns.read(tasks);
      turns.wait(reader, tasks, isPaced);
    },
  };
  return reader;
}

function senders(names: string, tasks: number): readonly Reader[] {
  const all = names.split('').map((name) => sender(name, tasks));
  for (const one of all) turns.wait(one, tasks, true);
  return all;
}

describe('without a bound', () => {
  test('all who wait are read at the next look, in their order', () => {
    senders('abc', 200);
    expect(begun).toEqual([]);
    look();
    expect(begun).toEqual(['a', 'b', 'c']);
  });

  test('one look brings about what an entry takes, however many wait', () => {
    senders('abcdefghijklmnopqrst', 1_000);
    for (let i = 0; i < 30; i++) look();
    begun = [];
    look();
    expect(begun.length).toBeGreaterThanOrEqual(1);
    expect(begun.length).toBeLessThanOrEqual(3);
  });

  test('nothing is under way while nobody waits', () => {
    const [only] = senders('a', 10);
    turns.leave(only as Reader);
    look();
    expect([begun, soon, clock.timers, turns.waiting]).toEqual([[], [], 0, 0]);
  });
});

describe('with one', () => {
  beforeEach(() => {
    rate = 100;
  });

  test('senders take turns', () => {
    senders('abc', 500);
    for (let i = 0; i < 30; i++) {
      look();
      clock.advance(5);
    }
    expect(begun.slice(0, 7).join('')).toBe('abcabca');
  });

  test('they are read no faster than that together', () => {
    senders('abcdefgh', 500);
    const from = clock.monotonicMs();
    while (clock.monotonicMs() - from < 1_000) {
      look();
      clock.advance(1);
    }
    expect(begun.length * 500).toBeGreaterThan(95_000);
    expect(begun.length * 500).toBeLessThan(110_000);
  });

  test('what was not read is not made up for', () => {
    const all = senders('abcdefghijklmnopqrstuvwxyz', 100);
    for (let i = 0; i < 100; i++) {
      look();
      clock.advance(1);
    }
    for (const one of all) turns.leave(one);
    clock.advance(60_000);
    for (const one of all) turns.wait(one, 100, true);
    begun = [];
    look();
    // Ten milliseconds' worth, not a minute's.
    expect(begun.length).toBeGreaterThan(8);
    expect(begun.length).toBeLessThan(13);
  });

  test('a long silence does not pay for what comes after it', () => {
    clock.advance(60_000);
    turns.read(3_000);
    turns.wait(sender('a', 100), 3_000, true);
    look();
    clock.advance(15);
    look();
    expect(begun).toEqual([]);
    clock.advance(5);
    expect(begun).toEqual(['a']);
  });

  test('those that were refused nothing do not wait for it', () => {
    senders('ab', 10_000);
    for (let i = 0; i < 3; i++) look();
    expect([soon, clock.timers]).toEqual([[], 1]);
    const free = sender('f', 300, false);
    turns.wait(free, 300, false);
    begun = [];
    for (let i = 0; i < 3; i++) look();
    expect(begun).toEqual(['f', 'f', 'f']);
  });

  test('a turn of a million tasks makes nobody wait for longer than a second', () => {
    const [a] = senders('a', 1_000_000);
    look();
    turns.leave(a as Reader);
    turns.wait(sender('b', 1), 1, true);
    for (let i = 0; i < 900; i++) {
      clock.advance(1);
      look();
    }
    expect(begun).toEqual(['a']);
    for (let i = 0; i < 110; i++) {
      clock.advance(1);
      look();
    }
    expect(begun.slice(0, 2)).toEqual(['a', 'b']);
  });

  test('its end lets everybody be read', () => {
    senders('ab', 10_000);
    look();
    begun = [];
    rate = Number.POSITIVE_INFINITY;
    clock.advance(1_000);
    look();
    look();
    expect(new Set(begun)).toEqual(new Set(['a', 'b']));
  });

  test('who left is not read, and leaves no timer', () => {
    const [a] = senders('a', 10_000);
    look();
    turns.leave(a as Reader);
    expect(clock.timers).toBe(0);
  });
});
