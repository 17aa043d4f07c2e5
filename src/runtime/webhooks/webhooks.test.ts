import { afterEach, describe, expect, test } from 'vitest';
import type { RegisterAgent } from '../../contract/index.ts';
import type { Lease } from '../agent-link.ts';
import type { Runtime } from '../runtime.ts';
import { happens, RuntimeWorld, turn, type TaskId } from '../testing/runtime-world.ts';
import { OrchestratorError } from '../../base/errors.ts';
import type { PostWebhook, WebhookRequest, WebhookResponse } from './post-webhook.ts';
import { signWebhook, webhookKey } from './sign-webhook.ts';

type AgentId = Lease['agentId'];

const SECRET = 'a secret of sixteen bytes or more';
const CALLED: RegisterAgent = {
  id: 'called',
  capabilities: ['work'],
  slots: 2,
  heartbeatMs: 10_000,
  availability: { kind: 'webhook', url: 'https://agent.example/tasks', timeoutMs: 5_000 },
};
const ID = CALLED.id as AgentId;

interface Call {
  readonly request: WebhookRequest;
  readonly lease: { readonly taskId: TaskId; readonly fencingToken: number };
  readonly answer: (status: number, body?: unknown, retryAfterMs?: number) => Promise<void>;
  readonly fail: (code: string) => Promise<void>;
}

/** Agents that are called, and answer when the test says so. */
class Phone {
  readonly calls: Call[] = [];

  readonly post: PostWebhook = (request) =>
    new Promise<WebhookResponse>((resolve, reject) => {
      request.signal.addEventListener('abort', () => reject(new Error('aborted')));
      const { lease } = JSON.parse(request.body) as Pick<Call, 'lease'>;
      this.calls.push({
        request,
        lease,
        answer: (status, body = '', retryAfterMs) => {
          const text = typeof body === 'string' ? body : JSON.stringify(body);
          resolve({ status, body: text, retryAfterMs: retryAfterMs ?? null });
          return settled();
        },
        fail: (code) => {
          reject(new OrchestratorError(code, 'no route'));
          return settled();
        },
      });
    });

  /** The call that came last, of so many. */
  last(count: number): Call {
    expect(this.calls).toHaveLength(count);
    return this.calls.at(-1) as Call;
  }
}

let phone = new Phone();
const options = { webhooks: { secret: SECRET, post: ((r) => phone.post(r)) as PostWebhook } };
let world = new RuntimeWorld(options, 'memory');
afterEach(async () => {
  await world.dispose();
  world = new RuntimeWorld(options, 'memory');
  phone = new Phone();
});

async function settled(): Promise<void> {
  for (let i = 0; i < 6; i++) await turn();
}

async function opened(agent: RegisterAgent = CALLED): Promise<Runtime> {
  const runtime = await world.open();
  await runtime.agents.register([agent], 'first');
  await settled();
  return runtime;
}

async function submit(runtime: Runtime, task: object = {}): Promise<TaskId> {
  const id = await runtime.submitTask({ type: 'work', payload: { page: 7 }, ...task });
  await settled();
  return id as TaskId;
}

