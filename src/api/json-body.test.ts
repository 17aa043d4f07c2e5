import { describe, expect, test } from 'vitest';
import { checkContentEncoding, readJsonBody } from './json-body.ts';

const read = (text: string): unknown => readJsonBody(Buffer.from(text));
const refused = (path: string, message: RegExp): unknown =>
  expect.objectContaining({
    code: 'INVALID_REQUEST',
    message: expect.stringMatching(message),
    details: { path },
  });

describe('a body', () => {
  test('is read as JSON, whether or not it is ASCII', () => {
    expect(read('{"a":[1,"b"]}')).toEqual({ a: [1, 'b'] });
    expect(read('{"é":"日本 🚀"}')).toEqual({ é: '日本 🚀' });
    expect(read('')).toBeUndefined();
  });

  test('that is no object is refused', () => {
    for (const text of ['null', '1', '"a"', 'true']) {
      expect(() => read(text)).toThrow(refused('', /must be a JSON object/) as Error);
    }
  });

  test('that is no JSON or no UTF-8 is refused', () => {
    for (const text of ['{', '{"a":1}}', '\uFEFF{}', "{'a':1}", '{"a":01}', 'NaN']) {
      expect(() => read(text)).toThrow(refused('', /must be JSON/) as Error);
    }
    for (const bytes of [[0x22, 0xc3, 0x28, 0x22], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf5]]) {
      expect(() => readJsonBody(Buffer.from(bytes))).toThrow(refused('', /must be UTF-8/) as Error);
    }
  });

  test('that is a bomb is refused where it begins', () => {
    const keys = (count: number): string =>
      `{"a":{${Array.from({ length: count }, (_, at) => `"k${at}":0`).join(',')}}}`;
    expect(() => read(keys(10_000))).not.toThrow();
    expect(() => read(keys(10_001))).toThrow(refused('/a', /at most 10000 keys/) as Error);
    const nested = (depth: number): string => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);
    expect(() => read(nested(64))).not.toThrow();
    expect(() => read(nested(65))).toThrow(refused('/a'.repeat(64), /64 levels/) as Error);
    expect(() => read('{"a":[{"__proto__":1}]}')).toThrow(
      refused('/a/0/__proto__', /key/) as Error,
    );
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('may not be compressed', () => {
    expect(() => checkContentEncoding(undefined)).not.toThrow();
    expect(() => checkContentEncoding('identity')).not.toThrow();
    expect(() => checkContentEncoding('gzip')).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_MEDIA_TYPE' }),
    );
  });
});
