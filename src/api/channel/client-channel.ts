/** The server's end of `/clients/connect`: submits in, results out. */
import type { WebSocket } from 'ws';
import {
  checkSubmitExtras,
  checkTaskOptions,
  FINISHED_STATES,
  frameSlices,
  InvalidRequestError,
  normalizeSpec,
  scanSubmits,
  SESSION_ID_LENGTH_MAX,
  unpackFrame,
  type ErrorInfo,
  type NormalizedSpec,
  type Problem,
  type RawFrame,
  type ScannedSubmit,
  type SubmitExtras,
} from '../../contract/index.ts';
import type {
  Clock,
  FinishedFacts,
  FinishedListener,
  Runtime,
  Submission,
} from '../../runtime/index.ts';
import { arrayAt, checkJsonTexts, integerAt, integersAt, stringAt, stringsAt } from './fields.ts';
import { FrameSocket } from './frame-socket.ts';
import type { ReadTurns } from './read-turns.ts';

export interface ClientChannelOptions {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly socket: WebSocket;
  readonly payloadBytesMax: number;
  readonly turns: ReadTurns;
  readonly problemOf: (error: unknown) => Problem;
}

type SessionRef = NonNullable<Submission['session']>;
type TaskId = Parameters<Runtime['tasks']['get']>[0];

interface Finished {
  readonly id: string;
  /** Place in {@link FINISHED_STATES}. */
  readonly state: number;
  readonly result: string | null;
  readonly error: ErrorInfo | null;
}

/** A submit that was let in before it was decoded. */
interface Admitted {
  /** When it came, in monotonic milliseconds. */
  readonly sinceMs: number;
  /** It is answered at once; others wait a little for each other. */
  readonly isUrgent: boolean;
}

/** The highest priority of the contract. */
const PRIORITY_MAX = 9;

export class ClientChannel implements FinishedListener {
  readonly #options: ClientChannelOptions;
  readonly #frames: FrameSocket;
  #finished: Finished[] = [];
  /** Nobody is there any more: tasks that still have this channel as their listener let it go. */
  isGone = false;

