import { readFile } from 'node:fs/promises';
import { AssertionError } from 'node:assert';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TaskFailure, type HandlerContext, type HandlerTask } from '../contract/index.ts';
import { TestOrchestrator } from './test-orchestrator.ts';

const WORKER = { id: 'worker', capabilities: ['work'], slots: 2 };
const REMOTE = { id: 'remote', capabilities: ['work'], slots: 1, heartbeatMs: 10_000 };
const ONCE = { attemptsMax: 1 };

let uqo: TestOrchestrator;
beforeEach(async () => {
  uqo = await TestOrchestrator.start();
});
afterEach(() => uqo.stop());

async function messageOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(AssertionError);
  return (error as AssertionError).message;
}

function messageOfThrow(assert: () => void): string {
  try {
    assert();
  } catch (error) {
    expect(error).toBeInstanceOf(AssertionError);
    return (error as AssertionError).message;
  }
  throw new Error('it must throw');
}

describe('a task', () => {
  test('has run when its submit resolves, where nothing delays it', async () => {
    await uqo.agent(WORKER, (task: HandlerTask<{ n: number }>) => task.payload.n + 1);
    const task = await uqo.submit<number>({ type: 'work', payload: { n: 41 } });
    uqo.expectCompleted(task, 42);
    expect(await task.result()).toBe(42);
    expect(uqo.clock.now()).toBe(Date.parse('2026-01-01T00:00:00Z'));
    expect(task.history().map(({ type }) => type)).toEqual([
      'task.submitted',
      'task.assigned',
      'task.completed',
    ]);
    await uqo.assertInvariants();
  });

  test('takes its retries in no time, and each at its moment', async () => {
    const startedAt: number[] = [];
    await uqo.agent(WORKER, () => {
      startedAt.push(uqo.clock.now());
      if (startedAt.length < 4) throw new TaskFailure('NOT_YET', 'again');
      return 'at last';
    });
    const delay = { delayMs: 3_600_000, delayMsMax: 3_600_000, jitter: 0 };
    const retry = { attemptsMax: 5, strategy: 'fixed' as const, ...delay };
    const task = await uqo.submit({ type: 'work', retry });
    uqo.expectState(task, 'scheduled');
    expect(await task.result()).toBe('at last');
    expect(startedAt.map((at) => at - (startedAt[0] ?? 0))).toEqual([
      0, 3_600_000, 7_200_000, 10_800_000,
    ]);
    await uqo.assertInvariants();
  });

  test('that ends badly rejects with its own code', async () => {
    await uqo.agent(WORKER, () => {
      throw new TaskFailure('BROKE', 'no money', { retryable: false });
    });
    const task = await uqo.submit({ type: 'work' });
    await expect(task.result()).rejects.toMatchObject({ code: 'BROKE' });
    uqo.expectFailed(task, 'BROKE');
    const canceled = await uqo.submit({ type: 'nobody' });
    await canceled.cancel('unwanted');
    await expect(canceled.result()).rejects.toMatchObject({ details: { state: 'canceled' } });
  });

  test('that nothing can end says so instead of waiting for ever', async () => {
    const task = await uqo.submit({ type: 'nobody' });
    const message = await messageOf(task.result());
    expect(message).toContain('nothing more that could end it');
    expect(message).toContain('why: no agent');
    expect(message).toContain('task.submitted');
  });

  test('that asks a person is answered by the test', async () => {
    await uqo.agent(WORKER, (_task, { waitForInput }: HandlerContext) =>
      waitForInput({ message: 'pay?', expiresMs: 86_400_000 }),
    );
    const task = await uqo.submit({ type: 'work' });
    uqo.expectState(task, 'input_required');
    await task.answer({ approved: true });
    uqo.expectCompleted(task, { approved: true });
    const forgotten = await uqo.submit({ type: 'work', retry: ONCE });
    await uqo.clock.advance('1d');
    uqo.expectFailed(forgotten, 'INPUT_EXPIRED');
  });
});

