/** The server's end of `/clients/connect`: submits in, results out. */
import type { WebSocket } from 'ws';
import {
  checkSubmitExtras,
  checkTaskOptions,
  FINISHED_STATES,
  frameSlices,
  InvalidRequestError,
  normalizeSpec,
  type ErrorInfo,
  type NormalizedSpec,
  type Problem,
  type RawFrame,
  type SubmitExtras,
} from '../../contract/index.ts';
import type { FinishedListener, Runtime, Submission } from '../../runtime/index.ts';
import { arrayAt, checkJsonTexts, integerAt, integersAt, stringAt, stringsAt } from './fields.ts';
import { FrameSocket } from './frame-socket.ts';

export interface ClientChannelOptions {
  readonly runtime: Runtime;
  readonly socket: WebSocket;
  readonly payloadBytesMax: number;
  readonly problemOf: (error: unknown) => Problem;
}

type TaskId = Parameters<Runtime['tasks']['get']>[0];

interface Finished {
  readonly id: string;
  /** Place in {@link FINISHED_STATES}. */
  readonly state: number;
  readonly result: string | null;
  readonly error: ErrorInfo | null;
}

export class ClientChannel {
  readonly #options: ClientChannelOptions;
  readonly #frames: FrameSocket;
  /** Tasks whose end is still to be told; forgotten when the connection ends. */
  readonly #watched = new Set<TaskId>();
  #finished: Finished[] = [];
  #isClosed = false;

  constructor(options: ClientChannelOptions) {
    this.#options = options;
    this.#frames = new FrameSocket({
      socket: options.socket,
      problemOf: options.problemOf,
      frame: (frame) => this.#frame(frame),
      closed: () => this.#closed(),
    });
  }

  close(): void {
    this.#frames.close(1001, 'the server stops');
  }

  #frame(frame: RawFrame): Promise<void> | void {
    switch (frame[0]) {
      case 'submit':
        return this.#submit(frame);
      case 'watch':
        return this.#watch(stringsAt(frame[1], '/watch/1'));
      case 'cancel':
        return this.#cancel(frame);
      default:
        throw new InvalidRequestError(
          '',
          `must be a known frame, got ${JSON.stringify(frame[0].slice(0, 40))}`,
        );
    }
  }

  async #submit(frame: RawFrame): Promise<void> {
    const { problemOf, runtime } = this.#options;
    const requestId = integerAt(frame[1], '/submit/1');
    try {
      const submission = this.#submission(frame);
      const watcher = frame[6] === true ? this.#onFinished : undefined;
      const { ids, repeated } = await runtime.tasks.submit(submission, watcher);
      if (watcher !== undefined) this.#follow(ids, repeated);
      this.#frames.send(['submitted', requestId, ids, repeated.length === 0 ? null : repeated]);
    } catch (error) {
      this.#frames.send(['refused', requestId, problemOf(error)]);
    }
  }

  #submission(frame: RawFrame): Submission {
    const specs = arrayAt(frame[2], '/specs').map((spec, i): NormalizedSpec => {
      checkTaskOptions(spec, `/specs/${i}`);
      return normalizeSpec(spec);
    });
    const payloads = stringsAt(frame[4], '/payloads');
    if (specs.length === 0 || payloads.length === 0) {
      throw new InvalidRequestError('', 'must have at least one spec and one payload');
    }
    const bounds = { length: payloads.length, max: specs.length - 1 };
    const specOf = frame[3] === null ? null : integersAt(frame[3], '/specOf', bounds);
    checkJsonTexts(payloads, '/payloads', this.#options.payloadBytesMax);
    return { specs, specOf, payloads, extras: extrasOf(frame[5], payloads.length) };
  }

  /** Tasks of a submit are watched since before it was taken; repeats of earlier ones are not. */
  #follow(ids: readonly TaskId[], repeated: readonly number[]): void {
    const repeats = new Set(repeated);
    for (const [i, id] of ids.entries()) if (!repeats.has(i)) this.#watched.add(id);
    this.#watch([...repeats].map((i) => ids[i] as TaskId));
    if (this.#isClosed) this.#closed();
  }

  #watch(ids: readonly string[]): void {
    for (const id of ids) {
      if (this.#watched.has(id as TaskId)) continue;
      this.#watched.add(id as TaskId);
      if (this.#options.runtime.tasks.watch(id as TaskId, this.#onFinished)) continue;
      this.#watched.delete(id as TaskId);
      this.#finish(id, 'failed', null, {
        code: 'TASK_NOT_FOUND',
        message: 'the task is not known',
      });
    }
  }

  async #cancel(frame: RawFrame): Promise<void> {
    const requestId = integerAt(frame[1], '/cancel/1');
    const ids = stringsAt(frame[2], '/cancel/2') as readonly TaskId[];
    try {
      const answers = await this.#options.runtime.tasks.cancel(
        ids,
        stringAt(frame[3], '/cancel/3', 1_000),
      );
      const refused = [...answers.entries()].flatMap(([i, error]) =>
        error === null ? [] : [[i, error.code]],
      );
      this.#frames.send(['canceled', requestId, refused.length === 0 ? null : refused]);
    } catch (error) {
      this.#frames.send(['refused', requestId, this.#options.problemOf(error)]);
    }
  }

  readonly #onFinished: FinishedListener = (task, result) => {
    this.#watched.delete(task.id);
    const error = task.state === 'failed' ? task.error : null;
    this.#finish(task.id, task.state, result, error);
  };

  #finish(id: string, state: string, result: string | null, error: ErrorInfo | null): void {
    if (this.#finished.length === 0) setImmediate(() => this.#sendFinished());
    const number = FINISHED_STATES.indexOf(state as (typeof FINISHED_STATES)[number]);
    this.#finished.push({ id, state: number, result, error });
  }

  #sendFinished(): void {
    const finished = this.#finished;
    this.#finished = [];
    for (const slice of frameSlices(finished, ({ result }) => result?.length ?? 0)) {
      const hasErrors = slice.some(({ error }) => error !== null);
      this.#frames.send([
        'finished',
        slice.map(({ id }) => id),
        slice.map(({ state }) => state),
        slice.map(({ result }) => result),
        hasErrors ? slice.map(({ error }) => error) : null,
      ]);
    }
    this.#frames.flush();
  }

  #closed(): void {
    this.#isClosed = true;
    for (const id of this.#watched) this.#options.runtime.tasks.unwatch(id, this.#onFinished);
    this.#watched.clear();
  }
}

function extrasOf(value: unknown, length: number): readonly (SubmitExtras | null)[] | null {
  if (value === null) return null;
  const extras = arrayAt(value, '/extras');
  if (extras.length !== length) {
    throw new InvalidRequestError('/extras', `must have ${length} items, got ${extras.length}`);
  }
  for (const [i, extra] of extras.entries())
    if (extra !== null) checkSubmitExtras(extra, `/extras/${i}`);
  return extras as readonly (SubmitExtras | null)[];
}
