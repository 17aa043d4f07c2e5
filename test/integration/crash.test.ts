/**
 * Kills a server again and again under load: what it acknowledged is done, once, as it was asked.
 *
 * A kill keeps what was handed to the system: lost writes are the business of crash-points.test.ts.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Rng } from '../../src/base/rng.ts';
import { Agent, Client, type TaskHandle } from '../../src/client/index.ts';
import type { HandlerContext, HandlerTask } from '../../src/contract/index.ts';
import { freePort } from './free-port.ts';
import { NODE_FLAGS } from './node-flags.ts';

const KILLS = Number(process.env['KILLS'] ?? 25);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const SERVER = join(import.meta.dirname, 'crash-server.ts');
const BATCH = 25;

interface Echo {
  readonly n: number;
  readonly text: string;
}

async function startServer(folder: string, port: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, [...NODE_FLAGS, SERVER, folder, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit').then(() => {
    throw new Error('the server ended before it was killed');
  });
  await Promise.race([once(child.stdout as NodeJS.ReadableStream, 'data'), ended]);
  ended.catch(() => undefined);
  return child;
}

function payloadOf(n: number): Echo {
  return { n, text: 'é'.repeat(n % 700) };
}

/** Submits without end, one of three batches with keys; keeps what was acknowledged. */
class Load {
  readonly acknowledged = new Map<string, TaskHandle<unknown>>();
  readonly numberOf = new Map<string, number>();
  #next = 0;
  #isOver = false;
  #told = Promise.withResolvers<void>();

  /** Resolves when the next batch is acknowledged. */
  get goesOn(): Promise<void> {
    return this.#told.promise;
  }

  async run(client: Client): Promise<void> {
    while (!this.#isOver) {
      const hasKeys = (this.#next / BATCH) % 3 === 0;
      const numbers = Array.from({ length: BATCH }, () => this.#next++);
      const tasks = numbers.map((n) => ({
        type: 'echo',
        payload: payloadOf(n),
        retry: { attemptsMax: 1_000, delayMs: 0 },
        ...(hasKeys ? { idempotencyKey: `k${n}` } : {}),
      }));
      // Sent again by itself where its answer was lost, with keys or without.
      const handles = await client.submitMany(tasks);
      for (const [i, handle] of handles.entries()) {
        this.acknowledged.set(handle.id, handle);
        this.numberOf.set(handle.id, numbers[i] as number);
      }
      this.#told.resolve();
      this.#told = Promise.withResolvers();
    }
  }

  end(): void {
    this.#isOver = true;
  }
}

test(`every acknowledged task is done once over ${KILLS} kills`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'uqo-crash-'));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const rng = Rng.fromSeed(SEED);
  const attempts = new Map<string, { token: number; attempt: number }[]>();
  const handler = (task: HandlerTask<Echo>, context: HandlerContext): Echo => {
    const { attempt, fencingToken: token } = context;
    attempts.set(task.id, [...(attempts.get(task.id) ?? []), { token, attempt }]);
    return task.payload;
  };
  const agent = new Agent({ url, id: 'echo', capabilities: ['echo'], slots: 64, handler });
  const client = new Client({ url });
  const load = new Load();
  let server = await startServer(folder, port);
  try {
    await agent.start();
    const loaded = Promise.all([1, 2, 3].map(() => load.run(client)));
    for (let kill = 0; kill < KILLS; kill++) {
      await load.goesOn;
      await delay(rng.below(60));
      const exited = once(server, 'exit');
      server.kill('SIGKILL');
      await exited;
      server = await startServer(folder, port);
    }
    load.end();
    await loaded;
    for (const [id, handle] of load.acknowledged) {
      expect(await handle.result()).toEqual(payloadOf(load.numberOf.get(id) as number));
    }
    // Every batch was acknowledged in the end: what ran besides would be a task made twice.
    expect(new Set(load.numberOf.values()).size).toBe(load.numberOf.size);
    expect([...attempts.keys()].filter((id) => !load.acknowledged.has(id))).toEqual([]);
    for (const [id, runs] of attempts) checkAttempts(id, runs);
  } catch (error) {
    throw new Error(`crash test failed with SEED=${SEED}, folder ${folder}`, { cause: error });
  } finally {
    await Promise.all([agent.stop(0), client.close()]);
    server.kill('SIGKILL');
  }
  rmSync(folder, { recursive: true });
  const repeats = [...attempts.values()].filter((runs) => runs.length > 1).length;
  console.log(
    `SEED=${SEED}: ${KILLS} kills, ${load.acknowledged.size} acknowledged, ${repeats} run more than once`,
  );
  expect(load.acknowledged.size).toBeGreaterThanOrEqual(KILLS * BATCH);
}, 300_000);

/** Each run of a task has a newer token than the one before, and no attempt runs twice. */
function checkAttempts(id: string, runs: readonly { token: number; attempt: number }[]): void {
  for (const [i, run] of runs.entries()) {
    const before = runs[i - 1];
    if (before === undefined || run.token > before.token) continue;
    throw new Error(`task ${id} ran with token ${run.token} after ${before.token}`);
  }
}
