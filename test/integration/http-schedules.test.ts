import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Client } from '../../src/client/index.ts';
import { openApi, type ApiFixture } from './api-fixture.ts';

let api: ApiFixture;

beforeAll(async () => {
  api = await openApi();
});

afterAll(async () => {
  await api.close();
});

const PATH = '/api/v1/schedules';
const DAILY = {
  cron: '30 2 * * *',
  timezone: 'Europe/Berlin',
  task: { type: 'echo', payload: { kind: 'daily' }, metadata: { team: 'a' } },
};

describe('a schedule over HTTP', () => {
  test('is made, read, changed, paused, resumed and removed', async () => {
    const made = await api.post(PATH, { name: 'daily', ...DAILY });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      name: 'daily',
      namespace: 'default',
      state: 'active',
      cron: '30 2 * * *',
      timezone: 'Europe/Berlin',
      overlap: 'skip',
      catchUp: 'latest',
      catchUpMs: 3_600_000,
      task: { type: 'echo', payload: { kind: 'daily' }, metadata: { team: 'a' } },
      recent: [],
    });
    expect((await api.post(PATH, { name: 'daily', ...DAILY })).body.code).toBe('SCHEDULE_EXISTS');

    const why = { reason: 'holiday', by: 'ann' };
    const paused = await api.post(`${PATH}/daily/pause`, why);
    expect(paused.body).toMatchObject({ state: 'paused', paused: why });
    const set = await api.request('PUT', `${PATH}/daily`, { ...DAILY, overlap: 'allow' });
    expect(set.body).toMatchObject({ state: 'paused', overlap: 'allow', paused: why });
    expect((await api.post(`${PATH}/daily/resume`)).body).toMatchObject({
      state: 'active',
      paused: null,
    });
    expect((await api.get(`${PATH}/daily`)).body).toMatchObject({ overlap: 'allow' });

    const { items } = (await api.get(`${PATH}/daily/upcoming?count=3`)).body;
    expect(items).toHaveLength(3);
    expect(items[0]).toBe((await api.get(`${PATH}/daily`)).body.nextAt);

    expect((await api.request('DELETE', `${PATH}/daily`)).status).toBe(204);
    const gone = await api.get(`${PATH}/daily`);
    expect([gone.status, gone.body.code]).toEqual([404, 'SCHEDULE_NOT_FOUND']);
  });

  test('fires when told to, and its task says so in views, explanations, events and metrics', async () => {
    await api.request('PUT', `${PATH}/team%2Fby-hand`, { ...DAILY, overlap: 'queue-one' });
    const first = (await api.post(`${PATH}/team%2Fby-hand/trigger`)).body;
    const second = (await api.post(`${PATH}/team%2Fby-hand/trigger`, {})).body;
    expect([first.isWaiting, second.isWaiting]).toEqual([false, true]);
    const third = await api.post(`${PATH}/team%2Fby-hand/trigger`);
    expect([third.status, third.body.code]).toEqual([409, 'SCHEDULE_BUSY']);
    const task = (await api.get(`/api/v1/tasks/${first.taskId}`)).body;
    expect(task).toMatchObject({
      namespace: 'team',
      payload: { kind: 'daily' },
      metadata: { team: 'a' },
      schedule: { name: 'team/by-hand' },
    });
    const { body } = await api.get(`/api/v1/tasks/${first.taskId}/explain`);
    expect(body.schedule).toEqual(task.schedule);
    await api.post(`/api/v1/tasks/${first.taskId}/cancel`, {});
    const ended = (await api.get(`/api/v1/tasks/${first.taskId}`)).body;
    expect(ended).toMatchObject({ state: 'canceled', schedule: task.schedule });
    expect((await api.get(`/api/v1/tasks/${second.taskId}`)).body.state).toBe('queued');
    const { recent } = (await api.get(`${PATH}/team%2Fby-hand`)).body;
    expect(recent).toMatchObject([
      { taskId: first.taskId, outcome: 'triggered' },
      { taskId: second.taskId, outcome: 'triggered' },
    ]);
    expect((await api.get('/metrics')).text).toContain(
      'uqo_schedule_firings_total{outcome="triggered"} 2',
    );
  });

  test('is backfilled, or counted first', async () => {
    await api.request('PUT', `${PATH}/past`, DAILY);
    const range = { from: '2026-03-28T00:00:00Z', to: '2026-03-31T00:00:00Z' };
    const counted = await api.post(`${PATH}/past/backfill`, { ...range, dryRun: true });
    expect(counted.body).toEqual({
      count: 3,
      first: '2026-03-28T01:30:00.000Z',
      last: '2026-03-30T00:30:00.000Z',
      made: 0,
      dryRun: true,
    });
    const filled = await api.post(`${PATH}/past/backfill`, { ...range, perSecond: 0.01 });
    expect(filled.body).toMatchObject({ count: 3, made: 3 });
    const { body } = await api.get(`${PATH}/past`);
    expect(body).toMatchObject({ live: 3, runs: 0, lastAt: null });
    expect(body.recent.map((firing: { nominalAt: string }) => firing.nominalAt)).toEqual([
      '2026-03-28T01:30:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
    const states = await Promise.all(
      body.liveTaskIds.map(async (id: string) => (await api.get(`/api/v1/tasks/${id}`)).body.state),
    );
    expect(states).toEqual(['queued', 'scheduled', 'scheduled']);
    const wide = { from: '1990-01-01T00:00:00Z', to: '2026-01-01T00:00:00Z' };
    const refused = await api.post(`${PATH}/past/backfill`, wide);
    expect([refused.status, refused.body.code]).toEqual([400, 'BACKFILL_TOO_LARGE']);
  });

  test.each([
    [{ cron: '61 * * * *' }, 'SCHEDULE_INVALID', /minute in field 1/],
    [{ cron: '* * * * *', timezone: 'Mars/Base' }, 'SCHEDULE_INVALID', /Europe\/Berlin/],
    [{ cron: '0 0 30 2 *' }, 'SCHEDULE_NEVER_FIRES', /moment to come/],
    [{ at: ['2020-01-01T00:00:00Z'] }, 'SCHEDULE_NEVER_FIRES', /moment to come/],
    [{}, 'SCHEDULE_INVALID', /one of cron, everyMs and at, got none/],
    [{ cron: '* * * * *', everyMs: 500 }, 'SCHEDULE_INVALID', /got cron and everyMs/],
    [{ everyMs: 500, timezone: 'UTC' }, 'SCHEDULE_INVALID', /come with cron/],
    [{ everyMs: 99 }, 'INVALID_REQUEST', /\/everyMs must be >= 100/],
    [{ everyMs: 500, catchUpMs: 9_999 }, 'INVALID_REQUEST', /\/catchUpMs/],
    [{ everyMs: 500, overlap: 'maybe' }, 'INVALID_REQUEST', /\/overlap must be one of allow/],
    [{ everyMs: 500, extra: 1 }, 'INVALID_REQUEST', /\/extra is not a known field/],
    [
      { everyMs: 500, task: { type: 't', idempotencyKey: 'k' } },
      'INVALID_REQUEST',
      /\/task\/idempotencyKey cannot be scheduled: each moment is fired for once/,
    ],
    [
      { everyMs: 500, task: { type: 't', dependsOn: ['a'] } },
      'INVALID_REQUEST',
      /cannot be scheduled: tasks that have ended are forgotten/,
    ],
    [
      { everyMs: 500, task: { type: 't', concurrency: { limit: 2 } } },
      'INVALID_REQUEST',
      /\/task\/concurrency must come with a concurrencyKey/,
    ],
    [{ everyMs: 500, task: { type: 't', limits: [{ name: 'no' }] } }, 'LIMIT_NOT_FOUND', /be set/],
    [{ at: ['2026-02-31T00:00:00Z'] }, 'INVALID_REQUEST', /\/at\/0/],
    [{ everyMs: 500, startAt: 2000, endAt: 1000 }, 'SCHEDULE_INVALID', /endAt must not be before/],
    [{ everyMs: 500, task: { type: 'x', delayMs: 5 } }, 'INVALID_REQUEST', /\/task\/delayMs/],
    [
      { everyMs: 500, task: { type: 'x', namespace: 'b' } },
      'SCHEDULE_INVALID',
      /namespace default/,
    ],
    [
      { everyMs: 500, task: { type: 'x', payload: 'x'.repeat(65_535) } },
      'PAYLOAD_TOO_LARGE',
      /at most 65536 bytes/,
    ],
  ])('is refused: %#', async (part, code, message) => {
    const { body, status } = await api.request('PUT', `${PATH}/bad`, {
      task: { type: 'x' },
      ...part,
    });
    expect([body.code, Math.floor(status / 100)]).toEqual([code, 4]);
    expect(body.detail).toMatch(message);
    expect((await api.get(`${PATH}/bad`)).status).toBe(404);
  });

  test.each(['pause', 'resume', 'trigger', 'backfill'])(
    '%s of an unknown one is a 404',
    async (action) => {
      const body = action === 'backfill' ? { from: 1, to: 2 } : {};
      const answer = await api.post(`${PATH}/nobody/${action}`, body);
      expect([answer.status, answer.body.code]).toEqual([404, 'SCHEDULE_NOT_FOUND']);
    },
  );
});

