import { isOrchestratorError } from '../../../base/errors.ts';
import type { ArtifactBytes, ArtifactFacts, ArtifactStore } from '../../../store/index.ts';
import type { Clock } from '../../clock.ts';
import type { RuntimeLogger } from '../../runtime-logger.ts';

export interface ArtifactCheckOptions {
  readonly artifacts: ArtifactStore;
  readonly clock: Clock;
  readonly logger: RuntimeLogger;
}

/** Shortest pause between two artifacts, in milliseconds. */
const PAUSE_MS_MIN = 5_000;
/** What is read on average, at most: 4 MiB a second. */
const BYTES_PER_MS = 4 * 1024;
/** What is read at once, of the same: 64 MiB a second. */
const BURST_BYTES_PER_MS = 64 * 1024;

/** Reads one artifact after another, again and again: damage is found before the last good copy goes. */
export class ArtifactCheck {
  readonly #options: ArtifactCheckOptions;
  #last = '';
  #cancelTimer: (() => void) | null = null;
  #isClosed = false;

  constructor(options: ArtifactCheckOptions) {
    this.#options = options;
    this.#arm(PAUSE_MS_MIN);
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
  }

  #arm(pauseMs: number): void {
    if (this.#isClosed) return;
    this.#cancelTimer = this.#options.clock.setTimer(pauseMs, () => void this.#checkNext());
  }

  async #checkNext(): Promise<void> {
    const facts = this.#next();
    if (facts !== null) await this.#check(facts);
    this.#arm(Math.max(PAUSE_MS_MIN, Math.ceil((facts?.bytes ?? 0) / BYTES_PER_MS)));
  }

  #next(): ArtifactFacts | null {
    const { artifacts } = this.#options;
    const ids = [...artifacts.all()].map(({ id }) => id).toSorted();
    this.#last = ids.find((id) => id > this.#last) ?? ids[0] ?? '';
    return artifacts.find(this.#last);
  }

  async #check(facts: ArtifactFacts): Promise<void> {
    const { artifacts, logger } = this.#options;
    let content: ArtifactBytes | null = null;
    try {
      content = await artifacts.open(facts);
      if (await content.isWhole((bytes) => this.#pause(bytes))) return;
    } catch (error) {
      // What cannot be opened is damaged as well.
      if (!isOrchestratorError(error)) throw error;
    } finally {
      await content?.close();
    }
    if (this.#isClosed || artifacts.find(facts.id) === null) return;
    logger.error('an artifact is damaged on this disk; it is copied again', { id: facts.id });
  }

  #pause(bytes: number): Promise<void> {
    const pauseMs = Math.ceil(bytes / BURST_BYTES_PER_MS);
    return new Promise((resolve) => void this.#options.clock.setTimer(pauseMs, resolve));
  }
}
