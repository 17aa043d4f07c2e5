/** Carries one operation out: finds its tasks, and has core deal with them some at a time. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isOrchestratorError, OrchestratorError } from '../base/errors.ts';
import { mergePatch } from '../base/merge-patch.ts';
import type { CoreState, Operation, Task } from '../core/index.ts';
import type { Store } from '../store/index.ts';
import type { CommandLoop } from './command-loop.ts';
import { OperationScan, type ScanParts } from './operation-scan.ts';
import { refusalError } from './refusal.ts';

export interface RunnerParts extends ScanParts {
  readonly state: CoreState;
  readonly store: Store;
  readonly loop: CommandLoop;
}

/** Tasks of one command: what everybody else waits for while they are dealt with. */
const ACT_ITEMS_MAX = 256;
/** Payloads of one command, in UTF-16 units, before one more. */
const ACT_TEXT_MAX = 2 * 1024 * 1024;
/** How long it waits where the log takes no more for now. */
const AGAIN_MS = 1_000;
/** Commands a second of an operation that is slowed down, at most. */
const ACTS_PER_SECOND = 10;

const PASSING_CODES = new Set(['OVERLOADED', 'LOG_FULL']);

interface Act {
  readonly tasks: readonly Task[];
  readonly to: string;
  /** Payloads, where they are edited. */
  readonly texts: readonly string[] | null;
}

export class OperationRunner {
  readonly #parts: RunnerParts;
  readonly #operation: Operation;
  #isStopped = false;
  #wake: () => void = () => undefined;

  constructor(parts: RunnerParts, operation: Operation) {
    this.#parts = parts;
    this.#operation = operation;
  }

  /** Goes on without waiting: it has been ended, or everything stops. */
  stop(): void {
    this.#isStopped = true;
    this.#wake();
  }

  /**
   * Resolves when the operation has ended or was stopped.
   *
   * @throws OrchestratorError of the log, after which another process goes on; anything else is a reason
   *   to end the operation
   */
  async run(): Promise<void> {
    const { key, order, startedAt } = this.#operation;
    const scan = new OperationScan(this.#parts, { ...order, atMs: startedAt });
    let below = this.#operation.cursor;
    while (this.#goesOn) {
      const slice = this.#room === 0 ? { tasks: [], to: '' } : scan.slice(below, this.#room);
      const act = this.#actOf(slice);
      below = act.to;
      if (act.tasks.length > 0 || act.to === '') await this.#carryOut(act);
      await nextTurn();
      if (below === '' && this.#goesOn) throw new Error(`operation ${key} is at its end`);
    }
  }

  async #carryOut(act: Act): Promise<void> {
    const result = await this.#propose(act);
    // One that was aborted meanwhile is refused, which is as it should be.
    if (!this.#goesOn) return;
    if (result.type === 'refused') throw refusalError(result.rejection);
    const { rate } = this.#operation.order;
    if (rate > 0) await this.#wait((act.tasks.length / rate) * 1_000);
  }

  get #goesOn(): boolean {
    return !this.#isStopped && this.#operation.state === 'running';
  }

  /** Tasks that the next command may deal with. */
  get #room(): number {
    const { done, order, refused } = this.#operation;
    const left = (order.itemsMax ?? Infinity) - done - refused;
    const paced =
      order.rate === 0 ? ACT_ITEMS_MAX : Math.max(1, Math.floor(order.rate / ACTS_PER_SECOND));
    return Math.max(0, Math.min(left, paced, ACT_ITEMS_MAX));
  }

  /** The command for the tasks found; for fewer where their payloads are large. */
  #actOf({ tasks, to }: { readonly tasks: readonly Task[]; readonly to: string }): Act {
    const { params } = this.#operation.order;
    if (params.payload === undefined && params.patch === undefined) {
      return { tasks, to, texts: null };
    }
    const texts: string[] = [];
    let length = 0;
    for (const task of tasks) {
      if (length > ACT_TEXT_MAX) break;
      const text = editedPayload(params, () => this.#parts.store.payload(task) ?? 'null');
      texts.push(text);
      length += text.length;
    }
    const taken = tasks.slice(0, texts.length);
    const isCut = taken.length < tasks.length;
    return { tasks: taken, to: isCut ? (taken.at(-1)?.id ?? to) : to, texts };
  }

  /** Asks until it is taken or refused. */
  async #propose({ tasks, texts, to }: Act): ReturnType<CommandLoop['propose']> {
    const { key } = this.#operation;
    for (;;) {
      try {
        return await this.#parts.loop.propose(
          {
            type: 'operation.act',
            operationId: key,
            from: this.#operation.cursor,
            to,
            taskIds: tasks.map(({ id }) => id),
            ...(texts === null ? {} : { payloadBytes: texts.map((text) => text.length) }),
          },
          texts,
        );
      } catch (error) {
        if (!isOrchestratorError(error) || !PASSING_CODES.has(error.code)) throw error;
      }
      await this.#wait(AGAIN_MS);
      if (!this.#goesOn) throw new OrchestratorError('STOPPED', 'the operation must go on');
    }
  }

  async #wait(ms: number): Promise<void> {
    if (this.#isStopped) return;
    const over = Promise.withResolvers<void>();
    const cancel = this.#parts.clock.setTimer(ms, over.resolve);
    this.#wake = over.resolve;
    await over.promise;
    cancel();
  }
}

/** The payload that takes the place of a task's own, as JSON text. */
export function editedPayload(
  { patch, payload }: { readonly payload?: string; readonly patch?: string },
  current: () => string,
): string {
  if (payload !== undefined) return payload;
  return JSON.stringify(mergePatch(JSON.parse(current()), JSON.parse(patch ?? '{}')));
}
