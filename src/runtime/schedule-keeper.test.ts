import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { ScheduleBody } from '../contract/index.ts';
import { OrchestratorError } from '../base/errors.ts';
import {
  apply,
  type Applied,
  type Command,
  type CommandResult,
  type FiringItem,
  type TaskId,
} from '../core/index.ts';
import { setSchedule } from '../core/testing/commands.ts';
import { World } from '../core/testing/world.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { TestOrchestrator } from '../testing/index.ts';
import { SILENT_LOGGER } from './runtime-logger.ts';
import { ScheduleKeeper } from './schedule-keeper.ts';
import { momentsBetween } from './schedule-times.ts';

const SEED = process.env['SEED'];
const START = '2026-03-01T00:00:00Z';
const startMs = Date.parse(START);

const open: TestOrchestrator[] = [];
afterEach(async () => {
  for (const uqo of open.splice(0)) await uqo.stop();
});

/** An orchestrator with an agent whose handler ends at once, or after a while. */
async function begin(workMs = 0): Promise<TestOrchestrator> {
  const uqo = await TestOrchestrator.start({ startAt: START });
  open.push(uqo);
  const agent = { id: 'a', capabilities: ['work'], slots: 1000 };
  await uqo.agent(agent, () => (workMs === 0 ? null : uqo.clock.sleep(workMs)));
  return uqo;
}

const every = (everyMs: number, more: Partial<ScheduleBody> = {}): ScheduleBody => {
  return { everyMs, task: { type: 'work' }, ...more };
};

const set = (uqo: TestOrchestrator, body: ScheduleBody, name = 's'): Promise<unknown> =>
  uqo.runtime.schedules.set(name, body);

/** Moments that were fired for by themselves, in order, in milliseconds from the start. */
function fired(uqo: TestOrchestrator, name = 's'): number[] {
  return uqo.events
    .filter((event) => event.type === 'schedule.fired' && event.schedule === name)
    .filter((event) => event.reason === 'scheduled')
    .map((event) => (event.nominalAt ?? 0) - startMs);
}

/** How late each firing was, in milliseconds. */
function lateness(uqo: TestOrchestrator): number[] {
  return uqo.events
    .filter((event) => event.type === 'schedule.fired')
    .map((event) => event.at - (event.nominalAt ?? 0));
}

describe('a schedule', () => {
  test('fires at its moments, with tasks that say for which', async () => {
    const uqo = await begin();
    const payload = { kind: 'nightly' };
    const timezone = 'America/New_York';
    await set(uqo, { cron: '30 2 * * *', timezone, task: { type: 'work', payload } });
    await uqo.clock.advance('30d');
    const events = uqo.events.filter((event) => event.type === 'schedule.fired');
    expect(events).toHaveLength(30);
    expect(lateness(uqo).every((late) => late === 0)).toBe(true);
    const days = events.map((event) => new Date(event.nominalAt ?? 0).toISOString().slice(5, 16));
    expect(days.slice(5, 10)).toEqual([
      '03-06T07:30',
      '03-07T07:30',
      '03-08T07:00',
      '03-09T06:30',
      '03-10T06:30',
    ]);
    const task = uqo.task(events[7]?.taskId ?? '');
    expect(task.view()).toMatchObject({
      state: 'completed',
      payload,
      schedule: { name: 's', nominalAt: '2026-03-08T07:00:00.000Z' },
    });
    await uqo.assertInvariants();
  });

  test('further away than the longest timer fires all the same', async () => {
    const uqo = await begin();
    await set(uqo, { at: ['2026-05-01T00:00:00Z'], task: { type: 'work' } });
    await uqo.clock.advance('62d');
    expect(fired(uqo)).toEqual([61 * 86_400_000]);
    expect(lateness(uqo)).toEqual([0]);
    expect(uqo.runtime.schedules.get('s')).toMatchObject({ state: 'finished', nextAt: null });
  });

  test('comes later by a jitter of its own, the same after a restart', async () => {
    const uqo = await begin();
    await set(uqo, every(60_000, { jitterMs: 30_000 }));
    await uqo.clock.advance('10m');
    const late = lateness(uqo);
    expect(new Set(late).size).toBeGreaterThan(5);
    expect(Math.max(...late)).toBeLessThanOrEqual(30_000);
    const other = await begin();
    await set(other, every(60_000, { jitterMs: 30_000 }));
    await other.clock.advance('3m');
    await other.restart();
    await other.clock.advance('7m');
    expect(lateness(other)).toEqual(late);
  });

  test('whose jitter is longer than its interval still makes every task', async () => {
    const uqo = await begin();
    await set(uqo, every(1_000, { jitterMs: 10_000, overlap: 'allow' }));
    await uqo.clock.advance('60s');
    expect(fired(uqo).slice(0, 40)).toEqual(Array.from({ length: 40 }, (_, i) => (i + 1) * 1_000));
    expect(uqo.runtime.schedules.get('s')?.missed).toBe(0);
  });

  test('set again and again as it is loses no firing', async () => {
    const uqo = await begin();
    for (let minute = 0; minute < 10; minute++) {
      await set(uqo, every(150_000));
      await uqo.clock.advance('1m');
    }
    expect(fired(uqo)).toEqual([150_000, 300_000, 450_000, 600_000]);
  });
});

