import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvariantError } from '../base/invariant.ts';
import { ChangeSet, RESTORED, UNTRACKED, type Tracked } from './change-set.ts';

const SEED = process.env['SEED'];
const options = SEED === undefined ? {} : { seed: Number(SEED) };

interface Item extends Tracked {
  readonly key: number;
  value: number;
}

const itemOf = (key: number, value: number): Item => ({ key, value, ...UNTRACKED });
type Row = readonly [key: number, value: number];

const createSet = (): ChangeSet<Item, Row, number> =>
  new ChangeSet<Item, Row, number>(
    (item) => [item.key, item.value],
    (item) => item.key,
  );

function drainAll(set: ChangeSet<Item, Row, number>): Row[] {
  const rows: Row[] = [];
  for (;;) {
    const slice = set.drain(2);
    if (slice.length === 0) return rows;
    rows.push(...slice.map((image) => image.row));
  }
}

describe('a checkpoint', () => {
  test('gives what was made and changed, as it is when nothing happens meanwhile', () => {
    const set = createSet();
    const item = itemOf(1, 10);
    set.touch(item);
    item.value = 11;
    expect(set.size).toBe(1);
    expect([...set.begin()]).toEqual([]);
    expect(set.size).toBe(0);
    expect(drainAll(set)).toEqual([[1, 11]]);
  });

  test('gives the image of its beginning when an item changes before its turn, and the change next time', () => {
    const set = createSet();
    const item = itemOf(1, 10);
    set.touch(item);
    set.begin();
    set.touch(item);
    item.value = 11;
    set.touch(item);
    item.value = 12;
    expect(drainAll(set)).toEqual([[1, 10]]);
    expect([...set.begin()]).toEqual([]);
    expect(drainAll(set)).toEqual([[1, 12]]);
  });

  test('gives an item removed before its turn once more, and names it gone next time', () => {
    const set = createSet();
    const item = itemOf(1, 10);
    set.touch(item);
    set.begin();
    set.remove(item);
    item.value = 11;
    expect(drainAll(set)).toEqual([[1, 10]]);
    expect([...set.begin()]).toEqual([1]);
    expect(drainAll(set)).toEqual([]);
  });

  test('never hears of an item that was made and removed between two', () => {
    const set = createSet();
    const item = itemOf(1, 10);
    set.touch(item);
    set.remove(item);
    expect([...set.begin()]).toEqual([]);
    expect(drainAll(set)).toEqual([]);
  });

  test('names a restored item gone when it goes, and is not given it otherwise', () => {
    const set = createSet();
    const [going, staying] = [itemOf(1, 10), itemOf(2, 20)];
    for (const item of [going, staying]) Object.assign(item, RESTORED);
    set.remove(going);
    expect([...set.begin()]).toEqual([1]);
    expect(drainAll(set)).toEqual([]);
  });

  test('is drained before the next begins', () => {
    const set = createSet();
    const [first, second] = [itemOf(1, 10), itemOf(2, 20)];
    set.touch(first);
    set.touch(second);
    set.begin();
    expect(() => set.begin()).toThrow(InvariantError);
    set.touch(first);
    set.drain(1);
    expect(() => set.begin()).toThrow(InvariantError);
    set.drain(1);
    expect([...set.begin()]).toEqual([]);
  });
});

describe('against full copies', () => {
  type Act =
    | { readonly type: 'write' | 'remove'; readonly key: number }
    | { readonly type: 'begin' }
    | { readonly type: 'drain'; readonly max: number };
  const key = fc.nat(7);
  const act: fc.Arbitrary<Act> = fc.oneof(
    { weight: 6, arbitrary: fc.record({ type: fc.constant('write'), key }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('remove'), key }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('begin') }) },
    {
      weight: 4,
      arbitrary: fc.record({ type: fc.constant('drain'), max: fc.integer({ min: 1, max: 3 }) }),
    },
  );

  /** Keeps live items beside a store that only checkpoints write, and the copy each promised. */
  class Rig {
    readonly #set = createSet();
    readonly #live = new Map<number, Item>();
    readonly #store = new Map<number, number>();
    #promised: string | null = null;
    #clock = 0;

    act(act: Act): void {
      if (act.type === 'write') this.#write(act.key);
      else if (act.type === 'remove') this.#remove(act.key);
      else if (act.type === 'drain') this.#drain(act.max);
      else if (this.#promised === null) this.#begin();
    }

    #write(key: number): void {
      const item = this.#live.get(key) ?? itemOf(key, 0);
      this.#live.set(key, item);
      this.#set.touch(item);
      item.value = this.#clock += 1;
    }

    #remove(key: number): void {
      const item = this.#live.get(key);
      if (item === undefined) return;
      this.#set.remove(item);
      this.#live.delete(key);
      item.value = -1;
    }

    #begin(): void {
      this.#promised = text([...this.#live.values()].map((item) => [item.key, item.value]));
      for (const key of this.#set.begin()) {
        expect(this.#store.delete(key)).toBe(true);
      }
    }

    #drain(max: number): void {
      if (this.#promised === null) return;
      const rows = this.#set.drain(max).map((image) => image.row);
      expect(rows.length).toBeLessThanOrEqual(max);
      for (const [key, value] of rows) this.#store.set(key, value);
      if (rows.length > 0) return;
      expect(text([...this.#store])).toBe(this.#promised);
      this.#promised = null;
    }
  }

  function text(rows: readonly Row[]): string {
    return JSON.stringify(rows.toSorted((a, b) => a[0] - b[0]));
  }

  test('a drained checkpoint leaves the store equal to the state at its beginning', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 300, size: 'max' }), (acts) => {
        const rig = new Rig();
        for (const one of acts) rig.act(one);
      }),
      { ...options, numRuns: 500 },
    );
  });
});
