/**
 * An overload of a whole server by its channel, on a disk that is slow by construction: an entry of the log
 * is written only when the test says so, and time passes only then.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createApiServer, type ApiServer } from '../../src/api/index.ts';
import { Client } from '../../src/client/index.ts';
import { openRuntimeOn, type Runtime } from '../../src/runtime/index.ts';
import { createLogger, Metrics } from '../../src/telemetry/index.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { MemoryStorage } from '../../src/testing/memory-storage.ts';

/** Longer than the target of a submit's delay: so it stands with every entry. */
const ENTRY_MS = 500;
const STEP_MS = 100;
/** Tasks of one submit; of each priority but the last there is one a step on each connection. */
const BATCH = 30;
const SENDERS = 4;
/** Requests of a sender that are not answered yet, past which it sends no more. */
const UNANSWERED_MAX = 200;

let clock: ManualClock;
let storage: MemoryStorage;
let runtime: Runtime;
let server: ApiServer;
let clients: Client[];
let handled: number;

beforeEach(async () => {
  clock = new ManualClock();
  storage = new MemoryStorage();
  const metrics = new Metrics({ version: 'test' });
  const disk = { freeBytes: 1e12, bytes: 1e12 };
  const probes = {
    heapShare: () => 0,
    residentShare: () => 0,
    // It is the disk that all wait for.
    idleShare: () => 0.99,
    disk: () => Promise.resolve(disk),
  };
  runtime = await openRuntimeOn(storage, { version: 'test', seed: 1, metrics, clock, probes });
  handled = 0;
  await runtime.serve({ id: 'a', capabilities: ['work'], slots: 100_000 }, () => {
    handled += 1;
    return null;
  });
  const logger = createLogger({ level: 'silent' });
  server = await createApiServer({ runtime, metrics, logger, version: 'test', port: 0, clock });
  const url = await server.listen();
  clients = Array.from({ length: SENDERS + 1 }, () => new Client({ url }));
});
afterEach(async () => {
  storage.setSlow(false);
  await Promise.all(clients.map((client) => client.close()));
  const closed = server.close();
  clock.advance(0);
  await closed;
  await runtime.close(0);
});

/** What became of the tasks of each priority. */
class Counts {
  readonly taken = new Array<number>(10).fill(0);
  readonly refused = new Array<number>(10).fill(0);
  readonly errors: unknown[] = [];

  takenShare(from: number, to: number): number {
    const taken = sum(this.taken.slice(from, to));
    return taken / (taken + sum(this.refused.slice(from, to)));
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((a, b) => a + b, 0);
}

class Sender {
  readonly #client: Client;
  readonly #counts: Counts;
  unanswered = 0;

  constructor(client: Client, counts: Counts) {
    this.#client = client;
    this.#counts = counts;
  }

  send(priority: number, tasks: number): void {
    if (this.unanswered >= UNANSWERED_MAX) return;
    this.unanswered += 1;
    const many = Array.from({ length: tasks }, () => ({ type: 'work', priority }));
    const add = (counts: number[]): void => {
      counts[priority] = (counts[priority] as number) + tasks;
      this.unanswered -= 1;
    };
    this.#client.enqueue(many).then(
      () => add(this.#counts.taken),
      (error: unknown) => {
        add(this.#counts.refused);
        if ((error as { code?: unknown }).code !== 'OVERLOADED') this.#counts.errors.push(error);
      },
    );
  }
}

/** Lets what was sent arrive, and what is under way go on. */
async function turns(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets the disk write the one entry that waits for it. */
async function writeEntry(): Promise<void> {
  storage.setSlow(false);
  await new Promise((resolve) => setImmediate(resolve));
  storage.setSlow(true);
}

test('five times of what the disk takes: the lowest are refused, the highest never, and it recovers', async () => {
  const counts = new Counts();
  const senders = clients.map((client) => new Sender(client, counts));
  const urgent = senders.pop() as Sender;
  storage.setSlow(true);
  const levels = new Set<string>();
  for (let ms = 0; ms < 20_000; ms += STEP_MS) {
    for (const sender of senders)
      for (let priority = 0; priority < 9; priority++) sender.send(priority, BATCH);
    urgent.send(9, 1);
    await turns();
    clock.advance(STEP_MS);
    if (ms % ENTRY_MS === 0) await writeEntry();
    levels.add(runtime.status().admission.level);
  }
  expect(levels).toContain('elevated');
  expect(sum(counts.taken)).toBeGreaterThan(0);
  expect(sum(counts.refused)).toBeGreaterThan(0);
  expect(counts.takenShare(6, 9)).toBeGreaterThan(counts.takenShare(0, 3) + 0.1);
  expect(counts.refused[9]).toBe(0);
  expect(counts.taken[9]).toBeGreaterThan(0);

  storage.setSlow(false);
  const isCalm = (): boolean => {
    const { admission, tasks } = runtime.status();
    const unanswered = sum([urgent, ...senders].map((sender) => sender.unanswered));
    return admission.level === 'normal' && tasks.queued + tasks.running + unanswered === 0;
  };
  for (let step = 0; step < 1_000 && !isCalm(); step++) {
    await turns();
    clock.advance(STEP_MS);
  }
  expect(isCalm()).toBe(true);
  expect(counts.refused[9]).toBe(0);
  expect(counts.errors).toEqual([]);
  expect(handled).toBe(sum(counts.taken));
});
