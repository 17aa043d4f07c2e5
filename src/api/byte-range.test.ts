import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { namesEtag, readRange } from './byte-range.ts';

describe('a range', () => {
  test.each([
    ['bytes=0-0', { first: 0, last: 0 }],
    ['bytes=2-5', { first: 2, last: 5 }],
    ['bytes=2-', { first: 2, last: 9 }],
    ['bytes=2-99', { first: 2, last: 9 }],
    ['bytes=-3', { first: 7, last: 9 }],
    ['bytes=-99', { first: 0, last: 9 }],
    ['BYTES=1-1', { first: 1, last: 1 }],
    ['bytes=10-', 'none'],
    ['bytes=10-20', 'none'],
    ['bytes=-0', 'none'],
    ['bytes=5-2', null],
    ['bytes=-', null],
    ['bytes=0-1,3-4', null],
    ['items=0-1', null],
    ['bytes=a-b', null],
    ['bytes=99999999999999999-', null],
    ['', null],
    [undefined, null],
  ])('%s of ten bytes is %j', (header, range) => {
    expect(readRange(header, 10)).toEqual(range);
  });

  test('of an empty file is never there', () => {
    expect([readRange('bytes=0-', 0), readRange('bytes=-1', 0)]).toEqual(['none', 'none']);
  });

  test('lies within the file, whatever the header says', () => {
    fc.assert(
      fc.property(
        fc.nat(50),
        fc.oneof(
          fc.string().map((text) => `bytes=${text}`),
          fc.tuple(fc.nat(60), fc.nat(60)).map(([a, b]) => `bytes=${a}-${b}`),
        ),
        (bytes, header) => {
          const range = readRange(header, bytes);
          if (range === null || range === 'none') return;
          expect(range.first).toBeGreaterThanOrEqual(0);
          expect(range.last).toBeGreaterThanOrEqual(range.first);
          expect(range.last).toBeLessThan(bytes);
        },
      ),
      process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) },
    );
  });
});

test.each([
  ['"a"', true],
  ['W/"a"', true],
  ['"b", "a"', true],
  [' * ', true],
  ['"b"', false],
  ['a', false],
  [undefined, false],
])('%s names the version: %s', (header, named) => {
  expect(namesEtag(header, '"a"')).toBe(named);
});