describe('the keeper', () => {
  test('has no timer where nothing is to fire', () => {
    const { clock, run } = keeperOf();
    expect(clock.timers).toBe(0);
    run(setSchedule('s', START_MS + 1000));
    expect(clock.timers).toBe(1);
    run({ type: 'schedule.pause', key: 's', reason: null, by: null });
    expect(clock.timers).toBe(0);
    run({ type: 'schedule.resume', key: 's', nextAt: START_MS + 9000 });
    expect(clock.timers).toBe(1);
    run({ type: 'schedule.remove', key: 's' });
    expect(clock.timers).toBe(0);
  });

  test('sees within a minute that the clock was set forward or the machine slept', async () => {
    const { clock, moments, rest, run } = keeperOf();
    run(setSchedule('s', START_MS + 3_600_000, hourly));
    await rest(1_800_000);
    clock.step(2_400_000);
    await rest(60_000);
    expect(moments()).toEqual([START_MS + 3_600_000]);
  });

  test('fires no moment twice when the clock goes back', async () => {
    const { clock, moments, rest, run } = keeperOf();
    run(setSchedule('s', START_MS + 3_600_000, hourly));
    await rest(3_700_000);
    clock.step(-1_800_000);
    await rest(3_500_000);
    expect(moments()).toEqual([START_MS + 3_600_000]);
    await rest(1_900_000);
    expect(moments()).toEqual([START_MS + 3_600_000, START_MS + 7_200_000]);
  });

  test('proposes what is due together in bounded slices, each schedule once', async () => {
    const { proposals, rest, run, state } = keeperOf();
    for (let i = 0; i < 1_200; i++) run(setSchedule(`s${i}`, START_MS + 1000, hourly));
    await rest(1_000);
    expect(proposals.map((items) => items.length)).toEqual([500, 500, 200]);
    const runs = [...state.records.schedules.values()].map((schedule) => schedule.runs);
    expect(new Set(runs)).toEqual(new Set([1]));
  });

  test('lets the next slice wait while the load is high, and refuses none', async () => {
    const { admitted, clock, proposals, rest, restAfterEach, run } = keeperOf();
    for (let i = 0; i < 1_200; i++) run(setSchedule(`s${i}`, START_MS + 1000, hourly));
    restAfterEach(500);
    await rest(1_000);
    expect(proposals.map((items) => items.length)).toEqual([500]);
    run(setSchedule('other', START_MS + 1200, hourly));
    expect(proposals).toHaveLength(1);
    await rest(499);
    expect(proposals).toHaveLength(1);
    await rest(1);
    expect(proposals).toHaveLength(2);
    clock.step(6_000);
    await rest(500);
    expect(proposals.map((items) => items.length)).toEqual([500, 500, 201]);
    expect(admitted).toHaveLength(1_201);
    expect(new Set(admitted)).toEqual(new Set([4]));
  });

  test('works out ahead what follows the next moment of an expression, a little at a time', async () => {
    const { clock, moments, proposals, rest, run } = keeperOf();
    const timing = { type: 'cron', expression: '0 * * * *', timezone: 'UTC' } as const;
    run(setSchedule('s', START_MS, { ...hourly, timing }));
    expect(clock.timers).toBe(2);
    await rest(20);
    expect(moments()).toEqual([START_MS]);
    await rest(20);
    expect(clock.timers).toBe(1);
    // Another timing in the meantime: what was worked out for the one before is not used.
    const half = { ...timing, expression: '0,30 * * * *' };
    run(setSchedule('s', START_MS + 1_800_000, { ...hourly, timing: half }));
    await rest(3_600_000);
    const named = proposals.flat().map(({ nextAt, nominalAt }) => [nominalAt, nextAt]);
    const [first, second, third] = [1, 2, 3].map((count) => START_MS + count * 1_800_000);
    expect(named.slice(1)).toEqual([
      [first, second],
      [second, third],
    ]);
  });

  test('lets what is very late wait no longer', async () => {
    const { proposals, rest, restAfterEach, run } = keeperOf();
    for (let i = 0; i < 1_200; i++) run(setSchedule(`s${i}`, START_MS - 5_001, hourly));
    restAfterEach(500);
    await rest(1);
    expect(proposals.flat().filter(({ taskId }) => taskId !== null)).toHaveLength(1_200);
  });

  test('takes up again what was not taken, and stops where nothing will be', async () => {
    const { clock, fail, moments, rest, run } = keeperOf();
    run(setSchedule('s', START_MS + 1000, hourly));
    fail('LOG_FULL');
    await rest(5_000);
    expect(moments()).toEqual([]);
    fail(null);
    await rest(1_000);
    expect(moments()).toEqual([START_MS + 1000]);
    fail('STOPPED');
    await rest(3_600_000);
    expect(clock.timers).toBe(0);
  });
});

