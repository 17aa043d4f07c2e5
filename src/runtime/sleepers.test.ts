import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { RegisterAgent } from '../contract/index.ts';
import type { ManualClock } from '../testing/manual-clock.ts';
import type { AgentLink, Lease, LinkKind } from './agent-link.ts';
import type { Runtime } from './runtime.ts';
import { happens, RuntimeWorld, turn, type TaskId } from './testing/runtime-world.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

type AgentId = Lease['agentId'];

let world = new RuntimeWorld({}, 'memory');
afterEach(async () => {
  await world.dispose();
  world = new RuntimeWorld({}, 'memory');
});

/** What an agent has while it is there: a request that stays open, or a connection. */
class Link implements AgentLink {
  lastHeardMs: number;
  readonly kind: LinkKind;
  readonly leases: Lease[] = [];

  constructor(kind: LinkKind, lastHeardMs = Infinity) {
    this.kind = kind;
    this.lastHeardMs = lastHeardMs;
  }

  lease(lease: Lease): void {
    this.leases.push(lease);
  }

  revoke(): void {}
  answer(): void {}
  cancelRequested(): void {}
  flush(): void {}
  replaced(): void {}
}

const HOUR_MS = 3_600_000;
const SLEEPER: RegisterAgent = {
  id: 'sleeper',
  capabilities: ['work'],
  heartbeatMs: 10_000,
  availability: { kind: 'poll', everyMs: HOUR_MS, graceMs: 60_000 },
};
const ID = SLEEPER.id as AgentId;

/** Comes by once; returns what it was given. */
async function comeBy(runtime: Runtime, max = 1): Promise<readonly Lease[]> {
  const link = new Link('poll');
  await runtime.agents.seen(ID);
  runtime.agents.poll(ID, link, max);
  await runtime.agents.release([], 'poll');
  await turn();
  await runtime.agents.disconnect(link, [ID]);
  return link.leases;
}

async function sleeping(agent: RegisterAgent = SLEEPER): Promise<Runtime> {
  const runtime = await world.open();
  await runtime.agents.register([agent], 'first');
  return runtime;
}

/** Lets a verdict reach the log, and what follows it happen. */
async function settled(): Promise<void> {
  for (let i = 0; i < 4; i++) await turn();
}

const stateOf = (runtime: Runtime): string | undefined => runtime.agents.get(ID)?.state;
const iso = (ms: number): string => new Date(ms).toISOString();

