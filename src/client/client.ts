/** Submits tasks and waits for their results, over one connection that comes back by itself. */
import { OrchestratorError } from '../base/errors.ts';
import {
  FINISHED_STATES,
  MESSAGE_BYTES_MAX,
  packMessage,
  SUBMIT_TASKS_MAX,
  type ArtifactList,
  type ArtifactView,
  type ErrorInfo,
  type ExplanationView,
  type OutputItem,
  type Problem,
  type RawFrame,
  type RecoveryList,
  type SubmitFlow,
  type SubmittedFlow,
  type SubmitTask,
  type TaskView,
} from '../contract/index.ts';
import { Connection } from './connection.ts';
import { Breakers } from './breakers.ts';
import { flowHandle, type FlowHandle } from './flow-handle.ts';
import { followOutput, type OutputOptions } from './follow-output.ts';
import { HttpApi, type ClientEvent } from './http-api.ts';
import { Kills } from './kills.ts';
import { Fairness, Limits } from './limits.ts';
import { DeadLetters, Operations } from './operations.ts';
import { untilAdmitted } from './overload-wait.ts';
import { Requests, type Reply, type RequestKind } from './requests.ts';
import { Queues } from './queues.ts';
import { Schedules } from './schedules.ts';
import { submitColumns, type SubmitColumns } from './submits.ts';
import { TaskError } from './task-error.ts';
import { taskPages, type TaskSelection } from './task-pages.ts';
import { TaskWatch } from './task-watch.ts';

export interface ClientOptions {
  /**
   * Address of the server, or of several nodes of a cluster with commas between them. Default `UQO_URL`,
   * else `http://127.0.0.1:8080`.
   */
  readonly url?: string;
  /**
   * How long a submit is repeated that the server refuses with `OVERLOADED`, in milliseconds. Default 0:
   * the refusal is told at once.
   */
  readonly overloadWaitMs?: number;
}

/** How one submit is to be made. */
export interface SubmitCallOptions {
  /** As {@link ClientOptions.overloadWaitMs}, for this submit. */
  readonly overloadWaitMs?: number;
}

/** Maps task types to what they take and give: `{ 'mail.send': { payload: Mail; result: Receipt } }`. */
export type TaskTypes = Record<string, { readonly payload: unknown; readonly result: unknown }>;

/** A task to submit, its payload typed by its type. */
export type TypedTask<Types extends TaskTypes, Type extends keyof Types & string> = Omit<
  SubmitTask,
  'type' | 'payload'
> & { readonly type: Type; readonly payload?: Types[Type]['payload'] };

/** Which question is answered, and by whom. */
export interface AnswerOptions {
  /** The question's key. Default: whichever the task waits on. */
  readonly key?: string;
  /** Name of who answers; needed where the question names its answerers. */
  readonly by?: string;
}

/** How one task is to be canceled. */
export interface CancelCallOptions {
  readonly reason?: string;
  /** How long a running attempt may go on, in milliseconds. Default 0: it loses its lease at once. */
  readonly graceMs?: number;
}

/** A submitted task. */
export interface TaskHandle<Result> {
  readonly id: string;
  /**
   * Resolves with the result.
   *
   * @throws TaskError when the task failed or was canceled, with the task's own error code
   */
  result(options?: { readonly signal?: AbortSignal }): Promise<Result>;
  /** `graceMs`: how long a running attempt may go on to end by itself; what it still returns counts. */
  cancel(reason?: string | CancelCallOptions): Promise<void>;
  /** Answers the question that the task waits on; see {@link Client.answer}. */
  answer(answer: unknown, options?: AnswerOptions): Promise<void>;
  /** What happens to the task, from now to its end. */
  events(): AsyncIterable<ClientEvent>;
}

/** Ids in one cancel, at most. */
const CANCEL_IDS_MAX = 10_000;

export class Client<Types extends TaskTypes = TaskTypes> {
  readonly http: HttpApi;
  readonly operations: Operations;
  readonly deadLetters: DeadLetters;
  /** Tasks that are made again and again. */
  readonly schedules: Schedules;
  readonly queues: Queues;
  readonly limits: Limits;
  readonly fairness: Fairness;
  readonly breakers: Breakers;
  readonly kills: Kills;
  readonly #connection: Connection;
  readonly #overloadWaitMs: number;
  readonly #requests: Requests;
  /** Tasks whose end is still to be told. A handle keeps its own watch, so that its end stays known. */
  readonly #watches = new Map<string, TaskWatch>();
  /** Ends of the waits for a server that has too much to do. */
  readonly #delays = new Set<() => void>();
  #closed = false;

