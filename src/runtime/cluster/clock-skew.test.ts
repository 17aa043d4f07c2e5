import { expect, test } from 'vitest';
import { ManualClock } from '../../testing/manual-clock.ts';
import { SILENT_LOGGER } from '../runtime-logger.ts';
import { ClockSkew } from './clock-skew.ts';
import type { About } from './leadership.ts';

const LOOK_MS = 30_000;

class World {
  readonly clock = new ManualClock(1_700_000_000_000);
  readonly asked: PromiseWithResolvers<About | null>[] = [];
  readonly skew = new ClockSkew({
    clock: this.clock,
    logger: SILENT_LOGGER,
    ask: () => {
      const answer = Promise.withResolvers<About | null>();
      this.asked.push(answer);
      return answer.promise;
    },
  });

  /** The leader that was asked as the `n`th says what its clock shows. */
  async answer(n: number, aheadMs: number): Promise<void> {
    this.asked[n]?.resolve({ url: '', nowMs: this.clock.now() + aheadMs });
    await new Promise(setImmediate);
  }
}

test('the clock is compared with that of the leader, again and again', async () => {
  const world = new World();
  void world.skew.look();
  expect(world.skew.ms).toBe(null);
  await world.answer(0, -70);
  expect(world.skew.ms).toBe(70);
  world.clock.advance(LOOK_MS);
  await world.answer(1, 500);
  expect(world.skew.ms).toBe(-500);
});

test('an answer that comes after a newer look began says nothing, and does not double the looks', async () => {
  const world = new World();
  void world.skew.look();
  void world.skew.look();
  await world.answer(1, -20);
  await world.answer(0, -9_000);
  expect(world.skew.ms).toBe(20);
  world.clock.advance(LOOK_MS);
  await world.answer(2, 0);
  expect(world.asked).toHaveLength(3);
});
