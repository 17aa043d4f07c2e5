import { describe, expect, test } from 'vitest';
import { isOrchestratorError } from '../base/errors.ts';
import { promptText, readAnswer, readPrompt } from './read-input.ts';

function refusal(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return isOrchestratorError(error) ? `${error.code} ${String(error.details['path'])}` : error;
  }
}

describe('a schema of an answer', () => {
  const deep: unknown = JSON.parse('{"not":'.repeat(70) + '{}' + '}'.repeat(70));
  test.each<[string, unknown, string]>([
    ['a list', [], ''],
    ['a text', 'string', ''],
    ['of an unknown type', { type: 'strng' }, '/type'],
    ['of one unknown type among others', { type: ['string', 'date'] }, '/type'],
    ['with odd properties', { properties: 7 }, '/properties'],
    ['with an odd property', { properties: { a: 7 } }, '/properties/a'],
    ['with a bound that is no number', { minimum: '1' }, '/minimum'],
    ['with half a length', { maxLength: 1.5 }, '/maxLength'],
    ['with a broken pattern', { items: { pattern: '(' } }, '/items/pattern'],
    ['with a broken pattern for names', { patternProperties: { '(': true } }, '/patternProperties'],
    ['with a pattern that could take for ever', { pattern: '^(a+)+$' }, '/pattern'],
    [
      'with such a pattern where only a reference makes it one',
      { enum: [{ pattern: '^(a+)+$' }], items: { $ref: '#/enum/0' } },
      '/items/$ref/pattern',
    ],
    [
      'that could mean something else by a reference',
      { items: { $id: 'x', $ref: '#/enum/0' } },
      '/items/$id',
    ],
    [
      'with a pattern for names that looks everywhere',
      { patternProperties: { 'a*b': true } },
      '/patternProperties',
    ],
    [
      'with many patterns for names',
      {
        patternProperties: Object.fromEntries(
          Array.from('abcdefghijklm', (x) => [`^x-${x}`, true]),
        ),
      },
      '/patternProperties',
    ],
    ['with choices that are none', { anyOf: {} }, '/anyOf'],
    ['with an odd choice', { anyOf: [true, 1] }, '/anyOf/1'],
    ['with required names that are none', { required: 'a' }, '/required'],
    ['with odd dependencies', { dependentRequired: { a: 'b' } }, '/dependentRequired'],
    ['that points elsewhere', { $ref: 'https://example.com/x' }, '/$ref'],
    ['that points nowhere', { properties: { a: { $ref: '#/$defs/x' } } }, '/properties/a/$ref'],
    ['that is itself', { $ref: '#' }, ''],
    ['with words of the validator', { '~refine': [{}] }, '/~refine'],
    ['that is too deep', deep, '/not'.repeat(63)],
  ])('%s is refused', (_, schema, path) => {
    expect(refusal(() => readPrompt({ message: '?', schema }))).toBe(
      `INPUT_PROMPT_INVALID /prompt/schema${path}`,
    );
  });

  test.each<[unknown, unknown, string | null]>([
    [true, { anything: 1 }, null],
    [false, 1, ''],
    [{ type: 'boolean' }, 'yes', ''],
    [{ type: ['boolean', 'null'] }, null, null],
    [{ enum: ['a', 'b'] }, 'c', ''],
    [{ type: 'object', required: ['a'] }, {}, ''],
    [{ properties: { a: { type: 'integer', minimum: 3 } } }, { a: 2 }, '/a'],
    [{ additionalProperties: false, properties: { a: true } }, { a: 1, b: 2 }, '/b'],
    [{ items: { type: 'string', pattern: '^[a-z]+$' } }, ['ok', 'No'], '/1'],
    [
      { properties: { a: { pattern: '^a*a*b$' } } },
      { a: 'a'.repeat(500), b: 'a'.repeat(50_000) },
      '/a',
    ],
    [{ patternProperties: { '^x-': { type: 'string' } } }, { 'x-a': 1 }, '/x-a'],
    [{ oneOf: [{ type: 'string' }, { maxItems: 1 }] }, [1, 2], ''],
  ])('%j holds %j to it', (schema, answer, path) => {
    const prompt = readPrompt({ message: '?', schema });
    const got = refusal(() => readAnswer(answer, prompt.schema));
    expect(got).toBe(path === null ? JSON.stringify(answer) : `INPUT_INVALID /answer${path}`);
  });

  test('refuses an answer that would take long, within 50 ms, however it is made', () => {
    const slow = { pattern: '^a*a*b$' };
    const long = 'a'.repeat(60_000);
    for (const [schema, answer] of [
      [slow, long],
      [
        { items: { allOf: Array.from({ length: 500 }, () => slow) } },
        Array.from({ length: 60 }, () => long.slice(0, 1_000)),
      ],
      [{ not: { anyOf: [slow] } }, long],
      [{ $ref: '#/$defs/slow', $defs: { slow } }, long],
    ] as const) {
      const prompt = readPrompt({ message: '?', schema });
      const before = process.threadCpuUsage();
      expect(refusal(() => readAnswer(answer, prompt.schema))).toBe('INPUT_INVALID /answer');
      const { system, user } = process.threadCpuUsage(before);
      expect(system + user).toBeLessThan(50_000);
    }
  });

  test('of before there were bounds on patterns takes no answer', () => {
    expect(refusal(() => readAnswer('a', '{"pattern":"^(a+)+$"}'))).toBe('INPUT_INVALID /answer');
  });

  test('may describe a tree, and a tree it meets', () => {
    const node = { properties: { left: { $ref: '#' }, value: { type: 'integer' } } };
    const { schema } = readPrompt({ message: '?', schema: node });
    expect(refusal(() => readAnswer({ left: { left: { value: 1 } } }, schema))).toBeTypeOf(
      'string',
    );
    expect(refusal(() => readAnswer({ left: { left: { value: 'x' } } }, schema))).toBe(
      'INPUT_INVALID /answer/left/left/value',
    );
  });

  test('that turns in circles only for some answers refuses those', () => {
    const schema = {
      properties: { a: { $ref: '#/$defs/a' } },
      $defs: { a: { $ref: '#/$defs/a' } },
    };
    const prompt = readPrompt({ message: '?', schema });
    expect(refusal(() => readAnswer({ b: 1 }, prompt.schema))).toBe('{"b":1}');
    expect(refusal(() => readAnswer({ a: 1 }, prompt.schema))).toBe('INPUT_INVALID /answer');
  });
});

