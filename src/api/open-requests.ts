import { OrchestratorError } from '../base/errors.ts';
import type { Metrics, Transport } from '../telemetry/index.ts';

/** Clients that stay connected at once, by how. */
export interface OpenRequestLimits {
  /** Default 1,000. */
  readonly sse?: number;
  /** Default 10,000. */
  readonly poll?: number;
  /** Default 256. */
  readonly download?: number;
}

type Kind = keyof OpenRequestLimits & Transport;

const LIMITS = { sse: 1_000, poll: 10_000, download: 256 } as const;

/** The requests whose answer takes its time: event streams, long polls, downloads. Bounded, and ended at a stop. */
export class OpenRequests {
  readonly #metrics: Metrics;
  readonly #limits: Readonly<Record<Kind, number>>;
  readonly #counts = { sse: 0, poll: 0, download: 0 };
  readonly #ends = new Set<() => void>();
  #ended = false;

  constructor(metrics: Metrics, limits: OpenRequestLimits = {}) {
    this.#metrics = metrics;
    this.#limits = { ...LIMITS, ...limits };
  }

  /** True once everything was asked to end. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Takes note of an open request; `end` is called when it should be answered now.
   *
   * @returns what to call once it was answered or its client left
   * @throws OrchestratorError `STREAM_LIMIT`, or `STOPPED` after {@link endAll}
   */
  add(transport: Kind, end: () => void): () => void {
    if (this.#ended) throw new OrchestratorError('STOPPED', 'the server must be running');
    const limit = this.#limits[transport];
    if (this.#counts[transport] >= limit) {
      throw new OrchestratorError(
        'STREAM_LIMIT',
        `at most ${limit} clients may stay connected this way, got one more`,
        { limit },
      );
    }
    this.#counts[transport] += 1;
    this.#ends.add(end);
    const left = this.#metrics.connected(transport);
    return () => {
      if (!this.#ends.delete(end)) return;
      this.#counts[transport] -= 1;
      left();
    };
  }

  /** Asks every open request to end, and takes no more. */
  endAll(): void {
    this.#ended = true;
    for (const end of this.#ends) end();
  }
}