describe('the clock', () => {
  test('stops at each moment on the way, and lets everything that follows happen there', async () => {
    const ranAt: number[] = [];
    const start = uqo.clock.now();
    await uqo.agent(WORKER, async (task: HandlerTask<number>, { submit }: HandlerContext) => {
      ranAt.push(uqo.clock.now() - start);
      if (task.payload > 0)
        await submit({ type: 'work', payload: task.payload - 1, delayMs: 86_400_000 });
    });
    // As deep as tasks may come from one another.
    await uqo.submit({ type: 'work', payload: 32 });
    await uqo.clock.advance('30d');
    expect(ranAt).toEqual(Array.from({ length: 31 }, (_, day) => day * 86_400_000));
    expect(uqo.clock.now() - start).toBe(30 * 86_400_000);
    await uqo.clock.runUntilIdle();
    expect(ranAt.length).toBe(33);
    await uqo.assertInvariants();
  });

  test('goes to a moment, not back, and lets handlers sleep', async () => {
    await uqo.agent(WORKER, async () => {
      await uqo.clock.sleep('2h');
      return uqo.clock.now();
    });
    const task = await uqo.submit({ type: 'work' });
    await uqo.clock.advanceTo('2026-01-01T01:59:59.999Z');
    uqo.expectState(task, 'running');
    await uqo.clock.advance(1);
    uqo.expectCompleted(task, Date.parse('2026-01-01T02:00:00Z'));
    await expect(uqo.clock.advanceTo('2025-12-31T00:00:00Z')).rejects.toThrow(RangeError);
    expect(() => uqo.clock.advance('soon')).toThrow(RangeError);
  });

  test('has no timer left when all is done, whoever is there', async () => {
    await uqo.agent(WORKER, () => 'done');
    await uqo.scripted(REMOTE);
    await uqo.submit({ type: 'work' });
    const endless = await uqo.orchestrator.submitTask({ type: 'nobody' });
    endless.result().catch(() => undefined);
    const before = uqo.clock.now();
    await uqo.clock.runUntilIdle();
    expect(uqo.clock.now()).toBe(before);
  });

  test('refuses to wait for what comes again and again', async () => {
    // Not as a child: that would be stopped as a loop.
    await uqo.agent(WORKER, async () => {
      await uqo.orchestrator.submitTask({ type: 'work', delayMs: 1_000 });
    });
    await uqo.submit({ type: 'work' });
    expect(await messageOf(uqo.clock.runUntilIdle())).toContain('10000 jumps');
  });

  test('stands while a handler waits for what is outside', async () => {
    const path = new URL(import.meta.url);
    await uqo.agent(WORKER, async () => (await readFile(path)).length > 0, { isRealTime: true });
    const task = await uqo.submit({ type: 'work', timeouts: { runMs: 1 } });
    uqo.expectCompleted(task, true);
  });

  test('is moved by one after the other', async () => {
    const start = uqo.clock.now();
    await Promise.all([uqo.clock.advance(1_000), uqo.clock.advance(500)]);
    expect(uqo.clock.now() - start).toBe(1_500);
  });
});

