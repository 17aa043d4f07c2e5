import type { InputPrompt } from './input.ts';
import type { SubmitTask } from './task.ts';
import type { TraceContext } from './trace.ts';

/** A task as its handler sees it. */
export interface HandlerTask<Payload = unknown> {
  readonly id: string;
  readonly type: string;
  readonly payload: Payload;
}

/** Writes lines about one attempt; each carries the task's id, type and attempt. */
export interface HandlerLogger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** How a task that another one depended on ended. */
export interface ParentOutcome {
  /** `forgotten` where the history let it go before it was asked for. */
  readonly state: 'completed' | 'failed' | 'canceled' | 'forgotten';
  /** Of a completed one. */
  readonly result?: unknown;
  /** Of the others, where the edge lets the task go on all the same. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** See {@link HandlerContext.submit}. */
export interface SubmitChildren {
  (task: SubmitTask): Promise<string>;
  (tasks: readonly SubmitTask[]): Promise<readonly string[]>;
}

/** How an attempt ended that did not complete. */
export interface LastError {
  readonly code: string;
  readonly message: string;
  readonly attempt: number;
  readonly agentId: string;
}

/** What a handler can ask and tell while it runs. */
export interface HandlerContext {
  /**
   * Aborted when the attempt loses its right to run: canceled, timed out, fenced, or a stop ran out of
   * patience. After a cancel with a grace what the handler still returns counts until that is over.
   */
  readonly signal: AbortSignal;
  /** Grows with every attempt of the task; pass it on as an idempotency key to what you call. */
  readonly fencingToken: number;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** How the attempt before this one ended; undefined for the first. */
  readonly lastError: LastError | undefined;
  /** What a failed attempt, or the check of its result, left for the next one to do better. */
  readonly critique: string | undefined;
  /**
   * Says that the attempt is alive; needed where the task has a heartbeat timeout. `details`, any JSON
   * value up to 64 KiB, is kept with the task for the next attempt, which finds the newest one as
   * {@link lastDetails}. It is on its way to the disk when this returns, not there.
   */
  readonly heartbeat: (details?: unknown) => void;
  /** What an earlier attempt last gave to {@link heartbeat}; undefined where none did. */
  readonly lastDetails: unknown;
  /** How the tasks that this one depended on ended, by their refs, or by their ids where they have none. */
  readonly parents: Readonly<Record<string, ParentOutcome>>;
  /** Tells how far it is: `fraction` in 0..1. Counts as a heartbeat. */
  readonly progress: (fraction: number, note?: string) => void;
  /**
   * Hands out a part of the output, any JSON value up to 1 MiB: it is kept in its order until a while
   * after the task's end, for whoever reads the task's output. Counts as a heartbeat; it is no part of
   * the result. It is on its way to the disk when this returns; the end of the attempt waits for it.
   *
   * @throws OrchestratorError `CHUNK_INVALID` for what JSON cannot carry, is too long or too deep;
   *   `OUTPUT_LIMIT` past 100,000 chunks or 64 MiB of a task; `OVERLOADED` while too much waits
   */
  readonly emit: (chunk: unknown) => void;
  /**
   * Asks a person, and resolves with the answer, which meets the prompt's schema. The task is
   * `input_required` meanwhile: its slot is free, its run and heartbeat time-outs stand still.
   *
   * Answers are kept with the task: a later attempt that asks under the same key gets the answer at
   * once. Questions of one attempt are asked one after the other.
   *
   * @throws OrchestratorError `INPUT_PROMPT_INVALID`, or the signal's reason
   */
  readonly waitForInput: <Answer = unknown>(prompt: InputPrompt) => Promise<Answer>;
  /** W3C trace context of this attempt, to pass on to whatever it calls. */
  readonly trace: TraceContext;
  /**
   * Submits a task, or several that may depend on each other, as children of this one; resolves with its
   * id, or theirs in order, once they are durable. They are in this attempt's trace unless they name one.
   *
   * An attempt that is tried again and submits the same in the same order makes nothing twice: a child
   * without an idempotency key gets one of this task's id and its ordinal among the attempt's children.
   *
   * @throws OrchestratorError `BUDGET_EXCEEDED`, `DEPTH_EXCEEDED`, `FAN_OUT_EXCEEDED`, `LOOP_DETECTED`,
   *   `LEASE_FENCED`, `TREE_KILLED`
   */
  readonly submit: SubmitChildren;
  /** Says what this attempt took so far, on top of what it said before; it counts when the attempt ends. */
  readonly reportUsage: (usage: { readonly tokens?: number; readonly costUsd?: number }) => void;
  readonly logger: HandlerLogger;
}

/**
 * Does the work of a task. What it returns is the result, as JSON; `undefined` counts as null.
 *
 * A throw fails the attempt, which is retried as the task's policy says. The `code` of a thrown error
 * becomes the attempt's; `retryable: false` on it ends the task, `retryAfterMs` delays the next attempt.
 */
export type AgentHandler<Payload = never, Result = unknown> = (
  task: HandlerTask<Payload>,
  context: HandlerContext,
) => Result | Promise<Result>;

/** An error that says what should follow. */
export class TaskFailure extends Error {
  override readonly name = 'TaskFailure';
  readonly code: string;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly critique: string | undefined;
  readonly downstream: string | undefined;

  /**
   * @param options.retryAfterMs - shortest wait before the next attempt, in milliseconds
   * @param options.critique - what the next attempt should know to do better, up to 64 KiB
   * @param options.downstream - the service whose fault it was: its breaker alone counts the failure
   */
  constructor(
    code: string,
    message: string,
    options: {
      readonly retryable?: boolean;
      readonly retryAfterMs?: number;
      readonly critique?: string;
      readonly downstream?: string;
    } & ErrorOptions = {},
  ) {
    super(message, options);
    this.code = code;
    this.retryable = options.retryable ?? true;
    this.retryAfterMs = options.retryAfterMs;
    this.critique = options.critique;
    this.downstream = options.downstream;
  }
}

/** Ends the task: another attempt would fail alike. Any thrown thing with `retryable: false` does. */
export class NonRetryableError extends Error {
  override readonly name = 'NonRetryableError';
  readonly code: string;
  readonly retryable = false;

  constructor(message: string, options: { readonly code?: string } & ErrorOptions = {}) {
    super(message, options);
    this.code = options.code ?? 'NON_RETRYABLE';
  }
}

/** Fails the attempt and says how long the next one should wait. Any thrown thing with `retryAfterMs` does. */
export class RetryAfterError extends Error {
  override readonly name = 'RetryAfterError';
  readonly code: string;
  readonly retryAfterMs: number;

  /** @param retryAfterMs - shortest wait before the next attempt, in milliseconds */
  constructor(
    retryAfterMs: number,
    message = 'the attempt should be made again later',
    options: { readonly code?: string } & ErrorOptions = {},
  ) {
    super(message, options);
    this.code = options.code ?? 'RETRY_LATER';
    this.retryAfterMs = retryAfterMs;
  }
}
