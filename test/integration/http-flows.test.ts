import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EventReader, openApi, until, type Answer, type ApiFixture } from './api-fixture.ts';

const UNKNOWN = '00000000-0000-7000-8000-000000000000';

let api: ApiFixture;
let agents = 0;

beforeAll(async () => {
  api = await openApi({ payloadBytesMax: 1_000, bodyBytesMax: 20_000 });
  await api.runtime.serve({ id: 'echo-1', capabilities: ['echo', 'boom'], slots: 4 }, (task) => {
    if (task.type === 'boom') throw Object.assign(new Error('no luck'), { code: 'BOOM' });
    return Promise.resolve({ echo: task.payload });
  });
});

afterAll(async () => {
  await api.close();
});

const once1 = { retry: { attemptsMax: 1 } };

async function submit(task: object): Promise<string> {
  const { body, status } = await api.post('/api/v1/tasks', task);
  expect(status).toBe(201);
  return body.id as string;
}

/** A registered polling agent of its own capability. */
async function pollingAgent(slots = 10): Promise<{ id: string; type: string }> {
  agents += 1;
  const [id, type] = [`poll-${agents}`, `work-${agents}`];
  const { status } = await api.post('/api/v1/agents', { id, capabilities: [type], slots });
  expect(status).toBe(201);
  return { id, type };
}

async function leaseOne(id: string): Promise<{ taskId: string; fencingToken: number }> {
  const { body } = await api.post(`/api/v1/agents/${id}/lease`, { max: 1, waitMs: 10_000 });
  expect(body.leases).toHaveLength(1);
  return body.leases[0];
}

