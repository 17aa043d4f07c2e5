import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mix32 } from '../base/hash.ts';
import { AWAY, HashRing, REPLICAS } from './hash-ring.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

/** The same ring as a sorted list that is walked. */
class PlainRing {
  readonly loads: Map<number, number> = new Map();
  readonly #seeds: (member: number) => number;

  constructor(seeds: (member: number) => number) {
    this.#seeds = seeds;
  }

  find(position: number, bound: number): number {
    const places = [...this.loads.keys()].flatMap((member) =>
      Array.from({ length: REPLICAS }, (_, replica) => ({
        member,
        at: mix32(this.#seeds(member) + Math.imul(replica + 1, 0x9e3779b9)),
      })),
    );
    const sorted = places.toSorted((a, b) => a.at - b.at || a.member - b.member);
    const from = sorted.findIndex(({ at }) => at >= position);
    const turned = from < 0 ? sorted : [...sorted.slice(from), ...sorted.slice(0, from)];
    return turned.find(({ member }) => (this.loads.get(member) ?? AWAY) < bound)?.member ?? -1;
  }
}

const seedOf = (member: number): number => mix32(member * 7 + 1);

const step = fc.record({
  kind: fc.constantFrom('add', 'add', 'remove', 'load', 'load', 'find', 'find', 'find'),
  member: fc.nat(60),
  number: fc.integer({ min: 0, max: 0xffff_ffff }),
  eighths: fc.nat(9),
});

// With few seeds many members stand at the same places, more than an arc has numbers for.
test.each([1_000, 3])(
  'finds the same member as a walk along the sorted places, %d seeds',
  (seeds) => {
    const seedOf = (member: number): number => mix32((member % seeds) * 7 + 1);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
        const ring = new HashRing();
        const plain = new PlainRing(seedOf);
        for (const { kind, member, number, eighths } of steps) {
          const isIn = plain.loads.has(member);
          if (kind === 'add' && !isIn) {
            ring.add(member, seedOf(member));
            plain.loads.set(member, AWAY);
          } else if (kind === 'remove' && isIn) {
            ring.remove(member);
            plain.loads.delete(member);
          } else if (kind === 'load' && isIn) {
            const load = eighths === 9 ? AWAY : eighths / 8;
            ring.setLoad(member, load);
            plain.loads.set(member, load);
          }
          // What is read ahead changes nothing.
          expect(ring.foresee([number, number >>> 1])).not.toBeNaN();
          // The first place of the member is a position, too.
          for (const position of [number, mix32(seedOf(member) + 0x9e3779b9)])
            expect(ring.find(position, eighths / 8)).toBe(plain.find(position, eighths / 8));
        }
      }),
      { numRuns: 60, ...SEED },
    );
  },
);

test('finds the only member that is not full among ten thousand', () => {
  const ring = new HashRing();
  for (let member = 0; member < 10_000; member++) {
    ring.add(member, seedOf(member));
    ring.setLoad(member, member === 4_321 ? 0 : AWAY);
  }
  for (let key = 0; key < 100; key++) expect(ring.find(mix32(key), 1)).toBe(4_321);
});
