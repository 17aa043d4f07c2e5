import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseQuery, QUERY_TERMS_MAX } from './parse-query.ts';
import { printQuery } from './print-query.ts';
import { QueryInvalidError } from './query-error.ts';
import { anyQuery } from './testing/arbitrary-query.ts';

const seed = process.env['SEED'];
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) });

const canonical = (text: string): string => printQuery(parseQuery(text));

describe('a query', () => {
  test.each([
    ['state:failed type:x age>10m error~timeout metadata.customer:42', null],
    ['state=failed', 'state:failed'],
    ['state!=failed', '-state:failed'],
    ['state:failed, canceled', 'state:failed,canceled'],
    ['not state:failed', '-state:failed'],
    ['NOT (state:failed AND type:a)', '-(state:failed type:a)'],
    ['- - state:failed', 'state:failed'],
    ['type:a or type:b state:failed', null],
    ['(type:a or type:b) state:failed', null],
    ['((type:a)) and ((type:b) and type:c)', 'type:a type:b type:c'],
    ['type:a(type:b)', 'type:a type:b'],
    ['type:"a b"', null],
    ['type:"a"', 'type:a'],
    ['type="a*b"', String.raw`type:"a\*b"`],
    ['type:a**b*', 'type:a*b*'],
    ['type:***', 'type:*'],
    [String.raw`type:"\u0041\n\""`, String.raw`type:"A\u000a\""`],
    ['age>90m', 'age>1h30m'],
    ['age:0', null],
    ['createdAt>=2026-01-01', 'created>=2026-01-01'],
    ['created<2026-01-01T10:30', 'created<2026-01-01T10:30Z'],
    ['created<2026-01-01T10:30:05+02:00', 'created<2026-01-01T08:30:05Z'],
    ['created<2026-01-01T10:30:05.1Z', 'created<2026-01-01T10:30:05.100Z'],
    ['deadline<now+30m', null],
    ['updated>now-1h30m', null],
    ['payloadBytes>64KiB', 'payloadBytes>65536'],
    ['attempts>=3', 'attempt>=3'],
    ['metadata.a."b c".d:-1.5', null],
    ['metadata.a:"42"', null],
    ['metadata.a:042', null],
    ['metadata.a:42.0', 'metadata.a:42'],
    ['metadata.a:12345678901234567890', null],
    ['label.nvidia.com/gpu:a100', 'label."nvidia.com/gpu":a100'],
    ['error.code:RUN_TIMEOUT', null],
    ['type:and or type:not', null],
  ])('%j is understood', (text, shown) => {
    expect(canonical(text)).toBe(shown ?? text);
  });

  test.each([
    [
      '',
      0,
      /a term must be FIELD OPERATOR VALUE, such as state:failed, got the end at character 1$/,
    ],
    ['   ', 3, /got the end/],
    ['timeout', 0, /a term must be .* got "timeout" at character 1$/],
    ['state:failed timeout', 13, /got "timeout" at character 14$/],
    ['stat:failed', 0, /a field must be known, got "stat" at character 1; did you mean state\?$/],
    ['type:a Queue:b', 7, /did you mean queue\?$/],
    [
      'state:fialed',
      6,
      /one of scheduled, .*, got "fialed" at character 7; did you mean failed\?$/,
    ],
    ['state:fail*', 6, /a state must be one of/],
    ['state~fail', 5, /state must be followed by one of = != :, got "~" at character 6$/],
    ['type>a', 4, /type must be followed by one of = != : ~, got ">"/],
    ['priority:high', 9, /a number must be like 4 or 0.5, got "high"/],
    ['payloadBytes>1MB', 13, /a size must be like 512 or 64KiB, got "1MB"/],
    ['age>10', 4, /a length of time must be like 250ms, 10m or 1h30m, got "10"/],
    ['created>1h', 8, /a moment must be like .*now-1h30m, got "1h"/],
    ['created>2026-02-30', 8, /a moment must be like/],
    ['created>1969-12-31', 8, /a moment must be like/],
    ['age>1m,2m', 3, /one value only must follow >/],
    ['type:', 5, /a value must follow an operator or a comma, got the end at character 6$/],
    ['type: a', 5, /a value must follow .* got " " at character 6$/],
    ['type:a ,b', 7, /a term must be .*, got ",b"/],
    ['type:a,', 7, /a value must follow/],
    ['type:"a', 5, /a quote must be closed/],
    ['type:"a"b', 8, /a blank must follow a value/],
    [String.raw`type:"\x"`, 7, /a backslash must stand before/],
    ['metadata:1', 0, /metadata must have a name after a dot, such as metadata.customer/],
    ['label:1', 0, /label must have a name/],
    ['metadata.:1', 9, /a name must follow the dot/],
    ['(type:a', 0, /a bracket must be closed/],
    ['type:a)', 6, /a bracket must be opened first/],
    ['()', 1, /a term must be/],
    ['or type:a', 0, /a term must stand before and after "or"/],
    ['type:a or', 9, /a term must be .* got the end/],
    ['type:a or or type:b', 10, /a term must stand before and after "or"/],
    ['not', 3, /a term must be/],
    [`${'('.repeat(21)}type:a${')'.repeat(21)}`, 20, /brackets must be at most 20 deep/],
    [`type:${'a'.repeat(5000)}`, 4096, /at most 4096 characters, got "5005 characters"/],
    [`age>${'a'.repeat(100)}`, 4, /got "a{40}…"/],
  ])('%j is refused with its place', (text, at, message) => {
    const parse = (): unknown => parseQuery(text);
    expect(parse).toThrow(message);
    expect(parse).toThrow(expect.objectContaining({ code: 'QUERY_INVALID' }));
    expect(parse).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ at }) as unknown }),
    );
  });

  test('may have a hundred terms and no more', () => {
    const terms = Array.from({ length: QUERY_TERMS_MAX }, (_, n) => `type:t${n}`);
    expect(parseQuery(terms.join(' '))).toMatchObject({ terms: { length: QUERY_TERMS_MAX } });
    expect(() => parseQuery([...terms, 'type:a'].join(' '))).toThrow(/at most 100 terms/);
  });

  test('may have any number of brackets side by side', () => {
    expect(parseQuery('(type:a) '.repeat(50))).toMatchObject({ terms: { length: 50 } });
  });

  test('may be twenty brackets deep, and negated any number of times', () => {
    const text = `${'-('.repeat(20)}type:a${')'.repeat(20)}`;
    expect(canonical(text)).toBe('type:a');
    expect(canonical(`${'-'.repeat(1001)}type:a`)).toBe('-type:a');
  });

  test('is read back from its text as it was', () => {
    fc.assert(
      fc.property(anyQuery, (query) => {
        const text = printQuery(query);
        fc.pre(text.length <= 4096);
        expect(parseQuery(text)).toEqual(query);
        expect(canonical(text)).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('whatever is typed', () => {
  const scraps = fc.constantFrom(
    ...'( ) " \\ : = != ~ > < >= , . - * and or not state type metadata label error.code created age now failed 42 10m 2026-01-01 a é 𝄞 \ud800'.split(
      ' ',
    ),
    ' ',
    '\n',
    '\u0000',
  );
  const junk = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.array(scraps, { maxLength: 60 }).map((parts) => parts.join('')),
    fc.array(scraps, { maxLength: 60 }).map((parts) => parts.join(' ')),
  );

  test('is a query or is refused as none', () => {
    fc.assert(
      fc.property(junk, (text) => {
        try {
          expect(parseQuery(canonical(text))).toEqual(parseQuery(text));
        } catch (error) {
          expect(error).toBeInstanceOf(QueryInvalidError);
        }
      }),
      { numRuns: 5000 },
    );
  });

  test.each([
    '(',
    '-',
    'not ',
    '"',
    '\\',
    'a.',
    'type:',
    ',',
    '*',
    'type:"\\',
    'a',
    '1',
    ' ',
    'metadata."',
  ])('ten thousand characters of %j are answered at once', (scrap) => {
    for (const length of [4096, 10_240]) {
      for (const start of ['', 'type:', 'metadata.a:"', 'age>', 'created>now-']) {
        const text = (start + scrap.repeat(length)).slice(0, length);
        const from = performance.now();
        try {
          parseQuery(text);
        } catch (error) {
          expect(error).toBeInstanceOf(QueryInvalidError);
        }
        expect(performance.now() - from).toBeLessThan(100);
      }
    }
  });
});
