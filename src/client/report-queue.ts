/** Reports on their way to the server: gathered, sent, and kept until they are answered. */
import {
  frameSlices,
  type Amounts,
  type AttemptReport,
  type FailureTuple,
  type RawFrame,
} from '../contract/index.ts';

/** Names an attempt on the wire. */
export type AttemptRef = readonly [taskId: string, fencingToken: number];

/** An attempt that ended here, and how. */
export interface Ended {
  readonly taskId: string;
  readonly fencingToken: number;
  readonly report: AttemptReport;
  /** What a failed one last said of how far it was, as JSON text: the next attempt must find it. */
  readonly details: string | null;
}

export class ReportQueue {
  readonly #send: (frame: RawFrame) => unknown;
  /** Reports that the server has not answered, by sequence; sent again after a reconnect. */
  readonly #unanswered = new Map<number, readonly Ended[]>();
  readonly #deferred = new Set<NodeJS.Timeout>();
  #ended: Ended[] = [];
  #scheduled = false;
  #sequence = 1;

  /** @param send - sends a frame if there is a connection; one that is lost is sent again */
  constructor(send: (frame: RawFrame) => unknown) {
    this.#send = send;
  }

  /** Whether everything that ended is known to the server. */
  get isEmpty(): boolean {
    return this.#unanswered.size === 0 && this.#ended.length === 0;
  }

  /** The attempts that ended and whose reports are not answered. */
  refs(): readonly AttemptRef[] {
    return [...[...this.#unanswered.values()].flat(), ...this.#ended].map(
      ({ fencingToken, taskId }) => [taskId, fencingToken],
    );
  }

  /** Attempts that end in the same turn of the event loop are reported in one frame. */
  add(ended: Ended): void {
    this.#ended.push(ended);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  /** Sends what was gathered. */
  flush(): void {
    const ended = this.#ended;
    this.#ended = [];
    const lengthOf = ({ report }: Ended): number =>
      report.ok ? report.result.length : report.message.length;
    for (const slice of frameSlices(ended, lengthOf)) {
      const sequence = this.#sequence++;
      this.#unanswered.set(sequence, slice);
      this.#sendReport(sequence, slice);
    }
  }

  /** Sends everything unanswered again: the connection is a new one. */
  resend(): void {
    for (const [sequence, ended] of this.#unanswered) this.#sendReport(sequence, ended);
  }

  answered(sequence: number): void {
    this.#unanswered.delete(sequence);
  }

  /** The server took nothing of a report: it is sent again after `retryAfterMs`. */
  deferred(sequence: number, retryAfterMs: number): void {
    const timer = setTimeout(() => {
      this.#deferred.delete(timer);
      const ended = this.#unanswered.get(sequence);
      if (ended !== undefined) this.#sendReport(sequence, ended);
    }, retryAfterMs);
    this.#deferred.add(timer);
  }

  #sendReport(sequence: number, ended: readonly Ended[]): void {
    for (const { details, fencingToken, taskId } of ended) {
      // Whether it arrived before is not known.
      if (details !== null) this.#send(['details', taskId, fencingToken, details]);
    }
    this.#send(reportFrame(sequence, ended));
  }

  close(): void {
    for (const timer of this.#deferred) clearTimeout(timer);
    this.#deferred.clear();
  }
}

function reportFrame(sequence: number, ended: readonly Ended[]): RawFrame {
  const taskIds: string[] = [];
  const tokens: number[] = [];
  const results: string[] = [];
  const failures: FailureTuple[] = [];
  for (const { fencingToken, report, taskId } of ended) {
    if (!report.ok) {
      const { code, critique = null, downstream, message, retryable, retryAfterMs } = report;
      const rare =
        downstream === undefined ? ([critique] as const) : ([critique, downstream] as const);
      failures.push([taskId, fencingToken, code, message, retryable, retryAfterMs, ...rare]);
      continue;
    }
    taskIds.push(taskId);
    tokens.push(fencingToken);
    results.push(report.result);
  }
  const frame = ['report', sequence, taskIds, tokens, results, failures] as const;
  return ended.every(({ report }) => report.usage === undefined)
    ? frame
    : [...frame, usagesOf(ended)];
}

/** Of the completed ones in their order, then of the failed ones. */
function usagesOf(ended: readonly Ended[]): readonly (Amounts | null)[] {
  const completed = ended.filter(({ report }) => report.ok);
  const failed = ended.filter(({ report }) => !report.ok);
  return [...completed, ...failed].map(({ report }) => report.usage ?? null);
}
