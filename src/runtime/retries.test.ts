import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  NonRetryableError,
  RetryAfterError,
  TaskFailure,
  type HandlerContext,
} from '../contract/index.ts';
import { TestOrchestrator } from '../testing/index.ts';

const NOW = { delayMs: 0, jitter: 0 };
const POSITIVE = {
  type: 'object',
  properties: { total: { type: 'number', minimum: 1 } },
  required: ['total'],
};

let uqo: TestOrchestrator;
beforeEach(async () => {
  uqo = await TestOrchestrator.start();
});
afterEach(() => uqo.stop());

function agent(id: string, more: object = {}): { id: string; capabilities: string[] } {
  return { id, capabilities: ['work'], ...more };
}

describe('the next attempt', () => {
  test('knows how the last one ended, and what it should do better', async () => {
    const seen: unknown[] = [];
    await uqo.agent(agent('one'), (_task, { attempt, critique, lastError }: HandlerContext) => {
      seen.push([attempt, lastError, critique]);
      if (attempt < 3)
        throw new TaskFailure('BAD', `try ${attempt}`, { critique: `hint ${attempt}` });
      return 'done';
    });
    const task = await uqo.submit({ type: 'work', retry: NOW });
    uqo.expectCompleted(task, 'done');
    expect(seen).toEqual([
      [1, undefined, undefined],
      [2, { code: 'BAD', message: 'try 1', attempt: 1, agentId: 'one' }, 'hint 1'],
      [3, { code: 'BAD', message: 'try 2', attempt: 2, agentId: 'one' }, 'hint 2'],
    ]);
    await uqo.assertInvariants();
  });

  test('comes at once or never where the error says so', async () => {
    await uqo.agent(agent('one'), (_task, { attempt }) => {
      if (attempt === 1) throw new RetryAfterError(90_000);
      throw new NonRetryableError('it will never do');
    });
    const task = await uqo.submit({ type: 'work', retry: { ...NOW, attemptsMax: 5 } });
    uqo.expectState(task, 'scheduled');
    await uqo.clock.advance('89s');
    uqo.expectState(task, 'scheduled');
    await uqo.clock.advance('1s');
    uqo.expectFailed(task, 'NON_RETRYABLE');
  });
});

describe('a result that is not what was asked for', () => {
  test('fails the attempt with its faults as the critique, apart from other failures', async () => {
    const critiques: (string | undefined)[] = [];
    await uqo.agent(agent('one'), (_task, { attempt, critique }) => {
      critiques.push(critique);
      if (attempt === 2) throw new TaskFailure('DOWN', 'the model is down');
      return attempt < 4 ? { total: 0 } : { total: 7 };
    });
    const task = await uqo.submit({
      type: 'work',
      resultSchema: POSITIVE,
      retry: { ...NOW, attemptsMax: 2, invalid: { attemptsMax: 3 } },
    });
    uqo.expectCompleted(task, { total: 7 });
    expect(critiques[1]).toMatch(/^\/result\/total must be/);
    expect(critiques[3]).toBe(critiques[1]);
    const codes = uqo.orchestrator.getTask(task.id)?.failures.map(({ error }) => error.code);
    expect(codes).toEqual(['RESULT_INVALID', 'DOWN', 'RESULT_INVALID']);
    await uqo.assertInvariants();
  });

  test('ends the task once it came as often as it may', async () => {
    await uqo.agent(agent('one'), () => ({}));
    const retry = { ...NOW, attemptsMax: 9, invalid: { attemptsMax: 2, critique: false } };
    const task = await uqo.submit({ type: 'work', resultSchema: POSITIVE, retry });
    uqo.expectFailed(task, 'RESULT_INVALID');
    expect(uqo.orchestrator.getTask(task.id)).toMatchObject({ attempt: 2, resultSchema: POSITIVE });
    await uqo.assertInvariants();
  });

  test('is refused where it is too long to be held against the schema', async () => {
    await uqo.agent(agent('one'), () => ({ total: 1, text: 'x'.repeat(1024 * 1024) }));
    const retry = { invalid: { attemptsMax: 1 } };
    const task = await uqo.submit({ type: 'work', resultSchema: POSITIVE, retry });
    uqo.expectFailed(task, 'RESULT_INVALID');
  });

  test('a schema that is none is refused with the path of its fault', async () => {
    const resultSchema = { properties: { name: { pattern: '(' } } };
    await expect(uqo.submit({ type: 'work', resultSchema })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      details: { path: '/resultSchema/properties/name/pattern' },
    });
  });
});