describe('tasks', () => {
  test('a submitted task runs and its result is there', async () => {
    const { body, headers, status } = await api.post('/api/v1/tasks', {
      type: 'echo',
      payload: { a: 1 },
      metadata: { who: 'me' },
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({ type: 'echo', queue: 'default', metadata: { who: 'me' } });
    expect(headers.get('x-request-id')).toMatch(/./);
    const done = await api.get(`/api/v1/tasks/${body.id}/result?waitMs=10000`);
    expect(done.status).toBe(200);
    expect(done.body).toEqual({
      id: body.id,
      state: 'completed',
      result: { echo: { a: 1 } },
    });
    const task = await api.get(`/api/v1/tasks/${body.id}`);
    expect(task.body).toMatchObject({ payload: { a: 1 }, result: { echo: { a: 1 } } });
    const why = await api.get(`/api/v1/tasks/${body.id}/explain`);
    expect(why.body.verdict).toMatch(/^completed .* on agent echo-1 after 1 attempt$/);
  });

  test('a batch is answered in order, and refused as a whole', async () => {
    const tasks = [
      { type: 'echo', payload: 1 },
      { type: 'echo', payload: 2, priority: 9 },
    ];
    const { body, status } = await api.post('/api/v1/tasks', { tasks });
    expect(status).toBe(201);
    expect(body.tasks.map((task: { priority: number }) => task.priority)).toEqual([4, 9]);
    const before = await api.get('/api/v1/tasks?limit=1');
    const refused = await api.post('/api/v1/tasks', { tasks: [...tasks, { type: '' }] });
    expect(refused.status).toBe(400);
    expect(refused.body.path).toBe('/tasks/2/type');
    const after = await api.get('/api/v1/tasks?limit=1');
    expect(after.body.items[0].id).toBe(before.body.items[0].id);
  });

  test('a result is 202 until the task has finished', async () => {
    const id = await submit({ type: 'nobody-does-this' });
    const answer = await api.get(`/api/v1/tasks/${id}/result`);
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({ id, state: 'queued' });
    const waited = await api.get(`/api/v1/tasks/${id}/result?waitMs=5`);
    expect(waited.status).toBe(202);
    const why = await api.get(`/api/v1/tasks/${id}/explain`);
    expect(why.body).toMatchObject({ taskId: id, state: 'queued', agents: { matching: 0 } });
    const canceled = await api.post(`/api/v1/tasks/${id}/cancel`, { reason: 'not needed' });
    expect(canceled.status).toBe(200);
    expect(canceled.body.state).toBe('canceled');
    const again = await api.post(`/api/v1/tasks/${id}/cancel`);
    expect([again.status, again.body.code]).toEqual([409, 'TASK_FINISHED']);
    const result = await api.get(`/api/v1/tasks/${id}/result`);
    expect(result.body).toMatchObject({ id, state: 'canceled', error: { code: 'CANCELED' } });
  });

  test('a submit of a session that is sent again answers the tasks that are there', async () => {
    const session = 'session-of-this-test';
    const send = (sequence: number | string, id = session): Promise<Answer> =>
      api.request(
        'POST',
        '/api/v1/tasks',
        { type: 'echo' },
        { headers: { 'uqo-session': id, 'uqo-sequence': String(sequence) } },
      );
    const first = await send(1);
    const repeat = await send(1);
    expect([repeat.status, repeat.body.id]).toEqual([201, first.body.id]);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect(repeat.headers.get('idempotent-replayed')).toBe('true');
    const second = await send(2);
    expect(second.body.id).not.toBe(first.body.id);
    const late = await send(1);
    expect([late.status, late.body.code]).toEqual([409, 'SESSION_EXPIRED']);
    const unknown = await send(2, 'another-session-of-this');
    expect([unknown.status, unknown.body.code]).toEqual([409, 'SESSION_EXPIRED']);
    for (const [id, sequence, path] of [
      ['short', 1, '/headers/uqo-session'],
      [session, 0, '/headers/uqo-sequence'],
      [session, 'x', '/headers/uqo-sequence'],
    ] as const) {
      const refused = await send(sequence, id);
      expect([refused.status, refused.body.path]).toEqual([400, path]);
    }
  });

  test('a delayed task is scheduled for then', async () => {
    const { body } = await api.post('/api/v1/tasks', { type: 'echo', delayMs: 3_600_000 });
    expect(body.state).toBe('scheduled');
    expect(Date.parse(body.runAt) - Date.parse(body.createdAt)).toBeGreaterThan(3_590_000);
  });

  test('a repeat with the same idempotency key is the same task, another body is a conflict', async () => {
    const task = { type: 'echo', payload: 7, idempotencyKey: 'order-7' };
    const first = await api.post('/api/v1/tasks', task);
    const repeat = await api.request(
      'POST',
      '/api/v1/tasks',
      { type: 'echo', payload: 7 },
      {
        headers: { 'idempotency-key': 'order-7' },
      },
    );
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect(repeat.headers.get('idempotent-replayed')).toBe('true');
    expect([repeat.status, repeat.body.id]).toEqual([201, first.body.id]);
    const other = await api.post('/api/v1/tasks', { ...task, payload: 8 });
    expect([other.status, other.body.code]).toEqual([409, 'IDEMPOTENCY_CONFLICT']);
    const differs = await api.request('POST', '/api/v1/tasks', task, {
      headers: { 'idempotency-key': 'order-8' },
    });
    expect([differs.status, differs.body.path]).toEqual([400, '/headers/idempotency-key']);
  });

  test('a list is walked to its end by its cursors, each task once', async () => {
    const ids: string[] = [];
    for (let at = 0; at < 7; at++) ids.push(await submit({ type: 'echo', queue: 'paged' }));
    const seen: string[] = [];
    let cursor: string | null = '';
    for (let page = 0; cursor !== null && page < 20; page++) {
      const at: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const { body } = await api.get(`/api/v1/tasks?queue=paged&limit=2${at}`);
      expect(body.items.length).toBeLessThanOrEqual(2);
      seen.push(...body.items.map(({ id }: { id: string }) => id));
      cursor = body.nextCursor;
    }
    expect(seen).toEqual(ids.toReversed());
    const running = await api.get('/api/v1/tasks?queue=paged&states=running,completed&type=echo');
    expect(running.body.items).toHaveLength(7);
  });
});

describe('dead letters', () => {
  test('a dead letter is listed, redriven, and purged', async () => {
    const id = await submit({ type: 'boom', queue: 'graves', ...once1 });
    const failed = await api.get(`/api/v1/tasks/${id}/result?waitMs=10000`);
    expect(failed.body).toEqual({
      id,
      state: 'failed',
      error: { code: 'BOOM', message: 'no luck' },
    });
    const list = await api.get('/api/v1/dead-letters?queue=graves');
    expect(list.body.items.map((task: { id: string }) => task.id)).toEqual([id]);
    const dry = await api.post('/api/v1/dead-letters/redrive', { queue: 'graves', dryRun: true });
    expect(dry.body).toEqual({ matched: 1, done: 0, dryRun: true });
    const redriven = await api.post('/api/v1/dead-letters/redrive', { ids: [id, UNKNOWN] });
    expect(redriven.body).toEqual({ matched: 1, done: 1, dryRun: false });
    await api.get(`/api/v1/tasks/${id}/result?waitMs=10000`);
    const retried = await api.post(`/api/v1/tasks/${id}/retry`);
    expect(retried.status).toBe(200);
    await api.get(`/api/v1/tasks/${id}/result?waitMs=10000`);
    const purged = await api.post('/api/v1/dead-letters/purge', { queue: 'graves', type: 'boom' });
    expect(purged.body).toEqual({ matched: 1, done: 1, dryRun: false });
    const empty = await api.get('/api/v1/dead-letters?queue=graves');
    expect(empty.body.items).toEqual([]);
    const late = await api.post(`/api/v1/tasks/${id}/retry`);
    expect(late.status).toBe(409);
  });
});

describe('queues', () => {
  test('a queue is made, paused, resumed, also in a namespace', async () => {
    const name = encodeURIComponent('tenant/mail');
    const made = await api.request('PUT', `/api/v1/queues/${name}`, { strategy: 'round-robin' });
    expect(made.body).toMatchObject({
      name: 'tenant/mail',
      strategy: 'round-robin',
      paused: false,
    });
    const paused = await api.post(`/api/v1/queues/${name}/pause`);
    expect(paused.body.paused).toBe(true);
    const id = await submit({ type: 'echo', namespace: 'tenant', queue: 'mail' });
    expect((await api.get(`/api/v1/queues/${name}`)).body.queued).toBe(1);
    expect((await api.post(`/api/v1/queues/${name}/resume`)).body.paused).toBe(false);
    expect((await api.get(`/api/v1/tasks/${id}/result?waitMs=10000`)).body.state).toBe('completed');
    const { body } = await api.get('/api/v1/queues');
    expect(body.nextCursor).toBeNull();
    expect(body.items.map((queue: { name: string }) => queue.name)).toContain('tenant/mail');
  });
});

describe('agents and leases', () => {
  test('an agent is registered, listed, heard of, drained, removed', async () => {
    const { id } = await pollingAgent(2);
    expect((await api.get(`/api/v1/agents/${id}`)).body).toMatchObject({
      id,
      slots: 2,
      state: 'ready',
    });
    const { body } = await api.get('/api/v1/agents?limit=1');
    const next = await api.get(`/api/v1/agents?limit=1000&cursor=${body.nextCursor}`);
    expect(next.body.items.map((agent: { id: string }) => agent.id)).toContain(id);
    expect((await api.post(`/api/v1/agents/${id}/heartbeat`)).body.state).toBe('ready');
    expect((await api.post(`/api/v1/agents/${id}/drain`)).body.state).toBe('draining');
    const removed = await api.request('DELETE', `/api/v1/agents/${id}`);
    expect([removed.status, removed.text]).toEqual([204, '']);
    expect((await api.get(`/api/v1/agents/${id}`)).status).toBe(404);
  });

  test('a waiting lease request is answered by the next task', async () => {
    const { id, type } = await pollingAgent();
    const waiting = api.post(`/api/v1/agents/${id}/lease`, { max: 5, waitMs: 30_000 });
    await until(
      () => api.get(`/api/v1/agents/${id}`),
      ({ body }) => body.connection === 'poll',
    );
    const taskId = await submit({ type, payload: { n: 1 }, timeouts: { runMs: 60_000 } });
    const { body } = await waiting;
    expect(body.leases).toEqual([
      {
        taskId,
        type,
        attempt: 1,
        payload: { n: 1 },
        fencingToken: expect.any(Number),
        runUntil: expect.stringMatching(/^20.*Z$/),
      },
    ]);
    expect((await api.get(`/api/v1/agents/${id}`)).body).toMatchObject({
      connection: null,
      running: 1,
    });
  });

  test('a lease request without work is answered empty after its wait', async () => {
    const { id } = await pollingAgent();
    expect((await api.post(`/api/v1/agents/${id}/lease`)).body).toEqual({ leases: [] });
    expect((await api.post(`/api/v1/agents/${id}/lease`, { waitMs: 20 })).body).toEqual({
      leases: [],
    });
  });

  test('a second lease request ends the first', async () => {
    const { id } = await pollingAgent();
    const first = api.post(`/api/v1/agents/${id}/lease`, { waitMs: 30_000 });
    await until(
      () => api.get(`/api/v1/agents/${id}`),
      ({ body }) => body.connection === 'poll',
    );
    const second = await api.post(`/api/v1/agents/${id}/lease`, { waitMs: 1 });
    expect([(await first).body, second.body]).toEqual([{ leases: [] }, { leases: [] }]);
  });

  test('what a client that left would have got goes to the next request', async () => {
    const { id, type } = await pollingAgent();
    const leaving = new AbortController();
    const lost = api.request(
      'POST',
      `/api/v1/agents/${id}/lease`,
      { waitMs: 30_000 },
      {
        signal: leaving.signal,
      },
    );
    lost.catch(() => undefined);
    await until(
      () => api.get(`/api/v1/agents/${id}`),
      ({ body }) => body.connection === 'poll',
    );
    leaving.abort();
    await until(
      () => api.get(`/api/v1/agents/${id}`),
      ({ body }) => body.connection === null,
    );
    const taskId = await submit({ type });
    const lease = await leaseOne(id);
    expect(lease.taskId).toBe(taskId);
    const done = await api.post(`/api/v1/leases/${taskId}/complete`, {
      fencingToken: lease.fencingToken,
    });
    expect(done.status).toBe(200);
  });

  test('a completion is taken once, again with the same token, and fenced with another', async () => {
    const { id, type } = await pollingAgent();
    const taskId = await submit({ type });
    const { fencingToken } = await leaseOne(id);
    const fenced = await api.post(`/api/v1/leases/${taskId}/complete`, {
      fencingToken: fencingToken - 1,
    });
    expect([fenced.status, fenced.body.code]).toEqual([409, 'LEASE_FENCED']);
    for (let time = 0; time < 2; time++) {
      const done = await api.post(`/api/v1/leases/${taskId}/complete`, {
        fencingToken,
        result: { ok: 1 },
      });
      expect([done.status, done.body]).toEqual([200, { taskId, state: 'completed' }]);
    }
    const late = await api.post(`/api/v1/leases/${taskId}/complete`, {
      fencingToken: fencingToken - 1,
    });
    expect([late.status, late.body.code]).toEqual([409, 'LEASE_FENCED']);
    for (const [action, rest] of [
      ['fail', { error: { code: 'X' } }],
      ['extend', { runMs: 1000 }],
      ['progress', {}],
      ['release', {}],
    ] as const) {
      const answer = await api.post(`/api/v1/leases/${taskId}/${action}`, {
        fencingToken,
        ...rest,
      });
      expect([action, answer.status, answer.body.code]).toEqual([action, 409, 'LEASE_FENCED']);
    }
    const unknown = await api.post(`/api/v1/leases/${UNKNOWN}/complete`, { fencingToken });
    expect([unknown.status, unknown.body.code]).toEqual([404, 'TASK_NOT_FOUND']);
  });

  test('an attempt is extended, tells its progress, is released, and fails', async () => {
    const { id, type } = await pollingAgent();
    const taskId = await submit({ type, ...once1 });
    const first = await leaseOne(id);
    const stream = await EventReader.open(`${api.url}/api/v1/tasks/${taskId}/events`);
    expect((await stream.next())?.event).toBe('snapshot');
    const { fencingToken } = first;
    const extended = await api.post(`/api/v1/leases/${taskId}/extend`, {
      fencingToken,
      runMs: 90_000,
    });
    expect(extended.body).toEqual({ taskId, state: 'running' });
    expect((await api.get(`/api/v1/tasks/${taskId}`)).body.runUntil).toMatch(/^20/);
    await api.post(`/api/v1/leases/${taskId}/progress`, {
      fencingToken,
      fraction: 0.5,
      note: 'half',
    });
    const told = [await stream.next(), await stream.next()];
    expect(told.map((one) => one?.event)).toEqual(['task.extended', 'task.progress']);
    expect(told[1]).toMatchObject({ id: undefined, data: { fraction: 0.5, note: 'half' } });
    const released = await api.post(`/api/v1/leases/${taskId}/release`, { fencingToken });
    expect(released.status).toBe(200);
    const second = await leaseOne(id);
    expect(second.taskId).toBe(taskId);
    expect(second.fencingToken).toBeGreaterThan(fencingToken);
    const failed = await api.post(`/api/v1/leases/${taskId}/fail`, {
      fencingToken: second.fencingToken,
      error: { code: 'BROKEN', message: 'it broke' },
    });
    expect(failed.body).toEqual({ taskId, state: 'failed' });
    const rest = await stream.rest();
    expect(rest.at(-1)).toMatchObject({
      event: 'task.failed',
      data: { error: { code: 'BROKEN' } },
    });
  });
});

describe('event streams', () => {
  test('a stream tells all that happens to a task and ends with it', async () => {
    const { id, type } = await pollingAgent();
    const taskId = await submit({ type });
    const stream = await EventReader.open(`${api.url}/api/v1/tasks/${taskId}/events`);
    const { fencingToken } = await leaseOne(id);
    await api.post(`/api/v1/leases/${taskId}/complete`, { fencingToken });
    const told = await stream.rest();
    expect(told.map((one) => one.event)).toEqual(['snapshot', 'task.assigned', 'task.completed']);
    expect(told[0]?.data).toMatchObject({ id: taskId, state: 'queued' });
    expect(told[2]?.data).toMatchObject({
      taskId,
      state: 'completed',
      at: expect.stringMatching(/Z$/),
    });
  });

  test('a stream goes on after the last event its reader saw', async () => {
    const { id, type } = await pollingAgent();
    const taskId = await submit({ type });
    const path = `${api.url}/api/v1/tasks/${taskId}/events`;
    const first = await EventReader.open(path);
    const begin = await first.next();
    first.close();
    const { fencingToken } = await leaseOne(id);
    const second = await EventReader.open(path, begin?.id);
    const assigned = await second.next();
    expect(assigned?.event).toBe('task.assigned');
    second.close();
    await api.post(`/api/v1/leases/${taskId}/complete`, { fencingToken });
    const third = await (await EventReader.open(path, assigned?.id)).rest();
    expect(third.map((one) => one.event)).toEqual(['task.completed']);
    const over = await EventReader.open(path, third[0]?.id);
    expect(over.status).toBe(204);
    const old = await (await EventReader.open(path, '0-0')).rest();
    expect(old.map((one) => one.event)).toEqual(['snapshot']);
  });

  test('the stream of everything resumes, and says so where it cannot', async () => {
    const first = await EventReader.open(`${api.url}/api/v1/events`);
    const taskId = await submit({ type: 'echo' });
    const submitted = await until(
      () => first.next(),
      (told) => told?.event === 'task.submitted',
    );
    expect(submitted?.data.taskId).toBe(taskId);
    first.close();
    await api.get(`/api/v1/tasks/${taskId}/result?waitMs=10000`);
    const second = await EventReader.open(`${api.url}/api/v1/events`, submitted?.id);
    const completed = await until(
      () => second.next(),
      (told) => told?.event === 'task.completed',
    );
    expect(completed?.data.taskId).toBe(taskId);
    second.close();
    const gap = await EventReader.open(`${api.url}/api/v1/events`, '0-0');
    expect((await gap.next())?.event).toBe('resync');
    gap.close();
  });
});
