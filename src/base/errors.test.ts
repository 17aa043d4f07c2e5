import { expect, test } from 'vitest';
import { isOrchestratorError, messageOf, OrchestratorError } from './errors.ts';

test('an orchestrator error carries its code, details and cause', () => {
  const cause = new Error('no space left');
  const error = new OrchestratorError('DISK_FULL', 'a disk must have room', { free: 0 }, { cause });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({
    name: 'OrchestratorError',
    code: 'DISK_FULL',
    message: 'a disk must have room',
    details: { free: 0 },
    cause,
  });
});

test('details are empty and a cause is absent where none was given', () => {
  const error = new OrchestratorError('DISK_FULL', 'a disk must have room');
  expect(error.details).toEqual({});
  expect('cause' in error).toBe(false);
});

test.each([
  ['one of this class', new OrchestratorError('A', 'a'), true],
  ['one of another copy', Object.assign(new Error('a'), { code: 'A', details: {} }), true],
  ['a plain error', new Error('a'), false],
  ['a system error', Object.assign(new Error('a'), { code: 'ENOENT' }), false],
  [
    'an error with a number for a code',
    Object.assign(new Error('a'), { code: 1, details: {} }),
    false,
  ],
  ['an object that looks like one', { code: 'A', details: {}, message: 'a' }, false],
  ['nothing', null, false],
])('%s is told apart', (_, error, expected) => {
  expect(isOrchestratorError(error)).toBe(expected);
});

test.each([
  [new Error('told'), 'told'],
  ['text', 'text'],
  [undefined, 'undefined'],
  [42, '42'],
])('the message of %s is %s', (thrown, expected) => {
  expect(messageOf(thrown)).toBe(expected);
});
