import { expect, test } from 'vitest';
import { float64Column, int32Column } from './columns.ts';

test('a large column is in memory that V8 does not count, so that no part of the heap is marked for it', () => {
  for (const column of [int32Column(1 << 18), float64Column(1 << 17)]) {
    expect(column.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(column.byteLength).toBe(1 << 20);
    expect(column.every((number) => number === 0)).toBe(true);
  }
  expect(int32Column(1_000).buffer).toBeInstanceOf(ArrayBuffer);
  expect(float64Column(1_000).length).toBe(1_000);
});
