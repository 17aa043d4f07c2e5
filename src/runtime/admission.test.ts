/** The gate in a whole runtime: what it measures comes from outside, what it does is seen there. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { STEP_MS } from '../reliability/index.ts';
import type { FeedEvent } from './event-feed.ts';
import type { Runtime } from './runtime.ts';
import { HeldHandler, RuntimeWorld, turn } from './testing/runtime-world.ts';

/** What the probes answer. */
const machine = { heapShare: 0, residentShare: 0, freeBytes: 1e12 };
let logged: string[] = [];
let world: RuntimeWorld;
let runtime: Runtime;

beforeEach(async () => {
  Object.assign(machine, { heapShare: 0, residentShare: 0, freeBytes: 1e12 });
  logged = [];
  const note = (message: string): void => void logged.push(message);
  world = new RuntimeWorld({
    logger: { debug: () => undefined, info: note, warn: note, error: note },
    probes: {
      heapShare: () => machine.heapShare,
      residentShare: () => machine.residentShare,
      disk: () => Promise.resolve({ freeBytes: machine.freeBytes, bytes: 1e12 }),
    },
  });
  runtime = await world.open();
});
afterEach(() => world.dispose());

/** Lets so many measurements be taken, with a submit that keeps them coming. */
async function measure(steps: number): Promise<void> {
  for (let i = 0; i < steps; i++) {
    if (i % 5 === 0) await submit(9);
    world.clock.advance(STEP_MS);
    await turn();
  }
}

function submit(priority: number): Promise<string> {
  return runtime.submitTask({ type: 'work', priority });
}

const REFUSED = expect.objectContaining({ code: 'OVERLOADED' });

describe('while memory runs out', () => {
  beforeEach(async () => {
    await submit(4);
    machine.heapShare = 0.95;
    await measure(20);
  });

  test('all submits but the most urgent are refused, and told when to come again', async () => {
    await expect(submit(8)).rejects.toMatchObject({
      code: 'OVERLOADED',
      details: { level: 'critical', floor: 9, reason: 'memory', retryAfterMs: 2_000 },
    });
    await expect(submit(9)).resolves.toBeTypeOf('string');
  });

  test('a submit of several is as urgent as the most urgent of them', async () => {
    const { admission } = runtime;
    const specs = [{ priority: 1 }, { priority: 9 }] as never;
    const many = { specs, specOf: [0, 1], payloads: ['1', '2'], extras: null };
    expect(() => admission.submit(many)).not.toThrow();
    expect(() => admission.submit({ ...many, specs: [specs[0]] as never })).toThrow(REFUSED);
  });

  test('lists are refused, and what frees resources goes on', async () => {
    const [task] = [...runtime.observed.state.tasks.keys()];
    expect(() => runtime.tasks.list({ limit: 10 })).toThrow(REFUSED);
    expect(runtime.tasks.get(task as never)?.state).toBe('queued');
    expect(await runtime.tasks.cancel([task as never], 'no more')).toEqual([null]);
    const held = new HeldHandler();
    await runtime.serve({ id: 'a', capabilities: ['work'], slots: 1 }, held.handler);
    const run = await held.next();
    run.end('done');
    expect((await runtime.tasks.wait(run.task.id as never, 10_000))?.state).toBe('completed');
  });

  test('a large report is taken in parts, and answered as one', async () => {
    const held = new HeldHandler();
    await runtime.serve({ id: 'a', capabilities: ['work'], slots: 1 }, held.handler);
    const { task } = await held.next();
    const { fencingToken } = runtime.observed.state.tasks.get(task.id as never) ?? {};
    const report = { ok: true, result: '1' } as const;
    const ends = Array.from({ length: 450 }, (_, i) => ({
      taskId: (i === 333 ? task.id : `unknown-${i}`) as never,
      fencingToken: fencingToken as number,
      report,
    }));
    const before = runtime.status().log.lastIndex;
    const answers = await runtime.agents.report(ends);
    expect(answers).toHaveLength(450);
    expect(answers.flatMap((error, i) => (error === null ? [i] : []))).toEqual([333]);
    expect(runtime.status().log.lastIndex).toBe(before + 2);
  });

  test('status tells the level, why, since when, and how much was refused', async () => {
    await submit(3).catch(() => undefined);
    await submit(3).catch(() => undefined);
    expect(runtime.status().admission).toMatchObject({
      enabled: true,
      level: 'critical',
      floor: 9,
      cause: 'memory',
      signals: { heapShare: 0.95 },
      shed: { byPriority: [0, 0, 0, 2, 0, 0, 0, 0, 0, 0] },
    });
    expect(logged.some((line) => line.includes('the load is critical'))).toBe(true);
  });

  test('and is there again, everything is as before, and no timer is left', async () => {
    machine.heapShare = 0.2;
    await measure(80);
    expect(runtime.status().admission).toMatchObject({ level: 'normal', floor: 0 });
    await expect(submit(0)).resolves.toBeTypeOf('string');
    const armed = world.clock.timers;
    world.clock.advance(20 * STEP_MS);
    expect(world.clock.timers).toBe(armed - 1);
  });
});

