/** What operators do to many tasks at once. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isOrchestratorError, messageOf, OrchestratorError } from '../base/errors.ts';
import type {
  DryRunView,
  OperationBody,
  OperationItemList,
  OperationView,
} from '../contract/index.ts';
import {
  OPERATIONS_RUNNING_MAX,
  type NewOperation,
  type Operation,
  type OperationState,
  type Task,
} from '../core/index.ts';
import { itemPage } from './operation-items.ts';
import { operationParams } from './operation-params.ts';
import { OperationRunner, type RunnerParts } from './operation-runner.ts';
import { hashMaxOf, OperationScan, Sample } from './operation-scan.ts';
import { throwIfRefused } from './refusal.ts';
import type { RuntimeLogger } from './runtime-logger.ts';
import type { TaskIdSource } from './task-ids.ts';
import { operationView } from './operation-views.ts';
import { liveTaskView } from './views.ts';

export interface OperationServiceParts extends RunnerParts {
  readonly ids: TaskIdSource;
  readonly logger: RuntimeLogger;
}

/** Tasks that a dry run shows. */
const EXAMPLES_MAX = 10;
/** Who does something when nobody says so. */
export const ANONYMOUS = 'anonymous';
/** Errors after which the next start of the server goes on. */
const ENDING_CODES = new Set(['STOPPED', 'LOG_FAILED', 'LOG_CLOSED']);

/** Which tasks an operation would deal with. */
interface Counted {
  readonly matched: number;
  readonly hashMax: number | null;
  readonly examples: readonly Task[];
}

export class OperationService {
  readonly #parts: OperationServiceParts;
  readonly #runners = new Map<string, OperationRunner>();
  #counting = 0;
  #isClosed = false;

  constructor(parts: OperationServiceParts) {
    this.#parts = parts;
  }

  /**
   * Counts the tasks that are meant, and starts to deal with them unless it is a dry run. Looks at every
   * live task, in slices between which everything else goes on.
   *
   * @throws OrchestratorError `QUERY_INVALID`, `INVALID_REQUEST`, `PAYLOAD_TOO_LARGE`, `OVERLOADED`,
   *   `OPERATION_LIMIT`
   */
  async start(body: OperationBody): Promise<OperationView | DryRunView> {
    const { ids, loop, state } = this.#parts;
    const params = operationParams(body);
    const before = `${state.newestId}~`;
    const { examples, hashMax, matched } = await this.#count(body, before);
    if (body.dryRun === true) {
      return { dryRun: true, matched, examples: examples.map((task) => liveTaskView(task)) };
    }
    const { sample } = body;
    const operation: NewOperation = {
      id: ids.next(),
      action: body.action,
      ...scopeOf(body),
      hashMax,
      before,
      itemsMax: sample === undefined || sample < 1 ? null : matched,
      params,
      rate: body.rate ?? 0,
      by: body.by ?? ANONYMOUS,
      reason: body.reason ?? null,
      matched,
    };
    throwIfRefused(await loop.propose({ type: 'operation.start', operation }));
    const started = this.#require(operation.id);
    this.#run(started);
    return operationView(started);
  }

