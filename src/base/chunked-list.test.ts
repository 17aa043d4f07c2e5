import { expect, test } from 'vitest';
import { ChunkedList } from './chunked-list.ts';

test('a list of many chunks is read, written and walked as an array is', () => {
  const list = new ChunkedList<number>();
  const twin = Array.from({ length: 10_000 }, (_, at) => at * 3);
  for (const number of twin) list.push(number);
  for (const at of [0, 4_095, 4_096, 9_999]) {
    list.set(at, -at);
    twin[at] = -at;
  }
  expect(list.length).toBe(twin.length);
  expect([...list]).toEqual(twin);
  expect([0, 4_095, 4_096, 9_999, 10_000].map((at) => list.at(at))).toEqual([
    ...[0, 4_095, 4_096, 9_999].map((at) => -at),
    undefined,
  ]);
});

test('a list gives its last items back, and takes others in their place', () => {
  const list = new ChunkedList<number>();
  for (let number = 0; number < 5_000; number++) list.push(number);
  for (let number = 4_999; number >= 4_000; number--) expect(list.pop()).toBe(number);
  list.push(-1);
  expect([list.length, list.at(3_999), list.at(4_000), list.at(4_001)]).toEqual([
    4_001,
    3_999,
    -1,
    undefined,
  ]);
  while (list.length > 0) list.pop();
  expect([list.pop(), [...list]]).toEqual([undefined, []]);
});