describe('a scripted agent', () => {
  test('does with a lease what the test says', async () => {
    const agent = await uqo.scripted(REMOTE);
    const task = await uqo.submit({ type: 'work', payload: { n: 1 } });
    const first = await agent.nextLease<{ n: number }>();
    expect(first).toMatchObject({ taskId: task.id, payload: { n: 1 }, attempt: 1 });
    await first.heartbeat({ page: 7 });
    await first.fail('NO_LUCK', 'not this time');
    await uqo.clock.runUntilIdle();
    const second = await agent.nextLease();
    expect(second).toMatchObject({ attempt: 2, lastDetails: { page: 7 } });
    await second.progress(0.5, 'half');
    await second.complete({ pages: 9 });
    uqo.expectCompleted(task, { pages: 9 });
    uqo.expectEvents([
      'task.assigned',
      { type: 'attempt.failed', error: { code: 'NO_LUCK', message: 'not this time' } },
      { type: 'task.assigned', attempt: 2 },
      { type: 'task.progress', fraction: 0.5 },
      'task.completed',
    ]);
    await uqo.assertInvariants();
  });

  test('that gives a lease back has used no attempt', async () => {
    const agent = await uqo.scripted(REMOTE);
    const task = await uqo.submit({ type: 'work' });
    await (await agent.nextLease()).release();
    expect((await agent.nextLease()).attempt).toBe(1);
    uqo.expectState(task, 'running');
  });

  test('whose lease does not come says which tasks wait and why', async () => {
    const agent = await uqo.scripted(REMOTE);
    const task = await uqo.submit({ type: 'other' });
    const message = await messageOf(agent.nextLease());
    expect(message).toContain(`task ${task.id} of type other is queued: no agent`);
  });

  test('that falls silent is lost after its bound; what it says then is refused', async () => {
    const agent = await uqo.scripted(REMOTE);
    const task = await uqo.submit({ type: 'work' });
    const lease = await agent.nextLease();
    await agent.goSilent();
    expect(await messageOf(lease.complete('late'))).toContain('was told to be silent');
    await uqo.clock.advance(10_000);
    uqo.expectState(task, 'running');
    await uqo.clock.advance(200);
    uqo.expectState(task, 'queued');
    await agent.reconnect();
    expect(lease.revokedBecause).toBe('fenced');
    await expect(lease.complete('late')).rejects.toMatchObject({ code: 'LEASE_FENCED' });
    const again = await agent.nextLease();
    expect(again.attempt).toBe(2);
    await again.complete('in time');
    uqo.expectCompleted(task, 'in time');
    await uqo.assertInvariants();
  });

  test('whose connection breaks comes back with its lease, or too late', async () => {
    const agent = await uqo.scripted(REMOTE);
    const task = await uqo.submit({ type: 'work' });
    const lease = await agent.nextLease();
    await uqo.dropConnection('remote');
    await uqo.clock.advance('9s');
    await uqo.reconnect('remote');
    expect(agent.leasesWaiting).toBe(0);
    await lease.complete('kept');
    uqo.expectCompleted(task, 'kept');
    await uqo.dropConnection('remote');
    await uqo.clock.advance('11s');
    expect(uqo.runtime.agents.get('remote' as never)?.state).toBe('lost');
  });

  test('that starts anew gets its lease again, as another attempt', async () => {
    const agent = await uqo.scripted(REMOTE);
    await uqo.submit({ type: 'work' });
    const lease = await agent.nextLease();
    await agent.restart();
    const again = await agent.nextLease();
    expect(again.attempt).toBe(2);
    expect(again.fencingToken).toBeGreaterThan(lease.fencingToken);
  });
});

describe('a crash', () => {
  test('loses nothing that was acknowledged, and everything that was not', async () => {
    const kept = await uqo.submit({ type: 'work', payload: 'kept' });
    await uqo.slowDisk(true);
    const lost = uqo.submit({ type: 'work', payload: 'lost' });
    await uqo.settle();
    uqo.crash();
    await expect(lost).rejects.toMatchObject({ code: 'CRASHED' });
    expect(() => uqo.runtime).toThrow('must run');
    await uqo.slowDisk(false);
    await uqo.restart();
    const { items } = uqo.runtime.tasks.list({ limit: 10 });
    expect(items.map(({ id }) => id)).toEqual([kept.id]);
    expect(kept.view()?.payload).toBe('kept');
    await uqo.assertInvariants();
  });

  test('ends the attempts of this process; they are made again after the restart', async () => {
    const ran: number[] = [];
    await uqo.agent(WORKER, async (_task, { attempt }: HandlerContext) => {
      ran.push(attempt);
      await uqo.clock.sleep('1h');
      ran.push(-attempt);
      return attempt;
    });
    const task = await uqo.submit({ type: 'work' });
    uqo.crash();
    await uqo.clock.advance('2h');
    await uqo.restart();
    await uqo.clock.advance('2h');
    uqo.expectCompleted(task, 2);
    expect(ran).toEqual([1, 2, -2]);
    uqo.expectEvents([{ type: 'task.assigned', attempt: 1 }, 'task.completed'], task);
    await uqo.assertInvariants();
  });

  test('leaves remote agents at work: they come back with what they hold', async () => {
    const agent = await uqo.scripted(REMOTE);
    const task = await uqo.submit({ type: 'work' });
    const lease = await agent.nextLease();
    uqo.crash();
    expect(agent.isConnected).toBe(false);
    await uqo.restart();
    await lease.complete('survived');
    uqo.expectCompleted(task, 'survived');
    expect(task.view()?.attempt).toBe(1);
    await uqo.assertInvariants();
  });

  test('does not bring back what was not there', async () => {
    const agent = await uqo.scripted(REMOTE);
    await agent.dropConnection();
    uqo.crash();
    await uqo.restart();
    expect(agent.isConnected).toBe(false);
  });
});

