/** A server that runs out of memory, as its clients see it: by HTTP, by the channel, from the side. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createApiServer, type ApiServer } from '../../src/api/index.ts';
import { Client } from '../../src/client/index.ts';
import { openRuntime, type Runtime } from '../../src/runtime/index.ts';
import { createLogger, Metrics } from '../../src/telemetry/index.ts';
import { EventReader, until } from './api-fixture.ts';

const machine = { heapShare: 0 };
let dataDir: string;
let runtime: Runtime;
let server: ApiServer;
let url: string;

beforeEach(async () => {
  machine.heapShare = 0;
  dataDir = await mkdtemp(join(tmpdir(), 'uqo-overload-'));
  const metrics = new Metrics({ version: 'test' });
  runtime = await openRuntime({
    dataDir,
    version: 'test',
    metrics,
    probes: {
      heapShare: () => machine.heapShare,
      residentShare: () => 0,
      disk: () => Promise.resolve({ freeBytes: 1e12, bytes: 1e12 }),
    },
  });
  const logger = createLogger({ level: 'silent' });
  server = await createApiServer({ runtime, metrics, logger, version: 'test', port: 0 });
  url = await server.listen();
});
afterEach(async () => {
  await server.close();
  await runtime.close(0);
  await rm(dataDir, { recursive: true, force: true });
});

function post(body: string): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return fetch(`${url}/api/v1/tasks`, { method: 'POST', headers, body });
}

async function reachLevel(level: string): Promise<void> {
  await until(
    async () => {
      await post('{"type":"work","priority":9}');
      return runtime.status().admission.level;
    },
    (now) => now === level,
  );
}

describe('at the level critical', () => {
  beforeEach(async () => {
    machine.heapShare = 0.99;
    await reachLevel('critical');
  });

  test('HTTP answers 429 with Retry-After and the facts, and takes priority 9', async () => {
    const answer = await post('{"type":"work","priority":8}');
    expect(answer.status).toBe(429);
    expect(answer.headers.get('retry-after')).toBe('2');
    expect(await answer.json()).toMatchObject({
      code: 'OVERLOADED',
      level: 'critical',
      floor: 9,
      retryAfterMs: 2_000,
    });
    expect((await post('{"type":"work","priority":9}')).status).toBe(201);
    // A name may be escaped, and is still that name.
    expect((await post('{"type":"work","\\u0070riority":9}')).status).toBe(201);
  });

  test('a submit that names no priority is refused without being read', async () => {
    const answer = await post('{"type": this is not JSON');
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
      429,
      'OVERLOADED',
    ]);
    expect((await post('{"priority": this is not JSON')).status).toBe(400);
  });

  test('lists are refused, a task, health and cancel are not', async () => {
    const { id } = (await (await post('{"type":"work","priority":9}')).json()) as { id: string };
    const status = async (path: string, method = 'GET'): Promise<number> =>
      (await fetch(url + path, { method })).status;
    expect(await status('/api/v1/tasks')).toBe(429);
    expect(await status('/api/v1/dead-letters')).toBe(429);
    expect(await status(`/api/v1/tasks/${id}`)).toBe(200);
    expect(await status('/health/live')).toBe(200);
    expect(await status('/metrics')).toBe(200);
    expect(await status(`/api/v1/tasks/${id}/cancel`, 'POST')).toBe(200);
  });

  test('status and metrics tell of it', async () => {
    await post('{"type":"work","priority":3}');
    const status = (await (await fetch(`${url}/api/v1/status`)).json()) as {
      admission: { level: string; cause: string; shed: { byPriority: number[] } };
    };
    expect(status.admission).toMatchObject({ level: 'critical', cause: 'memory' });
    expect(status.admission.shed.byPriority[3]).toBe(1);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('\nuqo_admission_level 2\n');
    expect(metrics).toContain('\nuqo_admission_shed_total{priority="3"} 1\n');
  });

  test('the channel refuses at once, and waits where it is asked to', async () => {
    const client = new Client({ url });
    try {
      await expect(client.submit({ type: 'work' })).rejects.toMatchObject({
        code: 'OVERLOADED',
        details: { level: 'critical', retryAfterMs: 2_000 },
      });
      const patient = client.submit({ type: 'work' }, { overloadWaitMs: 60_000 });
      machine.heapShare = 0;
      expect((await patient).id).toBeTypeOf('string');
    } finally {
      await client.close();
    }
  });

  test('a client that is closed while it waits says so', async () => {
    const client = new Client({ url, overloadWaitMs: 60_000 });
    const refused = runtime.status().admission.shed.byPriority[4] ?? 0;
    const waiting = expect(client.submit({ type: 'work' })).rejects.toMatchObject({
      code: 'CLIENT_CLOSED',
    });
    await until(
      () => Promise.resolve(runtime.status().admission.shed.byPriority[4]),
      (now) => now === refused + 1,
    );
    await client.close();
    await waiting;
  });
});

test('who follows events hears of the level', async () => {
  const events = await EventReader.open(`${url}/api/v1/events`);
  machine.heapShare = 0.99;
  await reachLevel('critical');
  let told = await events.next();
  while (told?.event !== 'admission.changed') told = await events.next();
  expect(told.data).toMatchObject({ state: 'critical', reason: 'memory' });
  events.close();
});