const START_MS = 1_800_000_000_000;
const hourly = {
  timing: { type: 'every', intervalMs: 3_600_000, offsetMs: 0 },
  catchUpMs: 3_600_000,
} as const;

/** A keeper over a state of its own, whose proposals are applied at once. */
function keeperOf() {
  const clock = new ManualClock(START_MS);
  const { state } = new World();
  const proposals: (readonly FiringItem[])[] = [];
  const moments: number[] = [];
  const admitted: number[] = [];
  let restMs = 0;
  let code: string | null = null;
  let ids = 0;
  const run = (command: Command): Applied => {
    const applied = apply(state, state.index + 1, { at: clock.now(), commands: [command] });
    for (const event of applied.events) {
      if (event.type === 'schedule.removed') keeper.removed(event.schedule);
      else if (event.type.startsWith('schedule.') && 'schedule' in event)
        keeper.changed(event.schedule);
      if (event.type === 'schedule.fired') moments.push(event.nominalAt);
    }
    return applied;
  };
  const keeper: ScheduleKeeper = new ScheduleKeeper({
    state,
    clock,
    logger: SILENT_LOGGER,
    nextId: () => `id${ids++}` as TaskId,
    admit: (priorities) => {
      admitted.push(...priorities);
      return restMs;
    },
    propose: (command) => {
      if (code !== null) return Promise.reject(new OrchestratorError(code, 'no'));
      if (command.type === 'schedule.fire') proposals.push(command.items);
      return Promise.resolve(run(command).results[0] as CommandResult);
    },
  });
  keeper.open();
  return {
    clock,
    state,
    proposals,
    admitted,
    restAfterEach: (ms: number) => void (restMs = ms),
    run,
    moments: () => moments,
    fail: (given: string | null) => void (code = given),
    /** Lets time pass in seconds, so that what follows a proposal has its turn. */
    rest: async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 10_000) {
        clock.advance(Math.min(10_000, ms - passed));
        for (let turn = 0; turn < 8; turn++) {
          await Promise.resolve();
          await new Promise<void>((resolve) => setImmediate(resolve));
          clock.advance(0);
        }
      }
    },
  };
}

describe('a pause', () => {
  test('outlives a restart and the same schedule set again, and is not made up for', async () => {
    const uqo = await begin();
    await set(uqo, every(60_000, { catchUp: 'all' }));
    await uqo.clock.advance('1m');
    await uqo.runtime.schedules.pause('s', { reason: 'holiday', by: 'ann' });
    uqo.crash();
    await uqo.restart();
    await set(uqo, every(60_000, { catchUp: 'all' }));
    await uqo.clock.advance('5m');
    expect(uqo.runtime.schedules.get('s')).toMatchObject({
      state: 'paused',
      paused: { reason: 'holiday', by: 'ann' },
    });
    await uqo.runtime.schedules.resume('s');
    await uqo.clock.advance('2m');
    expect(fired(uqo)).toEqual([60_000, 420_000, 480_000]);
  });
});

describe('after a time without a leader', () => {
  const away = async (more: Partial<ScheduleBody>): Promise<TestOrchestrator> => {
    const uqo = await begin();
    await set(uqo, every(60_000, { overlap: 'allow', ...more }));
    await uqo.clock.advance('1m');
    uqo.crash();
    await uqo.clock.advance('200m');
    await uqo.restart();
    await uqo.clock.advance('90s');
    return uqo;
  };

  test('only the latest is made up for, unless all are asked for', async () => {
    const uqo = await away({});
    expect(fired(uqo)).toEqual([1, 201, 202].map((minute) => minute * 60_000));
    const view = uqo.runtime.schedules.get('s');
    expect(view?.missed).toBe(100);
    expect(view?.recent.map(({ outcome }) => outcome)).toContain('missed');
  });

  test('all within the window are made up for, and those before it are missed', async () => {
    const uqo = await away({ catchUp: 'all', catchUpMs: 10 * 60_000 });
    const made = [1, ...Array.from({ length: 12 }, (_, i) => 191 + i)];
    expect(fired(uqo)).toEqual(made.map((minute) => minute * 60_000));
    await uqo.assertInvariants();
  });

  test('nothing is made up for where the latest is too old', async () => {
    const uqo = await begin();
    await set(uqo, every(86_400_000, { catchUpMs: 60_000 }));
    await uqo.clock.advance('23h');
    uqo.crash();
    await uqo.clock.advance('2h');
    await uqo.restart();
    await uqo.clock.advance('1m');
    expect(fired(uqo)).toEqual([]);
    expect(uqo.runtime.schedules.get('s')?.nextAt).toBe('2026-03-03T00:00:00.000Z');
  });
});

