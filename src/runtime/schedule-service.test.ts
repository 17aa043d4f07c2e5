import { afterEach, expect, test } from 'vitest';
import type { Runtime } from './runtime.ts';
import { RuntimeWorld, turn } from './testing/runtime-world.ts';

const MINUTE_MS = 60_000;

let world = new RuntimeWorld({}, 'memory');
afterEach(async () => {
  await world.dispose();
  world = new RuntimeWorld({}, 'memory');
});

/** Lets minutes pass, a second at a time, with turns for what follows. */
async function minutes(count: number): Promise<void> {
  for (let second = 0; second < count * 60; second++) {
    world.clock.advance(1_000);
    await turn();
    await turn();
  }
}

/** A schedule that fired for three minutes, whose clock was then set back by two. */
async function firedThenSetBack(): Promise<Runtime> {
  const runtime = await world.open();
  await runtime.serve({ id: 'a', capabilities: ['work'] }, () => null);
  await runtime.schedules.set('s', { everyMs: MINUTE_MS, task: { type: 'work' } });
  await minutes(3);
  world.clock.step(-2 * MINUTE_MS);
  return runtime;
}

function firedOf(runtime: Runtime): string[] {
  return runtime.schedules.get('s')?.recent.map(({ nominalAt }) => nominalAt) ?? [];
}

test('a paused schedule names no moment at which it will not fire', async () => {
  const runtime = await firedThenSetBack();
  expect(runtime.schedules.get('s')?.nextAt).toEqual(expect.any(String));
  await runtime.schedules.pause('s');
  expect(runtime.schedules.get('s')).toMatchObject({ state: 'paused', nextAt: null });
  await runtime.schedules.resume('s');
  expect(runtime.schedules.get('s')?.nextAt).toEqual(expect.any(String));
});

test('a schedule that is resumed after the clock went back fires no moment again', async () => {
  const runtime = await firedThenSetBack();
  const before = firedOf(runtime);
  expect(before).toHaveLength(3);
  await runtime.schedules.pause('s');
  await runtime.schedules.resume('s');
  await minutes(4);
  const after = firedOf(runtime);
  expect(after.slice(0, 3)).toEqual(before);
  expect(after).toHaveLength(5);
  expect(new Set(after).size).toBe(after.length);
});

test('a schedule with another timing, set after the clock went back, goes on after its newest firing', async () => {
  const runtime = await firedThenSetBack();
  const last = firedOf(runtime).at(-1) ?? '';
  await runtime.schedules.set('s', { everyMs: MINUTE_MS / 2, task: { type: 'work' } });
  await minutes(4);
  const after = firedOf(runtime).slice(3);
  expect(after).not.toEqual([]);
  for (const moment of after) expect(moment > last).toBe(true);
});
