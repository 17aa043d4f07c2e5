import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApi, type ApiFixture } from './api-fixture.ts';

const UNKNOWN = '00000000-0000-7000-8000-000000000000';

let api: ApiFixture;

beforeAll(async () => {
  api = await openApi({ payloadBytesMax: 1_000, bodyBytesMax: 20_000 });
});

afterAll(async () => {
  await api.close();
});

type Row = readonly [
  request: readonly [
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ],
  status: number,
  code: string,
  path?: string,
];

const tasksUrl = '/api/v1/tasks';
const json = { 'content-type': 'application/json' };
const raw = (text: string | Uint8Array): { readonly raw: string | Uint8Array } => ({ raw: text });
const deep = JSON.stringify({ type: 'echo', payload: JSON.parse('['.repeat(70) + ']'.repeat(70)) });

const REFUSALS: readonly Row[] = [
  [['POST', tasksUrl, { type: 'echo', color: 1 }], 400, 'INVALID_REQUEST', '/color'],
  [['POST', tasksUrl, { type: 7 }], 400, 'INVALID_REQUEST', '/type'],
  [['POST', tasksUrl, {}], 400, 'INVALID_REQUEST', ''],
  [['POST', tasksUrl, { type: 'echo', priority: 10 }], 400, 'INVALID_REQUEST', '/priority'],
  [
    ['POST', tasksUrl, { type: 'echo', retry: { strategy: 'never' } }],
    400,
    'INVALID_REQUEST',
    '/retry/strategy',
  ],
  [['POST', tasksUrl, { type: 'echo', runAt: 1, delayMs: 1 }], 400, 'INVALID_REQUEST', '/delayMs'],
  [
    ['POST', tasksUrl, { type: 'echo', runAt: '2026-02-31T25:00:00Z' }],
    400,
    'INVALID_REQUEST',
    '/runAt',
  ],
  [
    ['POST', tasksUrl, { type: 'echo', deadlineAt: '1950-01-01T00:00:00Z' }],
    400,
    'INVALID_REQUEST',
    '/deadlineAt',
  ],
  [['POST', tasksUrl, { tasks: [] }], 400, 'INVALID_REQUEST', '/tasks'],
  [['POST', tasksUrl, { tasks: 1 }], 400, 'INVALID_REQUEST', '/tasks'],
  [
    ['POST', tasksUrl, { tasks: [{ type: 'echo' }], type: 'echo' }],
    400,
    'INVALID_REQUEST',
    '/type',
  ],
  [
    ['POST', tasksUrl, { tasks: [{ type: 'echo' }, { type: 'echo', x: 1 }] }],
    400,
    'INVALID_REQUEST',
    '/tasks/1/x',
  ],
  [
    ['POST', tasksUrl, raw('{"type":"echo","payload":{"__proto__":{"a":1}}}'), json],
    400,
    'INVALID_REQUEST',
    '/payload/__proto__',
  ],
  [
    ['POST', tasksUrl, raw('{"__proto__":{},"type":"echo"}'), json],
    400,
    'INVALID_REQUEST',
    '/__proto__',
  ],
  [['POST', tasksUrl, raw(deep), json], 400, 'INVALID_REQUEST', `/payload${'/0'.repeat(63)}`],
  [['POST', tasksUrl, raw('{"type":"echo"'), json], 400, 'INVALID_REQUEST', ''],
  [['POST', tasksUrl, raw('[]'), json], 400, 'INVALID_REQUEST', ''],
  [['POST', tasksUrl, raw('null'), json], 400, 'INVALID_REQUEST', ''],
  [['POST', tasksUrl, raw(''), json], 400, 'INVALID_REQUEST', ''],
  [['POST', tasksUrl], 400, 'INVALID_REQUEST', ''],
  [
    ['POST', tasksUrl, raw(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)), json],
    400,
    'INVALID_REQUEST',
    '',
  ],
  [
    ['POST', tasksUrl, raw('{"type":"echo"}'), { 'content-type': 'text/plain' }],
    415,
    'UNSUPPORTED_MEDIA_TYPE',
  ],
  [
    ['POST', tasksUrl, raw('{"type":"echo"}'), { ...json, 'content-encoding': 'gzip' }],
    415,
    'UNSUPPORTED_MEDIA_TYPE',
  ],
  [['POST', tasksUrl, raw('x'.repeat(20_001)), json], 413, 'BODY_TOO_LARGE'],
  [
    ['POST', tasksUrl, { type: 'echo', payload: 'x'.repeat(1_000) }],
    413,
    'PAYLOAD_TOO_LARGE',
    '/payload',
  ],
  [
    ['POST', tasksUrl, { type: 'echo', payload: 'é'.repeat(500) }],
    413,
    'PAYLOAD_TOO_LARGE',
    '/payload',
  ],
  [
    ['POST', tasksUrl, { tasks: [{ type: 'echo', payload: 'x'.repeat(1_000) }] }],
    413,
    'PAYLOAD_TOO_LARGE',
    '/tasks/0/payload',
  ],
  [
    ['POST', tasksUrl, { type: 'echo' }, { 'idempotency-key': 'x'.repeat(256) }],
    400,
    'INVALID_REQUEST',
    '/headers/idempotency-key',
  ],
  [
    ['POST', tasksUrl, { type: 'echo' }, { origin: 'http://evil.example' }],
    403,
    'FORBIDDEN_ORIGIN',
  ],
  [['GET', '/api/v2/tasks'], 404, 'ROUTE_NOT_FOUND'],
  [['GET', '/api/v1/tasks/%zz'], 400, 'INVALID_REQUEST'],
  [['PATCH', tasksUrl, { type: 'echo' }], 405, 'METHOD_NOT_ALLOWED'],
  [['PROPFIND', tasksUrl], 501, 'METHOD_UNKNOWN'],
  [['POST', '/metrics', raw('x'), { 'content-type': 'text/plain' }], 405, 'METHOD_NOT_ALLOWED'],
  [['GET', `${tasksUrl}/${UNKNOWN}`], 404, 'TASK_NOT_FOUND'],
  [['GET', `${tasksUrl}/${UNKNOWN}/result`], 404, 'TASK_NOT_FOUND'],
  [['GET', `${tasksUrl}/${UNKNOWN}/events`], 404, 'TASK_NOT_FOUND'],
  [['GET', `${tasksUrl}/${UNKNOWN}/explain`], 404, 'TASK_NOT_FOUND'],
  [['GET', `${tasksUrl}/${UNKNOWN}/artifacts`], 404, 'TASK_NOT_FOUND'],
  [['GET', `/api/v1/artifacts/${UNKNOWN}`], 404, 'ARTIFACT_NOT_FOUND'],
  [['GET', '/api/v1/artifacts/..%2Fuqo.pid'], 400, 'INVALID_REQUEST', '/params/id'],
  [['GET', `/api/v1/artifacts/${UNKNOWN}.json`], 400, 'INVALID_REQUEST', '/params/id'],
  [['GET', `/api/v1/artifacts/..%2F..%2F${UNKNOWN}`], 400, 'INVALID_REQUEST', '/params/id'],
  [['POST', `${tasksUrl}/${UNKNOWN}/cancel`], 404, 'TASK_NOT_FOUND'],
  [['POST', `${tasksUrl}/${UNKNOWN}/retry`], 404, 'TASK_NOT_FOUND'],
  [['POST', `${tasksUrl}/${UNKNOWN}/cancel`, { why: 1 }], 400, 'INVALID_REQUEST', '/why'],
  [['GET', `${tasksUrl}/not-an-id`], 400, 'INVALID_REQUEST', '/params/id'],
  [
    ['GET', `${tasksUrl}/${UNKNOWN.toUpperCase().replace('7', 'A')}`],
    400,
    'INVALID_REQUEST',
    '/params/id',
  ],
  [['GET', `${tasksUrl}/${UNKNOWN}/result?waitMs=-1`], 400, 'INVALID_REQUEST', '/query/waitMs'],
  [['GET', `${tasksUrl}/${UNKNOWN}/result?waitMs=60001`], 400, 'INVALID_REQUEST', '/query/waitMs'],
  [['GET', `${tasksUrl}?limit=0`], 400, 'INVALID_REQUEST', '/query/limit'],
  [['GET', `${tasksUrl}?limit=1001`], 400, 'INVALID_REQUEST', '/query/limit'],
  [['GET', `${tasksUrl}?limit=ten`], 400, 'INVALID_REQUEST', '/query/limit'],
  [['GET', `${tasksUrl}?limit=1&limit=2`], 400, 'INVALID_REQUEST', '/query/limit'],
  [['GET', `${tasksUrl}?states=queued,gone`], 400, 'INVALID_REQUEST', '/query/states'],
  [['GET', `${tasksUrl}?color=red`], 400, 'INVALID_REQUEST', '/query/color'],
  [['GET', `${tasksUrl}?cursor=nonsense`], 400, 'CURSOR_INVALID'],
  [
    ['GET', '/api/v1/events', undefined, { 'last-event-id': 'x' }],
    400,
    'INVALID_REQUEST',
    '/headers/last-event-id',
  ],
  [['POST', '/api/v1/agents', { id: 'a' }], 400, 'INVALID_REQUEST', ''],
  [['POST', '/api/v1/agents', { id: 'a b', capabilities: ['x'] }], 400, 'INVALID_REQUEST', '/id'],
  [
    ['POST', '/api/v1/agents', { id: 'a', capabilities: ['x'], weight: 0 }],
    400,
    'INVALID_REQUEST',
    '/weight',
  ],
  [
    ['POST', '/api/v1/agents', { id: 'a', capabilities: ['x'], weight: 1e-300 }],
    400,
    'INVALID_REQUEST',
    '/weight',
  ],
  [
    ['POST', '/api/v1/agents', { id: 'a', capabilities: ['x'], weight: 1e7 }],
    400,
    'INVALID_REQUEST',
    '/weight',
  ],
  [
    ['POST', '/api/v1/agents', { id: 'a', capabilities: ['x'], weight: null }],
    400,
    'INVALID_REQUEST',
    '/weight',
  ],
  [
    ['POST', '/api/v1/agents', { id: 'a', capabilities: ['x'], weight: 'NaN' }],
    400,
    'INVALID_REQUEST',
    '/weight',
  ],
  [
    ['POST', '/api/v1/agents', raw('{"id":"a","capabilities":["x"],"weight":1e999}'), json],
    400,
    'INVALID_REQUEST',
    '/weight',
  ],
  [
    ['POST', '/api/v1/agents', raw('{"id":"a","capabilities":["x"],"weight":NaN}'), json],
    400,
    'INVALID_REQUEST',
    '',
  ],
  [
    [
      'POST',
      '/api/v1/agents',
      { id: 'a', capabilities: Array.from({ length: 257 }, (_, i) => `c${i}`) },
    ],
    400,
    'INVALID_REQUEST',
    '/capabilities',
  ],
  [
    [
      'POST',
      '/api/v1/agents',
      {
        id: 'a',
        capabilities: ['x'],
        labels: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`l${i}`, 'v'])),
      },
    ],
    400,
    'INVALID_REQUEST',
    '/labels',
  ],
  [
    ['POST', '/api/v1/agents', { id: 'a', capabilities: ['x'], labels: { l: 'v'.repeat(256) } }],
    400,
    'INVALID_REQUEST',
    '/labels/l',
  ],
  [
    ['POST', '/api/v1/agents', { id: 'a', capabilities: ['x'], slots: 0 }],
    400,
    'INVALID_REQUEST',
    '/slots',
  ],
  [['GET', '/api/v1/agents/unknown'], 404, 'AGENT_NOT_FOUND'],
  [['DELETE', '/api/v1/agents/unknown'], 404, 'AGENT_NOT_FOUND'],
  [['POST', '/api/v1/agents/unknown/drain'], 404, 'AGENT_NOT_FOUND'],
  [['POST', '/api/v1/agents/unknown/heartbeat'], 404, 'AGENT_NOT_FOUND'],
  [['POST', '/api/v1/agents/unknown/lease', { waitMs: 1 }], 404, 'AGENT_NOT_FOUND'],
  [['POST', '/api/v1/agents/unknown/lease', { max: 0 }], 400, 'INVALID_REQUEST', '/max'],
  [['POST', '/api/v1/agents/-bad-/lease', {}], 400, 'INVALID_REQUEST', '/params/id'],
  [['POST', `/api/v1/leases/${UNKNOWN}/complete`, {}], 400, 'INVALID_REQUEST', ''],
  [
    ['POST', `/api/v1/leases/${UNKNOWN}/complete`, { fencingToken: 1, result: 'x'.repeat(1_000) }],
    413,
    'RESULT_TOO_LARGE',
    '/result',
  ],
  [
    ['POST', `/api/v1/leases/${UNKNOWN}/fail`, { fencingToken: 1, error: {} }],
    400,
    'INVALID_REQUEST',
    '/error',
  ],
  [
    ['POST', `/api/v1/leases/${UNKNOWN}/progress`, { fencingToken: 1, fraction: 2 }],
    400,
    'INVALID_REQUEST',
    '/fraction',
  ],
  [['POST', `/api/v1/leases/${UNKNOWN}/progress`, { fencingToken: 1 }], 404, 'TASK_NOT_FOUND'],
  [['POST', `/api/v1/leases/${UNKNOWN}/release`, { fencingToken: 1 }], 404, 'TASK_NOT_FOUND'],
  [
    ['POST', `/api/v1/leases/${UNKNOWN}/ask`, { fencingToken: 1, prompt: { message: '?' } }],
    404,
    'TASK_NOT_FOUND',
  ],
  [
    ['POST', `/api/v1/leases/${UNKNOWN}/ask`, { fencingToken: 1, prompt: { message: 7 } }],
    400,
    'INVALID_REQUEST',
    '/prompt/message',
  ],
  [['GET', `/api/v1/leases/${UNKNOWN}/input?fencingToken=1`], 404, 'TASK_NOT_FOUND'],
  [['GET', `/api/v1/leases/${UNKNOWN}/input`], 400, 'INVALID_REQUEST', '/query'],
  [['POST', `${tasksUrl}/${UNKNOWN}/input`, { answer: 1 }], 404, 'TASK_NOT_FOUND'],
  [['POST', `${tasksUrl}/${UNKNOWN}/input`, { answer: 1, by: 7 }], 400, 'INVALID_REQUEST', '/by'],
  [['GET', `${tasksUrl}?state=running&states=running`], 400, 'INVALID_REQUEST', '/query/state'],
  [
    ['POST', `/api/v1/leases/${UNKNOWN}/extend`, { fencingToken: 1, runMs: 1 }],
    404,
    'TASK_NOT_FOUND',
  ],
  [
    ['POST', '/api/v1/leases/x/complete', { fencingToken: 1 }],
    400,
    'INVALID_REQUEST',
    '/params/taskId',
  ],
  [['GET', '/api/v1/queues/unknown'], 404, 'QUEUE_NOT_FOUND'],
  [['GET', '/api/v1/queues/a%2Fb%2Fc'], 400, 'INVALID_REQUEST', '/params/name'],
  [['PUT', '/api/v1/queues/q', { strategy: 'best' }], 400, 'INVALID_REQUEST', '/strategy'],
  [['POST', '/api/v1/queues/unknown/pause'], 404, 'QUEUE_NOT_FOUND'],
  [['POST', '/api/v1/dead-letters/purge', {}], 400, 'INVALID_REQUEST', ''],
  [['POST', '/api/v1/dead-letters/purge'], 400, 'INVALID_REQUEST', ''],
  [
    ['POST', '/api/v1/dead-letters/redrive', { ids: [UNKNOWN], queue: 'q' }],
    400,
    'INVALID_REQUEST',
    '/ids',
  ],
  [['POST', '/api/v1/dead-letters/redrive', { ids: ['x'] }], 400, 'INVALID_REQUEST', '/ids/0'],
];