describe('a retry goes elsewhere', () => {
  test('by default to another agent than the last where one is free', async () => {
    const ran: string[] = [];
    for (const id of ['a', 'b']) {
      await uqo.agent(agent(id), (_task, { attempt }) => {
        ran.push(id);
        if (attempt === 1) throw new Error('no');
        return id;
      });
    }
    for (let i = 0; i < 8; i++) {
      ran.length = 0;
      await uqo.submit({ type: 'work', retry: NOW });
      expect(new Set(ran).size).toBe(2);
    }
  });

  test('and waits for another that is ready, while tasks behind it go on', async () => {
    const busy = await uqo.scripted(agent('busy', { slots: 1 }));
    const blocker = await uqo.submit({ type: 'work' });
    const held = await busy.nextLease();
    await uqo.agent(agent('bad', { slots: 1 }), (task, { attempt }) => {
      if ((task.payload as { fails?: boolean } | null)?.fails === true && attempt === 1)
        throw new Error('no');
      return 'bad did it';
    });
    const retry = { ...NOW, avoid: 'agent' as const };
    const task = await uqo.submit({ type: 'work', payload: { fails: true }, retry });
    uqo.expectState(task, 'queued');
    expect(uqo.runtime.tasks.explain(task.id as never)?.verdict).toMatch(/failed on bad and waits/);
    const later = await uqo.submit({ type: 'work' });
    uqo.expectCompleted(later, 'bad did it');
    await held.complete('ok');
    uqo.expectCompleted(blocker, 'ok');
    const lease = await busy.nextLease();
    expect(lease.taskId).toBe(task.id);
    await lease.complete('at last');
    uqo.expectCompleted(task, 'at last');
    await uqo.assertInvariants();
  });

  test('and a redrive is kept from whom it names', async () => {
    await uqo.agent(agent('bad'), () => {
      throw new Error('no');
    });
    const task = await uqo.submit({ type: 'work', retry: { attemptsMax: 1 } });
    uqo.expectState(task, 'failed');
    const ran: string[] = [];
    for (const id of ['one', 'two']) await uqo.agent(agent(id), () => void ran.push(id));
    const redrive = { avoidAgents: ['bad', 'one'], by: 'ann' };
    await uqo.runtime.deadLetters.redrive(task.id as never, redrive, 1_000);
    await uqo.settle();
    expect(ran).toEqual(['two']);
  });

  test('but back to the same one where no other is left', async () => {
    const other = await uqo.scripted(agent('other', { slots: 1 }));
    await uqo.submit({ type: 'work' });
    await other.nextLease();
    await uqo.agent(agent('bad', { slots: 1 }), (_task, { attempt }) => {
      if (attempt === 1) throw new Error('no');
      return 'bad did it';
    });
    const retry = { ...NOW, avoid: 'agent' as const };
    const task = await uqo.submit({ type: 'work', retry });
    uqo.expectState(task, 'queued');
    await uqo.loseAgent('other');
    uqo.expectCompleted(task, 'bad did it');
    await uqo.assertInvariants();
  });

  test('to other capabilities, queue and priority after so many attempts', async () => {
    await uqo.agent(agent('small'), () => {
      throw new Error('too hard');
    });
    await uqo.agent({ id: 'large', capabilities: ['expert'] }, () => 'expert did it');
    const escalate = [{ afterAttempt: 2, capabilities: ['expert'], queue: 'hard', priority: 8 }];
    const task = await uqo.submit({ type: 'work', retry: { ...NOW, escalate } });
    uqo.expectCompleted(task, 'expert did it');
    expect(uqo.orchestrator.getTask(task.id)).toMatchObject({
      queue: 'hard',
      priority: 8,
      requires: { capabilities: ['expert'] },
      failures: [{ agentId: 'small' }, { agentId: 'small' }],
    });
    await uqo.assertInvariants();
  });
});

describe('the total time', () => {
  test('ends a task in the middle of its attempts, with a code of its own', async () => {
    await uqo.agent(agent('one'), () => {
      throw new Error('no');
    });
    const retry = { attemptsMax: 100, strategy: 'fixed' as const, delayMs: 10_000, jitter: 0 };
    const task = await uqo.submit({ type: 'work', retry, timeouts: { totalMs: 45_000 } });
    await uqo.clock.advance('44s');
    uqo.expectState(task, 'scheduled');
    await uqo.clock.advance('1s');
    uqo.expectFailed(task, 'TOTAL_TIMEOUT');
    expect(uqo.orchestrator.getTask(task.id)).toMatchObject({
      attempt: 5,
      reason: 'total_timeout',
    });
  });
});

describe('a cancel with a grace', () => {
  test('lets the attempt end by itself: what it returns counts', async () => {
    await uqo.agent(agent('one'), (_task, { signal }) => {
      return new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve(`stopped: ${String(signal.reason)}`));
      });
    });
    const task = await uqo.submit({ type: 'work' });
    await uqo.runtime.tasks.cancel([task.id as never], 'enough', 60_000);
    await uqo.settle();
    expect(uqo.orchestrator.getTask(task.id)?.state).toBe('completed');
  });

  test('ends a task as canceled when its attempt gives up, and does not retry it', async () => {
    await uqo.agent(agent('one'), (_task, { signal }) => {
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason)),
      );
    });
    const task = await uqo.submit({ type: 'work', retry: { attemptsMax: 5 } });
    await uqo.runtime.tasks.cancel([task.id as never], 'enough', 60_000);
    await uqo.settle();
    expect(uqo.orchestrator.getTask(task.id)).toMatchObject({
      state: 'canceled',
      reason: 'enough',
    });
  });

  test('fences an attempt that does not end in time', async () => {
    const slow = await uqo.scripted(agent('slow'));
    const task = await uqo.submit({ type: 'work' });
    const lease = await slow.nextLease();
    await uqo.runtime.tasks.cancel([task.id as never], 'enough', 60_000);
    expect(uqo.runtime.tasks.explain(task.id as never)?.verdict).toMatch(
      /asked to end by itself \(enough\)/,
    );
    await uqo.clock.advance('59s');
    uqo.expectState(task, 'running');
    await uqo.clock.advance('1s');
    expect(uqo.orchestrator.getTask(task.id)).toMatchObject({
      state: 'canceled',
      reason: 'cancel_forced',
      cancel: { reason: 'enough' },
    });
    expect(lease.revokedBecause).toBe('canceled');
    await expect(lease.complete('late')).rejects.toThrow();
    await uqo.assertInvariants();
  });
});
