import { expect, test } from 'vitest';
import { invariant, InvariantError, unreachable } from './invariant.ts';

test('a condition that holds costs nothing, not even its message', () => {
  let built = 0;
  invariant(true, () => `message ${(built += 1)}`);
  expect(built).toBe(0);
});

test.each([
  ['a text', 'x must hold'],
  ['a function', (): string => 'x must hold'],
] as const)(
  'a condition that fails throws an InvariantError with its message, %s',
  (_, message) => {
    const thrown = caught(() => invariant(false, message));
    expect(thrown).toBeInstanceOf(InvariantError);
    expect(thrown).toMatchObject({ name: 'InvariantError', message: 'x must hold' });
  },
);

test('a switch that reaches its end throws with the value it met', () => {
  const thrown = caught(() => unreachable({ type: 'strange' } as never));
  expect(thrown).toBeInstanceOf(InvariantError);
  expect(thrown).toMatchObject({ message: 'unreachable value {"type":"strange"}' });
});

function caught(act: () => void): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return null;
}
