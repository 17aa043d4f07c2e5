import { describe, expect, test } from 'vitest';
import { drive, runToEnd, type Pace, type Steps } from './steps.ts';

/** A clock that every look at moves on by `stepMs`, and a count of the pauses. */
function fakePace(stepMs: number): Pace & { readonly pauses: number; onPause: () => void } {
  let [timeMs, pauses] = [0, 0];
  return {
    onPause: () => undefined,
    nowMs: () => (timeMs += stepMs),
    pause() {
      pauses += 1;
      this.onPause();
      return Promise.resolve();
    },
    get pauses() {
      return pauses;
    },
  };
}

function* count(to: number): Steps<number> {
  for (let index = 0; index < to; index += 1) yield { fraction: index / to, note: `at ${index}` };
  return to;
}

const quiet = { signal: new AbortController().signal, progress: () => undefined };

describe('drive', () => {
  test('pauses once 3 ms have gone by, not at every step', async () => {
    const pace = fakePace(1);
    // Looks: one at the slice's start, then one a step; the third step stands 3 ms after it.
    expect(await drive(count(100), quiet, pace)).toBe(100);
    expect(pace.pauses).toBe(33);
  });

  test('pauses at every step where each is as long as a slice', async () => {
    const pace = fakePace(4);
    await drive(count(10), quiet, pace);
    expect(pace.pauses).toBe(10);
  });

  test('stops at the next step after an abort and rejects with its reason', async () => {
    const controller = new AbortController();
    const pace = fakePace(4);
    const reason = new Error('canceled by test');
    let steps = 0;
    function* endless(): Steps<never> {
      for (;;) {
        steps += 1;
        yield undefined;
      }
    }
    pace.onPause = () => {
      if (pace.pauses === 3) controller.abort(reason);
    };
    const watch = { signal: controller.signal, progress: () => undefined };
    await expect(drive(endless(), watch, pace)).rejects.toBe(reason);
    expect(steps).toBe(3);
  });

  test('does no work for a signal that is aborted already', async () => {
    const watch = { signal: AbortSignal.abort(new Error('gone')), progress: () => undefined };
    let ran = false;
    function* work(): Steps<void> {
      ran = true;
      yield undefined;
    }
    await expect(drive(work(), watch, fakePace(1))).rejects.toThrow('gone');
    expect(ran).toBe(false);
  });

  test('tells progress in steps of a hundredth, however many there are', async () => {
    const told: number[] = [];
    const watch = { ...quiet, progress: (fraction: number) => void told.push(fraction) };
    await drive(count(10_000), watch, fakePace(1));
    expect(told).toHaveLength(100);
    expect(told).toEqual(told.toSorted((left, right) => left - right));
  });

  test('passes on what the computation throws', async () => {
    function* broken(): Steps<never> {
      yield undefined;
      throw new RangeError('broken');
    }
    await expect(drive(broken(), quiet, fakePace(1))).rejects.toThrow(RangeError);
  });
});

test('a computation run to its end in one go gives the same result', () => {
  expect(runToEnd(count(5))).toBe(5);
});
