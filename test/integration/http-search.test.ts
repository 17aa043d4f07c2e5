import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Client } from '../../src/client/index.ts';
import {
  compileQuery,
  parseQuery,
  QUERY_FIELD_NAMES,
  type SearchableTask,
} from '../../src/contract/index.ts';
import { NOW_MS } from '../../src/contract/query/testing/arbitrary-query.ts';
import { searchable } from '../../src/contract/query/testing/tasks.ts';
import { openApi, type ApiFixture, type Answer } from './api-fixture.ts';

let api: ApiFixture;
const ids = new Map<string, string>();

beforeAll(async () => {
  api = await openApi();
  await submit('mail', { type: 'mail.send', metadata: { customer: 42 } });
  await submit('text', { type: 'mail.read', queue: 'bulk', metadata: { customer: '42' } });
  await submit('late', { type: 'report', delayMs: 3_600_000, priority: 8 });
  await submit('done', { type: 'report' });
  await submit('dead', { type: 'mail.send', retry: { attemptsMax: 1 } });
  await api.post('/api/v1/agents', { id: 'a7', capabilities: ['report', 'mail.send'], slots: 9 });
  await lease('dead', 'fail', { error: { code: 'SMTP_TIMEOUT', message: 'no greeting' } });
  await lease('done', 'complete', { result: 1 });
});

afterAll(async () => {
  await api.close();
});

async function submit(name: string, task: object): Promise<void> {
  const { body } = await api.post('/api/v1/tasks', task);
  ids.set(name, (body as { id: string }).id);
}

/** Ends the task's attempt as the agent would; attempts of others stay under way. */
async function lease(name: string, action: string, body: object): Promise<void> {
  await api.post('/api/v1/agents/a7/lease', { max: 9 });
  const { body: task } = await api.get(`/api/v1/tasks/${ids.get(name)}`);
  const { fencingToken } = task as { fencingToken: number };
  const path = `/api/v1/leases/${ids.get(name)}/${action}`;
  expect((await api.post(path, { fencingToken, ...body })).status).toBeLessThan(300);
}

async function search(q: string, more = ''): Promise<Answer> {
  return api.get(`/api/v1/tasks?${new URLSearchParams({ q }).toString()}${more}`);
}

async function found(q: string, more = ''): Promise<string[]> {
  const { body, status } = await search(q, more);
  expect(status).toBe(200);
  const names = new Map([...ids].map(([name, id]) => [id, name]));
  return (body as { items: { id: string }[] }).items.map(({ id }) => names.get(id) ?? id);
}

describe('a search over HTTP', () => {
  test.each<readonly [string, readonly string[]]>([
    ['type:mail.*', ['dead', 'text', 'mail']],
    ['state:failed error~timeout', ['dead']],
    ['state:completed', ['done']],
    ['metadata.customer=42', ['text', 'mail']],
    ['state:scheduled runAt>now+30m', ['late']],
    ['queue:bulk or priority>4', ['late', 'text']],
    ['age>10m', []],
    ['agent:a7 duration<1h state:completed,failed', ['dead', 'done']],
    ['type:report not state:completed', ['late']],
    ['created>now-10m -type:mail.*', ['done', 'late']],
  ])('%s', async (query, names) => {
    expect(await found(query)).toEqual(names);
    const byId = `id:${names.map((name) => ids.get(name)).join(',')}`;
    if (names.length > 0) expect(await found(`(${query}) ${byId}`)).toEqual(names);
  });

  test('goes on from its cursor, and takes the other parameters too', async () => {
    const first = await search('type:mail.*', '&limit=2');
    const { nextCursor } = first.body as { nextCursor: string };
    expect(await found('type:mail.*', `&limit=2&cursor=${nextCursor}`)).toEqual(['mail']);
    expect(await found('type:mail.*', '&queue=bulk')).toEqual(['text']);
    expect(await found('type:mail.*', '&state=failed')).toEqual(['dead']);
    expect(await found('type:mail.*', '&states=failed,blocked&type=report')).toEqual([]);
  });

  test.each([
    ['stat:failed', 0, 'a field must be known, got "stat" at character 1; did you mean state?'],
    [
      'type:a age>5',
      11,
      'a length of time must be like 250ms, 10m or 1h30m, got "5" at character 12',
    ],
    [
      '',
      0,
      'a term must be FIELD OPERATOR VALUE, such as state:failed, got the end at character 1',
    ],
  ])('%j is refused with what would be right', async (query, at, detail) => {
    const { body, status } = await search(query);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'QUERY_INVALID', at, detail });
  });

  test('that is no query at all is refused', async () => {
    expect((await api.get('/api/v1/tasks?q=type:a&q=type:b')).body).toMatchObject({
      code: 'INVALID_REQUEST',
    });
    expect((await search('type:a', '&cursor=x')).body).toMatchObject({ code: 'CURSOR_INVALID' });
  });

  test('is one loop for a client', async () => {
    const client = new Client({ url: api.url });
    try {
      const types: string[] = [];
      for await (const task of client.tasks({ query: 'type:mail.*' })) types.push(task.type);
      expect(types).toEqual(['mail.send', 'mail.read', 'mail.send']);
      let count = 0;
      for await (const task of client.tasks({ limit: 2 })) count += task.id.length;
      expect(count).toBe(2 * 36);
      const wrong = client.tasks({ query: 'type' })[Symbol.asyncIterator]().next();
      await expect(wrong).rejects.toMatchObject({ code: 'QUERY_INVALID', details: { at: 0 } });
    } finally {
      await client.close();
    }
  });
});

