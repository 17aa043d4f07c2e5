import { expect, test } from 'vitest';
import { decodeBase64 } from './base64.ts';

test('decoding is what the platform does, for every rest of three bytes', () => {
  for (let length = 0; length < 70; length++) {
    const bytes = Uint8Array.from({ length }, (_, k) => (k * 151 + length * 29) & 255);
    expect(decodeBase64(Buffer.from(bytes).toString('base64'))).toEqual(bytes);
  }
});

test('a character of another alphabet is refused', () => {
  expect(() => decodeBase64('ab-_')).toThrow(/characters/);
});