describe('who follows', () => {
  test('hears of every change of the level', async () => {
    const heard: FeedEvent[] = [];
    const listener = {
      taskId: null,
      event: (event: FeedEvent) => event.type !== 'admission.changed' || heard.push(event) > 0,
      closed: () => undefined,
    };
    runtime.feed.listen(listener, null);
    machine.residentShare = 0.95;
    await measure(20);
    machine.residentShare = 0;
    await measure(80);
    expect(heard.map(({ reason, state }) => [state, reason])).toEqual([
      ['critical', 'memory'],
      ['elevated', 'memory'],
      ['normal', 'memory'],
    ]);
  });

  test('hears every state, and how much progress was left out', async () => {
    const held = new HeldHandler();
    await runtime.serve({ id: 'a', capabilities: ['watched'], slots: 1 }, held.handler);
    const id = await runtime.submitTask({ type: 'watched', priority: 9 });
    const run = await held.next();
    machine.heapShare = 0.8;
    await measure(20);
    expect(runtime.status().admission.level).toBe('elevated');
    const heard: FeedEvent[] = [];
    const listener = {
      taskId: id,
      event: (event: FeedEvent) => heard.push(event) > 0,
      closed: () => undefined,
    };
    runtime.feed.listen(listener, null);
    for (let i = 1; i <= 20; i++) run.context.progress(i / 20);
    run.end('done');
    await runtime.tasks.wait(id as never, 10_000);
    const progress = heard.filter(({ type }) => type === 'task.progress').length;
    const dropped = heard.reduce((sum, event) => sum + (event.dropped ?? 0), 0);
    expect(progress).toBe(2);
    expect(progress + dropped).toBe(20);
    expect(heard.at(-1)?.type).toBe('task.completed');
    expect(heard.at(-2)?.type).toBe('events.dropped');
  });
});

test('entries are short while anything urgent comes, and no longer', async () => {
  const entriesOf = async (tasks: number): Promise<number> => {
    const before = runtime.status().log.lastIndex;
    await Promise.all(Array.from({ length: tasks }, () => submit(4)));
    return runtime.status().log.lastIndex - before;
  };
  expect(await entriesOf(900)).toBe(1);
  await submit(9);
  world.clock.advance(STEP_MS);
  expect(await entriesOf(900)).toBe(3);
  world.clock.advance(6 * STEP_MS);
  expect(await entriesOf(900)).toBe(1);
});

test('a disk that fills up is kept for what is there already', async () => {
  await submit(4);
  machine.freeBytes = 1e6;
  await measure(20);
  await expect(submit(4)).rejects.toMatchObject({ details: { reason: 'disk' } });
});

test('switched off, nothing is refused', async () => {
  const open = await new RuntimeWorld({
    admission: { enabled: false },
    probes: {
      heapShare: () => 1,
      residentShare: () => 1,
      disk: () => Promise.resolve({ freeBytes: 0, bytes: 1 }),
    },
  }).open();
  for (let i = 0; i < 30; i++) {
    await open.submitTask({ type: 'work', priority: 0 });
    world.clock.advance(STEP_MS);
  }
  expect(open.status().admission).toMatchObject({ enabled: false, level: 'normal' });
  await open.close(0);
});

test('options out of their range are refused', async () => {
  await expect(new RuntimeWorld({ admission: { delayTargetMs: 0 } }).open()).rejects.toMatchObject({
    code: 'ADMISSION_OPTION_INVALID',
  });
});
