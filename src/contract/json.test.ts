import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findJsonFault, findPlainFault, JSON_DEPTH_MAX, JSON_KEYS_MAX } from './json.ts';

const seed = process.env['SEED'];
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) });

function nested(depth: number): unknown {
  let value: unknown = [];
  for (let level = 1; level < depth; level++) value = [value];
  return value;
}

describe('a value from outside', () => {
  test('may be nested as deep as the bound and no deeper', () => {
    expect(findJsonFault(nested(JSON_DEPTH_MAX))).toBeNull();
    expect(findJsonFault(nested(JSON_DEPTH_MAX + 1))).toEqual({
      path: '/0'.repeat(JSON_DEPTH_MAX),
      message: 'must be nested at most 64 levels deep',
    });
  });

  test('nested a million levels deep is refused without recursion', () => {
    expect(findJsonFault(nested(1_000_000))?.message).toMatch(/nested/);
  });

  test('may have as many keys in one object as the bound and no more', () => {
    const keys = Array.from({ length: JSON_KEYS_MAX }, (_, i) => [`k${i}`, i] as const);
    expect(findJsonFault({ a: Object.fromEntries(keys) })).toBeNull();
    const tooMany = Object.fromEntries([...keys, ['last', 0] as const]);
    expect(findJsonFault({ a: tooMany })?.path).toBe('/a');
  });

  test('may be a long array', () => {
    expect(findJsonFault(Array.from({ length: 3 * JSON_KEYS_MAX }, () => 0))).toBeNull();
  });

  test('must not have __proto__ for a key, at any depth', () => {
    expect(findJsonFault(JSON.parse('{"a/b":[{"__proto__":1}]}'))).toEqual({
      path: '/a~1b/0/__proto__',
      message: 'must not be a key',
    });
  });

  test('that came out of JSON.parse is plain', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
        const parsed: unknown = JSON.parse(JSON.stringify(value));
        expect(findPlainFault(parsed)).toEqual(findJsonFault(parsed));
      }),
    );
  });

  test.each([
    ['a date', new Date(0)],
    ['a map', new Map()],
    ['a typed array', new Uint8Array(2)],
    ['an error', new Error('x')],
    ['a BigInt', 1n],
    ['undefined', undefined],
    ['a function', () => 0],
    ['infinity', Number.POSITIVE_INFINITY],
    ['not a number', Number.NaN],
  ])('that holds %s is not plain', (_, value) => {
    expect(findPlainFault({ a: [value] })).toEqual({ path: '/a/0', message: 'must be JSON' });
  });

  test('that holds itself is refused', () => {
    const value: { self?: unknown } = {};
    value.self = value;
    expect(findPlainFault(value)?.message).toMatch(/nested/);
  });
});