describe('a restart', () => {
  test('without a crash gives running attempts back, and they count for nothing', async () => {
    await uqo.agent(WORKER, async (_task, { attempt }: HandlerContext) => {
      await uqo.clock.sleep('1h');
      return attempt;
    });
    const task = await uqo.submit({ type: 'work', retry: ONCE });
    const before = uqo.orchestrator;
    await uqo.restart();
    expect(uqo.orchestrator).not.toBe(before);
    expect(await task.result()).toBe(1);
    await uqo.assertInvariants();
  });
});

describe('a disk', () => {
  test('that is full refuses submits and keeps reports until there is room', async () => {
    let end: (() => void) | null = null;
    await uqo.agent(WORKER, () => new Promise<void>((resolve) => (end = resolve)));
    const task = await uqo.submit({ type: 'work' });
    await uqo.fullDisk(true);
    await expect(uqo.submit({ type: 'work' })).rejects.toMatchObject({ code: 'LOG_FULL' });
    (end as (() => void) | null)?.();
    await uqo.clock.advance('1m');
    uqo.expectState(task, 'running');
    await uqo.fullDisk(false);
    await uqo.clock.advance('1s');
    uqo.expectCompleted(task);
    await uqo.assertInvariants();
  });

  test('that fails takes nothing more until it is opened again', async () => {
    const kept = await uqo.submit({ type: 'work' });
    uqo.failLog();
    await expect(uqo.submit({ type: 'work' })).rejects.toMatchObject({ code: 'LOG_FAILED' });
    await expect(uqo.submit({ type: 'work' })).rejects.toMatchObject({ code: 'LOG_FAILED' });
    await uqo.restart();
    await uqo.agent(WORKER, () => 'done');
    uqo.expectCompleted(kept, 'done');
    await uqo.assertInvariants();
  });
});

describe('an agent that is lost', () => {
  test('gives its tasks to others at once', async () => {
    const agent = await uqo.scripted(REMOTE);
    const task = await uqo.submit({ type: 'work' });
    await agent.nextLease();
    await uqo.agent(WORKER, () => 'the other one');
    const before = uqo.clock.now();
    await uqo.loseAgent('remote');
    uqo.expectCompleted(task, 'the other one');
    expect(uqo.clock.now()).toBe(before);
    await expect(uqo.loseAgent('nobody')).rejects.toThrow(AssertionError);
    await expect(uqo.dropConnection('worker')).rejects.toThrow(AssertionError);
  });

  test('and served by a handler sees its signal aborted, and works again once it is back', async () => {
    const signals: AbortSignal[] = [];
    await uqo.agent(WORKER, (_task, { signal }: HandlerContext) => {
      signals.push(signal);
      return signals.length === 1 ? new Promise(() => undefined) : 'second';
    });
    const task = await uqo.submit({ type: 'work' });
    await uqo.loseAgent('worker');
    expect(signals[0]?.aborted).toBe(true);
    uqo.expectState(task, 'queued');
    await uqo.reconnect('worker');
    uqo.expectCompleted(task, 'second');
  });
});

