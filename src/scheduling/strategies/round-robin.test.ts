import { describe, expect, test } from 'vitest';
import { Fleet } from '../testing/fleet.ts';

describe('round robin', () => {
  test('goes round all available agents before it comes back to one', () => {
    const fleet = new Fleet('round-robin');
    for (const id of ['a', 'b', 'c', 'd']) fleet.add(id, { slots: 100 });
    const picks = fleet.startAll(new Array<null>(12).fill(null));
    const [first, second, third] = [picks.slice(0, 4), picks.slice(4, 8), picks.slice(8)];
    expect(first.toSorted()).toEqual(['a', 'b', 'c', 'd']);
    expect(second).toEqual(first);
    expect(third).toEqual(first);
  });

  test('goes on with the next one when agents fall out of the round and come back', () => {
    const fleet = new Fleet('round-robin');
    for (const id of ['a', 'b', 'c']) fleet.add(id, { slots: 1 });
    expect(fleet.startAll([null, null])).toEqual(['a', 'b']);
    fleet.finish('a');
    expect(fleet.startAll([null, null])).toEqual(['c', 'a']);
    expect(fleet.start()).toBeNull();
  });

  test('a newcomer gets its first turn after all who were there', () => {
    const fleet = new Fleet('round-robin');
    for (const id of ['a', 'b']) fleet.add(id, { slots: 9 });
    expect(fleet.start()).toBe('a');
    fleet.add('c', { slots: 9 });
    expect(fleet.startAll([null, null, null, null])).toEqual(['b', 'a', 'c', 'b']);
  });

  test('an agent that leaves takes its turn with it', () => {
    const fleet = new Fleet('round-robin');
    for (const id of ['a', 'b', 'c']) fleet.add(id, { slots: 9 });
    expect(fleet.start()).toBe('a');
    fleet.remove('b');
    expect(fleet.startAll([null, null, null])).toEqual(['c', 'a', 'c']);
  });
});