describe('the SDK', () => {
  test('does all of it', async () => {
    const { schedules } = new Client({ url: api.url });
    const name = 'sdk/every';
    await schedules.set(name, { everyMs: 60_000, task: { type: 'echo' } });
    expect(await schedules.upcoming(name, 2)).toHaveLength(2);
    expect(await schedules.pause(name, { by: 'ann' })).toMatchObject({ state: 'paused' });
    expect(await schedules.resume(name)).toMatchObject({ state: 'active' });
    const { taskId } = await schedules.trigger(name);
    expect(await schedules.get(name)).toMatchObject({ live: 1, liveTaskIds: [taskId] });
    const range = { from: 60_000, to: 180_000, dryRun: true };
    expect(await schedules.backfill(name, range)).toMatchObject({ count: 3 });
    const names: string[] = [];
    for await (const schedule of schedules.list({ namespace: 'sdk' })) names.push(schedule.name);
    expect(names).toEqual(['every']);
    await schedules.remove(name);
    await expect(schedules.get(name)).rejects.toMatchObject({ code: 'SCHEDULE_NOT_FOUND' });
  });

  test('reads lists page by page', async () => {
    for (let i = 0; i < 5; i++) {
      await api.request('PUT', `${PATH}/pages%2Fs${i}`, {
        everyMs: 60_000,
        task: { type: 'echo' },
      });
    }
    const names: string[] = [];
    let cursor = '';
    for (;;) {
      const { body } = await api.get(`${PATH}?namespace=pages&limit=2${cursor}`);
      names.push(...body.items.map((schedule: { name: string }) => schedule.name));
      if (body.nextCursor === null) break;
      cursor = `&cursor=${body.nextCursor}`;
    }
    expect(names).toEqual(['s0', 's1', 's2', 's3', 's4']);
  });
});
