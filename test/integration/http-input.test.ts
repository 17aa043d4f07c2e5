/** Questions to people over plain HTTP and over the SDK, and what an attempt leaves for the next. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Agent, Client, type AgentHandler } from '../../src/client/index.ts';
import { EventReader, openApi, until, type ApiFixture, type Answer } from './api-fixture.ts';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const AT_ONCE = { delayMs: 0, attemptsMax: 5 };

let api: ApiFixture;
let agents = 0;
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  api = await openApi();
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});
afterAll(async () => {
  await api.close();
});

interface Lease {
  readonly taskId: string;
  readonly fencingToken: number;
  readonly [field: string]: unknown;
}

/** A polling agent with one slot, and how to take the next lease of it. */
async function poller(): Promise<{ id: string; type: string; lease: () => Promise<Lease> }> {
  agents += 1;
  const [id, type] = [`asker-${agents}`, `ask-${agents}`];
  await api.post('/api/v1/agents', { id, capabilities: [type], slots: 1 });
  const lease = async (): Promise<Lease> => {
    const { body } = await api.post(`/api/v1/agents/${id}/lease`, { max: 1, waitMs: 20_000 });
    return body.leases[0] as Lease;
  };
  return { id, type, lease };
}

async function submit(task: object): Promise<string> {
  const { body } = await api.post('/api/v1/tasks', { retry: AT_ONCE, ...task });
  return body.id as string;
}

function ask({ fencingToken, taskId }: Lease, prompt: object): Promise<Answer> {
  return api.post(`/api/v1/leases/${taskId}/ask`, { fencingToken, prompt });
}

function look({ fencingToken, taskId }: Lease, query = ''): Promise<Answer> {
  return api.get(`/api/v1/leases/${taskId}/input?fencingToken=${fencingToken}${query}`);
}

function shortOf({ body, status }: Answer): unknown {
  return [status, body.code ?? null, body.path ?? null];
}

