/**
 * The binary channel: what goes over the WebSockets `/agents/connect` and `/clients/connect`.
 *
 * A message is a MessagePack array of frames; a frame is an array whose first element names it, so that
 * everything said in one turn of the event loop is one message. Everything that comes in numbers is a
 * column (one array per field), which packs and unpacks several times faster than an array of maps. Payloads and results travel as JSON text, so that only the two ends parse them.
 */
import { Packr, Unpackr } from 'msgpackr';
import { OrchestratorError } from '../base/errors.ts';
import type { RegisterAgent } from './agent.ts';
import type { Amounts, BudgetBody } from './budget.ts';
import type { DependencyBody } from './dependency.ts';
import type { LeaseExtra } from './attempt-context.ts';
import type { Problem } from './problem.ts';
import type { ErrorInfo, TaskOptions } from './task.ts';

/** Version of the channel; both ends must speak the same one. */
export const CHANNEL_VERSION = 1;

/** Largest message either end accepts, in bytes. */
export const MESSAGE_BYTES_MAX = 32 * 1024 * 1024;

/** Moments and keys of one submitted task, where it has any. */
export interface SubmitExtras {
  readonly runAt?: number | undefined;
  readonly deadlineAt?: number | undefined;
  readonly affinityKey?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  readonly traceparent?: string | undefined;
  readonly ref?: string | undefined;
  readonly dependsOn?: readonly DependencyBody[] | undefined;
  readonly parentId?: string | undefined;
  readonly parentToken?: number | undefined;
  readonly allowLoop?: boolean | undefined;
  readonly budget?: BudgetBody | undefined;
  readonly concurrencyKey?: string | undefined;
  readonly fairnessKey?: string | undefined;
  readonly limits?: TaskOptions['limits'] | undefined;
  readonly dedupe?: TaskOptions['dedupe'] | undefined;
  readonly estimate?: TaskOptions['estimate'] | undefined;
  readonly placement?: TaskOptions['placement'] | undefined;
}

/** A submit's place in its session: see {@link ClientFrame}. */
export type FrameSession = readonly [
  sessionId: string,
  /** From 1; a repeat has that of the first. */
  sequence: number,
  /** The answers of all up to this one were seen: none of them is repeated. */
  acknowledged: number,
];

/** Longest id of a session, in UTF-16 units. */
export const SESSION_ID_LENGTH_MAX = 64;

/** Frames a submitter sends. `specOf` is null when every task uses the first spec. */
export type ClientFrame =
  | readonly [
      'submit',
      requestId: number,
      specs: readonly TaskOptions[],
      specOf: readonly number[] | null,
      payloads: readonly string[],
      extras: readonly (SubmitExtras | null)[] | null,
      watch: boolean,
      session?: FrameSession,
    ]
  /** Opens a session; its submits may follow the welcome. */
  | readonly ['hello', requestId: number, sessionId: string]
  | readonly ['watch', taskIds: readonly string[]]
  | readonly ['cancel', requestId: number, taskIds: readonly string[], reason: string];

/** How a finished task ended, as a small number. */
export const FINISHED_STATES = ['completed', 'failed', 'canceled'] as const;

/** Frames a submitter receives. */
export type ClientReply =
  | readonly [
      'submitted',
      requestId: number,
      taskIds: readonly string[],
      repeated: readonly number[] | null,
    ]
  | readonly ['refused', requestId: number, problem: Problem]
  | readonly ['welcome', requestId: number]
  | readonly ['canceled', requestId: number, refused: readonly (readonly [number, string])[] | null]
  | readonly [
      'finished',
      taskIds: readonly string[],
      states: readonly number[],
      results: readonly (string | null)[],
      errors: readonly (ErrorInfo | null)[] | null,
    ]
  | readonly ['problem', problem: Problem];

