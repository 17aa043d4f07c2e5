import { expect, test } from 'vitest';
import { OutgoingQueue } from './outgoing-queue.ts';

const frame = (text: string): Buffer => Buffer.from(text);

test('heartbeats overtake what waits, and of too many the oldest are dropped', () => {
  const queue = new OutgoingQueue({ bytesMax: 100, heartbeatsMax: 2 });
  queue.push(frame('entries'), 'bulk');
  for (const name of ['h1', 'h2', 'h3']) expect(queue.push(frame(name), 'heartbeat')).toBe(true);
  expect(queue.dropped).toBe(1);
  expect(queue.take(1000).map(String)).toEqual(['h2', 'h3', 'entries']);
  expect(queue.isEmpty).toBe(true);
});

test('frames past the bound are refused until there is room, but one alone always goes', () => {
  const queue = new OutgoingQueue({ bytesMax: 10, heartbeatsMax: 2 });
  expect(queue.push(frame('larger than all'), 'bulk')).toBe(true);
  expect(queue.push(frame('x'), 'bulk')).toBe(false);
  expect(queue.take(1).map(String)).toEqual(['larger than all']);
  expect(queue.push(frame('12345'), 'bulk')).toBe(true);
  expect(queue.push(frame('67890'), 'bulk')).toBe(true);
  expect(queue.push(frame('x'), 'bulk')).toBe(false);
  expect(queue.take(5).map(String)).toEqual(['12345']);
  expect(queue.bytes).toBe(5);
  queue.clear();
  expect(queue.take(5)).toEqual([]);
});