describe('an expectation that is not met', () => {
  test('says what happened, and why the task is where it is', async () => {
    await uqo.agent(WORKER, () => {
      throw new TaskFailure('NO_LUCK', 'not today');
    });
    const task = await uqo.submit({ type: 'work', retry: { attemptsMax: 2, jitter: 0 } });
    const scheduled = messageOfThrow(() => uqo.expectCompleted(task));
    expect(scheduled).toContain(`task ${task.id} must be completed, got scheduled`);
    expect(scheduled).toMatch(/why: .+/);
    expect(scheduled).toMatch(/\+0 +attempt\.failed .*agentId=worker.*NO_LUCK/);
    await uqo.clock.runUntilIdle();
    expect(messageOfThrow(() => uqo.expectFailed(task, 'OTHER'))).toContain('got NO_LUCK');
    expect(messageOfThrow(() => uqo.expectState('nothing', 'queued'))).toContain('is not known');
    const missing = messageOfThrow(() =>
      uqo.expectEvents(['task.submitted', 'task.completed'], task),
    );
    expect(missing).toContain('got no task.completed after task.submitted');
    expect(missing).toMatch(/\+1s +task\.assigned/);
  });

  test('of a result shows both', async () => {
    await uqo.agent(WORKER, () => ({ n: 1 }));
    const task = await uqo.submit({ type: 'work' });
    uqo.expectCompleted(task, { n: 1 });
    expect(messageOfThrow(() => uqo.expectCompleted(task, { n: 2 }))).toContain('got {"n":1}');
    expect(messageOfThrow(() => uqo.expectCompleted(task, undefined))).toContain('got {"n":1}');
  });

  test('that is waited for jumps through time, no further than it may', async () => {
    const late = await uqo.submit({ type: 'work', delayMs: 3_600_000 });
    await uqo.eventually(() => late.state() === 'queued');
    const start = uqo.clock.now();
    expect(start).toBe(Date.parse('2026-01-01T01:00:00Z'));
    await uqo.submit({ type: 'work', delayMs: 60_000 });
    const never = (): boolean => false;
    expect(await messageOf(uqo.eventually(never, { within: '59s' }))).toContain('within 59s');
    expect(uqo.clock.now()).toBe(start);
    expect(await messageOf(uqo.eventually(never))).toContain('no agent has capability work');
  });
});

describe('two runs with the same seed', () => {
  async function run(seed: number): Promise<string> {
    const other = await TestOrchestrator.start({ seed, startAt: 0 });
    for (const id of ['a', 'b', 'c']) {
      await other.agent({ ...WORKER, id }, () => {
        throw new TaskFailure('NO_LUCK', 'again');
      });
    }
    for (let i = 0; i < 20; i++) await other.submit({ type: 'work', delayMs: i * 10 });
    await other.clock.runUntilIdle();
    await other.assertInvariants();
    await other.stop();
    return JSON.stringify(other.events);
  }

  test('are the same, event for event, and those with another are not', async () => {
    const first = await run(7);
    expect(await run(7)).toBe(first);
    expect(await run(8)).not.toBe(first);
  });
});

describe('the checks of everything', () => {
  test('find a lost task and one that was completed twice', async () => {
    await uqo.agent(WORKER, () => 'done');
    const task = await uqo.submit({ type: 'work' });
    const completed = uqo.events.at(-1);
    expect(completed?.type).toBe('task.completed');
    const forged = uqo.events as unknown[];
    forged.push({ ...completed });
    expect(await messageOf(uqo.assertInvariants())).toContain(
      `task ${task.id} was completed 2 times`,
    );
    forged.pop();
    forged.push({ ...completed, type: 'task.submitted', taskId: 'gone' });
    expect(await messageOf(uqo.assertInvariants())).toContain(
      'task gone was acknowledged and is lost',
    );
  });

  test('find a state that the log does not give', async () => {
    const task = await uqo.submit({ type: 'work' });
    const kept = uqo.runtime.observed.state.tasks.get(task.id as never) as { createdAt: number };
    kept.createdAt -= 1;
    expect(await messageOf(uqo.assertInvariants())).toContain('must give the same state');
  });
});
