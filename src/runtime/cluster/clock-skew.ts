/** How far the clock of a node is from its leader's: whoever leads next decides what time it is. */
import type { Clock } from '../clock.ts';
import type { RuntimeLogger } from '../runtime-logger.ts';
import type { About } from './leadership.ts';

/** Between two looks, in milliseconds. */
const LOOK_MS = 30_000;
/** Beyond it the operator is told. */
const SKEW_MS_MAX = 2_000;

export interface ClockSkewOptions {
  readonly clock: Clock;
  readonly logger: RuntimeLogger;
  /** Asks the leader; null where this node leads, or nobody answers. */
  readonly ask: () => Promise<About | null>;
}

export class ClockSkew {
  readonly #options: ClockSkewOptions;
  #cancelTimer: (() => void) | null = null;
  #isClosed = false;
  /** Looks begun: only the newest one counts, for the leader may be another since. */
  #looks = 0;
  /** This clock minus the leader's, in milliseconds, give or take half of the way there and back; null while unknown. */
  ms: number | null = null;

  constructor(options: ClockSkewOptions) {
    this.#options = options;
  }

  /** Looks now, and again and again. */
  async look(): Promise<void> {
    this.#cancelTimer?.();
    const { ask, clock, logger } = this.#options;
    const askedMs = clock.monotonicMs();
    const look = (this.#looks += 1);
    const about = await ask();
    if (this.#isClosed || look !== this.#looks) return;
    this.#cancelTimer = clock.setTimer(LOOK_MS, () => void this.look());
    if (about === null) {
      this.ms = null;
      return;
    }
    const onTheWayMs = (clock.monotonicMs() - askedMs) / 2;
    this.ms = Math.round(clock.now() - onTheWayMs - about.nowMs);
    if (Math.abs(this.ms) <= SKEW_MS_MAX) return;
    logger.error(
      'the clock of this node is not that of the leader: were it to lead, time-outs and schedules would come too early or too late; set it right (NTP)',
      { skewMs: this.ms },
    );
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
  }
}
