/** Submits tasks and waits for their results, over one connection that comes back by itself. */
import { OrchestratorError } from '../base/errors.ts';
import {
  FINISHED_STATES,
  MESSAGE_BYTES_MAX,
  packMessage,
  SUBMIT_TASKS_MAX,
  type ErrorInfo,
  type Problem,
  type RawFrame,
  type SubmitTask,
} from '../contract/index.ts';
import { Connection, connectionLost } from './connection.ts';
import { HttpApi, type ClientEvent } from './http-api.ts';
import { submitColumns, type SubmitColumns } from './submits.ts';
import { problemError, TaskError } from './task-error.ts';

export interface ClientOptions {
  /** Address of the server. Default `UQO_URL`, else `http://127.0.0.1:8080`. */
  readonly url?: string;
}

/** Maps task types to what they take and give: `{ 'mail.send': { payload: Mail; result: Receipt } }`. */
export type TaskTypes = Record<string, { readonly payload: unknown; readonly result: unknown }>;

/** A task to submit, its payload typed by its type. */
export type TypedTask<Types extends TaskTypes, Type extends keyof Types & string> = Omit<
  SubmitTask,
  'type' | 'payload'
> & { readonly type: Type; readonly payload?: Types[Type]['payload'] };

/** A submitted task. */
export interface TaskHandle<Result> {
  readonly id: string;
  /**
   * Resolves with the result.
   *
   * @throws TaskError when the task failed or was canceled, with the task's own error code
   */
  result(options?: { readonly signal?: AbortSignal }): Promise<Result>;
  cancel(reason?: string): Promise<void>;
  /** What happens to the task, from now to its end. */
  events(): AsyncIterable<ClientEvent>;
}

interface Request {
  readonly frame: RawFrame;
  readonly isRepeatable: boolean;
  /** Whether the results of the tasks it submits are watched for. */
  readonly isWatched: boolean;
  /** Whether the connection of now has taken it. */
  isSent: boolean;
  readonly resolve: (reply: RawFrame) => void;
  readonly reject: (error: Error) => void;
}

interface Waiter {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Ids in one cancel, at most. */
const CANCEL_IDS_MAX = 10_000;

/** Results kept for handles whose `result()` was not called yet, at most; older ones are asked for again. */
const RESULTS_KEPT_MAX = 10_000;

export class Client<Types extends TaskTypes = TaskTypes> {
  readonly http: HttpApi;
  readonly #connection: Connection;
  readonly #requests = new Map<number, Request>();
  readonly #waiters = new Map<string, Waiter[]>();
  readonly #finished = new Map<string, { result: unknown } | { error: TaskError }>();
  readonly #watched = new Set<string>();
  #nextRequestId = 1;
  #closed = false;