describe('an agent that polls', () => {
  test('is asleep in between, is expected, and is not lost', async () => {
    const runtime = await sleeping();
    const expected = iso(world.clock.now() + HOUR_MS);
    expect(runtime.agents.get(ID)).toMatchObject({ state: 'asleep', wakesAt: expected });
    expect(runtime.agents.get(ID)?.availability).toEqual(SLEEPER.availability);
    world.clock.advance(HOUR_MS + 59_000);
    await settled();
    expect(stateOf(runtime)).toBe('asleep');
    expect(runtime.status().agents).toMatchObject({ ready: 0, asleep: 1, lost: 0 });
    expect(runtime.recoveries.list(5)).toEqual([]);
  });

  test('is lost where it is later than its grace, and back when it comes by', async () => {
    const runtime = await sleeping();
    const lost = happens(runtime, 'agent.changed');
    world.clock.advance(HOUR_MS + 60_500);
    await lost;
    expect(stateOf(runtime)).toBe('lost');
    await comeBy(runtime);
    expect(stateOf(runtime)).toBe('asleep');
  });

  test('has tasks wait for it, and the explanation says until when', async () => {
    const runtime = await sleeping();
    const id = (await runtime.submitTask({ type: 'work' })) as TaskId;
    await settled();
    const until = iso(world.clock.now() + HOUR_MS);
    expect(runtime.tasks.explain(id)).toMatchObject({
      verdict: `the only agent that offers capability work is asleep until ${until}`,
      agents: { matching: 1, available: 0, passedOver: { asleep: 1 }, wakesAt: until },
    });
    const [lease] = await comeBy(runtime);
    expect(lease?.taskId).toBe(id);
    expect(stateOf(runtime)).toBe('busy');
  });

  test('is watched as any other while it holds a lease', async () => {
    const runtime = await sleeping();
    const id = (await runtime.submitTask({ type: 'work' })) as TaskId;
    const [lease] = await comeBy(runtime);
    const queued = happens(runtime, 'task.queued', id);
    world.clock.advance(10_500);
    await queued;
    expect(stateOf(runtime)).toBe('lost');
    const [again] = await comeBy(runtime);
    expect(again?.taskId).toBe(id);
    expect(again?.fencingToken).toBeGreaterThan(lease?.fencingToken ?? Infinity);
    const late = { taskId: id, fencingToken: lease?.fencingToken ?? 0 };
    const [refused] = await runtime.agents.report([{ ...late, report: { ok: true, result: '1' } }]);
    expect(refused?.code).toBe('LEASE_FENCED');
  });

  test('sleeps on after its last report, though it was silent for longer than a heartbeat', async () => {
    const runtime = await sleeping();
    await runtime.submitTask({ type: 'work' });
    const [lease] = await comeBy(runtime);
    world.clock.advance(9_000);
    const { fencingToken, taskId } = lease as Lease;
    await runtime.agents.report([{ taskId, fencingToken, report: { ok: true, result: '1' } }]);
    world.clock.advance(60_000);
    await settled();
    expect(stateOf(runtime)).toBe('asleep');
  });

  test('that hung up just before its lease was granted leaves the task to others', async () => {
    const runtime = await sleeping();
    const link = new Link('poll');
    runtime.agents.poll(ID, link, 1);
    const id = runtime.submitTask({ type: 'work' });
    // The assignment is in the same entry as the submit, which is on its way by then.
    await turn();
    await runtime.agents.disconnect(link, [ID]);
    const taskId = (await id) as TaskId;
    await settled();
    await settled();
    expect(link.leases).toEqual([]);
    expect(runtime.tasks.get(taskId)).toMatchObject({ state: 'queued', attempt: 0 });
  });

  test('that connected and went without a word sleeps from its last one on', async () => {
    const runtime = await sleeping();
    const link = new Link('channel', world.clock.monotonicMs());
    await runtime.agents.connect(link, [SLEEPER], 'first');
    expect(runtime.agents.get(ID)).toMatchObject({ state: 'ready', connection: 'channel' });
    world.clock.advance(11_000);
    await settled();
    expect(runtime.agents.get(ID)).toMatchObject({ state: 'asleep', connection: null });
    world.clock.advance(HOUR_MS + 30_000);
    await settled();
    expect(stateOf(runtime)).toBe('asleep');
    world.clock.advance(31_000);
    await settled();
    expect(stateOf(runtime)).toBe('lost');
  });

  test('is asleep after a restart, with its whole interval before it', async () => {
    let runtime = await sleeping();
    world.clock.advance(HOUR_MS);
    await runtime.close(0);
    runtime = await world.open();
    expect(stateOf(runtime)).toBe('asleep');
    world.clock.advance(HOUR_MS + 59_000);
    await settled();
    expect(stateOf(runtime)).toBe('asleep');
  });

  test('may sleep for longer than timers and columns reach', async () => {
    // Its looks once a second would be most of this test.
    world = new RuntimeWorld({ supervision: { enabled: false } }, 'memory');
    const dayMs = 86_400_000;
    const availability = { kind: 'poll', everyMs: 40 * dayMs, graceMs: 0 } as const;
    const runtime = await sleeping({ ...SLEEPER, availability });
    for (let day = 0; day < 40; day++) {
      world.clock.advance(dayMs);
      await settled();
    }
    expect(stateOf(runtime)).toBe('asleep');
    world.clock.advance(1_000);
    await settled();
    expect(stateOf(runtime)).toBe('lost');
  });

  test('is watched by other terms once it registers with others', async () => {
    const runtime = await sleeping();
    const { availability: _, ...always } = SLEEPER;
    await runtime.agents.register([always], 'first');
    expect(runtime.agents.get(ID)?.availability).toBeUndefined();
    expect(stateOf(runtime)).toBe('ready');
    world.clock.advance(10_500);
    await settled();
    expect(stateOf(runtime)).toBe('lost');
    await runtime.agents.register([SLEEPER], 'first');
    world.clock.advance(HOUR_MS);
    await settled();
    expect(stateOf(runtime)).toBe('asleep');
  });
});

