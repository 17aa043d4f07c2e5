import { InvalidArgumentError } from 'commander';
import { expect, test } from 'vitest';
import { integerValue } from './option-values.ts';

const shots = integerValue(0, Number.MAX_SAFE_INTEGER);

test.each([
  ['0', 0],
  ['1000', 1000],
  ['007', 7],
  ['1_000', 1000],
  ['1_000_000', 1_000_000],
  ['1e3', 1000],
  ['1E3', 1000],
  ['1e+3', 1000],
  ['1e9', 1_000_000_000],
  ['2.5e6', 2_500_000],
  ['9007199254740991', Number.MAX_SAFE_INTEGER],
])('%s is the number %d', (text, value) => {
  expect(shots(text)).toBe(value);
});

test.each([
  '-1',
  '-1e3',
  '+5',
  '1.5',
  '1e-3',
  '1e16',
  '1e400',
  '9007199254740992',
  'NaN',
  'Infinity',
  '',
  ' 5',
  '5 ',
  '0x10',
  '1__0',
  '_1',
  '1_',
  '1,000',
  'e3',
  '1e',
  'ten',
])('%s is refused with the range', (text) => {
  expect(() => shots(text)).toThrow(InvalidArgumentError);
  expect(() => shots(text)).toThrow('It must be an integer from 0 to 9007199254740991.');
});
