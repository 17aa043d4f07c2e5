/** Limits and weights on the command line, against a real server. */
import { expect, test } from 'vitest';
import { scratchServer } from './scratch-server.ts';

const scratch = scratchServer();
const { answer, uqo } = scratch;

interface Task {
  readonly id: string;
  readonly state: string;
  readonly [field: string]: unknown;
}

test('sets limits and weights, and sees what holds a task back', async () => {
  const set = ['limit', 'set', 'calls', '--rate', '1', '--per', '1h', '--concurrency', '3'];
  const rate = { units: 1, perMs: 3_600_000 };
  expect(await answer(...set)).toMatchObject({ name: 'calls', concurrencyMax: 3, rate });
  const submit = ['task', 'submit', 'data.analyze', '--payload', '{"csv":"a\\n1\\n"}'];
  const use = ['--limit', 'calls:acme=1', '--concurrency-key', 'k', '--fairness-key', 'ann'];
  const first = await answer<Task>(...submit, ...use);
  expect(await answer('task', 'wait', first.id)).toMatchObject({ state: 'completed' });
  const second = await answer<Task>(...submit, ...use);
  const { verdict } = await answer<{ verdict: string }>('task', 'explain', second.id);
  expect(verdict).toContain('limit calls for key acme: 0 of 1 units left, opens at');
  expect((await uqo('limit', 'remove', 'calls')).exitCode).toBe(0);
  expect(await answer('task', 'wait', second.id)).toMatchObject({ state: 'completed' });
  expect((await uqo('limit', 'get', 'calls')).exitCode).toBe(4);
  const mail = ['queue', 'set', 'mail', '--concurrency', '2', '--rate', '5', '--burst', '9'];
  const queueRate = { units: 5, perMs: 1_000, burst: 9 };
  expect(await answer(...mail)).toMatchObject({ concurrencyMax: 2, rate: queueRate });
  const free = await answer('queue', 'set', 'mail', '--concurrency', '0', '--rate', '0');
  expect(free).not.toHaveProperty('rate');
  const shares = await answer('fairness', 'set', '--weight', 'blue=3');
  expect(shares).toMatchObject({ weights: { blue: 3 } });
  expect((await uqo('fairness', 'set')).exitCode).toBe(2);
});

test('a submit can say what bounds its task, and it is shown', async () => {
  const bounds = ['--budget', 'tokens=100', '--budget', 'wall=10m', '--total-timeout', '1h'];
  const retry = ['--retry-avoid', 'agent', '--escalate', '2:capability=hard,priority=7'];
  const { id } = await answer<Task>('task', 'submit', 'odd', ...bounds, ...retry);
  expect(await answer('task', 'get', id)).toMatchObject({
    budget: { limits: { tokens: 100, wallMs: 600_000 } },
    timeouts: { totalMs: 3_600_000 },
    retry: { avoid: 'agent', escalate: [{ afterAttempt: 2, capabilities: ['hard'], priority: 7 }] },
  });
  expect((await uqo('task', 'get', id)).stdout).toContain('tokens 0 of 100');
  const child = await answer<Task>('task', 'submit', 'odd', '--depends-on', `${id}:skip`);
  expect(child).toMatchObject({ state: 'blocked', dependsOn: [{ taskId: id, onFailure: 'skip' }] });
  const { exitCode, stderr } = await uqo('dlq', 'redrive', id);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('a dead letter is a failed task, got queued (TASK_NOT_FAILED)');
  const scheduled = ['schedule', 'set', 'nightly', 'odd', '--cron', '0 2 * * *'];
  expect(await answer(...scheduled, '--budget', 'usd=2')).toMatchObject({
    task: { budget: { costUsd: 2 } },
  });
});

test('what a server does about itself can be looked at', async () => {
  expect(await answer('recoveries')).toMatchObject({ items: expect.any(Array) as unknown });
  expect((await uqo('recoveries')).stdout).toContain('WELL AGAIN');
  expect((await uqo('queue', 'get', 'mail')).exitCode).toBe(0);
  expect((await uqo('queue', 'get', 'nowhere')).exitCode).toBe(4);
});