  /** @throws OrchestratorError `OPERATION_NOT_FOUND` */
  get(id: string): OperationView {
    return operationView(this.#require(id));
  }

  /** Those under way and the newest that ended, newest first. */
  list(filter: { readonly state?: OperationState } = {}): OperationView[] {
    return [...this.#parts.state.records.operations.values()]
      .filter(({ state }) => filter.state === undefined || state === filter.state)
      .toSorted((a, b) => b.seq - a.seq)
      .map(operationView);
  }

  /** Operations under way. */
  get running(): number {
    return this.#runners.size;
  }

  /**
   * What became of its tasks, newest id first.
   *
   * @throws OrchestratorError `OPERATION_NOT_FOUND`, `CURSOR_INVALID`
   */
  items(id: string, page: { readonly cursor?: string; readonly limit: number }): OperationItemList {
    this.#require(id);
    return itemPage(this.#parts.state.records.operationItems, id, page);
  }

  /**
   * Ends it; what it has done stays done.
   *
   * @throws OrchestratorError `OPERATION_NOT_FOUND`, `OPERATION_ENDED`
   */
  async abort(id: string, by: string = ANONYMOUS, reason?: string): Promise<OperationView> {
    const end = { state: 'aborted', by, reason: reason ?? null } as const;
    const command = { type: 'operation.end', operationId: id, ...end } as const;
    throwIfRefused(await this.#parts.loop.propose(command));
    this.#runners.get(id)?.stop();
    return operationView(this.#require(id));
  }

  /** Goes on with what an earlier process had begun. */
  resume(): void {
    for (const operation of this.#parts.state.records.operations.values()) {
      if (operation.state === 'running') this.#run(operation);
    }
  }

  /** Leaves what is under way to the next start. */
  close(): void {
    this.#isClosed = true;
    for (const runner of this.#runners.values()) runner.stop();
  }

  #require(id: string): Operation {
    const operation = this.#parts.state.records.operations.get(id);
    if (operation !== undefined) return operation;
    throw new OrchestratorError('OPERATION_NOT_FOUND', `an operation must be known, got ${id}`, {
      id,
    });
  }

  #run(operation: Operation): void {
    const runner = new OperationRunner(this.#parts, operation);
    this.#runners.set(operation.key, runner);
    runner
      .run()
      .catch((error: unknown) => this.#failed(operation, error))
      .finally(() => this.#runners.delete(operation.key));
  }

  async #failed({ key }: Operation, error: unknown): Promise<void> {
    if (this.#isClosed || (isOrchestratorError(error) && ENDING_CODES.has(error.code))) return;
    const { logger, loop } = this.#parts;
    const reason = messageOf(error);
    logger.error('an operation failed', { operationId: key, error: reason });
    const end = { state: 'failed', by: null, reason } as const;
    await loop.propose({ type: 'operation.end', operationId: key, ...end }).catch(() => undefined);
  }

  async #count(body: OperationBody, before: string): Promise<Counted> {
    if (this.#counting >= OPERATIONS_RUNNING_MAX) {
      const message = `at most ${OPERATIONS_RUNNING_MAX} operations may be counted at once`;
      throw new OrchestratorError('OVERLOADED', message, { retryAfterMs: 1_000 });
    }
    this.#counting += 1;
    try {
      return await this.#scan(body, before);
    } finally {
      this.#counting -= 1;
    }
  }

  async #scan(body: OperationBody, before: string): Promise<Counted> {
    const { sample: wanted, seed = 0 } = body;
    const hashMax = wanted === undefined || wanted >= 1 ? null : hashMaxOf(wanted);
    const atMs = this.#parts.clock.now();
    const terms = { ...scopeOf(body), action: body.action, hashMax, atMs };
    const scan = new OperationScan(this.#parts, terms);
    const sample = wanted === undefined || wanted < 1 ? null : new Sample(wanted, seed);
    const examples: Task[] = [];
    let matched = 0;
    let below = before;
    while (below !== '') {
      const { tasks, to } = scan.slice(below, COUNTED_AT_ONCE);
      matched += tasks.length;
      examples.push(...tasks.slice(0, EXAMPLES_MAX - examples.length));
      if (sample !== null) for (const task of tasks) sample.add(task);
      below = to;
      await nextTurn();
      if (this.#isClosed)
        throw new OrchestratorError('STOPPED', 'the orchestrator must be running');
    }
    if (sample === null) return { matched, hashMax, examples };
    const { hashMax: greatest, tasks } = sample.end();
    return { matched: tasks.length, hashMax: greatest, examples: tasks.slice(0, EXAMPLES_MAX) };
  }
}

/** Tasks counted in one turn, at most: the clock ends most turns before. */
const COUNTED_AT_ONCE = 10_000;

function scopeOf(
  body: OperationBody,
): Pick<NewOperation, 'query' | 'group' | 'includePoison' | 'seed'> {
  const { group = null, includePoison = false, query, seed = 0 } = body;
  return { query, group, includePoison, seed };
}