describe('refusals', () => {
  const named = REFUSALS.map((row, position): [string, Row] => [
    `${position} ${row[0][0]} ${row[0][1]}`,
    row,
  ]);
  test.each(named)('%s', async (_name, [request, status, code, path]) => {
    const [method, url, body, headers = {}] = request;
    const isRaw = typeof body === 'object' && body !== null && 'raw' in body;
    const indexBefore = api.runtime.observed.log.lastIndex;
    const answer = isRaw
      ? await api.request(method, url, undefined, { body: body.raw as string, headers })
      : await api.request(method, url, body, { headers });
    expect([answer.status, answer.body?.code, answer.body?.path]).toEqual([status, code, path]);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.headers.get('x-request-id')).toMatch(/./);
    expect(answer.body).toMatchObject({ type: 'about:blank', status });
    expect(answer.text).not.toMatch(/\bat .*\.ts:/);
    if (status === 405) expect(answer.headers.get('allow')).toMatch(/GET|POST/);
    if (status === 400) expect(api.runtime.observed.log.lastIndex).toBe(indexBefore);
  });

  test('a host that is no name of this machine is refused', async () => {
    const { hostname, port } = new URL(api.url);
    const socket = connect(Number(port), hostname);
    socket.write(
      'GET /api/v1/status HTTP/1.1\r\nhost: rebound.example\r\nconnection: close\r\n\r\n',
    );
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    expect(chunk.toString()).toMatch(/^HTTP\/1\.1 403 /);
    socket.destroy();
  });

  test('bytes that are no HTTP get a problem and the connection is closed', async () => {
    const { hostname, port } = new URL(api.url);
    const socket = connect(Number(port), hostname);
    socket.write('NONSENSE\r\n\r\n');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(socket, 'close');
    expect(Buffer.concat(chunks).toString()).toMatch(
      /^HTTP\/1\.1 400 [^]*"code":"INVALID_REQUEST"/,
    );
  });

  test('the id of a request is the caller’s where it is sane', async () => {
    const ask = async (id: string): Promise<string | null> => {
      const { headers } = await api.request('GET', '/api/v1/status', undefined, {
        headers: { 'x-request-id': id },
      });
      return headers.get('x-request-id');
    };
    expect(await ask('mine-1')).toBe('mine-1');
    expect(await ask('not sane at all')).not.toBe('not sane at all');
    expect(api.log.some((line) => line.includes('"requestId":"mine-1"'))).toBe(true);
  });
});
