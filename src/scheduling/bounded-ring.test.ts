import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BoundedRing, type KeyMove } from './bounded-ring.ts';
import { hash32, mix32 } from '../base/hash.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

const keys = (count: number): string[] => Array.from({ length: count }, (_, n) => `key-${n}`);

function ringOf(members: number, keyCount: number, loadFactorMax = 1.25): BoundedRing {
  const ring = new BoundedRing({ loadFactorMax });
  for (let n = 0; n < members; n++) ring.add(`member-${n}`);
  for (const key of keys(keyCount)) ring.assign(key);
  return ring;
}

const loadsOf = (ring: BoundedRing): number[] =>
  ring.members.map((member) => ring.keysOf(member).length);

/** A ring that is walked: who takes a key, by the definition. */
class PlainRing {
  readonly weights = new Map<string, number>();
  readonly holders = new Map<string, string>();
  readonly #factor: number;
  readonly #replicas: number;

  constructor(factor: number, replicas: number) {
    this.#factor = factor;
    this.#replicas = replicas;
  }

  load(member: string): number {
    return [...this.holders.values()].filter((holder) => holder === member).length;
  }

  bound(member: string, count: number): number {
    const sum = [...this.weights.values()].reduce((a, b) => a + b, 0);
    return Math.ceil((this.#factor * count * (this.weights.get(member) ?? 0)) / sum);
  }

  taker(key: string): string | undefined {
    const places = [...this.weights.keys()].flatMap((member) =>
      Array.from({ length: this.#replicas }, (_, replica) => ({
        member,
        at: mix32(hash32(member) + Math.imul(replica + 1, 0x9e3779b9)),
      })),
    );
    const from = hash32(key);
    const behind = (at: number): number => (at >= from ? at - from : at - from + 2 ** 32);
    const count = this.holders.size + 1;
    return places
      .toSorted((a, b) => behind(a.at) - behind(b.at))
      .find(({ member }) => this.load(member) < this.bound(member, count))?.member;
  }

  move(moves: readonly KeyMove[]): void {
    for (const { from, key, to } of moves) {
      if (from !== null) expect(this.holders.get(key)).toBe(from);
      this.holders.set(key, to);
    }
  }
}

const step = fc.record({
  kind: fc.constantFrom('join', 'leave', 'assign', 'assign', 'assign', 'assign', 'release'),
  member: fc.nat(9),
  key: fc.nat(60),
  weight: fc.integer({ min: 1, max: 5 }),
});
const cases = fc.record({
  steps: fc.array(step, { maxLength: 120, size: 'max' }),
  factor: fc.constantFrom(1.0625, 1.25, 2),
});

test('holds keys where the definition puts them, within bounds, and tells of every move', () => {
  fc.assert(
    fc.property(cases, ({ factor, steps }) => {
      const ring = new BoundedRing({ loadFactorMax: factor, replicas: 4 });
      const plain = new PlainRing(factor, 4);
      for (const { key: keyNumber, kind, member: memberNumber, weight } of steps) {
        const [key, member] = [`key-${keyNumber}`, `member-${memberNumber}`];
        if (kind === 'join' && !plain.weights.has(member)) {
          plain.weights.set(member, weight);
          const moves = ring.add(member, weight);
          plain.move(moves);
        } else if (kind === 'leave' && plain.weights.delete(member)) {
          const orphans = ring.keysOf(member);
          for (const orphan of orphans) plain.holders.delete(orphan);
          const moves = ring.remove(member);
          // Nobody else's keys move.
          expect(moves.map((move) => move.key)).toEqual(plain.weights.size === 0 ? [] : orphans);
          plain.move(moves);
        } else if (kind === 'assign') {
          const known = plain.holders.get(key);
          const wanted = known ?? plain.taker(key) ?? null;
          expect(ring.assign(key)).toBe(wanted);
          if (wanted !== null) plain.holders.set(key, wanted);
        } else if (kind === 'release') {
          plain.holders.delete(key);
          plain.move(ring.release(key));
        }
        expect(ring.size).toBe(plain.holders.size);
        for (const [held, holder] of plain.holders) expect(ring.holderOf(held)).toBe(holder);
        for (const name of plain.weights.keys()) {
          expect(ring.boundOf(name)).toBe(plain.bound(name, plain.holders.size));
          expect(plain.load(name)).toBeLessThanOrEqual(ring.boundOf(name));
          expect(ring.keysOf(name)).toHaveLength(plain.load(name));
        }
      }
    }),
    { numRuns: 80, ...SEED },
  );
});

describe('with fifty members and ten thousand keys', () => {
  test.each([1.05, 1.25, 2])('none holds more than ⌈%d · m / n⌉', (factor) => {
    const ring = ringOf(50, 10_000, factor);
    expect(Math.max(...loadsOf(ring))).toBeLessThanOrEqual(Math.ceil((factor * 10_000) / 50));
    expect(loadsOf(ring).reduce((a, b) => a + b, 0)).toBe(10_000);
  });

  test('most keys are at home, and the emptiest member has more than half of its share', () => {
    const ring = ringOf(50, 10_000);
    const away = keys(10_000).filter((key) => ring.holderOf(key) !== ring.homeOf(key));
    expect(away.length).toBeLessThan(800);
    expect(Math.min(...loadsOf(ring))).toBeGreaterThan(100);
  });

  test('one that leaves moves its own keys only: about one in n', () => {
    const ring = ringOf(50, 10_000);
    const own = ring.keysOf('member-7');
    const moves = ring.remove('member-7');
    expect(moves.map(({ key }) => key)).toEqual(own);
    expect(moves.length).toBeLessThanOrEqual(250);
  });

  test('one that joins moves about one key in n + 1, on the average of twenty', () => {
    const ring = ringOf(30, 10_000);
    const shares: number[] = [];
    for (let n = 30; n < 50; n++) {
      const moves = ring.add(`member-${n}`);
      shares.push((moves.length * (n + 1)) / 10_000);
      // Whatever did not go to the newcomer was beyond somebody's bound.
      const others = moves.filter(({ to }) => to !== `member-${n}`);
      expect(others.length).toBeLessThan(moves.length);
    }
    const mean = shares.reduce((a, b) => a + b, 0) / shares.length;
    expect(mean).toBeGreaterThan(0.7);
    expect(mean).toBeLessThan(2);
  });

  test('shares follow weights', () => {
    const ring = new BoundedRing();
    for (let n = 0; n < 10; n++) ring.add(`member-${n}`, n === 0 ? 10 : 1);
    for (const key of keys(9_500)) ring.assign(key);
    expect(ring.keysOf('member-0').length).toBeLessThanOrEqual(ring.boundOf('member-0'));
    for (let n = 1; n < 10; n++) {
      expect(ring.keysOf(`member-${n}`).length).toBeLessThanOrEqual(625);
    }
    // The light ones can hold nine times 625: the rest is with the heavy one.
    expect(ring.keysOf('member-0').length).toBeGreaterThanOrEqual(9_500 - 9 * 625);
  });
});

test('without members nobody holds a key', () => {
  const ring = new BoundedRing();
  expect([ring.assign('a'), ring.holderOf('a'), ring.homeOf('a')]).toEqual([null, null, null]);
  expect([ring.release('a'), ring.remove('nobody')]).toEqual([[], []]);
  ring.add('only');
  expect(ring.assign('a')).toBe('only');
  expect(ring.remove('only')).toEqual([]);
  expect(ring.holderOf('a')).toBeNull();
});
