/** Submits by HTTP while too much comes, before a disk that writes only when it is told to. */
import { request, type ClientRequest } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openRuntimeOn, type Runtime } from '../runtime/index.ts';
import { turn } from '../runtime/testing/runtime-world.ts';
import { createLogger, Metrics } from '../telemetry/index.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { MemoryStorage } from '../testing/memory-storage.ts';
import { createApiServer, type ApiServer } from './server.ts';

/** Tasks of one submit; an entry takes ten such. */
const BATCH = 20;

let clock: ManualClock;
let storage: MemoryStorage;
let runtime: Runtime;
let server: ApiServer;
let url: string;
let answered: number[];
let open: ClientRequest[];
let heapShare: number;

beforeEach(async () => {
  clock = new ManualClock();
  storage = new MemoryStorage();
  answered = [];
  open = [];
  // Memory is scarce: priorities 0 to 2 are refused.
  heapShare = 0.8;
  const probes = {
    heapShare: () => heapShare,
    residentShare: () => 0,
    disk: () => Promise.resolve({ freeBytes: 1e12, bytes: 1e12 }),
  };
  runtime = await openRuntimeOn(storage, { version: '0', seed: 1, clock, probes });
  server = await createApiServer({
    runtime,
    clock,
    metrics: new Metrics({ version: '0' }),
    logger: createLogger({ level: 'silent' }),
    version: '0',
    port: 0,
  });
  url = await server.listen();
  send(batch(9, 1));
  await until(() => answered.length === 1);
  for (let i = 0; i < 10; i++) {
    clock.advance(100);
    await turn();
  }
  expect(runtime.status().admission).toMatchObject({ level: 'elevated', cause: 'memory' });
  answered = [];
});
afterEach(async () => {
  storage.setSlow(false);
  for (const one of open) one.destroy();
  const closed = server.close();
  clock.advance(0);
  await closed;
  await runtime.close(0);
});

const held = (): number => runtime.status().admission.held.tasks;

function batch(priority: number, tasks: number = BATCH): string {
  return JSON.stringify({
    tasks: Array.from({ length: tasks }, () => ({ type: 'work', priority })),
  });
}

/** Sends a submit over a connection of its own; its status is added to what was answered. */
function send(body: string): ClientRequest {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const sent = request(
    `${url}/api/v1/tasks`,
    { method: 'POST', headers, agent: false },
    (answer) => {
      answer.resume();
      answered.push(answer.statusCode ?? 0);
    },
  );
  sent.on('error', () => answered.push(0));
  sent.end(body);
  open.push(sent);
  return sent;
}

/** Lets what is under way go on until `done`. */
async function until(done: () => boolean): Promise<void> {
  const endMs = performance.now() + 20_000;
  while (!done()) {
    if (performance.now() > endMs) throw new Error('what was waited for did not come');
    await turn();
  }
}

/** Lets the disk write the entry that waits for it. */
async function writeEntry(): Promise<void> {
  storage.setSlow(false);
  await turn();
  storage.setSlow(true);
  for (let i = 0; i < 20; i++) await turn();
}

test('wait unparsed for room, go into one entry after the other, and are all answered', async () => {
  storage.setSlow(true);
  for (let i = 0; i < 60; i++) send(batch(4));
  // What was let in before anything waited for the disk is in the entry under way and in the next one.
  await until(() => held() + runtime.status().admission.signals.backlogItems >= 58 * BATCH);
  const before = held();
  expect(before).toBeGreaterThan(30 * BATCH);
  await writeEntry();
  expect(held()).toBeLessThan(before);
  expect(held()).toBeGreaterThan(before - 20 * BATCH);
  for (let i = 0; answered.length < 60 && i < 200; i++) await writeEntry();
  expect(answered).toEqual(new Array(60).fill(201));
  expect(held()).toBe(0);
});

test('do not keep an urgent one waiting', async () => {
  storage.setSlow(true);
  for (let i = 0; i < 60; i++) send(batch(4));
  await until(() => held() > 30 * BATCH);
  const before = runtime.status().tasks.queued;
  send(batch(9, 1));
  await until(() => runtime.status().admission.signals.backlogItems % BATCH === 1);
  for (let i = 0; i < 2; i++) await writeEntry();
  expect(runtime.status().tasks.queued).toBeGreaterThan(before);
  expect(answered).toContain(201);
  expect(held()).toBeGreaterThan(0);
});

test('below the floor are refused by a look, with when to try again', async () => {
  // What follows is no task: whoever parsed it would say so.
  send('{"tasks":[{"type":"work","priority":1,"payload": nonsense }]}');
  await until(() => answered.length === 1);
  expect(answered).toEqual([429]);
  expect(runtime.status().admission.shed.byPriority[1]).toBe(1);
});

test('that say nonsense are told so, and those behind them have their turn', async () => {
  storage.setSlow(true);
  for (let i = 0; i < 60; i++) send('{"type":"work","priority":4,"payload": nonsense }');
  send(batch(4));
  for (let i = 0; answered.length < 61 && i < 200; i++) await writeEntry();
  await until(() => answered.length === 61);
  expect([...answered].sort()).toEqual([201, ...new Array<number>(60).fill(400)]);
});

test('that were let in are not asked again', async () => {
  storage.setSlow(true);
  send(batch(9, 1));
  await until(() => runtime.status().admission.signals.backlogItems === 0);
  for (let i = 0; i < 5; i++) send(batch(4));
  await until(() => held() + runtime.status().admission.signals.backlogItems === 5 * BATCH);
  heapShare = 0.99;
  for (let i = 0; i < 20; i++) {
    clock.advance(100);
    await turn();
  }
  expect(runtime.status().admission.level).toBe('critical');
  for (let i = 0; answered.length < 6 && i < 200; i++) await writeEntry();
  expect(answered).toEqual(new Array(6).fill(201));
});

test('are gone with their connection', async () => {
  storage.setSlow(true);
  for (let i = 0; i < 60; i++) send(batch(4));
  await until(() => held() > 30 * BATCH);
  for (const one of open) one.destroy();
  await until(() => held() === 0);
});
