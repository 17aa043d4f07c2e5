/** The supervisor in a whole runtime, with a clock that is moved by hand. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TaskFailure } from '../contract/index.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { openRuntime } from './open-runtime.ts';
import type { Runtime } from './runtime.ts';
import type { SupervisionOptions } from './supervisor.ts';
import { happens, HeldHandler, turn } from './testing/runtime-world.ts';

const machine = { freeBytes: 1e12 };
let clock: ManualClock;
let dataDir: string;
let runtime: Runtime;

beforeEach(() => {
  machine.freeBytes = 1e12;
  clock = new ManualClock();
  dataDir = mkdtempSync(join(tmpdir(), 'uqo-supervisor-'));
});

afterEach(async () => {
  const closed = runtime.close(0);
  clock.advance(0);
  await closed;
  rmSync(dataDir, { recursive: true, force: true });
});

async function open(supervision: SupervisionOptions = {}): Promise<void> {
  runtime = await openRuntime({
    version: '0',
    seed: 1,
    dataDir,
    clock,
    probes: {
      heapShare: () => 0,
      residentShare: () => 0,
      disk: () => Promise.resolve({ freeBytes: machine.freeBytes, bytes: 1e12 }),
    },
    supervision: { enabled: true, samplesMin: 20, floorMs: 5_000, ...supervision },
  });
}

/** Lets time pass as a process that is awake sees it. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 500) {
    clock.advance(Math.min(500, left));
    await turn();
  }
}

/** Lets the checks run to their end: they read files. */
async function checked(name: string, isOk: boolean): Promise<void> {
  for (let turns = 0; turns < 1_000_000; turns++) {
    if (runtime.checks.list().some((one) => one.name === name && one.isOk === isOk)) return;
    await turn();
  }
  throw new Error(
    `check ${name} did not come out ${isOk}: ${JSON.stringify(runtime.checks.list())}`,
  );
}

function kinds(): string[] {
  return runtime.recoveries.list().map(({ kind }) => kind);
}

/** Teaches it that attempts of the type `work` take no time. */
async function teach(): Promise<void> {
  let isQuick = true;
  const held = new HeldHandler();
  await runtime.serve({ id: 'a1', capabilities: ['work'], slots: 100 }, (task, context) =>
    isQuick ? 1 : held.handler(task, context),
  );
  for (let n = 0; n < 20; n++) {
    const done = happens(runtime, 'task.completed');
    await runtime.submitTask({ type: 'work' });
    await done;
  }
  isQuick = false;
}

async function start(type = 'work'): Promise<string> {
  const started = happens(runtime, 'task.assigned');
  const id = await runtime.submitTask({ type });
  await started;
  return id;
}

describe('an attempt that shows nothing for too long', () => {
  test('is told of once, and counts as stuck until it ends', async () => {
    await open();
    await teach();
    const stuck = happens(runtime, 'task.stuck');
    const id = await start();
    await pass(5_000);
    expect(runtime.status().stuck).toBe(0);
    await pass(2_000);
    expect(await stuck).toMatchObject({ taskId: id, agentId: 'a1', taskType: 'work', attempt: 1 });
    await pass(60_000);
    expect(runtime.recoveries.list()).toMatchObject([
      { kind: 'task.stuck', subject: `task ${id} on agent a1`, isResolved: false, count: 1 },
    ]);
    expect(runtime.status()).toMatchObject({ stuck: 1, recoveries: [{ kind: 'task.stuck' }] });
    await runtime.tasks.cancel([id as never], 'enough');
    expect(runtime.status().stuck).toBe(0);
  });

  test('is not stuck while it reports progress', async () => {
    await open();
    await teach();
    const id = await start();
    const { fencingToken } = runtime.tasks.get(id as never) as { fencingToken: number };
    for (let n = 0; n < 5; n++) {
      await pass(3_000);
      runtime.agents.progress({ taskId: id as never, fencingToken }, 0.1, null);
    }
    expect(kinds()).toEqual([]);
  });

  test('is ended and tried again where that is asked for', async () => {
    await open({ stuck: 'retry' });
    await teach();
    const failed = happens(runtime, 'attempt.failed');
    await start();
    await pass(8_000);
    expect(await failed).toMatchObject({ error: { code: 'TASK_STUCK' } });
    await turn();
    expect(runtime.recoveries.list()[0]).toMatchObject({ kind: 'task.stuck', isResolved: true });
  });

  test('is none where nothing is known of its type', async () => {
    await open();
    await teach();
    await runtime.serve(
      { id: 'a2', capabilities: ['other'], slots: 1 },
      () => new Promise(() => 0),
    );
    await start('other');
    await pass(600_000);
    expect(kinds()).toEqual([]);
  });
});

