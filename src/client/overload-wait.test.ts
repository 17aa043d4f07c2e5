import { describe, expect, test } from 'vitest';
import { OrchestratorError } from '../base/errors.ts';
import { overloadDelayMs, untilAdmitted } from './overload-wait.ts';

function refusal(retryAfterMs: number): OrchestratorError {
  return new OrchestratorError('OVERLOADED', 'too much', { retryAfterMs });
}

/** Tries with a clock that only waiting moves. */
async function tryWith(
  waitMs: number,
  attempt: (tries: number) => Promise<string>,
): Promise<{
  readonly outcome: string;
  readonly delays: readonly number[];
  readonly tries: number;
}> {
  let nowMs = 0;
  let tries = 0;
  const delays: number[] = [];
  const outcome = await untilAdmitted(
    () => {
      tries += 1;
      return attempt(tries);
    },
    {
      waitMs,
      nowMs: () => nowMs,
      chance: () => 0,
      delay: (ms) => {
        delays.push(ms);
        nowMs += ms;
        return Promise.resolve();
      },
    },
  ).catch((error: OrchestratorError) => error.code);
  return { outcome, delays, tries };
}

describe('a refused submit', () => {
  test('is tried again after what the server asked for, longer each time', async () => {
    const { delays, outcome } = await tryWith(10_000, (tries) =>
      tries < 6 ? Promise.reject(refusal(250)) : Promise.resolve('taken'),
    );
    expect(outcome).toBe('taken');
    expect(delays).toEqual([250, 250, 400, 800, 1_600]);
  });

  test('is told at once where nobody asked for waiting', async () => {
    const { outcome, tries } = await tryWith(0, () => Promise.reject(refusal(250)));
    expect([outcome, tries]).toEqual(['OVERLOADED', 1]);
  });

  test('is told once another try would come too late', async () => {
    const { delays, outcome } = await tryWith(1_000, () => Promise.reject(refusal(400)));
    expect(outcome).toBe('OVERLOADED');
    expect(delays).toEqual([400, 400]);
  });

  test('for another reason is told at once', async () => {
    const { outcome, tries } = await tryWith(10_000, () =>
      Promise.reject(new OrchestratorError('QUEUE_FULL', 'full')),
    );
    expect([outcome, tries]).toEqual(['QUEUE_FULL', 1]);
  });
});

test('delays are never shorter than asked for, and at most half as long again', () => {
  for (const chance of [0, 0.5, 1]) {
    const delayMs = overloadDelayMs(1, 1_000, chance);
    expect(delayMs).toBe(1_000 * (1 + chance / 2));
  }
  expect(overloadDelayMs(50, 0, 0)).toBe(10_000);
});