describe('an agent that is called', () => {
  test('is asleep until a task comes, gets it signed, and ends it with its answer', async () => {
    const runtime = await opened();
    expect(runtime.agents.get(ID)).toMatchObject({ state: 'asleep', connection: 'webhook' });
    expect(runtime.status().agents).toMatchObject({ ready: 0, asleep: 1 });
    const id = await submit(runtime);
    const { answer, lease, request } = phone.last(1);
    expect(runtime.agents.get(ID)?.state).toBe('ready');
    expect(JSON.parse(request.body)).toMatchObject({
      agentId: 'called',
      lease: { taskId: id, attempt: 1, type: 'work', payload: { page: 7 } },
    });
    const webhookId = `${id}.${lease.fencingToken}`;
    const nowMs = world.clock.now();
    const signed = signWebhook(webhookKey(SECRET), { id: webhookId, nowMs, body: request.body });
    expect(request.headers).toEqual({ 'content-type': 'application/json', ...signed });
    await answer(200, { result: { sent: 3 } });
    expect(runtime.tasks.get(id)).toMatchObject({ state: 'completed', result: { sent: 3 } });
    expect(runtime.agents.get(ID)?.state).toBe('asleep');
  });

  test('may take the lease and report by itself, but must not fall silent about it', async () => {
    const runtime = await opened();
    const id = await submit(runtime, { retry: { delayMs: 0 } });
    const first = phone.last(1);
    await first.answer(202);
    world.clock.advance(9_000);
    expect(runtime.agents.leaseSeen(id, first.lease.fencingToken)).toBe(true);
    world.clock.advance(9_000);
    await settled();
    expect(runtime.tasks.get(id)).toMatchObject({ state: 'running', attempt: 1 });
    world.clock.advance(1_500);
    await settled();
    const second = phone.last(2);
    expect(runtime.tasks.get(id)?.failures[0]?.error.code).toBe('HEARTBEAT_TIMEOUT');
    await second.answer(202);
    const { fencingToken } = second.lease;
    const report = { ok: true, result: '"late"' } as const;
    const stale = { taskId: id, fencingToken: first.lease.fencingToken, report };
    const [refused] = await runtime.agents.report([stale]);
    expect(refused?.code).toBe('LEASE_FENCED');
    expect(await runtime.agents.report([{ taskId: id, fencingToken, report }])).toEqual([null]);
    expect(runtime.tasks.get(id)).toMatchObject({ state: 'completed', result: 'late' });
  });

  test('fails the attempt with the error that it answers', async () => {
    const runtime = await opened();
    const id = await submit(runtime);
    const error = { code: 'NO_PAPER', message: 'empty', retryable: false };
    await phone.last(1).answer(200, { error });
    expect(runtime.tasks.get(id)).toMatchObject({ state: 'failed', error: { code: 'NO_PAPER' } });
  });

  test.each([
    [500, 'out of order', 'WEBHOOK_FAILED'],
    [200, 'not JSON', 'WEBHOOK_ANSWER_INVALID'],
    [200, { rsult: 1 }, 'WEBHOOK_ANSWER_INVALID'],
    [302, '', 'WEBHOOK_FAILED'],
  ])('that answers %i %j has failed the attempt with %s', async (status, body, code) => {
    const runtime = await opened();
    const id = await submit(runtime);
    await phone.last(1).answer(status, body);
    expect(runtime.tasks.get(id)?.failures[0]?.error.code).toBe(code);
    expect(runtime.tasks.get(id)?.attempt).toBe(1);
  });

  test('that does not answer in time has failed the attempt', async () => {
    const runtime = await opened();
    const id = await submit(runtime);
    world.clock.advance(5_000);
    await settled();
    expect(phone.last(1).request.signal.aborted).toBe(true);
    expect(runtime.tasks.get(id)?.failures[0]?.error.code).toBe('WEBHOOK_TIMEOUT');
  });

  test('that cannot be reached rests longer and longer, and no attempt is used', async () => {
    const runtime = await opened();
    const id = await submit(runtime);
    await phone.last(1).fail('WEBHOOK_UNREACHABLE');
    for (const [restMs, calls] of [
      [1_000, 2],
      [2_000, 3],
      [4_000, 4],
    ] as const) {
      const wakesAt = new Date(world.clock.now() + restMs).toISOString();
      expect(runtime.agents.get(ID)).toMatchObject({ state: 'asleep', wakesAt });
      expect(runtime.tasks.explain(id)?.verdict).toBe(
        `the only agent that offers capability work is asleep until ${wakesAt}`,
      );
      world.clock.advance(restMs - 1);
      await settled();
      phone.last(calls - 1);
      world.clock.advance(1);
      await settled();
      await phone.last(calls).fail('WEBHOOK_UNREACHABLE');
    }
    world.clock.advance(8_000);
    await settled();
    await phone.last(5).answer(204);
    expect(runtime.tasks.get(id)).toMatchObject({ state: 'completed', attempt: 1, failures: [] });
    expect(runtime.agents.get(ID)?.wakesAt).toBeUndefined();
  });

  test('gets one task to show that it is there again, and then as many as it has slots', async () => {
    const runtime = await opened();
    await submit(runtime);
    await phone.last(1).answer(503, '', 60_000);
    await submit(runtime);
    world.clock.advance(59_999);
    await settled();
    phone.last(1);
    world.clock.advance(1);
    await settled();
    await phone.last(2).answer(204);
    await submit(runtime);
    phone.last(4);
  });

  test('has its call ended where the task is canceled', async () => {
    const runtime = await opened();
    const id = await submit(runtime);
    await runtime.tasks.cancel([id], 'no longer wanted');
    await settled();
    expect(phone.last(1).request.signal.aborted).toBe(true);
    expect(runtime.tasks.get(id)?.state).toBe('canceled');
    // That was no failure of the agent: it does not rest.
    expect(runtime.agents.get(ID)?.wakesAt).toBeUndefined();
    await submit(runtime);
    phone.last(2);
  });

  test('is called again after a restart, for the same attempt with the same id', async () => {
    let runtime = await opened();
    const id = await submit(runtime);
    const first = phone.last(1);
    await runtime.close(0);
    expect(first.request.signal.aborted).toBe(true);
    runtime = await world.open();
    await settled();
    const again = phone.last(2);
    expect(again.request.headers['webhook-id']).toBe(first.request.headers['webhook-id']);
    await again.answer(200, { result: 1 });
    expect(runtime.tasks.get(id)).toMatchObject({ state: 'completed', attempt: 1 });
  });

  test('is not called any more once it is removed, or comes by itself', async () => {
    const runtime = await opened();
    const id = await submit(runtime);
    const queued = happens(runtime, 'task.queued', id);
    await runtime.agents.remove(ID);
    await queued;
    expect(phone.last(1).request.signal.aborted).toBe(true);
    await runtime.agents.register([CALLED], 'second');
    await settled();
    await phone.last(2).answer(204);
    await runtime.agents.register([{ ...CALLED, availability: { kind: 'always' } }], 'second');
    await submit(runtime);
    phone.last(2);
    expect(runtime.agents.get(ID)).toMatchObject({ state: 'ready', connection: null });
  });

  test('cannot ask for tasks as well', async () => {
    const runtime = await opened();
    expect(() => runtime.agents.poll(ID, null as never, 1)).toThrow(/is called|one that is called/);
    await expect(runtime.serve(CALLED, () => 1)).rejects.toMatchObject({
      code: 'AGENT_IS_CALLED',
    });
  });

  test('is refused where it must not be called, or nothing signs the calls', async () => {
    const runtime = await world.open();
    const codeOf = (url: string): Promise<unknown> =>
      runtime.agents
        .register([{ ...CALLED, availability: { kind: 'webhook', url } }], 'first')
        .then(() => 'taken')
        .catch((error: { code: string }) => error.code);
    for (const url of [
      'http://127.0.0.1/',
      'http://2130706433/',
      'http://[::1]:8080/',
      'http://[::ffff:127.0.0.1]/',
      'http://169.254.169.254/latest/meta-data',
      'http://10.0.0.1/',
      'http://user:secret@agent.example/',
      'file:///etc/passwd',
      'agent.example',
    ]) {
      expect([url, await codeOf(url)]).toEqual([url, 'WEBHOOK_ADDRESS_REFUSED']);
    }
    expect(await codeOf('http://93.184.216.34/')).toBe('taken');
    const silent = new RuntimeWorld({}, 'memory');
    const unsigned = await silent.open();
    await expect(unsigned.agents.register([CALLED], 'first')).rejects.toMatchObject({
      code: 'WEBHOOKS_OFF',
    });
    await silent.dispose();
  });
});