  constructor(options: ClientChannelOptions) {
    this.#options = options;
    this.#frames = new FrameSocket({
      socket: options.socket,
      clock: options.clock,
      problemOf: options.problemOf,
      frame: (frame) => this.#frame(frame),
      screen: (message) => this.#screen(message),
      turns: options.turns,
      gather: () => this.#gather(),
      closed: () => {
        this.isGone = true;
        options.runtime.admission.forget(this);
      },
    });
  }

  close(): void {
    this.#frames.close(1001, 'the server stops');
  }

  #frame(frame: RawFrame): Promise<void> | void {
    switch (frame[0]) {
      case 'submit':
        return this.#submit(frame);
      case 'hello':
        return this.#hello(frame);
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

  async #hello(frame: RawFrame): Promise<void> {
    const requestId = integerAt(frame[1], '/hello/1');
    const sessionId = stringAt(frame[2], '/hello/2', SESSION_ID_LENGTH_MAX);
    try {
      await this.#options.runtime.tasks.openSession(sessionId);
      this.#frames.send(['welcome', requestId]);
    } catch (error) {
      this.#refuse(requestId, error);
    }
  }

  /** While too much comes, submits are refused by what a look into them tells, or wait as they are. */
  #screen(message: Buffer): readonly Promise<void>[] | null {
    if (!this.#options.runtime.admission.isHolding) return null;
    return scanSubmits(message)?.map((submit) => this.#hold(submit)) ?? null;
  }

  #hold({ bytes, priority, requestId, tasks }: ScannedSubmit): Promise<void> {
    const { clock, runtime } = this.#options;
    const sinceMs = clock.monotonicMs();
    if (priority < PRIORITY_MAX) this.#frames.read(tasks);
    return new Promise((resolve, reject) => {
      runtime.admission.hold(this, {
        priority,
        tasks,
        bytes: bytes.byteLength,
        sinceMs,
        take: () => {
          try {
            const admitted = { sinceMs, isUrgent: priority === PRIORITY_MAX };
            this.#submit(unpackFrame(bytes), admitted).then(resolve, reject);
          } catch (error) {
            reject(error);
          }
        },
        refuse: (error) => {
          this.#refuse(requestId, error);
          resolve();
        },
      });
    });
  }

  async #submit(frame: RawFrame, admitted?: Admitted): Promise<void> {
    const { runtime } = this.#options;
    const requestId = integerAt(frame[1], '/submit/1');
    try {
      const checked = this.#submission(frame);
      if (admitted === undefined) this.#frames.read(checked.payloads.length);
      const submission =
        admitted === undefined ? checked : { ...checked, admittedMs: admitted.sinceMs };
      const watcher = frame[6] === true ? this : undefined;
      const { ids, repeated } = await runtime.tasks.submit(submission, watcher);
      if (watcher !== undefined) this.#watch(repeated.map((i) => ids[i] as TaskId));
      const answer: RawFrame = [
        'submitted',
        requestId,
        ids,
        repeated.length === 0 ? null : repeated,
      ];
      if (admitted === undefined) this.#frames.send(answer);
      else if (admitted.isUrgent) this.#frames.sendFirst(answer);
      else this.#frames.sendLater(answer);
    } catch (error) {
      this.#refuse(requestId, error);
    }
  }

  #refuse(requestId: number, error: unknown): void {
    const problem = this.#options.problemOf(error);
    if (problem.code !== 'OVERLOADED') return this.#frames.send(['refused', requestId, problem]);
    this.#frames.sendLater(['refused', requestId, problem]);
    this.#frames.pace();
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
    const extras = extrasOf(frame[5], payloads.length);
    const verify = (): void => checkJsonTexts(payloads, '/payloads', this.#options.payloadBytesMax);
    if (frame[7] == null) return { specs, specOf, payloads, extras, verify };
    return { specs, specOf, payloads, extras, verify, session: sessionOf(frame[7]) };
  }

  #watch(ids: readonly string[]): void {
    for (const id of new Set(ids)) {
      if (this.#options.runtime.tasks.watch(id as TaskId, this)) continue;
      const error = { code: 'TASK_NOT_FOUND', message: 'the task is not known' };
      this.#tell({ id, state: FAILED, result: null, error });
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

  finished(task: FinishedFacts, result: string | null): void {
    if (this.isGone) return;
    const state = FINISHED_STATES.indexOf(task.state as (typeof FINISHED_STATES)[number]);
    const error = task.state === 'failed' ? task.error : null;
    this.#tell({ id: task.id, state, result, error });
  }

  #tell(finished: Finished): void {
    this.#finished.push(finished);
    this.#frames.wake();
  }

  /** What finished since the last message, as columns. */
  #gather(): readonly RawFrame[] {
    if (this.#finished.length === 0) return [];
    const finished = this.#finished;
    this.#finished = [];
    return frameSlices(finished, ({ result }) => result?.length ?? 0).map((slice): RawFrame => {
      const hasErrors = slice.some(({ error }) => error !== null);
      return [
        'finished',
        slice.map(({ id }) => id),
        slice.map(({ state }) => state),
        slice.map(({ result }) => result),
        hasErrors ? slice.map(({ error }) => error) : null,
      ];
    });
  }
}

function sessionOf(value: unknown): SessionRef {
  const fields = arrayAt(value, '/session', 3);
  const sequence = integerAt(fields[1], '/session/1');
  if (sequence < 1) throw new InvalidRequestError('/session/1', 'must be at least 1');
  return {
    id: stringAt(fields[0], '/session/0', SESSION_ID_LENGTH_MAX),
    sequence,
    acknowledged: integerAt(fields[2], '/session/2', sequence - 1),
  };
}

const FAILED = FINISHED_STATES.indexOf('failed');

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