export interface Hello {
  readonly version: number;
  /** Names this run of the agent's process; a new one says that earlier leases are gone. */
  readonly incarnation: string;
  readonly agents: readonly RegisterAgent[];
  /** Leases this process still works on, after a reconnect: task ids and their tokens. */
  readonly held: readonly (readonly [taskId: string, fencingToken: number])[];
  /**
   * Whose silence counts: what comes over the connection speaks for all of its agents (`connection`, the
   * default), or each is there only as long as its own beats come (`agent`), as behind a gateway.
   */
  readonly presence?: 'connection' | 'agent';
}

/** One failed attempt: `retryAfterMs` 0 means the task's own policy decides. */
export type FailureTuple = readonly [
  taskId: string,
  fencingToken: number,
  code: string,
  message: string,
  retryable: boolean,
  retryAfterMs: number,
  critique?: string | null,
  /** The service whose fault it was. */
  downstream?: string | null,
];

/** Frames an agent sends. */
export type AgentFrame =
  | readonly ['hello', Hello]
  | readonly [
      'report',
      sequence: number,
      taskIds: readonly string[],
      fencingTokens: readonly number[],
      results: readonly string[],
      failures: readonly FailureTuple[],
      /** What they took: of the results in their order, then of the failures. Absent for nothing said. */
      usages?: readonly (Amounts | null)[],
    ]
  | readonly [
      'release',
      taskIds: readonly string[],
      fencingTokens: readonly number[],
      reason: string,
    ]
  | readonly ['extend', taskId: string, fencingToken: number, runMs: number]
  | readonly [
      'progress',
      taskId: string,
      fencingToken: number,
      fraction: number | null,
      note: string | null,
    ]
  /** `ordinal`: the chunk's place among those of its attempt, from 0. Sent again until it is `emitted`. */
  | readonly ['emit', taskId: string, fencingToken: number, chunk: string, ordinal?: number | null]
  | readonly ['details', taskId: string, fencingToken: number, details: string]
  /** `prompt` as JSON text, without its key. Said again after a reconnect while there is no answer. */
  | readonly ['ask', taskId: string, fencingToken: number, key: string, prompt: string]
  /** With `presence: 'agent'`: heard of these, by their positions among the connection's agents. */
  | readonly ['beat', agents?: readonly number[]]
  /**
   * Registers further agents of this connection, up to 10,000, after those it has: `specOf` is null when
   * all are like the first of `specs`. Leases name an agent by its position.
   */
  | readonly [
      'enroll',
      sequence: number,
      specs: readonly Omit<RegisterAgent, 'id'>[],
      ids: readonly string[],
      specOf: readonly number[] | null,
    ]
  | readonly ['drain']
  | readonly ['leave'];

/** Frames an agent receives. `types` is a dictionary that `typeOf` points into. */
export type AgentReply =
  | readonly ['welcome', heartbeatMs: number]
  /** The agents of that `enroll` are registered, durably, and served. */
  | readonly ['enrolled', sequence: number]
  | readonly [
      'leases',
      types: readonly string[],
      agents: readonly number[],
      taskIds: readonly string[],
      fencingTokens: readonly number[],
      attempts: readonly number[],
      typeOf: readonly number[],
      payloads: readonly string[],
      runUntils: readonly number[],
      extras: readonly (LeaseExtra | null)[] | null,
    ]
  | readonly ['answered', taskId: string, fencingToken: number, key: string, answer: string]
  | readonly ['ask_refused', taskId: string, fencingToken: number, key: string, problem: Problem]
  /** Chunks of the attempt up to this ordinal, exclusive, are durable. */
  | readonly ['emitted', taskId: string, fencingToken: number, upTo: number]
  /** A chunk that was not taken; the attempt goes on. */
  | readonly ['emit_refused', taskId: string, fencingToken: number, problem: Problem]
  | readonly ['reported', sequence: number, refused: readonly (readonly [number, string])[] | null]
  /** Nothing of the report was taken: send it again after `retryAfterMs`. */
  | readonly ['deferred', sequence: number, code: string, retryAfterMs: number]
  | readonly [
      'revoked',
      taskIds: readonly string[],
      fencingTokens: readonly number[],
      reason: string,
    ]
  /** The attempt should end by itself; what it reports until then, in milliseconds since 1970, counts. */
  | readonly [
      'cancel_requested',
      taskId: string,
      fencingToken: number,
      reason: string,
      until: number,
    ]
  | readonly ['left']
  | readonly ['problem', problem: Problem];

