import { expect, test } from 'vitest';
import { createPaint, hasColor } from './color.ts';

test.each([
  [true, {}, true],
  [false, {}, false],
  [true, { NO_COLOR: '1' }, false],
  [true, { NO_COLOR: '' }, true],
  [false, { FORCE_COLOR: '1' }, true],
  [true, { FORCE_COLOR: '0' }, false],
  [true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
  [true, { TERM: 'dumb' }, false],
])('a terminal %s with %j has color: %s', (isTerminal, environment, expected) => {
  expect(hasColor({ isTerminal, environment })).toBe(expected);
});

test('without color text stays as it is', () => {
  expect(createPaint(false).red('x')).toBe('x');
  expect(createPaint(true).red('x')).toBe('\u001B[31mx\u001B[39m');
});
