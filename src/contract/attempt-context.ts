import { AttemptQuestions, type KeyedPrompt } from './attempt-questions.ts';
import { OrchestratorError } from '../base/errors.ts';
import { amountsOf, type Amounts } from './budget.ts';
import type {
  HandlerContext,
  HandlerLogger,
  LastError,
  ParentOutcome,
  SubmitChildren,
} from './handler.ts';
import type { InputPrompt } from './input.ts';
import { chunkText, detailsText, progressFacts } from './progress.ts';
import type { SubmitTask } from './task.ts';
import { traceOf, type TraceContext } from './trace.ts';

/** What few leases carry. */
export interface LeaseExtra {
  /** What an earlier attempt last said of how far it was, as JSON text. */
  readonly details: string | null;
  /** W3C trace context that the task was submitted with. */
  readonly traceparent: string | null;
  /** How the tasks it depended on ended, as JSON text; absent without any. */
  readonly parents?: string;
  /** How the attempt before ended; absent or null for the first. */
  readonly lastError?: LastError | null;
  readonly critique?: string | null;
  /** It should end by itself, for this reason. */
  readonly cancel?: { readonly reason: string; readonly until: number } | null;
}

const NOTHING_USED: Amounts = { tokens: 0, costUsd: 0 };

type ParentOutcomes = Readonly<Record<string, ParentOutcome>>;

/** An attempt to run, as its lease describes it. */
export interface AttemptLease {
  readonly taskId: string;
  readonly fencingToken: number;
  readonly attempt: number;
  readonly type: string;
  /** JSON text. */
  readonly payload: string;
  readonly extra: LeaseExtra | null;
}

/** What handlers' contexts need of the process around them. */
export interface AttemptHost<Lease extends AttemptLease> {
  /** The attempt lives; how far it is, where it said so. */
  progress(lease: Lease, fraction: number | null, note: string | null): void;
  /** The attempt lives, and the next one is to find this, as JSON text. */
  details(lease: Lease, details: string): void;
  /** A part of the output, as JSON text. */
  emit(lease: Lease, chunk: string): void;
  /**
   * Asks a person. Resolves with the answer as JSON text where it is kept; with null where it will
   * come through `Attempts.answered`.
   */
  ask(lease: Lease, prompt: KeyedPrompt): Promise<string | null>;
  /** Resolves with their ids in order. */
  submit(tasks: readonly SubmitTask[]): Promise<readonly string[]>;
  logger(lease: Lease): HandlerLogger;
}

/**
 * A handler's context. What costs something is made when it is asked for: most handlers ask for
 * nothing, and an AbortController costs as much as all the rest of a short attempt.
 */
export class AttemptContext<Lease extends AttemptLease> implements HandlerContext {
  readonly lease: Lease;
  readonly fencingToken: number;
  readonly attempt: number;
  readonly #host: AttemptHost<Lease>;
  #controller: AbortController | null = null;
  #abortReason: string | null = null;
  #cancelReason: string | null = null;
  #questions: AttemptQuestions | null = null;
  #trace: TraceContext | null = null;
  #parents: ParentOutcomes | null = null;
  #usage: Amounts | null = null;
  /** Tasks it submitted. */
  #children = 0;

  constructor(host: AttemptHost<Lease>, lease: Lease) {
    this.#host = host;
    this.lease = lease;
    this.fencingToken = lease.fencingToken;
    this.attempt = lease.attempt;
    this.#cancelReason = lease.extra?.cancel?.reason ?? null;
  }

  get isAborted(): boolean {
    return this.#abortReason !== null;
  }

  /** The questions it asked; null while it asked none. */
  get questions(): AttemptQuestions | null {
    return this.#questions;
  }