  constructor(options: ClientOptions = {}) {
    const url = options.url ?? process.env['UQO_URL'] ?? 'http://127.0.0.1:8080';
    this.http = new HttpApi(url);
    this.#connection = new Connection({
      url,
      path: '/clients/connect',
      opened: () => this.#opened(),
      frame: (frame) => this.#frame(frame),
      lost: (reason) => this.#lost(reason),
    });
  }

  /** Submits one task; resolves when it is durable. */
  async submit<Type extends keyof Types & string>(
    task: TypedTask<Types, Type>,
  ): Promise<TaskHandle<Types[Type]['result']>> {
    const [handle] = await this.submitMany([task]);
    return handle as TaskHandle<Types[Type]['result']>;
  }

  /** Submits up to 10,000 tasks, all or none; resolves with their handles in order when they are durable. */
  async submitMany<Type extends keyof Types & string>(
    tasks: readonly TypedTask<Types, Type>[],
  ): Promise<TaskHandle<Types[Type]['result']>[]> {
    const ids = await this.#submit(tasks, true);
    return ids.map((id) => this.handle<Types[Type]['result']>(id));
  }

  /** Like {@link submitMany} without watching for results: the cheapest way to hand over work. */
  async enqueue<Type extends keyof Types & string>(
    tasks: readonly TypedTask<Types, Type>[],
  ): Promise<readonly string[]> {
    return this.#submit(tasks, false);
  }

  /** A handle on a task submitted earlier, here or elsewhere. */
  handle<Result = unknown>(id: string): TaskHandle<Result> {
    return {
      id,
      result: (options) => this.#result(id, options?.signal) as Promise<Result>,
      cancel: (reason) => this.cancel([id], reason),
      events: () => this.http.events({ taskId: id }),
    };
  }

  /** @throws OrchestratorError of the first task that could not be canceled */
  async cancel(ids: readonly string[], reason = 'canceled by the client'): Promise<void> {
    if (ids.length > CANCEL_IDS_MAX) {
      throw new OrchestratorError(
        'INVALID_REQUEST',
        `a cancel must name at most ${CANCEL_IDS_MAX} tasks, got ${ids.length}`,
      );
    }
    const reply = await this.#request((requestId) => ['cancel', requestId, ids, reason], {
      isRepeatable: true,
      isWatched: false,
    });
    const [position, code] = ((reply[2] as [number, string][] | null) ?? [])[0] ?? [];
    if (code === undefined) return;
    throw new OrchestratorError(code, `task ${ids[position as number]} could not be canceled`, {
      taskId: ids[position as number] ?? '',
    });
  }

  /** Everything that happens, from now on; resumes where it was after a lost connection. */
  events(): AsyncIterable<ClientEvent> {
    return this.http.events({});
  }

  /** Closes the connection. Results still waited for are rejected with `CLIENT_CLOSED`. */
  async close(): Promise<void> {
    this.#closed = true;
    const error = new OrchestratorError('CLIENT_CLOSED', 'the client must be open');
    for (const request of this.#requests.values()) request.reject(error);
    for (const waiters of this.#waiters.values())
      for (const waiter of waiters) waiter.reject(error);
    this.#requests.clear();
    this.#waiters.clear();
    await this.#connection.close();
  }

  async #submit(tasks: readonly SubmitTask[], watch: boolean): Promise<readonly string[]> {
    if (tasks.length === 0 || tasks.length > SUBMIT_TASKS_MAX) {
      throw new OrchestratorError(
        'INVALID_REQUEST',
        `a submit must have 1..${SUBMIT_TASKS_MAX} tasks, got ${tasks.length}`,
      );
    }
    const columns: SubmitColumns = submitColumns(tasks, Date.now());
    const { extras, isRepeatable, payloads, specOf, specs } = columns;
    const reply = await this.#request(
      (requestId) => {
        const frame: RawFrame = ['submit', requestId, specs, specOf, payloads, extras, watch];
        checkSize(frame, payloads);
        return frame;
      },
      { isRepeatable, isWatched: watch },
    );
    return reply[2] as readonly string[];
  }

  async #request(
    frameOf: (requestId: number) => RawFrame,
    kind: { readonly isRepeatable: boolean; readonly isWatched: boolean },
  ): Promise<RawFrame> {
    if (this.#closed) throw new OrchestratorError('CLIENT_CLOSED', 'the client must be open');
    const requestId = this.#nextRequestId++;
    const frame = frameOf(requestId);
    return new Promise((resolve, reject) => {
      const isSent = this.#connection.send(frame);
      this.#requests.set(requestId, { frame, ...kind, isSent, resolve, reject });
    });
  }

  async #result(id: string, signal: AbortSignal | undefined): Promise<unknown> {
    signal?.throwIfAborted();
    if (this.#closed) throw new OrchestratorError('CLIENT_CLOSED', 'the client must be open');
    const known = this.#finished.get(id);
    if (known !== undefined) {
      this.#finished.delete(id);
      if ('error' in known) throw known.error;
      return known.result;
    }
    const settled = Promise.withResolvers<unknown>();
    const aborted = (): void => {
      this.#forget(id, settled);
      settled.reject(signal?.reason as Error);
    };
    this.#waiters.set(id, [...(this.#waiters.get(id) ?? []), settled]);
    signal?.addEventListener('abort', aborted, { once: true });
    if (!this.#watched.has(id)) {
      this.#watched.add(id);
      this.#connection.send(['watch', [id]]);
    }
    try {
      return await settled.promise;
    } finally {
      signal?.removeEventListener('abort', aborted);
    }
  }

  #forget(id: string, waiter: Waiter): void {
    const others = (this.#waiters.get(id) ?? []).filter((other) => other !== waiter);
    if (others.length === 0) this.#waiters.delete(id);
    else this.#waiters.set(id, others);
  }

  #opened(): void {
    // What was asked before the connection was there, and what may safely be asked twice.
    for (const request of this.#requests.values())
      request.isSent = this.#connection.send(request.frame);
    if (this.#watched.size > 0) {
      const ids = [...this.#watched];
      for (let from = 0; from < ids.length; from += SUBMIT_TASKS_MAX) {
        this.#connection.send(['watch', ids.slice(from, from + SUBMIT_TASKS_MAX)]);
      }
    }
  }

  #lost(reason: string): void {
    for (const [requestId, request] of this.#requests) {
      // What was never sent is sent when there is a connection, whatever it is.
      const isAnswerLost = request.isSent && !request.isRepeatable;
      request.isSent = false;
      if (!isAnswerLost) continue;
      this.#requests.delete(requestId);
      request.reject(connectionLost(reason));
    }
  }

  /** The server ends the connection over something that was sent: to send it again would not mend it. */
  #problem(problem: Problem): void {
    for (const [requestId, request] of this.#requests) {
      if (!request.isSent) continue;
      this.#requests.delete(requestId);
      request.reject(problemError(problem));
    }
  }

  #frame(frame: RawFrame): void {
    switch (frame[0]) {
      case 'submitted':
        this.#submitted(frame);
        return;
      case 'canceled':
        this.#answer(frame)?.resolve(frame);
        return;
      case 'problem':
        this.#problem(frame[1] as Problem);
        return;
      case 'refused':
        this.#answer(frame)?.reject(problemError(frame[2] as Problem));
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
    const request = this.#answer(frame);
    if (request === undefined) return;
    if (request.isWatched) for (const id of frame[2] as readonly string[]) this.#watched.add(id);
    request.resolve(frame);
  }

  #answer(frame: RawFrame): Request | undefined {
    const requestId = frame[1] as number;
    const request = this.#requests.get(requestId);
    this.#requests.delete(requestId);
    return request;
  }

  #tasksFinished(frame: RawFrame): void {
    const [, ids, states, results, errors] = frame as readonly [
      string,
      string[],
      number[],
      (string | null)[],
      (ErrorInfo | null)[] | null,
    ];
    for (const [i, id] of ids.entries()) {
      const state = FINISHED_STATES[states[i] as number] ?? 'failed';
      const text = results[i] ?? null;
      this.#watched.delete(id);
      const outcome =
        state === 'completed'
          ? { result: text === null ? null : (JSON.parse(text) as unknown) }
          : {
              error: new TaskError(
                id,
                state,
                errors?.[i] ?? { code: 'CANCELED', message: 'the task was canceled' },
              ),
            };
      this.#settle(id, outcome);
    }
  }

  #settle(id: string, outcome: { result: unknown } | { error: TaskError }): void {
    const waiters = this.#waiters.get(id);
    if (waiters === undefined) {
      this.#finished.set(id, outcome);
      if (this.#finished.size <= RESULTS_KEPT_MAX) return;
      const [oldest] = this.#finished.keys();
      if (oldest !== undefined) this.#finished.delete(oldest);
      return;
    }
    this.#waiters.delete(id);
    for (const waiter of waiters) {
      if ('error' in outcome) waiter.reject(outcome.error);
      else waiter.resolve(outcome.result);
    }
  }
}

/** @throws OrchestratorError `PAYLOAD_TOO_LARGE` for a frame that no server would accept */
function checkSize(frame: RawFrame, payloads: readonly string[]): void {
  let length = 0;
  for (const payload of payloads) length += payload.length;
  // UTF-8 takes at most three bytes for each UTF-16 unit: most submits need no closer look.
  if (length * 3 < MESSAGE_BYTES_MAX / 2) return;
  const bytes = packMessage([frame]).byteLength;
  if (bytes <= MESSAGE_BYTES_MAX) return;
  throw new OrchestratorError(
    'PAYLOAD_TOO_LARGE',
    `a submit must have at most ${MESSAGE_BYTES_MAX} bytes, got ${bytes}; submit fewer tasks at once`,
    { bytes, bytesMax: MESSAGE_BYTES_MAX },
  );
}
