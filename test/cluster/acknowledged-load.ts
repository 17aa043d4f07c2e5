/** Submits without end through every node, and checks in the end that all that was acknowledged was done once. */
import { setTimeout as delay } from 'node:timers/promises';
import { isOrchestratorError } from '../../src/base/errors.ts';
import { Client, type TaskHandle } from '../../src/client/index.ts';

interface Acknowledged {
  readonly n: number;
  readonly handle: TaskHandle<unknown>;
}

export class AcknowledgedLoad {
  readonly #clients: Client[];
  readonly #hasKeys: boolean;
  readonly #acknowledged: Acknowledged[] = [];
  readonly #working: Promise<void>[] = [];
  #isOver = false;
  /** Submits with keys that were refused for a while. */
  repeated = 0;
  /** Codes of submits without keys that were refused. */
  readonly refused: string[] = [];

  /**
   * @param urls - of each client, what it is given
   * @param hasKeys - submits have idempotency keys; without, only their session tells a repeat
   */
  constructor(urls: readonly string[], hasKeys: boolean) {
    this.#hasKeys = hasKeys;
    this.#clients = urls.map((url) => new Client({ url }));
  }

  get count(): number {
    return this.#acknowledged.length;
  }

  start(): void {
    for (const [position, client] of this.#clients.entries()) {
      this.#working.push(
        this.#hasKeys ? this.#work(client, position) : this.#once(client, position),
      );
    }
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#working);
  }

  /** Resolves with what is wrong, once every acknowledged task has ended. */
  async verdict(): Promise<{ readonly wrong: readonly number[]; readonly ids: readonly string[] }> {
    const wrong: number[] = [];
    for (const { handle, n } of this.#acknowledged) {
      const result = (await handle.result()) as { readonly n: number };
      if (result.n !== n) wrong.push(n);
    }
    return { wrong, ids: this.#acknowledged.map(({ handle }) => handle.id) };
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
  }

  /** Each submit is made once: what the client repeats it repeats by itself. */
  async #once(client: Client, lane: number): Promise<void> {
    for (let next = 0; !this.#isOver; next++) {
      const n = lane * 1_000_000 + next;
      try {
        const handle = await client.submit({ type: 'once', payload: { n } });
        this.#acknowledged.push({ n, handle });
      } catch (error) {
        this.refused.push(isOrchestratorError(error) ? error.code : String(error));
        await delay(20);
      }
    }
  }

  /** Each submit has a key, so that it can be sent again until it is known to be kept. */
  async #work(client: Client, lane: number): Promise<void> {
    for (let next = 0; !this.#isOver; next++)
      await this.#untilKept(client, lane * 1_000_000 + next);
  }

  async #untilKept(client: Client, n: number): Promise<void> {
    const task = { type: 'echo', payload: { n }, idempotencyKey: `n${n}` };
    for (;;) {
      try {
        this.#acknowledged.push({ n, handle: await client.submit(task) });
        return;
      } catch {
        this.repeated += 1;
        if (this.#isOver) return;
        await delay(20);
      }
    }
  }
}