describe('a prompt', () => {
  test('is the same after it was written and read again', () => {
    const prompt = {
      message: 'pay?',
      schema: { type: 'string', enum: ['"yes"', 'no'] },
      default: 'no',
      answerers: ['ann'],
      expiresMs: 5,
    };
    const read = readPrompt(prompt);
    expect(readPrompt(JSON.parse(promptText(read)))).toEqual(read);
    expect(JSON.parse(promptText(readPrompt({ message: '?', key: 'k' })))).toEqual({
      message: '?',
    });
  });

  test.each<[string, unknown, string]>([
    ['without a message', {}, '/prompt'],
    ['with a control character for a key', { message: '?', key: '\n' }, '/prompt/key'],
    ['that nobody may answer', { message: '?', answerers: [] }, '/prompt/answerers'],
    ['that has expired', { message: '?', expiresMs: 0 }, '/prompt/expiresMs'],
    ['that is nothing', null, '/prompt'],
  ])('%s is refused', (_, prompt, path) => {
    expect(refusal(() => readPrompt(prompt))).toBe(`INPUT_PROMPT_INVALID ${path}`);
  });
});

test('an answer that JSON cannot carry, is too long or too deep is refused', () => {
  for (const wrong of [undefined, 1n, 'x'.repeat(70_000)])
    expect(refusal(() => readAnswer(wrong, null))).toBe('INPUT_INVALID undefined');
  const deep = JSON.parse('['.repeat(70) + ']'.repeat(70)) as unknown;
  expect(refusal(() => readAnswer(deep, null))).toMatch(/^INPUT_INVALID \/answer\/0/);
});
