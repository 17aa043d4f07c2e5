import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApi, type ApiFixture } from './api-fixture.ts';

let api: ApiFixture;

beforeAll(async () => {
  api = await openApi();
});

afterAll(async () => {
  await api.close();
});

describe('operations', () => {
  test('health, status and root answer', async () => {
    for (const name of ['live', 'ready', 'startup']) {
      expect((await api.get(`/health/${name}`)).body).toEqual({ status: 'ok', version: 'test' });
    }
    expect((await api.get('/api/v1/status')).body).toMatchObject({ ready: true, version: 'test' });
    expect((await api.get('/')).body.docs).toBe('/docs/api/');
  });

  test('metrics tell of the load, without ids', async () => {
    await api.post('/api/v1/tasks', { type: 'echo', queue: 'measured' });
    await api.post('/api/v1/agents', { id: 'secret-agent', capabilities: ['echo'] });
    const { headers, text } = await api.get('/metrics');
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(text).toMatch(/uqo_tasks_submitted_total\{queue="measured",type="echo"\} 1\n/);
    expect(text).toMatch(
      /http_server_request_duration_seconds_count\{http_request_method="POST",http_route="\/api\/v1\/tasks",http_response_status_code="201"\} \d+/,
    );
    expect(text).not.toContain('secret-agent');
  });

  test('reads that may be old are answered, as by a node of a cluster, and are documented', async () => {
    const { body } = await api.post('/api/v1/tasks', { type: 'nobody' });
    const read = await api.get(`/api/v1/tasks/${body.id}?stale=ok`);
    expect(read.body).toMatchObject({ id: body.id });
    expect((await api.get('/api/v1/tasks?limit=1&stale=ok')).status).toBe(200);
    const refused = await api.get('/api/v1/tasks?stale=yes');
    expect(refused.body).toMatchObject({ code: 'INVALID_REQUEST', path: '/query/stale' });
    const { paths } = (await api.get('/openapi.json')).body;
    const names = (operation: { parameters?: readonly { name: string }[] }): unknown =>
      operation.parameters?.map(({ name }) => name);
    expect(names(paths['/api/v1/tasks/{id}'].get)).toContain('stale');
    expect(names(paths['/api/v1/tasks'].post) ?? []).not.toContain('stale');
  });

  test('every route is in the OpenAPI document, which is whole', async () => {
    const { body } = await api.get('/openapi.json');
    expect(body.openapi).toBe('3.1.0');
    const routes = Object.entries(body.paths as Record<string, Record<string, unknown>>).flatMap(
      ([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(routes.sort()).toEqual(ROUTES.toSorted());
    const text = JSON.stringify(body);
    const names = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map((m) => m[1]);
    expect(names.length).toBeGreaterThan(50);
    for (const name of names) expect(body.components.schemas).toHaveProperty([name ?? '']);
    const ids = [...text.matchAll(/"operationId":"([^"]+)"/g)].map((m) => m[1]);
    expect(ids).toHaveLength(ROUTES.length);
    expect(new Set(ids).size).toBe(ROUTES.length);
    const submitting = body.paths['/api/v1/tasks'].post;
    expect(Object.keys(submitting.responses)).toEqual(
      expect.arrayContaining(['201', '400', '409', '413', '415', '429', '507']),
    );
    expect(JSON.stringify(submitting.requestBody)).toContain('data.analyze');
    const bodies = Object.entries(
      body.paths as Record<string, { post?: { requestBody?: { required: boolean } } }>,
    )
      .filter(([, { post }]) => post?.requestBody?.required === false)
      .map(([path]) => path);
    expect(bodies).toContain('/api/v1/agents/{id}/drain');
    expect(bodies).toContain('/api/v1/agents/{id}/lease');
    expect(bodies).not.toContain('/api/v1/tasks');
    expect(bodies).not.toContain('/api/v1/dead-letters/purge');
    expect(body.paths['/api/v1/agents/{id}'].delete.responses['204']).toEqual({
      description: 'Removed',
    });
    const agentBody = body.paths['/api/v1/agents'].post.requestBody.content['application/json'];
    expect(agentBody.schema).toMatchObject({ $ref: '#/components/schemas/RegisterAgent' });
    expect(JSON.stringify(agentBody)).toContain('report-worker-1');
    expect(Object.keys(body.components.schemas)).toEqual(
      expect.arrayContaining(['Event', 'Problem']),
    );
  });

  test('the documentation page loads nothing from anywhere else', async () => {
    const page = await api.get('/docs/api/');
    expect(page.status).toBe(200);
    expect(page.text).not.toMatch(/https?:\/\/|src="\/\//);
    expect(page.headers.get('content-security-policy')).toMatch(
      /default-src 'none'.*connect-src 'self'/,
    );
    const src = /<script src="([^"]+)"/.exec(page.text)?.[1] ?? '';
    const script = await api.get(new URL(src, 'http://x/docs/api/').pathname);
    expect([script.status, script.headers.get('content-type')]).toEqual([
      200,
      'text/javascript; charset=utf-8',
    ]);
  });
});

const ROUTES: readonly string[] = [
  'GET /api/v1/breakers',
  'PUT /api/v1/breakers/{kind}',
  'GET /api/v1/breakers/{kind}/{name}',
  'PUT /api/v1/breakers/{kind}/{name}',
  'POST /api/v1/breakers/{kind}/{name}/open',
  'POST /api/v1/breakers/{kind}/{name}/close',
  'POST /api/v1/breakers/{kind}/{name}/reset',
  'GET /api/v1/recoveries',
  'GET /api/v1/backup',
  'GET /api/v1/correlations',
  'GET /api/v1/cluster',
  'POST /api/v1/cluster/members',
  'POST /api/v1/cluster/members/{id}/demote',
  'POST /api/v1/cluster/members/{id}/promote',
  'DELETE /api/v1/cluster/members/{id}',
  'POST /api/v1/cluster/transfer',
  'GET /api/v1/tasks',
  'POST /api/v1/tasks',
  'GET /api/v1/tasks/{id}',
  'GET /api/v1/tasks/{id}/result',
  'GET /api/v1/tasks/{id}/output',
  'GET /api/v1/tasks/{id}/events',
  'GET /api/v1/tasks/{id}/explain',
  'GET /api/v1/tasks/{id}/artifacts',
  'GET /api/v1/artifacts/{id}',
  'POST /api/v1/tasks/{id}/cancel',
  'POST /api/v1/tasks/{id}/retry',
  'POST /api/v1/tasks/{id}/input',
  'GET /api/v1/agents',
  'POST /api/v1/agents',
  'GET /api/v1/agents/{id}',
  'DELETE /api/v1/agents/{id}',
  'POST /api/v1/agents/{id}/drain',
  'POST /api/v1/agents/{id}/heartbeat',
  'POST /api/v1/agents/{id}/lease',
  'POST /api/v1/leases/{taskId}/complete',
  'POST /api/v1/leases/{taskId}/fail',
  'POST /api/v1/leases/{taskId}/extend',
  'POST /api/v1/leases/{taskId}/progress',
  'POST /api/v1/leases/{taskId}/release',
  'POST /api/v1/leases/{taskId}/ask',
  'GET /api/v1/leases/{taskId}/input',
  'GET /api/v1/queues',
  'GET /api/v1/queues/{name}',
  'PUT /api/v1/queues/{name}',
  'DELETE /api/v1/queues/{name}',
  'POST /api/v1/queues/{name}/pause',
  'POST /api/v1/queues/{name}/resume',
  'POST /api/v1/flows',
  'GET /api/v1/flows',
  'GET /api/v1/flows/{id}',
  'POST /api/v1/flows/{id}/cancel',
  'GET /api/v1/kills',
  'POST /api/v1/trees/{id}/kill',
  'POST /api/v1/agents/{id}/kill',
  'POST /api/v1/agents/{id}/restore',
  'POST /api/v1/namespaces/{id}/kill',
  'POST /api/v1/namespaces/{id}/restore',
  'GET /api/v1/limits',
  'GET /api/v1/limits/{name}',
  'PUT /api/v1/limits/{name}',
  'DELETE /api/v1/limits/{name}',
  'GET /api/v1/fairness',
  'PUT /api/v1/fairness',
  'GET /api/v1/schedules',
  'POST /api/v1/schedules',
  'GET /api/v1/schedules/{name}',
  'PUT /api/v1/schedules/{name}',
  'DELETE /api/v1/schedules/{name}',
  'GET /api/v1/schedules/{name}/upcoming',
  'POST /api/v1/schedules/{name}/pause',
  'POST /api/v1/schedules/{name}/resume',
  'POST /api/v1/schedules/{name}/trigger',
  'POST /api/v1/schedules/{name}/backfill',
  'GET /api/v1/dead-letters',
  'GET /api/v1/dead-letters/export',
  'GET /api/v1/dead-letters/groups',
  'POST /api/v1/dead-letters/groups/{key}',
  'GET /api/v1/dead-letters/{id}',
  'POST /api/v1/dead-letters/{id}/redrive',
  'GET /api/v1/operations',
  'POST /api/v1/operations',
  'GET /api/v1/operations/{id}',
  'GET /api/v1/operations/{id}/items',
  'POST /api/v1/operations/{id}/abort',
  'POST /api/v1/dead-letters/redrive',
  'POST /api/v1/dead-letters/purge',
  'GET /api/v1/status',
  'GET /api/v1/top',
  'GET /api/v1/events',
  'GET /health/live',
  'GET /health/ready',
  'GET /health/startup',
  'GET /metrics',
  'GET /openapi.json',
];