describe('an agent that polls', () => {
  test('asks, waits, is answered, and its slot works meanwhile', async () => {
    const { id, lease, type } = await poller();
    const taskId = await submit({ type });
    const first = await lease();
    const schema = { type: 'object', required: ['ok'], properties: { ok: { type: 'boolean' } } };
    const prompt = { key: 'pay', message: 'pay?', schema, answerers: ['ann'] };
    const asked = await ask(first, prompt);
    expect([asked.status, asked.body]).toEqual([
      202,
      { taskId, state: 'input_required', key: 'pay' },
    ]);
    expect((await ask(first, prompt)).status).toBe(202);
    expect(shortOf(await ask(first, { key: 'other', message: '?' }))).toEqual([
      409,
      'INPUT_PENDING',
      null,
    ]);
    expect((await look(first)).status).toBe(202);
    const listed = await api.get(`/api/v1/tasks?state=input_required&type=${type}`);
    expect(listed.body.items).toMatchObject([
      { id: taskId, input: { key: 'pay', message: 'pay?', schema, answerers: ['ann'] } },
    ]);
    expect((await api.get(`/api/v1/tasks/${taskId}/explain`)).body.verdict).toBe(
      'it waits for an answer to pay by ann: pay?',
    );
    expect((await api.get(`/api/v1/agents/${id}`)).body).toMatchObject({ running: 0, waiting: 1 });
    expect((await api.get('/metrics')).text).toMatch(
      /uqo_queue_depth\{queue="default",state="input_required"\} 1/,
    );

    const meanwhile = await submit({ type });
    const second = await lease();
    expect(second.taskId).toBe(meanwhile);

    const waiting = look(first, '&key=pay&waitMs=20000');
    const url = `/api/v1/tasks/${taskId}/input`;
    expect(shortOf(await api.post(url, { answer: { ok: true } }))).toEqual([
      403,
      'INPUT_NOT_ALLOWED',
      null,
    ]);
    expect(shortOf(await api.post(url, { answer: { ok: 1 }, by: 'ann' }))).toEqual([
      400,
      'INPUT_INVALID',
      '/answer/ok',
    ]);
    expect(shortOf(await api.post(url, { key: 'x', answer: { ok: true }, by: 'ann' }))).toEqual([
      409,
      'INPUT_KEY_MISMATCH',
      null,
    ]);
    const answered = await api.post(url, { key: 'pay', answer: { ok: true }, by: 'ann' });
    expect([answered.status, answered.body.state]).toEqual([200, 'running']);
    const got = await waiting;
    expect([got.status, got.body]).toEqual([
      200,
      { taskId, state: 'running', key: 'pay', answer: { ok: true }, by: 'ann' },
    ]);
    const again = await api.post(url, { key: 'pay', answer: { ok: true }, by: 'ann' });
    expect(again.status).toBe(200);
    expect((await ask(first, prompt)).body.answer).toEqual({ ok: true });

    for (const { fencingToken, taskId } of [first, second])
      expect((await api.post(`/api/v1/leases/${taskId}/complete`, { fencingToken })).status).toBe(
        200,
      );
    expect((await api.get(`/api/v1/tasks/${taskId}`)).body).toMatchObject({
      state: 'completed',
      answers: [{ key: 'pay', answer: { ok: true }, by: 'ann' }],
    });
    expect(shortOf(await look(first))).toEqual([409, 'LEASE_FENCED', null]);
    expect(shortOf(await ask(first, prompt))).toEqual([409, 'LEASE_FENCED', null]);
    expect(shortOf(await api.post(url, { answer: 1 }))).toEqual([409, 'TASK_FINISHED', null]);
  });

  test('is refused what is no prompt, and told of questions it did not ask', async () => {
    const { lease, type } = await poller();
    const id = await submit({ type });
    const held = await lease();
    expect(shortOf(await ask(held, {}))).toEqual([400, 'INVALID_REQUEST', '/prompt']);
    expect(shortOf(await ask(held, { message: '?', schema: { type: 7 } }))).toEqual([
      400,
      'INPUT_PROMPT_INVALID',
      '/prompt/schema/type',
    ]);
    expect(shortOf(await look(held))).toEqual([409, 'INPUT_NOT_ASKED', null]);
    const url = `/api/v1/tasks/${id}/input`;
    expect(shortOf(await api.post(url, { answer: 1 }))).toEqual([409, 'INPUT_NOT_ASKED', null]);
    expect(shortOf(await api.post(url, {}))).toEqual([400, 'INVALID_REQUEST', '']);
    await api.post(`/api/v1/tasks/${id}/cancel`);
  });

  test('finds in its next lease what the last attempt said', async () => {
    const { lease, type } = await poller();
    const id = await submit({ type });
    const first = await lease();
    expect(first).not.toHaveProperty('lastDetails');
    const { fencingToken } = first;
    const said = { fencingToken, details: { page: 1 } };
    expect((await api.post(`/api/v1/leases/${id}/progress`, said)).status).toBe(200);
    const extended = { fencingToken, runMs: 60_000, details: { page: 2 } };
    expect((await api.post(`/api/v1/leases/${id}/extend`, extended)).status).toBe(200);
    const failed = { fencingToken, error: { code: 'AGAIN' } };
    expect((await api.post(`/api/v1/leases/${id}/fail`, failed)).status).toBe(200);
    expect((await api.get(`/api/v1/tasks/${id}`)).body.details).toEqual({ page: 2 });
    const second = await lease();
    expect(second).toMatchObject({ attempt: 2, lastDetails: { page: 2 } });
    const large = { fencingToken: second.fencingToken, details: 'x'.repeat(70_000) };
    expect(shortOf(await api.post(`/api/v1/leases/${id}/progress`, large))).toEqual([
      400,
      'DETAILS_INVALID',
      null,
    ]);
    await api.post(`/api/v1/leases/${id}/complete`, { fencingToken: second.fencingToken });
    expect((await api.get(`/api/v1/tasks/${id}`)).body).not.toHaveProperty('details');
  });
});

test('the events of a question and its answer are told as they happen', async () => {
  const { lease, type } = await poller();
  const id = await submit({ type });
  const reader = await EventReader.open(`${api.url}/api/v1/tasks/${id}/events`);
  expect((await reader.next())?.event).toBe('snapshot');
  const held = await lease();
  await ask(held, { message: 'pay?' });
  await api.post(`/api/v1/tasks/${id}/input`, { answer: 1, by: 'ann' });
  await api.post(`/api/v1/leases/${id}/complete`, { fencingToken: held.fencingToken });
  const told = await reader.rest();
  expect(told.map(({ event }) => event)).toEqual([
    'task.assigned',
    'task.input_required',
    'task.input_answered',
    'task.completed',
  ]);
  expect(told[1]?.data).toMatchObject({ state: 'input_required', key: '1', message: 'pay?' });
  expect(told[2]?.data).toMatchObject({ state: 'running', key: '1', by: 'ann' });
  reader.close();
});