describe('the clock', () => {
  test('that was set is noticed, and makes no attempt stuck', async () => {
    await open();
    await teach();
    await start();
    clock.step(3_600_000);
    await pass(2_000);
    expect(runtime.recoveries.list()).toMatchObject([
      { kind: 'clock.stepped', cause: 'it was set forward by 3600000 ms', isResolved: true },
    ]);
    clock.step(-10_000);
    await pass(1_000);
    expect(runtime.recoveries.list()[0]).toMatchObject({ cause: 'it was set back by 10000 ms' });
  });

  test('that went on while this process stood still tells of a stall', async () => {
    await open();
    await pass(1_000);
    clock.pause(9_000);
    expect(runtime.recoveries.list()).toMatchObject([{ kind: 'loop.stalled', count: 1 }]);
    expect(runtime.recoveries.list()[0]?.cause).toContain('8000 ms');
  });
});

describe('the checks', () => {
  test('find a log whose newest entry is not what was written', async () => {
    await open({ checkIntervalMs: 1_000 });
    await runtime.submitTask({ type: 'work', payload: 'a-text-to-find' });
    await pass(1_000);
    await checked('log', true);
    const folder = readdirSync(dataDir, { recursive: true, withFileTypes: true });
    for (const entry of folder.filter((one) => one.isFile())) {
      const file = join(entry.parentPath, entry.name);
      const bytes = readFileSync(file);
      const at = bytes.indexOf('a-text-to-find');
      if (at < 0) continue;
      bytes[at] = 0x62;
      writeFileSync(file, bytes);
    }
    const told = happens(runtime, 'recovery');
    await pass(1_000);
    await checked('log', false);
    expect(await told).toMatchObject({ key: 'log', reason: 'check.log', state: 'open' });
    expect(runtime.recoveries.list()[0]).toMatchObject({ kind: 'check.log', isResolved: false });
  });

  test('make room on a disk that fills up, and say whether that helped', async () => {
    await open({ checkIntervalMs: 1_000 });
    machine.freeBytes = 1e6;
    await pass(1_000);
    await checked('disk', false);
    expect(runtime.recoveries.list()[0]).toMatchObject({ kind: 'check.disk', isResolved: false });
    machine.freeBytes = 1e12;
    await pass(1_000);
    await checked('disk', true);
    expect(runtime.recoveries.list()[0]).toMatchObject({
      kind: 'check.disk',
      isResolved: true,
      count: 2,
    });
    expect(runtime.checks.list().map(({ name }) => name)).toEqual(['log', 'store', 'disk']);
  });
});

test('breakers that open and close by themselves are kept among the recoveries', async () => {
  await open();
  await runtime.breakers.set('agent', null, {
    callsMin: 2,
    openMs: 1_000,
    jitter: 0,
    successesMin: 1,
  });
  let isBroken = true;
  await runtime.serve({ id: 'a1', capabilities: ['work'], slots: 1 }, () => {
    if (isBroken) throw new Error('broken');
    return 1;
  });
  const opened = happens(runtime, 'breaker.changed');
  const retry = { attemptsMax: 9, delayMs: 0 };
  await runtime.submitTask({ type: 'work', retry });
  expect(await opened).toMatchObject({ breaker: 'agent a1', state: 'open' });
  isBroken = false;
  const done = happens(runtime, 'task.completed');
  await pass(2_000);
  await done;
  expect(runtime.recoveries.list()).toMatchObject([
    { kind: 'breaker', subject: 'breaker of agent a1', isResolved: true, count: 2 },
  ]);
});

test('an agent whose handler lost its host is brought back with growing waits, and runs again what it ran', async () => {
  await open();
  let [isDead, restarts] = [false, 0];
  const restart = (): void => {
    restarts += 1;
    if (restarts === 1) throw new Error('no thread to be had');
    isDead = false;
  };
  const held = new HeldHandler();
  const agent = { id: 'a1', capabilities: ['work'], slots: 2 };
  await runtime.serve(
    agent,
    (task, context) => {
      if (isDead) throw new TaskFailure('HANDLER_HOST_FAILED', 'the thread ended');
      return held.handler(task, context);
    },
    { restart },
  );
  const beside = await start();
  await held.next();
  isDead = true;
  const failed = happens(runtime, 'attempt.failed');
  const retry = { attemptsMax: 9, delayMs: 0 };
  await runtime.submitTask({ type: 'work', retry });
  await failed;
  await pass(900);
  expect(restarts).toBe(0);
  await pass(500);
  expect(restarts).toBe(1);
  await pass(1_500);
  expect(restarts).toBe(1);
  await pass(1_000);
  expect(restarts).toBe(2);
  const [one, other] = [await held.next(), await held.next()];
  expect([one.task.id, other.task.id]).toContain(beside);
  expect(runtime.recoveries.list()).toMatchObject([
    { kind: 'agent.restarted', subject: 'a1', outcome: 'its handler was restarted', count: 3 },
  ]);
  const done = happens(runtime, 'task.completed', beside);
  for (const run of [one, other]) run.end(1);
  expect(await done).toMatchObject({ attempt: 1 });
});
