import { expect, test } from 'vitest';
import { grownCapacity } from './grown.ts';

test('columns are doubled up to 65,536 rows, get room for a million then, and are doubled again', () => {
  const sizes = [8];
  while ((sizes.at(-1) as number) < 4_000_000) sizes.push(grownCapacity(sizes.at(-1) as number));
  expect(sizes.slice(-5)).toEqual([32_768, 65_536, 1_048_576, 2_097_152, 4_194_304]);
  // Powers of two, as trees and rings need.
  expect(sizes.every((size) => Number.isInteger(Math.log2(size)))).toBe(true);
});