describe('a firing that cannot be kept', () => {
  test('comes once the disk has room', async () => {
    const uqo = await begin();
    await set(uqo, every(60_000, { catchUp: 'all', overlap: 'allow' }));
    await uqo.fullDisk(true);
    await uqo.clock.advance('150s');
    expect(fired(uqo)).toEqual([]);
    await uqo.fullDisk(false);
    await uqo.clock.advance('2s');
    expect(fired(uqo)).toEqual([60_000, 120_000]);
  });
});

describe('an overlap', () => {
  test.each([
    ['allow', [1, 2, 3, 4, 5, 6]],
    ['skip', [1, 4]],
    ['queue-one', [1, 2, 4]],
    ['cancel-running', [1, 2, 3, 4, 5, 6]],
  ] as const)('is dealt with by %s', async (overlap, made) => {
    const uqo = await begin(150_000);
    await set(uqo, every(60_000, { overlap }));
    await uqo.clock.advance('6m');
    expect(fired(uqo)).toEqual(made.map((minute) => minute * 60_000));
    const live = uqo.runtime.schedules.get('s')?.live;
    expect(live).toBe({ allow: 3, skip: 1, 'queue-one': 1, 'cancel-running': 1 }[overlap]);
    await uqo.assertInvariants();
  });
});

describe('bounds', () => {
  test('of runs and of time end it', async () => {
    const uqo = await begin();
    await set(uqo, every(60_000, { runsMax: 3 }), 'few');
    const bounds = { startAt: startMs + 120_000, endAt: startMs + 180_000 };
    await set(uqo, every(60_000, bounds), 'short');
    await uqo.clock.advance('10m');
    expect(fired(uqo, 'few')).toEqual([60_000, 120_000, 180_000]);
    expect(fired(uqo, 'short')).toEqual([120_000, 180_000]);
    expect(uqo.runtime.schedules.list({ limit: 9 }).items.map(({ state }) => state)).toEqual([
      'finished',
      'finished',
    ]);
  });
});

type Step =
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'crash'; readonly ms: number }
  | { readonly kind: 'slow' | 'restart' };

const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 400_000 }) }),
    fc.record({ kind: fc.constant('crash' as const), ms: fc.nat(400_000) }),
    fc.record({ kind: fc.constantFrom('slow' as const, 'restart') }),
  ),
  { minLength: 1, maxLength: 12 },
);

/** Crashes at any moment, also with firings on their way to the disk. */
async function live(uqo: TestOrchestrator, history: readonly Step[]): Promise<void> {
  for (const step of history) {
    if (step.kind === 'advance') await uqo.clock.advance(step.ms);
    else if (step.kind === 'restart') await uqo.restart();
    else {
      if (step.kind === 'slow') {
        await uqo.slowDisk(true);
        await uqo.clock.advance('90s');
      }
      uqo.crash();
      await uqo.slowDisk(false);
      if (step.kind === 'crash') await uqo.clock.advance(step.ms);
      await uqo.restart();
    }
  }
  // What is due now is made now.
  await uqo.clock.advance('1s');
}

test('every moment is fired for exactly once, whatever crashes', async () => {
  const timings = fc.constantFrom<Partial<ScheduleBody>>(
    { everyMs: 20_000 },
    { everyMs: 7_000, offsetMs: 3_000 },
    { cron: '*/2 * * * *' },
    { cron: '5,35 * * * * *' },
  );
  await fc.assert(
    fc.asyncProperty(timings, steps, async (timing, history) => {
      const uqo = await begin();
      const body = { ...timing, catchUp: 'all', overlap: 'allow', task: { type: 'work' } } as const;
      await set(uqo, body);
      const { settings } = uqo.runtime.observed.state.records.schedules.get('s') ?? {};
      await live(uqo, history);
      const range = { fromMs: startMs + 1, toMs: uqo.clock.now() };
      const expected = settings === undefined ? [] : momentsBetween(settings, range, 10_000);
      expect(fired(uqo)).toEqual(expected.map((at) => at - startMs));
      const made = uqo.runtime.schedules.get('s');
      expect([made?.runs, made?.missed, made?.skipped]).toEqual([expected.length, 0, 0]);
      await uqo.assertInvariants();
      await uqo.stop();
    }),
    { numRuns: 40, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
  );
}, 60_000);