  abort(reason: string): void {
    if (this.#abortReason !== null) return;
    this.#abortReason = reason;
    this.#controller?.abort(abortError(reason));
    this.#questions?.abort(abortError(reason));
  }

  /** Tells the handler to end; what it returns still counts. */
  requestCancel(reason: string): void {
    if (this.#cancelReason !== null) return;
    this.#cancelReason = reason;
    this.#controller?.abort(abortError(reason));
    this.#questions?.abort(abortError(reason));
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      const reason = this.#abortReason ?? this.#cancelReason;
      if (reason !== null) this.#controller.abort(abortError(reason));
    }
    return this.#controller.signal;
  }

  get lastDetails(): unknown {
    const details = this.lease.extra?.details ?? null;
    return details === null ? undefined : JSON.parse(details);
  }

  get parents(): Readonly<Record<string, ParentOutcome>> {
    const { parents } = this.lease.extra ?? {};
    this.#parents ??= parents === undefined ? {} : (JSON.parse(parents) as ParentOutcomes);
    return this.#parents;
  }

  get lastError(): LastError | undefined {
    return this.lease.extra?.lastError ?? undefined;
  }

  get critique(): string | undefined {
    return this.lease.extra?.critique ?? undefined;
  }

  get trace(): TraceContext {
    this.#trace ??= traceOf(this.lease, this.lease.extra?.traceparent ?? null);
    return this.#trace;
  }

  // Functions from getters, not methods: handlers may take them out of the context.

  get heartbeat(): HandlerContext['heartbeat'] {
    return (details) => {
      if (details === undefined) this.#host.progress(this.lease, null, null);
      else this.#host.details(this.lease, detailsText(details));
    };
  }

  get progress(): HandlerContext['progress'] {
    return (share, text) => {
      const { fraction, note } = progressFacts(share, text);
      this.#host.progress(this.lease, fraction, note);
    };
  }

  get emit(): HandlerContext['emit'] {
    return (chunk) => this.#host.emit(this.lease, chunkText(chunk));
  }

  get waitForInput(): HandlerContext['waitForInput'] {
    return <Answer>(prompt: InputPrompt) => this.#ask(prompt) as Promise<Answer>;
  }

  get submit(): SubmitChildren {
    const submit = async (given: SubmitTask | readonly SubmitTask[]): Promise<unknown> => {
      const isMany = Array.isArray(given);
      const tasks = (isMany ? given : [given]) as readonly SubmitTask[];
      const ids = await this.#host.submit(tasks.map((task) => this.#child(task)));
      return isMany ? ids : ids[0];
    };
    return submit as SubmitChildren;
  }

  get reportUsage(): HandlerContext['reportUsage'] {
    return (usage) => {
      const { costUsd, tokens } = amountsOf(usage);
      if (!Number.isSafeInteger(tokens) || tokens < 0 || !Number.isFinite(costUsd) || costUsd < 0) {
        throw new OrchestratorError(
          'USAGE_INVALID',
          `usage must be whole tokens and dollars, neither below 0, got ${tokens} and ${costUsd}`,
        );
      }
      const before = this.#usage ?? NOTHING_USED;
      this.#usage = { tokens: before.tokens + tokens, costUsd: before.costUsd + costUsd };
    };
  }

  /** What it said that it took; null for nothing said. */
  get usage(): Amounts | null {
    return this.#usage;
  }

  #child(task: SubmitTask): SubmitTask {
    this.#children += 1;
    const { fencingToken, taskId } = this.lease;
    return {
      // Attempts that do the same in the same order name the same child alike.
      idempotencyKey: `child:${taskId}:${this.#children}`,
      traceparent: this.trace.traceparent,
      ...task,
      parentId: taskId,
      parentToken: fencingToken,
    };
  }

  get logger(): HandlerLogger {
    return this.#host.logger(this.lease);
  }

  #ask(prompt: InputPrompt): Promise<unknown> {
    if (this.#questions === null) {
      this.#questions = new AttemptQuestions((keyed) => this.#host.ask(this.lease, keyed));
      const reason = this.#abortReason ?? this.#cancelReason;
      if (reason !== null) this.#questions.abort(abortError(reason));
    }
    return this.#questions.ask(prompt);
  }
}

function abortError(reason: string): DOMException {
  return new DOMException(reason, 'AbortError');
}