// Records would let a peer define the code that decodes its frames, and references would let it
// build cycles; plain maps do neither.
const packr = new Packr({ useRecords: false });
const structures: object[] = [];
const unpackr = new Unpackr({
  useRecords: false,
  mapsAsObjects: true,
  structuredClone: false,
  structures,
});
// The reader takes definitions of records whatever its options say, and keeps them here first: now it fails.
Object.freeze(structures);

/** Any frame, before its fields are checked. */
export type RawFrame = readonly [name: string, ...fields: unknown[]];

/** Encodes a message. The result is a view of its own bytes, safe to keep. */
export function packMessage(frames: readonly RawFrame[]): Uint8Array {
  return packr.pack(frames);
}

/** Bytes or characters of text that one frame gathers before the next begins. */
export const FRAME_TEXT_MAX: number = 4 * 1024 * 1024;

/**
 * Encodes frames as messages that the other end accepts: one, or several where one would be too large.
 *
 * A single frame above {@link MESSAGE_BYTES_MAX} is sent as it is, and refused by the other end.
 */
export function packMessages(frames: readonly RawFrame[]): readonly Uint8Array[] {
  const message = packMessage(frames);
  if (message.byteLength <= MESSAGE_BYTES_MAX || frames.length === 1) return [message];
  const middle = frames.length >> 1;
  return [...packMessages(frames.slice(0, middle)), ...packMessages(frames.slice(middle))];
}

/** Items in one frame's columns, at most, where a sender splits what it has to say. */
const SLICE_ITEMS_MAX = 10_000;

/** Splits items so that no slice has more than {@link FRAME_TEXT_MAX} of text, unless one item alone does. */
export function frameSlices<Item>(
  items: readonly Item[],
  lengthOf: (item: Item) => number,
): readonly (readonly Item[])[] {
  const slices: Item[][] = [];
  let slice: Item[] = [];
  let length = 0;
  for (const item of items) {
    const more = lengthOf(item);
    const isFull = slice.length === SLICE_ITEMS_MAX || length + more > FRAME_TEXT_MAX;
    if (slice.length > 0 && isFull) {
      slices.push(slice);
      slice = [];
      length = 0;
    }
    slice.push(item);
    length += more;
  }
  if (slice.length > 0) slices.push(slice);
  return slices;
}

/**
 * Decodes a message to its frames; what a frame holds after its name is unchecked.
 *
 * @throws OrchestratorError `INVALID_MESSAGE` for anything else
 */
export function unpackMessage(bytes: Uint8Array): readonly RawFrame[] {
  let frames: unknown;
  try {
    frames = unpackr.unpack(bytes);
  } catch (error) {
    throw invalid('a message must be one MessagePack value', { cause: error });
  }
  if (!Array.isArray(frames)) throw invalid('a message must be an array of frames');
  for (const frame of frames as unknown[]) checkFrame(frame);
  return frames as RawFrame[];
}

/**
 * As {@link unpackMessage} for one frame by itself.
 *
 * @throws OrchestratorError `INVALID_MESSAGE`
 */
export function unpackFrame(bytes: Uint8Array): RawFrame {
  let frame: unknown;
  try {
    frame = unpackr.unpack(bytes);
  } catch (error) {
    throw invalid('a frame must be one MessagePack value', { cause: error });
  }
  checkFrame(frame);
  return frame;
}

function checkFrame(frame: unknown): asserts frame is RawFrame {
  if (!Array.isArray(frame) || typeof frame[0] !== 'string')
    throw invalid('a frame must be an array that begins with its name');
}

function invalid(message: string, options?: ErrorOptions): OrchestratorError {
  return new OrchestratorError('INVALID_MESSAGE', message, {}, options);
}