describe('docs/search.md', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/search.md'), 'utf8');
  const section = (title: string): string =>
    text.split(`## ${title}\n`)[1]?.split('\n## ')[0] ?? '';
  const examples = [...section('Examples').matchAll(/^\| `([^`]+)`/gm)].map(
    ([, query = '']) => query,
  );
  const ago = (ms: number): number => NOW_MS - ms;
  const HOUR_MS = 3_600_000;

  /** For each example a task that it finds, and one that misses it by little. */
  const PAIRS: Readonly<
    Record<string, readonly [Partial<SearchableTask>, Partial<SearchableTask>]>
  > = {
    'state:failed,canceled': [{ state: 'canceled' }, { state: 'completed' }],
    'type:mail.*': [{ type: 'mail.send' }, { type: 'email.send' }],
    'type=mail.*': [{ type: 'mail.*' }, { type: 'mail.send' }],
    'error~timeout': [
      { error: { code: 'RUN_TIMEOUT', message: '' } },
      { error: { code: 'RUN_TIME', message: 'out' } },
    ],
    'error~"timed out"': [
      { error: { code: 'A', message: 'It Timed Out' } },
      { error: { code: 'A', message: 'timed-out' } },
    ],
    'error.code:RUN_TIMEOUT attempt>=2': [
      { error: { code: 'RUN_TIMEOUT', message: '' }, attempt: 2 },
      { error: { code: 'RUN_TIMEOUT', message: '' }, attempt: 1 },
    ],
    'state:queued age>10m': [{ createdAt: ago(600_001) }, { createdAt: ago(600_000) }],
    'state:running duration>1h30m': [
      { state: 'running', startedAt: ago(2 * HOUR_MS) },
      { state: 'running', startedAt: ago(HOUR_MS) },
    ],
    'state:input_required idle>2d': [
      { state: 'input_required', stateAt: ago(49 * HOUR_MS) },
      { state: 'input_required', stateAt: ago(47 * HOUR_MS) },
    ],
    'created:2026-01-31': [
      { createdAt: Date.UTC(2026, 0, 31, 23, 59) },
      { createdAt: Date.UTC(2026, 1, 1) },
    ],
    'created>=2026-01-31T09:30Z created<now-1h': [{}, { createdAt: Date.UTC(2026, 0, 31, 9, 29) }],
    'deadline<now+30m -state:completed': [
      { deadlineAt: NOW_MS },
      { deadlineAt: NOW_MS, state: 'completed' },
    ],
    'metadata.customer=42': [{ metadata: { customer: '42' } }, { metadata: { customer: 43 } }],
    'metadata.order.total>99.5': [
      { metadata: { order: { total: 100 } } },
      { metadata: { order: { total: 99.5 } } },
    ],
    'metadata."order id"~-eu-': [
      { metadata: { 'order id': 'x-EU-1' } },
      { metadata: { order: '-eu-' } },
    ],
    'metadata.tags:urgent': [
      { metadata: { tags: ['new', 'urgent'] } },
      { metadata: { tags: ['urgently'] } },
    ],
    'label.zone:eu-west capability:gpu*': [
      { labels: { zone: 'eu-west' }, capabilities: ['gpu@2'] },
      { labels: {}, capabilities: ['gpu@2'] },
    ],
    'state:queued -agent:*': [{}, { agentId: 'a7' }],
    'agent!=a7 state:running': [
      { state: 'running', agentId: 'a8' },
      { state: 'running', agentId: 'a7' },
    ],
    '(state:failed or attempt>3) not queue:bulk': [{ attempt: 4 }, { attempt: 4, queue: 'bulk' }],
    'payloadBytes>64KiB priority:8,9': [
      { payloadBytes: 70_000, priority: 9 },
      { payloadBytes: 65_536, priority: 9 },
    ],
  };

  test('has examples, all of them known here', () => {
    expect(examples.length).toBeGreaterThan(15);
    expect(examples).toEqual(Object.keys(PAIRS));
  });

  test.each(examples)('%s finds what it says, and is taken by the server', async (query) => {
    const [hit, miss] = PAIRS[query] ?? [];
    // Later than every moment that an example names.
    const nowMs = query.includes('2026') ? Date.UTC(2026, 1, 2) : NOW_MS;
    const later = query.includes('now-1h') ? { createdAt: Date.UTC(2026, 1, 1) } : {};
    const matches = compileQuery(parseQuery(query), { nowMs });
    expect(matches(searchable({ ...later, ...hit }))).toBe(true);
    expect(matches(searchable({ ...later, ...miss }))).toBe(false);
    expect((await search(query)).status).toBe(200);
  });

  test('names every field', () => {
    const fields = section('Fields');
    for (const name of QUERY_FIELD_NAMES) expect(fields).toContain(`\`${name}\``);
  });
});
