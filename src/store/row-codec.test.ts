import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeRow, encodeRow } from './row-codec.ts';
import { seeded } from './testing/seed.ts';

/** Text of any UTF-16 units, lone surrogates and all. */
const anyText = fc
  .array(fc.nat({ max: 0xffff }), { maxLength: 100 })
  .map((units) => String.fromCharCode(...units));

test('a row comes back as it went, whatever JSON holds', () => {
  const value = fc.oneof(fc.jsonValue({ noUnicodeString: false }), anyText);
  fc.assert(
    fc.property(fc.array(value), (row) => {
      const plain = JSON.parse(JSON.stringify(row)) as unknown[];
      expect(decodeRow(encodeRow(plain))).toEqual(plain);
    }),
    { numRuns: 2_000, ...seeded },
  );
});

test.each(['\ud800', `${'x'.repeat(200)}\udfff`, { a: ['\udc00'] }, { '\ud800': 1 }])(
  'lone surrogates survive: %j',
  (value) => expect(decodeRow(encodeRow([value]))).toEqual([value]),
);

test('a key named __proto__ stays a key', () => {
  const row = JSON.parse('[{"__proto__": {"a": 1}}]') as unknown[];
  expect(JSON.stringify(decodeRow(encodeRow(row)))).toBe('[{"__proto__":{"a":1}}]');
});