  constructor(options: ClientOptions = {}) {
    const url = options.url ?? process.env['UQO_URL'] ?? 'http://127.0.0.1:8080';
    this.http = new HttpApi(url);
    this.operations = new Operations(this.http);
    this.deadLetters = new DeadLetters(this.http);
    this.schedules = new Schedules(this.http);
    this.queues = new Queues(this.http);
    this.limits = new Limits(this.http);
    this.fairness = new Fairness(this.http);
    this.breakers = new Breakers(this.http);
    this.kills = new Kills(this.http);
    this.#overloadWaitMs = options.overloadWaitMs ?? 0;
    this.#requests = new Requests((frame) => this.#connection.send(frame));
    this.#connection = new Connection({
      addresses: this.http.addresses,
      path: '/clients/connect',
      opened: () => this.#opened(),
      frame: (frame) => this.#frame(frame),
      lost: () => this.#requests.lost(),
    });
  }

  /** Submits one task; resolves when it is durable. */
  async submit<Type extends keyof Types & string>(
    task: TypedTask<Types, Type>,
    options?: SubmitCallOptions,
  ): Promise<TaskHandle<Types[Type]['result']>> {
    const [handle] = await this.submitMany([task], options);
    return handle as TaskHandle<Types[Type]['result']>;
  }

  /** Submits up to 10,000 tasks, all or none; resolves with their handles in order when they are durable. */
  async submitMany<Type extends keyof Types & string>(
    tasks: readonly TypedTask<Types, Type>[],
    options?: SubmitCallOptions,
  ): Promise<TaskHandle<Types[Type]['result']>[]> {
    const { ids, watches } = await this.#submit(tasks, true, options);
    return ids.map((id, i) => new Handle<Types[Type]['result']>(this, id, watches[i] as TaskWatch));
  }

  /** Like {@link submitMany} without watching for results: the cheapest way to hand over work. */
  async enqueue<Type extends keyof Types & string>(
    tasks: readonly TypedTask<Types, Type>[],
    options?: SubmitCallOptions,
  ): Promise<readonly string[]> {
    return (await this.#submit(tasks, false, options)).ids;
  }

  /**
   * Submits tasks that depend on each other as one flow, all or none: they name each other by `ref`.
   *
   * @throws OrchestratorError `FLOW_CYCLE`, `FLOW_TASK_NOT_FOUND`, `FLOW_DUPLICATE`, `BUDGET_EXCEEDED`
   */
  async flow(
    tasks: readonly SubmitTask[],
    options: Omit<SubmitFlow, 'tasks'> = {},
  ): Promise<FlowHandle> {
    const body = { ...options, tasks };
    return flowHandle(this, (await this.http.call('POST', '/flows', body)) as SubmittedFlow);
  }

  /** A handle on a task submitted earlier, here or elsewhere. */
  handle<Result = unknown>(id: string): TaskHandle<Result> {
    return new Handle<Result>(this, id, null);
  }

  /** The result of any task; see {@link TaskHandle.result}. */
  async result(id: string, signal?: AbortSignal): Promise<unknown> {
    if (this.#closed) throw closedError();
    let watch = this.#watches.get(id);
    if (watch === undefined) {
      watch = new TaskWatch();
      this.#watches.set(id, watch);
      this.#connection.send(['watch', [id]]);
    }
    return watch.result(signal);
  }

  /** @throws OrchestratorError of the first task that could not be canceled */
  async cancel(ids: readonly string[], reason = 'canceled by the client'): Promise<void> {
    if (ids.length > CANCEL_IDS_MAX) {
      throw new OrchestratorError(
        'INVALID_REQUEST',
        `a cancel must name at most ${CANCEL_IDS_MAX} tasks, got ${ids.length}`,
      );
    }
    const { frame } = await this.#request((requestId) => ['cancel', requestId, ids, reason], {
      isRepeatable: true,
      isWatched: false,
      tasks: 0,
    });
    const [position, code] = ((frame[2] as [number, string][] | null) ?? [])[0] ?? [];
    if (code === undefined) return;
    throw new OrchestratorError(code, `task ${ids[position as number]} could not be canceled`, {
      taskId: ids[position as number] ?? '',
    });
  }

  /** Cancels one task; see {@link CancelCallOptions}. Resolves when the cancel, or its wish, is durable. */
  async cancelWithin(id: string, options: CancelCallOptions): Promise<void> {
    await this.http.call('POST', `/tasks/${encodeURIComponent(id)}/cancel`, options);
  }

  /**
   * Answers the question that a task waits on; resolves when that is durable. Saying it again is fine
   * where `key` is given.
   *
   * @throws OrchestratorError `INPUT_NOT_ASKED`, `INPUT_KEY_MISMATCH`, `INPUT_NOT_ALLOWED`,
   *   `INPUT_INVALID` with the path of what the schema does not allow
   */
  async answer(id: string, answer: unknown, options: AnswerOptions = {}): Promise<void> {
    await this.http.call('POST', `/tasks/${encodeURIComponent(id)}/input`, { answer, ...options });
  }

  /** Large outputs of a task, of all its attempts, oldest first. */
  async artifacts(taskId: string): Promise<readonly ArtifactView[]> {
    const path = `/tasks/${encodeURIComponent(taskId)}/artifacts`;
    return ((await this.http.call('GET', path)) as ArtifactList).items;
  }

  /**
   * The bytes of an artifact, as a stream that is also an async iterable; `from` begins at a later one.
   *
   * @throws OrchestratorError `ARTIFACT_NOT_FOUND`
   */
  artifact(
    id: string,
    options: { readonly from?: number; readonly signal?: AbortSignal } = {},
  ): Promise<ReadableStream<Uint8Array>> {
    return this.http.bytes(`/api/v1/artifacts/${encodeURIComponent(id)}`, options);
  }

  /**
   * What a task hands out with `context.emit`, each chunk once and in order, from `cursor` to the task's
   * end: over lost connections and restarts of the server it goes on where it was.
   *
   * @throws OrchestratorError `TASK_NOT_FOUND`, `CURSOR_INVALID`, `CURSOR_OTHER_TASK`, `OUTPUT_EXPIRED`
   */
  output(id: string, options: OutputOptions = {}): AsyncIterable<OutputItem> {
    return followOutput(this.http, id, options);
  }

  /** Everything that happens, from now on; resumes where it was after a lost connection. */
  events(): AsyncIterable<ClientEvent> {
    return this.http.events({});
  }

  /**
   * Tasks that a query means, newest first, live and finished: `for await (const task of client.tasks({
   * query: 'state:failed age>10m' }))`. Without payloads and results; those are in `GET /tasks/{id}`.
   *
   * @throws OrchestratorError `QUERY_INVALID` with `details.at`, where in the query
   */
  tasks(selection: TaskSelection = {}): AsyncIterable<TaskView> {
    return taskPages(this.http, selection);
  }

  /**
   * A task with its payload, and its result once it completed.
   *
   * @throws OrchestratorError `TASK_NOT_FOUND`
   */
  task(id: string): Promise<TaskView> {
    return this.http.call('GET', `/tasks/${encodeURIComponent(id)}`) as Promise<TaskView>;
  }

  /**
   * Why a task is where it is: `verdict` in a sentence, then the facts.
   *
   * @throws OrchestratorError `TASK_NOT_FOUND`
   */
  explain(id: string): Promise<ExplanationView> {
    const path = `/tasks/${encodeURIComponent(id)}/explain`;
    return this.http.call('GET', path) as Promise<ExplanationView>;
  }

  /** What went wrong by itself since the server started, and what became of it; how its checks stand. */
  recoveries(): Promise<RecoveryList> {
    return this.http.call('GET', '/recoveries') as Promise<RecoveryList>;
  }

  /** Closes the connection. Results still waited for are rejected with `CLIENT_CLOSED`. */
  async close(): Promise<void> {
    this.#closed = true;
    const error = closedError();
    this.#requests.close(error);
    for (const end of this.#delays) end();
    for (const watch of this.#watches.values()) watch.settle({ error });
    this.#watches.clear();
    await this.#connection.close();
  }

  async #submit(
    tasks: readonly SubmitTask[],
    watch: boolean,
    options: SubmitCallOptions = {},
  ): Promise<{ readonly ids: readonly string[]; readonly watches: readonly TaskWatch[] }> {
    if (tasks.length === 0 || tasks.length > SUBMIT_TASKS_MAX) {
      throw new OrchestratorError(
        'INVALID_REQUEST',
        `a submit must have 1..${SUBMIT_TASKS_MAX} tasks, got ${tasks.length}`,
      );
    }
    const columns: SubmitColumns = submitColumns(tasks, Date.now());
    const { extras, isRepeatable, payloads, specOf, specs } = columns;
    const attempt = (): Promise<Reply> =>
      this.#request(
        (requestId) => {
          const frame: RawFrame = ['submit', requestId, specs, specOf, payloads, extras, watch];
          checkSize(frame, payloads);
          return frame;
        },
        { isRepeatable, isWatched: watch, tasks: payloads.length },
      );
    const { frame: reply, watches } = await untilAdmitted(attempt, {
      waitMs: options.overloadWaitMs ?? this.#overloadWaitMs,
      nowMs: () => performance.now(),
      chance: Math.random,
      delay: (ms) => this.#delay(ms),
    });
    return { ids: reply[2] as readonly string[], watches };
  }

  /** @throws OrchestratorError `CLIENT_CLOSED` when the client is closed meanwhile */
  async #delay(ms: number): Promise<void> {
    const { promise, reject, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    const end = (): void => reject(closedError());
    this.#delays.add(end);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#delays.delete(end);
    }
  }

  async #request(frameOf: (requestId: number) => RawFrame, kind: RequestKind): Promise<Reply> {
    if (this.#closed) throw closedError();
    return this.#requests.ask(frameOf, kind);
  }

  #opened(): void {
    this.#requests.opened();
    const ids = [...this.#watches.keys()];
    for (let from = 0; from < ids.length; from += SUBMIT_TASKS_MAX) {
      this.#connection.send(['watch', ids.slice(from, from + SUBMIT_TASKS_MAX)]);
    }
  }

  #frame(frame: RawFrame): void {
    switch (frame[0]) {
      case 'submitted':
        this.#submitted(frame);
        return;
      case 'canceled':
      case 'welcome':
        this.#requests.take(frame)?.resolve({ frame, watches: [] });
        return;
      case 'problem':
        this.#requests.problem(frame[1] as Problem);
        return;
      case 'refused':
        this.#requests.refused(frame);
        return;
      case 'finished':
        this.#tasksFinished(frame);
        return;
      default:
        return;
    }
  }

  /** Notes at once what will be told of: the next frame may tell it. */
  #submitted(frame: RawFrame): void {
    const request = this.#requests.take(frame);
    if (request === undefined) return;
    const ids = request.isWatched ? (frame[2] as readonly string[]) : [];
    const watches = ids.map((id) => {
      const watch = this.#watches.get(id) ?? new TaskWatch();
      this.#watches.set(id, watch);
      return watch;
    });
    request.resolve({ frame, watches });
  }

  #tasksFinished(frame: RawFrame): void {
    const [, ids, states, results, errors] = frame as readonly [
      string,
      string[],
      number[],
      (string | null)[],
      (ErrorInfo | null)[] | null,
    ];
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] as string;
      const watch = this.#watches.get(id);
      if (watch === undefined) continue;
      this.#watches.delete(id);
      const state = FINISHED_STATES[states[i] as number] ?? 'failed';
      const text = results[i] ?? null;
      watch.settle(
        state === 'completed'
          ? { result: text === null ? null : (JSON.parse(text) as unknown) }
          : { error: new TaskError(id, state, errors?.[i] ?? CANCELED) },
      );
    }
  }
}