describe('a trace context', () => {
  test('comes with the header, for tasks that name none, and reaches the lease', async () => {
    const { lease, type } = await poller();
    const own = TRACEPARENT.replace('0af', '0bf');
    const headers = { traceparent: TRACEPARENT };
    const tasks = [{ type }, { type, traceparent: own }];
    const { body } = await api.request('POST', '/api/v1/tasks', { tasks }, { headers });
    expect(body.tasks.map((task: { traceparent: string }) => task.traceparent)).toEqual([
      TRACEPARENT,
      own,
    ]);
    const held = await lease();
    expect(held['traceparent']).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
    expect(held['traceparent']).not.toBe(TRACEPARENT);
  });

  test('that is not valid is ignored as a header and refused as a field', async () => {
    const headers = { traceparent: '00-nothing' };
    const { body, status } = await api.request('POST', '/api/v1/tasks', { type: 'x' }, { headers });
    expect([status, body.traceparent]).toEqual([201, undefined]);
    expect(
      shortOf(await api.post('/api/v1/tasks', { type: 'x', traceparent: '00-nothing' })),
    ).toEqual([400, 'INVALID_REQUEST', '/traceparent']);
  });

  test('does not make a repeat another task', async () => {
    const task = { type: 'nobody-does-this', idempotencyKey: 'traced' };
    const first = await submit({ ...task, traceparent: TRACEPARENT });
    expect(await submit({ ...task, traceparent: TRACEPARENT.replace('0af', '0bf') })).toBe(first);
  });
});

describe('the SDK', () => {
  async function serve(handler: AgentHandler): Promise<{ client: Client; type: string }> {
    agents += 1;
    const type = `sdk-${agents}`;
    const agent = new Agent({ url: api.url, id: type, capabilities: [type], handler });
    ends.push(() => agent.stop(0));
    await agent.start();
    const client = new Client({ url: api.url });
    ends.push(() => client.close());
    return { client, type };
  }

  async function asking(id: string): Promise<void> {
    await until(
      () => api.get(`/api/v1/tasks/${id}`),
      ({ body }) => body.state === 'input_required',
    );
  }

  test('asks in one process and answers in another', async () => {
    const { client, type } = await serve(async (_task, { waitForInput }) => {
      const choice = await waitForInput<string>({
        message: 'which?',
        schema: { enum: ['red', 'blue'] },
        answerers: ['ann'],
      });
      return `${choice} ${await waitForInput<number>({ message: 'how many?', key: 'count' })}`;
    });
    const task = await client.submit({ type });
    await asking(task.id);
    await expect(task.answer('green', { by: 'ann' })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      details: { path: '/answer' },
    });
    await expect(task.answer('red')).rejects.toMatchObject({ code: 'INPUT_NOT_ALLOWED' });
    await task.answer('red', { by: 'ann' });
    await asking(task.id);
    await expect(client.answer(task.id, 3, { key: '1' })).rejects.toMatchObject({
      code: 'INPUT_KEY_MISMATCH',
    });
    await client.answer(task.id, 3, { key: 'count' });
    expect(await task.result()).toBe('red 3');
    await expect(task.answer(1)).rejects.toMatchObject({ code: 'TASK_FINISHED' });
  });

  test('keeps answers and details for the next attempt, and the trace for its children', async () => {
    const seen: unknown[] = [];
    const { client, type } = await serve(async (task, context) => {
      if (task.payload === 'child') return context.trace;
      const answer = await context.waitForInput({ message: 'go?' });
      seen.push([context.attempt, context.lastDetails ?? null, answer]);
      context.heartbeat({ step: context.attempt });
      if (context.attempt === 1) throw new Error('again');
      const child = await context.submit({ type, payload: 'child' });
      return { child, trace: context.trace };
    });
    const traced = { type, traceparent: TRACEPARENT, retry: AT_ONCE } as const;
    const task = await client.submit(traced);
    await asking(task.id);
    await task.answer('go');
    const { child, trace } = (await task.result()) as {
      child: string;
      trace: { traceId: string; traceparent: string };
    };
    expect(seen).toEqual([
      [1, null, 'go'],
      [2, { step: 1 }, 'go'],
    ]);
    expect(trace.traceId).toBe(TRACEPARENT.slice(3, 35));
    expect((await api.get(`/api/v1/tasks/${child}`)).body.traceparent).toBe(trace.traceparent);
    expect(await client.result(child)).toMatchObject({ traceId: trace.traceId });
  });
});
