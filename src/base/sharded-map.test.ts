import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { quickHash } from './hash.ts';
import { ShardedMap } from './sharded-map.ts';

interface Entry {
  readonly key: string;
}

/** Past this it is no longer whole. */
const MANY = 60_000;

const keyOf = (number: number): string => `agent-${number}`;

function filled(count: number, hashOf?: (key: string) => number): ShardedMap<string, Entry> {
  const map = new ShardedMap<string, Entry>(hashOf);
  for (let number = 0; number < count; number++) add(map, number);
  return map;
}

function add(map: ShardedMap<string, Entry>, number: number): void {
  const key = keyOf(number);
  map.set(key, { key });
}

describe('a sharded map', () => {
  test('knows what a Map knows, whatever came and went', () => {
    const number = fc.nat(MANY);
    const step = fc.record({
      kind: fc.constantFrom('set', 'delete'),
      from: number,
      count: number,
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        const map = new ShardedMap<string, Entry>();
        const twin = new Map<string, Entry>();
        for (const { count, from, kind } of steps) {
          for (let at = from; at < from + count; at++) {
            const key = keyOf(at);
            const value = { key };
            if (kind === 'set') {
              map.set(key, value);
              twin.set(key, value);
            } else if (map.delete(key) !== twin.delete(key)) throw new Error(`delete ${key}`);
          }
        }
        expect(map.size).toBe(twin.size);
        for (let at = 0; at < 2 * MANY; at += 7) {
          expect(map.get(keyOf(at))).toBe(twin.get(keyOf(at)));
        }
        expect(new Set(map.keys())).toEqual(new Set(twin.keys()));
        expect(new Set(map.values())).toEqual(new Set(twin.values()));
      }),
      { numRuns: 20 },
    );
  });

  test('walks in the order of insertion while it is small', () => {
    const map = filled(1_000);
    add(map, 5);
    map.delete(keyOf(7));
    add(map, 7);
    const keys = [...map.keys()];
    expect([keys[5], keys[7], keys.at(-1)]).toEqual([keyOf(5), keyOf(8), keyOf(7)]);
  });

  test('shows a walk each entry once that is there all the while, although it splits', () => {
    const map = filled(20_000);
    const seen: string[] = [];
    let added = 20_000;
    for (const { key } of map.values()) {
      seen.push(key);
      for (let more = 0; added < MANY && more < 3; more++) add(map, added++);
    }
    expect(new Set(seen).size).toBe(seen.length);
    const old = new Set(seen.filter((key) => Number(key.slice(6)) < 20_000));
    expect(old.size).toBe(20_000);
  });

  test('shows a walk nothing after it was deleted, although it splits', () => {
    const map = filled(15_990);
    const walk = map.values();
    walk.next();
    for (let number = 15_990; number < MANY; number++) add(map, number);
    for (let number = 0; number < MANY; number += 2) map.delete(keyOf(number));
    const late = [...walk].filter(({ key }) => Number(key.slice(6)) % 2 === 0);
    expect(late).toEqual([]);
  });

  test('gives the newest value of a key to a walk that began before it split', () => {
    const map = filled(15_990);
    const walk = map.values();
    walk.next();
    for (let number = 15_990; number < MANY; number++) add(map, number);
    const newest = { key: keyOf(9) };
    map.set(newest.key, newest);
    expect([...walk].find(({ key }) => key === newest.key)).toBe(newest);
  });

  test('holds keys whose hashes are all the same', () => {
    const map = filled(MANY, () => 7);
    expect([map.size, map.get(keyOf(MANY - 1))?.key]).toEqual([MANY, keyOf(MANY - 1)]);
  });
});

describe('a map of a million', () => {
  test('moves a few thousand entries at once, and spreads ids that differ in few places', () => {
    let hashed = 0;
    for (const suffix of ['', '.eu-west.prod.example.com']) {
      const map = new ShardedMap<string, Entry>((key) => {
        hashed += 1;
        return quickHash(key);
      });
      const entry = { key: '' };
      const movedBy = (number: number): number => {
        hashed = 0;
        map.set(`agent-${number}${suffix}`, entry);
        return hashed;
      };
      let first = 0;
      for (let number = 0; number < 25_000; number++) first = Math.max(first, movedBy(number));
      let later = 0;
      for (let number = 25_000; number < 300_000; number++)
        later = Math.max(later, movedBy(number));
      // The first split moves all there are.
      expect(first).toBeLessThanOrEqual(16_002);
      expect(later).toBeLessThanOrEqual(4_300);
    }
  });
});