const CANCELED = { code: 'CANCELED', message: 'the task was canceled' };

class Handle<Result> implements TaskHandle<Result> {
  readonly id: string;
  readonly #client: Client;
  readonly #watch: TaskWatch | null;

  constructor(client: Client, id: string, watch: TaskWatch | null) {
    this.#client = client;
    this.id = id;
    this.#watch = watch;
  }

  result(options?: { readonly signal?: AbortSignal }): Promise<Result> {
    const signal = options?.signal;
    const result = this.#watch?.result(signal) ?? this.#client.result(this.id, signal);
    return result as Promise<Result>;
  }

  cancel(reason?: string | CancelCallOptions): Promise<void> {
    if (typeof reason !== 'object') return this.#client.cancel([this.id], reason);
    return this.#client.cancelWithin(this.id, reason);
  }

  answer(answer: unknown, options?: AnswerOptions): Promise<void> {
    return this.#client.answer(this.id, answer, options);
  }

  events(): AsyncIterable<ClientEvent> {
    return this.#client.http.events({ taskId: this.id });
  }
}

function closedError(): OrchestratorError {
  return new OrchestratorError('CLIENT_CLOSED', 'the client must be open');
}

/** What the session of a submit adds to its frame, at most. */
const SESSION_BYTES_MAX = 64;

/** @throws OrchestratorError `PAYLOAD_TOO_LARGE` for a frame that no server would accept */
function checkSize(frame: RawFrame, payloads: readonly string[]): void {
  let length = 0;
  for (const payload of payloads) length += payload.length;
  // UTF-8 takes at most three bytes for each UTF-16 unit: most submits need no closer look.
  if (length * 3 < MESSAGE_BYTES_MAX / 2) return;
  const bytes = packMessage([frame]).byteLength + SESSION_BYTES_MAX;
  if (bytes <= MESSAGE_BYTES_MAX) return;
  throw new OrchestratorError(
    'PAYLOAD_TOO_LARGE',
    `a submit must have at most ${MESSAGE_BYTES_MAX} bytes, got ${bytes}; submit fewer tasks at once`,
    { bytes, bytesMax: MESSAGE_BYTES_MAX },
  );
}
