import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Agent } from '../core/index.ts';
import { Scheduler } from '../scheduling/index.ts';
import { makeAgent } from '../scheduling/testing/fixtures.ts';
import { AgentSpeeds, SPEEDS_MAX } from './agent-speeds.ts';
import { systemClock, type Clock } from './clock.ts';
import { openRuntime } from './open-runtime.ts';
import type { RuntimeLogger } from './runtime-logger.ts';
import { turn } from './testing/runtime-world.ts';

let folder = '';
let warnings: string[] = [];
const logger: RuntimeLogger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (message) => void warnings.push(message),
  error: () => undefined,
};
const NOW = 1_000_000;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'uqo-speeds-'));
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function fleet(...agents: readonly (string | Agent)[]): Scheduler {
  const scheduler = new Scheduler({ seed: 1 });
  for (const agent of agents) {
    scheduler.agentChanged(typeof agent === 'string' ? makeAgent(agent) : agent);
  }
  return scheduler;
}

/** A fleet whose mean is about 100 ms, but for `slow`, which takes 10 s. */
function experienced(): Scheduler {
  const scheduler = fleet('plain', 'fast', 'slow');
  for (let i = 0; i < 20; i++) scheduler.observe('plain' as never, 100, true, NOW);
  scheduler.observe('fast' as never, 1, true, NOW);
  scheduler.observe('slow' as never, 10_000, false, NOW);
  return scheduler;
}

const known = (scheduler: Scheduler, nowMs = NOW): unknown[] =>
  [...scheduler.speeds(nowMs)].filter((speed) => speed !== null);

function speedsAt(directory: string | null, more: { speedsMax?: number; clock?: Clock } = {}) {
  return new AgentSpeeds({ directory, logger, clock: systemClock, ...more });
}

async function saved(scheduler: Scheduler, more = {}): Promise<void> {
  const speeds = speedsAt(folder, more);
  speeds.attach(scheduler, () => NOW);
  await speeds.save(true);
}

function recalled(scheduler: Scheduler, nowMs = NOW): Scheduler {
  speedsAt(folder).attach(scheduler, () => nowMs);
  return scheduler;
}