describe('an agent with hours', () => {
  // The clock begins on 14 November 2023 at 22:13:20 UTC.
  const NIGHTLY: RegisterAgent = {
    ...SLEEPER,
    availability: { kind: 'schedule', cron: '0 2 * * *', openMs: HOUR_MS },
  };

  test('sleeps until they begin, and is lost where they pass without it', async () => {
    const runtime = await sleeping(NIGHTLY);
    expect(runtime.agents.get(ID)).toMatchObject({
      state: 'asleep',
      wakesAt: '2023-11-15T02:00:00.000Z',
      availability: { kind: 'schedule', cron: '0 2 * * *', timezone: 'UTC', openMs: HOUR_MS },
    });
    world.clock.advance(Date.parse('2023-11-15T02:59:59Z') - world.clock.now());
    await settled();
    expect(stateOf(runtime)).toBe('asleep');
    world.clock.advance(1_500);
    await settled();
    expect(stateOf(runtime)).toBe('lost');
  });

  test('has kept them where it came by once', async () => {
    const runtime = await sleeping(NIGHTLY);
    world.clock.advance(Date.parse('2023-11-15T02:30:00Z') - world.clock.now());
    await comeBy(runtime);
    expect(runtime.agents.get(ID)?.wakesAt).toBe('2023-11-16T02:00:00.000Z');
    world.clock.advance(Date.parse('2023-11-16T02:59:59Z') - world.clock.now());
    await settled();
    expect(stateOf(runtime)).toBe('asleep');
    world.clock.advance(1_500);
    await settled();
    expect(stateOf(runtime)).toBe('lost');
  });

  test('must keep the next ones however late before them it was heard of', async () => {
    const runtime = await sleeping(NIGHTLY);
    world.clock.advance(Date.parse('2023-11-15T01:59:00Z') - world.clock.now());
    await runtime.agents.seen(ID);
    world.clock.advance(Date.parse('2023-11-15T03:00:00.500Z') - world.clock.now());
    await settled();
    expect(stateOf(runtime)).toBe('lost');
  });

  test('is refused where they cannot be read, or never come', async () => {
    const runtime = await world.open();
    const refused = async (availability: object): Promise<unknown> =>
      runtime.agents
        .register([{ ...NIGHTLY, availability } as RegisterAgent], 'first')
        .then(() => 'taken')
        .catch((error: { code: string }) => error.code);
    const hours = { kind: 'schedule', openMs: 60_000 };
    expect(await refused({ ...hours, cron: '0 99 * * *' })).toBe('SCHEDULE_INVALID');
    expect(await refused({ ...hours, cron: '0 0 30 2 *' })).toBe('SCHEDULE_NEVER_FIRES');
    expect(await refused({ ...hours, cron: '@daily', timezone: 'Nowhere/At' })).toBe(
      'SCHEDULE_INVALID',
    );
    expect(await refused(hours)).toBe('INVALID_REQUEST');
    expect(await refused({ ...hours, cron: '@daily', everyMs: 60_000 })).toBe('INVALID_REQUEST');
    expect(await refused({ kind: 'poll' })).toBe('INVALID_REQUEST');
    expect(await refused({ kind: 'poll', everyMs: 60_000, openMs: 60_000 })).toBe(
      'INVALID_REQUEST',
    );
    expect(runtime.agents.get(ID)).toBeNull();
  });
});

const STEP = fc.oneof(
  fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 90_000 }) }),
  fc.constant({ kind: 'come' as const, ms: 0 }),
  fc.constant({ kind: 'submit' as const, ms: 0 }),
  fc.constant({ kind: 'report' as const, ms: 0 }),
);

test('a sleeper is lost exactly where it was silent for longer than it agreed to', async () => {
  const everyMs = 60_000;
  const graceMs = 5_000;
  const agent: RegisterAgent = {
    ...SLEEPER,
    availability: { kind: 'poll', everyMs, graceMs },
  };
  const property = fc.asyncProperty(fc.array(STEP, { maxLength: 40 }), async (steps) => {
    world = new RuntimeWorld({}, 'memory');
    const runtime = await sleeping(agent);
    const clock: ManualClock = world.clock;
    // The twin: when it was heard of, what it holds, whether it is lost.
    const held: Lease[] = [];
    let heardMs = clock.monotonicMs();
    let isLost = false;
    const look = (): void => {
      const silentMs = clock.monotonicMs() - heardMs;
      if (silentMs > (held.length > 0 ? 10_000 : everyMs + graceMs)) {
        isLost = true;
        held.length = 0;
      }
    };
    for (const step of steps) {
      if (step.kind === 'pass') {
        // Verdicts come up to two ticks after the bound: time passes in steps that end clear of it.
        clock.advance(step.ms - (step.ms % 1_000) + 500);
        await settled();
        look();
      } else if (step.kind === 'come') {
        held.push(...(await comeBy(runtime)));
        heardMs = clock.monotonicMs();
        isLost = false;
      } else if (step.kind === 'submit') {
        await runtime.submitTask({ type: 'work', retry: { attemptsMax: 100, delayMs: 0 } });
      } else {
        const lease = held.pop();
        if (lease === undefined) continue;
        const { fencingToken, taskId } = lease;
        const end = { taskId, fencingToken, report: { ok: true, result: '1' } as const };
        expect(await runtime.agents.report([end])).toEqual([null]);
      }
      const expected = isLost ? 'lost' : held.length > 0 ? 'busy' : 'asleep';
      expect(stateOf(runtime)).toBe(expected);
      expect(runtime.status().agents.asleep).toBe(expected === 'asleep' ? 1 : 0);
    }
    await world.dispose();
  });
  await fc.assert(property, { numRuns: 60, ...SEED });
});
