import { expect, test } from 'vitest';
import { ManualClock } from '../testing/manual-clock.ts';
import { EntryTime } from './entry-time.ts';

const START_MS = 1_700_000_000_000;

function world(): { clock: ManualClock; state: { nowMs: number }; time: EntryTime } {
  const clock = new ManualClock(START_MS);
  const state = { nowMs: START_MS };
  return { clock, state, time: new EntryTime(clock, state) };
}

test('it is the time of the clock as long as that does not go back', () => {
  const { clock, time } = world();
  clock.advance(70);
  clock.step(1_000);
  expect(time.now()).toBe(START_MS + 1_070);
  expect(time.until(START_MS + 1_100)).toBe(30);
});

test('behind the newest entry it goes on at half the pace until the clock has caught up', () => {
  const { clock, state, time } = world();
  clock.step(-100);
  expect(time.now()).toBe(START_MS);
  clock.advance(40);
  expect(time.now()).toBe(START_MS + 20);
  expect(time.until(START_MS + 30)).toBe(20);
  state.nowMs = time.now();
  clock.advance(158);
  expect(time.now()).toBe(START_MS + 99);
  clock.advance(2);
  expect(time.now()).toBe(START_MS + 100);
  clock.advance(10);
  expect(time.now()).toBe(START_MS + 110);
});

test('it never is before an entry that another process made meanwhile', () => {
  const { clock, state, time } = world();
  clock.step(-10_000);
  time.now();
  clock.advance(100);
  state.nowMs = START_MS + 5_000;
  expect(time.now()).toBe(START_MS + 5_000);
  clock.advance(100);
  expect(time.now()).toBe(START_MS + 5_050);
});
