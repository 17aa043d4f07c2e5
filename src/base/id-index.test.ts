import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IdIndex } from './id-index.ts';
import { Rng } from './rng.ts';

const seed = process.env['SEED'];
const options = seed === undefined ? {} : { seed: Number(seed) };

const action = fc.record({ id: fc.nat(60), isAdd: fc.boolean() });

test('an index finds what a map finds, however ids come and go', () => {
  fc.assert(
    fc.property(
      fc.array(action, { maxLength: 400, size: 'max' }),
      fc.integer(),
      (actions, salt) => {
        const ids: string[] = [];
        const index = new IdIndex((number) => ids[number] as string, salt);
        const twin = new Map<string, number>();
        for (const { id: choice, isAdd } of actions) {
          const id = `agent-${choice}`;
          if (isAdd && !twin.has(id)) {
            index.add(id, ids.length);
            twin.set(id, ids.length);
            ids.push(id);
          } else if (!isAdd) {
            expect(index.remove(id)).toBe(twin.get(id) ?? -1);
            twin.delete(id);
          }
          expect(index.size).toBe(twin.size);
        }
        for (let choice = 0; choice <= 61; choice++) {
          expect(index.find(`agent-${choice}`)).toBe(twin.get(`agent-${choice}`) ?? -1);
        }
      },
    ),
    { ...options, numRuns: 300 },
  );
});

test('an index that moves to a larger table finds all that is on either side', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1_500, max: 4_000 }), (salt, count) => {
      const rng = Rng.fromSeed(salt);
      const ids: string[] = [];
      const index = new IdIndex((number) => ids[number] as string, salt);
      const twin = new Map<string, number>();
      for (let step = 0; step < count; step++) {
        const id = `agent-${rng.below(3_000)}`;
        if (!twin.has(id)) {
          index.add(id, ids.length);
          twin.set(id, ids.length);
          ids.push(id);
        } else if (rng.below(3) === 0) {
          expect(index.remove(id)).toBe(twin.get(id));
          twin.delete(id);
        }
        const other = `agent-${rng.below(3_000)}`;
        expect(index.find(other)).toBe(twin.get(other) ?? -1);
        if (twin.has(other)) expect(() => index.add(other, 0)).toThrow('added once');
      }
      for (const [id, number] of twin) expect(index.find(id)).toBe(number);
      expect(index.size).toBe(twin.size);
    }),
    { ...options, numRuns: 30 },
  );
});

test('an index of ids that end alike has no long runs', () => {
  const ids = Array.from({ length: 100_000 }, (_, i) => `zone-${i % 7}/agent-${i}`);
  let looks = 0;
  const index = new IdIndex((number) => {
    looks += 1;
    return ids[number] as string;
  });
  for (const [number, id] of ids.entries()) index.add(id, number);
  looks = 0;
  for (const [number, id] of ids.entries()) expect(index.find(id)).toBe(number);
  // Linear probing at a load a looks at (1 + 1/(1 − a))/2 of them: 1.62 at 0.38 · 2.
  expect(looks / ids.length).toBeLessThan(2.5);
});

test('an id cannot be added twice', () => {
  const index = new IdIndex(() => 'a');
  index.add('a', 0);
  expect(() => index.add('a', 1)).toThrow('added once');
});
