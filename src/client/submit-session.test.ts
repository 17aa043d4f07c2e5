import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SubmitSession } from './submit-session.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

describe('a session of submits', () => {
  test('says up to where all answers were seen, in whatever order they come', () => {
    const orders = fc.nat({ max: 40 }).chain((count) => {
      const numbers = Array.from({ length: count }, (_, i) => i + 1);
      return fc.shuffledSubarray(numbers);
    });
    fc.assert(
      fc.property(orders, (order) => {
        const session = new SubmitSession();
        const open = new Set<number>();
        for (let i = 0; i < 40; i++) open.add(session.number(1));
        for (const sequence of order) {
          session.answered(sequence);
          open.delete(sequence);
          const seen = Math.min(...open, 41) - 1;
          expect(session.frameOf(1)).toEqual([session.id, 1, seen]);
        }
      }),
      SEED,
    );
  });

  test('takes so many from the oldest without an answer on, and goes on when that is answered', () => {
    const session = new SubmitSession();
    for (let i = 0; i < 1_000; i++) session.number(1);
    expect(session.isFull).toBe(true);
    session.answered(2);
    expect(session.isFull).toBe(true);
    session.answered(1);
    expect(session.isFull).toBe(false);
  });

  test('takes so many tasks', () => {
    const session = new SubmitSession();
    for (let i = 0; i < 10; i++) session.number(10_000);
    expect(session.isFull).toBe(true);
    session.answered(1);
    expect(session.isFull).toBe(false);
  });
});
