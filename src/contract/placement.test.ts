import { describe, expect, test } from 'vitest';
import { checkSubmitTask } from './check.ts';

const check = (placement: unknown) => (): void =>
  checkSubmitTask({ type: 'work', placement } as never, '');

function labels(count: number, value: unknown = 'x'): Record<string, unknown> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`label-${index}`, value]));
}

describe('placement', () => {
  test.each([
    ['nothing', {}],
    ['all of it', { near: { zone: 'eu' }, apart: 'web', costs: { gpu: { a100: 0.5, '': 0 } } }],
    ['as much as there may be', { near: labels(16), costs: labels(8, labels(32, 1_000_000)) }],
  ])('takes %s', (_, placement) => {
    expect(check(placement)).not.toThrow();
  });

  test.each([
    ['too many labels to be near', { near: labels(17) }],
    ['a label name with a space', { near: { 'a b': 'x' } }],
    ['a label that is no text', { near: { zone: 1 } }],
    ['a label of 256 characters', { near: { zone: 'x'.repeat(256) } }],
    ['a group without a name', { apart: '' }],
    ['too many labels with costs', { costs: labels(9, { x: 1 }) }],
    ['too many values with costs', { costs: { gpu: labels(33, 1) } }],
    ['a value of 256 characters', { costs: { gpu: { ['x'.repeat(256)]: 1 } } }],
    ['a cost below zero', { costs: { gpu: { a100: -1 } } }],
    ['a cost that is no number', { costs: { gpu: { a100: Number.NaN } } }],
    ['a cost without end', { costs: { gpu: { a100: Number.POSITIVE_INFINITY } } }],
    ['a field that it does not know', { far: {} }],
  ])('refuses %s', (_, placement) => {
    expect(check(placement)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }));
  });
});
