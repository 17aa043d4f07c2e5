import { expect, test } from 'vitest';
import { formatBytes, parseBytes } from './byte-size.ts';

test.each([
  ['512', 512],
  ['1KiB', 1024],
  ['1.5MiB', 1_572_864],
  ['16 MiB', 16_777_216],
  ['2GiB', 2_147_483_648],
])('%s is %i bytes', (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes);
});

test.each(['', '1MB', '1.5', '-1', 'MiB', '1  MiB', '1kib'])('%j is no size', (text) => {
  expect(parseBytes(text)).toBeNull();
});

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1536, '1.5 KiB'],
  [16 * 1024 ** 2, '16 MiB'],
])('%i bytes are shown as %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
