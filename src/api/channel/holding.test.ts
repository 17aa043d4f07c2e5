/** Submits by the channel while too much comes, before a disk that writes only when it is told to. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Client } from '../../client/index.ts';
import { openRuntimeOn, type Runtime } from '../../runtime/index.ts';
import { turn } from '../../runtime/testing/runtime-world.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { MemoryStorage } from '../../testing/memory-storage.ts';
import { Upgrades } from '../upgrades.ts';
import { attachChannels, type Channels } from './attach-channels.ts';

/** Tasks of one submit; an entry takes ten such. */
const BATCH = 20;

let clock: ManualClock;
let storage: MemoryStorage;
let runtime: Runtime;
let server: Server;
let channels: Channels;
let client: Client;
let other: Client;

beforeEach(async () => {
  clock = new ManualClock();
  storage = new MemoryStorage();
  // Memory is scarce: priorities 0 to 2 are refused.
  const probes = {
    heapShare: () => 0.8,
    residentShare: () => 0,
    disk: () => Promise.resolve({ freeBytes: 1e12, bytes: 1e12 }),
  };
  runtime = await openRuntimeOn(storage, { version: '0', seed: 1, clock, probes });
  server = createServer();
  const upgrades = new Upgrades(server, { loopbackOnly: true, allowedHosts: new Set() });
  channels = attachChannels({
    onUpgrade: (path, handler) => upgrades.add(path, handler),
    runtime,
    clock,
    payloadBytesMax: 1_000,
    problemOf: (error) => {
      const { code, details } = error as { code: string; details: Record<string, unknown> };
      return { type: '', title: code, status: 400, code, detail: code, ...details };
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = new Client({ url });
  other = new Client({ url });
  await Promise.all([submit(client, 9, 1), submit(other, 9, 1)]);
  for (let i = 0; i < 10; i++) {
    clock.advance(100);
    await turns();
  }
  expect(runtime.status().admission).toMatchObject({ level: 'elevated', cause: 'memory' });
});
afterEach(async () => {
  storage.setSlow(false);
  await Promise.all([client.close(), other.close()]);
  channels.close();
  server.close();
  const closed = runtime.close(0);
  clock.advance(0);
  await closed;
});

async function submit(by: Client, priority: number, tasks: number): Promise<string> {
  await by.enqueue(Array.from({ length: tasks }, () => ({ type: 'work', priority })));
  return `${priority}`;
}

/** Lets what is under way arrive and go on. */
async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn();
}

/** Lets the disk write the entry that waits for it, and answers leave. */
async function writeEntry(): Promise<void> {
  storage.setSlow(false);
  await turn();
  storage.setSlow(true);
  await turns();
  clock.advance(10);
  await turns();
}

/** As many submits as ten entries take, answered in the order of the list. */
function many(by: Client, answered: string[]): Promise<unknown> {
  const sent = Array.from({ length: 100 }, () => submit(by, 4, BATCH));
  return Promise.all(sent.map((one) => one.then((name) => answered.push(name))));
}

const held = (): number => runtime.status().admission.held.tasks;

test('wait undecoded for room, go into one entry after the other, and are all answered', async () => {
  storage.setSlow(true);
  const answered: string[] = [];
  const all = many(client, answered);
  await turns();
  const before = held();
  expect(before).toBeGreaterThan(1_000);
  await writeEntry();
  await writeEntry();
  expect(held()).toBeLessThan(before);
  expect(held()).toBeGreaterThanOrEqual(before - 600);
  for (let entry = 0; answered.length < 100 && entry < 20; entry++) await writeEntry();
  await all;
  expect(held()).toBe(0);
});

test('do not keep an urgent one waiting, not even one of the same connection', async () => {
  storage.setSlow(true);
  const answered: string[] = [];
  const all = many(client, answered);
  await turns();
  const urgent = submit(client, 9, 1).then((name) => answered.push(name));
  await turns();
  // The entry under way, and its own.
  await writeEntry();
  await writeEntry();
  expect(answered).toContain('9');
  expect(answered.length).toBeLessThan(30);
  storage.setSlow(false);
  for (let i = 0; i < 20; i++) {
    await turns();
    clock.advance(10);
  }
  await Promise.all([all, urgent]);
});

test('of one sender do not keep those of another one waiting', async () => {
  storage.setSlow(true);
  const answered: string[] = [];
  const all = many(client, answered);
  await turns();
  const theirs = submit(other, 5, BATCH).then((name) => answered.push(name));
  await turns();
  for (let entry = 0; entry < 3; entry++) await writeEntry();
  expect(answered).toContain('5');
  expect(answered.length).toBeLessThan(50);
  storage.setSlow(false);
  for (let i = 0; i < 20; i++) {
    await turns();
    clock.advance(10);
  }
  await Promise.all([all, theirs]);
});

test('of who is refused are read in turns with others, urgent ones always', async () => {
  const resting = (): number => runtime.status().admission.held.resting;
  const refused = [client, other].map((one) =>
    expect(submit(one, 1, 1)).rejects.toMatchObject({ code: 'OVERLOADED' }),
  );
  await turns();
  clock.advance(10);
  await Promise.all(refused);
  for (let i = 0; i < 30; i++) await submit(other, 9, BATCH);
  expect(resting()).toBe(0);
  const all = many(client, []);
  await turns();
  expect(resting()).toBe(1);
  for (let i = 0; i < 50; i++) {
    await turns();
    clock.advance(100);
  }
  await all;
  expect(resting()).toBe(0);
});

test('below the floor are refused without being decoded', async () => {
  const refused = submit(client, 1, BATCH);
  const expected = expect(refused).rejects.toMatchObject({ code: 'OVERLOADED' });
  await turns();
  clock.advance(10);
  await expected;
  expect(runtime.status().admission.shed.byPriority[1]).toBe(BATCH);
});

test('that say nonsense are told so, as at any other time', async () => {
  const odd = client.enqueue([{ type: 'x'.repeat(10_000), priority: 4 }]);
  const expected = expect(odd).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  await turns();
  clock.advance(10);
  await expected;
});

test('are gone with their connection', async () => {
  storage.setSlow(true);
  const all = many(client, []);
  const lost = expect(all).rejects.toMatchObject({ code: expect.any(String) as string });
  await turns();
  expect(held()).toBeGreaterThan(1_000);
  await client.close();
  await turns();
  expect(held()).toBe(0);
  await lost;
});

test('do not keep the server from stopping', async () => {
  storage.setSlow(true);
  const all = many(client, []);
  const lost = expect(all).rejects.toMatchObject({ code: expect.any(String) as string });
  await turns();
  expect(held()).toBeGreaterThan(1_000);
  channels.close();
  await client.close();
  storage.setSlow(false);
  const closed = runtime.close(0);
  clock.advance(0);
  await closed;
  await lost;
});
