/** Who leads, for those who wait to know: this node once it may take work, or another by where its API is. */
import { isOrchestratorError } from '../../base/errors.ts';
import type { ClusterLog, RoleView } from '../../log/index.ts';
import type { Clock } from '../clock.ts';

export type KnownLeader = 'self' | { readonly nodeId: string; readonly url: string };

/** Kind of the question where a node's API is. */
export const ASK_API_URL = 1;
/** Pause before a leader that did not answer is asked again, in milliseconds. */
const AGAIN_MS = 50;

export interface LeadershipOptions {
  readonly nodeId: string;
  readonly clock: Clock;
  readonly log: () => ClusterLog | null;
}

export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #waiting = new Set<() => void>();
  #term: number | null = null;
  /** Where the API of a leader is, as it said itself. */
  #known: { readonly nodeId: string; readonly term: number; readonly url: string } | null = null;

  constructor(options: LeadershipOptions) {
    this.#options = options;
  }

  /** The term in which this node leads and takes work; null while it does not. */
  get term(): number | null {
    return this.#term;
  }

  set term(term: number | null) {
    this.#term = term;
    this.changed();
  }

  /** Lets those who wait look again. */
  changed(): void {
    for (const look of this.#waiting) look();
  }

  /** Resolves with who leads as soon as that is known; with null after `waitMs`. */
  async leader(waitMs: number): Promise<KnownLeader | null> {
    const { clock } = this.#options;
    const endMs = clock.monotonicMs() + waitMs;
    for (;;) {
      const known = await this.#look();
      if (known !== null) return known;
      const leftMs = endMs - clock.monotonicMs();
      if (leftMs <= 0) return null;
      await this.#change(Math.min(leftMs, this.#isOtherKnown ? AGAIN_MS : leftMs));
    }
  }

  get #isOtherKnown(): boolean {
    const leader = this.#options.log()?.role.leader ?? null;
    return leader !== null && leader !== this.#options.nodeId;
  }

  async #look(): Promise<KnownLeader | null> {
    if (this.#term !== null) return 'self';
    const log = this.#options.log();
    if (log === null || !this.#isOtherKnown) return null;
    const { leader, term } = log.role as RoleView & { readonly leader: string };
    if (this.#known?.nodeId === leader && this.#known.term === term) return this.#known;
    try {
      const answer = await log.forward(ASK_API_URL, new Uint8Array());
      const url = Buffer.from(answer).toString('utf8');
      if (url === '') return null;
      this.#known = { nodeId: leader, term, url };
      return this.#known;
    } catch (error) {
      // It may be gone already; whoever leads next will be heard of.
      if (!isOrchestratorError(error)) throw error;
      return null;
    }
  }

  #change(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.#waiting.delete(done);
        resolve();
      };
      const cancel = this.#options.clock.setTimer(waitMs, done);
      this.#waiting.add(done);
    });
  }
}
