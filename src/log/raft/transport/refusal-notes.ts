import type { OrchestratorError } from '../../../base/errors.ts';
import type { ShellClock, ShellLogger } from '../shell-ports.ts';

/** Between two lines about the same peer and reason, in milliseconds. */
const AGAIN_MS = 60_000;
/** Peers and reasons that are remembered. */
const NOTES_MAX = 256;

/** Tells of peers that were refused: they come back every second, and are told of once a minute. */
export class RefusalNotes {
  readonly #clock: ShellClock;
  readonly #logger: ShellLogger;
  readonly #toldMs = new Map<string, number>();

  constructor(clock: ShellClock, logger: ShellLogger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  note(peer: string, { code, message }: OrchestratorError): void {
    const nowMs = this.#clock.monotonicMs();
    const key = `${peer} ${code}`;
    const toldMs = this.#toldMs.get(key);
    if (toldMs !== undefined && nowMs - toldMs < AGAIN_MS) return;
    if (this.#toldMs.size >= NOTES_MAX) this.#toldMs.clear();
    this.#toldMs.set(key, nowMs);
    this.#logger.warn('a peer was refused', { peer, code, why: message });
  }
}