describe('what was learned of agents', () => {
  test('is what differs from the mean only, and is told to the next scheduler', async () => {
    await saved(experienced());
    const again = recalled(fleet('plain', 'fast', 'slow', 'new'));
    expect(known(again)).toEqual([
      ['fast', 1, NOW],
      ['slow', 10_000, NOW],
    ]);
    expect(again.meanRunMs).toBeCloseTo(98.45, 1);
    expect(warnings).toEqual([]);
  });

  test('is forgotten where it is so old that it counts for nothing', async () => {
    await saved(experienced());
    expect(known(recalled(fleet('fast', 'slow')), NOW + 3_600_000)).toEqual([]);
  });

  test('waits for an agent that registers later, and gives way to what was heard since', async () => {
    await saved(experienced());
    const again = fleet('fast');
    again.observe('fast' as never, 70, true, NOW + 1);
    recalled(again);
    again.agentChanged(makeAgent('slow'));
    expect(known(again)).toEqual([['slow', 10_000, NOW]]);
    expect(again.meanRunMs).toBe(70);
  });

  test('goes from one scheduler to the next in one process, newer than the file', async () => {
    await saved(experienced());
    const speeds = speedsAt(folder);
    const first = fleet('fast', 'slow');
    speeds.attach(first, () => NOW);
    first.observe('slow' as never, 20_000, false, NOW);
    const second = fleet('slow', 'fast');
    speeds.attach(second, () => NOW);
    expect(known(second)).toEqual([
      ['slow', 20_000, NOW],
      ['fast', 1, NOW],
    ]);
  });

  test('is bounded', async () => {
    await saved(experienced(), { speedsMax: 1 });
    expect(known(recalled(fleet('fast', 'slow')))).toEqual([['fast', 1, NOW]]);
    const lines = Array.from({ length: SPEEDS_MAX + 9 }, (_, i) => `["a${i}",5000,${NOW}]`);
    const text = `{"version":1,"meanMs":100}\n${lines.join('\n')}\n`;
    writeFileSync(join(folder, 'agent-speeds.jsonl'), text);
    expect(known(recalled(fleet(`a${SPEEDS_MAX - 1}`, `a${SPEEDS_MAX}`)))).toHaveLength(1);
  });

  test('lets others have their turn while many agents are written', async () => {
    let ticks = 0;
    // Each look at this clock is a millisecond.
    const clock = { ...systemClock, monotonicMs: () => ++ticks };
    const speeds = speedsAt(folder, { clock });
    const scheduler = fleet(...Array.from({ length: 300 }, (_, i) => `a${i}`));
    speeds.attach(scheduler, () => NOW);
    let isDone = false;
    let turns = 0;
    const done = speeds.save(true).then(() => (isDone = true));
    while (!isDone) {
      await turn();
      turns += 1;
    }
    await done;
    expect(turns).toBeGreaterThan(100);
  });

  test('is written once a minute at most, but at the end', async () => {
    const speeds = speedsAt(folder);
    const scheduler = experienced();
    speeds.attach(scheduler, () => NOW);
    await speeds.save();
    const path = join(folder, 'agent-speeds.jsonl');
    const first = readFileSync(path, 'utf8');
    scheduler.observe('fast' as never, 5_000, true, NOW);
    await speeds.save();
    expect(readFileSync(path, 'utf8')).toBe(first);
    await speeds.save(true);
    expect(readFileSync(path, 'utf8')).not.toBe(first);
  });

  test.each([
    ['', 'what was learned of agents cannot be read'],
    ['{"version":1,"mea', 'what was learned of agents cannot be read'],
    ['{"version":2,"meanMs":1}\n', 'what was learned of agents is of another version and was left'],
    [
      '{"version":1,"meanMs":-1}\n',
      'what was learned of agents is of another version and was left',
    ],
    ['null', 'what was learned of agents cannot be read'],
    ['{"version":1,"meanMs":5}\n["fast",1', 'some of what was learned of agents is damaged'],
    ['{"version":1,"meanMs":5}\n["fast",null,3]', 'some of what was learned of agents is damaged'],
    ['{"version":1,"meanMs":5}\n[7,1,3]\n{}', 'some of what was learned of agents is damaged'],
    ['{"version":1,"meanMs":5}\nnull', 'some of what was learned of agents is damaged'],
  ])('is done without where the file is %j', (text, warning) => {
    writeFileSync(join(folder, 'agent-speeds.jsonl'), text);
    expect(known(recalled(fleet('fast')))).toEqual([]);
    expect(warnings).toEqual([warning]);
  });

  test('keeps the lines that are whole where others are not, and no moment to come', () => {
    const lines = ['{"version":1,"meanMs":5}', '["slow",900', `["fast",900,${NOW + 9_999_999}]`];
    writeFileSync(join(folder, 'agent-speeds.jsonl'), lines.join('\n'));
    expect(known(recalled(fleet('fast')))).toEqual([['fast', 900, NOW]]);
  });

  test('is done without where there is no file and no folder', async () => {
    expect(known(recalled(fleet('fast')))).toEqual([]);
    const nowhere = speedsAt(null);
    nowhere.attach(experienced(), () => NOW);
    await nowhere.save(true);
    expect(warnings).toEqual([]);
    const gone = speedsAt(join(folder, 'missing'));
    gone.attach(experienced(), () => NOW);
    await gone.save(true);
    expect(warnings).toEqual(['what was learned of agents could not be written down']);
  });
});

test('after a restart the strategy prefers the fast agent at once', async () => {
  const options = { dataDir: folder, version: '0', logger };
  const settings = { strategy: 'latency-aware' } as const;
  const spec = { capabilities: ['work'], kind: 'general', slots: 1_000, labels: {}, cost: 0 };
  const agent = { ...spec, weight: 1, heartbeatMs: 30_000 };
  const before = await openRuntime(options);
  await before.queues.set('default', settings);
  for (const agentId of ['swift', 'lame']) {
    const register = { type: 'agent.register', agentId, incarnation: 'x', spec: agent } as const;
    await before.observed.loop.propose(register as never);
  }
  const { scheduler, state } = before.observed;
  for (let i = 0; i < 9; i++) scheduler.observe('swift' as never, 10, true, state.nowMs);
  scheduler.observe('lame' as never, 60_000, true, state.nowMs);
  await before.close(0);
  expect(existsSync(join(folder, 'agent-speeds.jsonl'))).toBe(true);

  const after = await openRuntime(options);
  for (const id of ['swift', 'lame']) after.observed.scheduler.setCredit(id as never, Infinity);
  const ids = await Promise.all(
    Array.from({ length: 50 }, () => after.submitTask({ type: 'work' })),
  );
  const taken = ids.map((id) => after.tasks.get(id as never)?.agentId);
  expect(taken).toEqual(ids.map(() => 'swift'));
  await after.close(0);
});
