import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BoundedPattern, PatternBudget } from './bounded-pattern.ts';
import { costOfPattern, stepsOf } from './pattern-cost.ts';

describe('patterns that forms have', () => {
  test.each([
    ['^[a-z0-9]+(-[a-z0-9]+)*$', 'quantum-engine'],
    [String.raw`^\d{4}-\d{2}-\d{2}$`, '2026-02-28'],
    [String.raw`^[^@\s]+@[^@\s]+\.[^@\s]+$`, 'ann@example.com'],
    [String.raw`^\S+@\S+\.\S+$`, 'ann@example.com'],
    ['^(yes|no)$', 'no'],
    ['^#[0-9a-f]{6}$', '#00ff7f'],
    [String.raw`^\p{L}+(?: \p{L}+)?$`, 'Ada Lovelace'],
    [String.raw`^(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.\d{1,3}){3}$`, '127.0.0.1'],
    [String.raw`^(?<year>\d+)/[\u0041-\x5a\cA\-\]]*$`, '2026/AZ'],
    ['quantum', 'a quantum engine'],
    ['.*engine', 'a quantum engine'],
  ])('%s is taken', (pattern, text) => {
    expect(costOfPattern(pattern)).not.toHaveProperty('fault');
    expect(new BoundedPattern(pattern, new PatternBudget()).test(text)).toBe(true);
    expect(new BoundedPattern(pattern, new PatternBudget()).test('')).toBe(false);
  });
});

test.each([
  '(a+)+$',
  '^(a+)+$',
  '^(a*)*$',
  '^(a|a)*$',
  '^(a|ab)*c$',
  '^(a|b|[a-b])+$',
  String.raw`^(\w+\s?)*$`,
  '^(x+x+)+y$',
  '^(([a-z])+.)+[A-Z]([a-z])+$',
  '^(.*a){20}$',
  '^(?:a{1,5}){1,5}$',
  '^(a?){30}a{30}$',
  '^(?:a?b?)*c$',
  '^(?:|a)+$',
  `^${'a?'.repeat(40)}${'a'.repeat(40)}$`,
  `^${'(?:a|aa)'.repeat(20)}$`,
  '^a*a*a*a*b$',
  '^.*.*.*.*$',
  String.raw`^(\d+|\w+)+$`,
  String.raw`^(?:[\u0061]|a)+$`,
  String.raw`^(?:\x61|\p{L})+$`,
  String.raw`(a)\1`,
  String.raw`(?<x>a)\k<x>`,
  '(?=a)b',
  '(?!a)b',
  '(?<=a)b',
  '(?<!a)b',
  '(?i:a)b',
  'x'.repeat(257),
])('%s is refused', (pattern) => {
  expect(costOfPattern(pattern)).toHaveProperty('fault');
});

/** Milliseconds of the slowest of some tries: the quickest try of each text, as a machine has other work. */
function slowestMs(pattern: string): number {
  const cost = costOfPattern(pattern);
  if ('fault' in cost) return 0;
  let length = 1;
  while (length < 65_536 && stepsOf(cost, 2 * length) <= 3_000_000) length *= 2;
  const pieces = ['a', 'b', 'ab', 'aab', '@', '@.', 'a1', '-a'];
  const texts = pieces.flatMap((piece) => {
    const text = piece.repeat(Math.ceil(length / piece.length)).slice(0, length - 1);
    return [text, `${text}!`, `!${text}`];
  });
  const times = texts.map((text) => {
    let leastMs = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < 3; tries++) {
      const regexp = new BoundedPattern(pattern, new PatternBudget());
      const beginMs = performance.now();
      regexp.test(text);
      leastMs = Math.min(leastMs, performance.now() - beginMs);
      if (leastMs < 10) break;
    }
    return leastMs;
  });
  return Math.max(...times);
}

describe('a pattern that is taken holds the process for less than 50 ms on the longest text it is given', () => {
  test.each([
    String.raw`^\S+@\S+\.\S+$`,
    String.raw`^[^@\s]+@[^@\s]+\.[^@\s]+$`,
    'a*b',
    '^.*a.*!x',
    '^a*a*b$',
    '^a*a*a{0,8}b$',
    '(?:a|a)(?:a|a)(?:a|a)(?:a|a)b',
    'a{64}b',
    '^(?:a?a?a?a?a?)b$',
    '^(?:[a-z]+-)*[a-z-]*!$',
    '(?:ab|ba|[c-z])*!$',
  ])('%s', (pattern) => {
    expect(costOfPattern(pattern)).not.toHaveProperty('fault');
    expect(slowestMs(pattern)).toBeLessThan(50);
  });

  const atom = fc.constantFrom('a', 'b', '[ab]', '[^b]', '.', String.raw`\w`, 'ab', '@', '-');
  const bound = fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,3}', '{2,}', '{0,20}', '*?');
  const { pattern: part } = fc.letrec<{ pattern: string; group: string; piece: string }>((tie) => ({
    piece: fc.tuple(fc.oneof(atom, tie('group')), bound).map(([body, times]) => {
      const isWhole = body.startsWith('(') || body.startsWith('[') || body.length === 1;
      return (isWhole || body.startsWith('\\') ? body : `(?:${body})`) + times;
    }),
    group: fc
      .array(tie('pattern'), { minLength: 1, maxLength: 3 })
      .map((options) => `(?:${options.join('|')})`),
    pattern: fc.array(tie('piece'), { minLength: 1, maxLength: 4 }).map((all) => all.join('')),
  }));
  const pattern = fc
    .tuple(fc.constantFrom('^', '^', ''), part, fc.constantFrom('$', '!', ''))
    .map((parts) => parts.join(''));

  test('whatever it is made of', () => {
    fc.assert(
      fc.property(pattern, (made) => {
        expect(slowestMs(made)).toBeLessThan(50);
      }),
      {
        numRuns: 300,
        ...(process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) }),
      },
    );
  });
});

test('a text that would take too long is refused before it is looked at', () => {
  const regexp = new BoundedPattern('^a*a*b$', new PatternBudget());
  expect(() => regexp.test('a'.repeat(60_000))).toThrow(
    expect.objectContaining({ code: 'INPUT_INVALID' }),
  );
});

test('all patterns of an answer share one budget', () => {
  const budget = new PatternBudget();
  const text = 'a'.repeat(500);
  const hold = (): boolean => new BoundedPattern('^a*a*b$', budget).test(text);
  expect(hold()).toBe(false);
  expect(() => Array.from({ length: 20 }, hold)).toThrow(
    expect.objectContaining({ code: 'INPUT_INVALID' }),
  );
});
