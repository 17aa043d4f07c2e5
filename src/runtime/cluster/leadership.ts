/** Who leads, for those who wait to know: this node once it may take work, or another by where its API is. */
import { isOrchestratorError } from '../../base/errors.ts';
import type { ClusterLog, RoleView } from '../../log/index.ts';
import type { Clock } from '../clock.ts';
import type { WebhookProof } from './webhook-match.ts';

export type KnownLeader = 'self' | { readonly nodeId: string; readonly url: string };

/** Kind of the question where a node's API is, and what its clock says. */
export const ASK_ABOUT = 1;
/** The same, of a node that need not lead. */
export const ASK_NODE = 128;

/** What a node says of itself. */
export interface About {
  readonly url: string;
  /** Its wall clock, in milliseconds since 1970. */
  readonly nowMs: number;
  /** How it calls agents; absent where it is of the release before. */
  readonly webhooks?: WebhookProof;
}
/** Pause before a leader that did not answer is asked again, in milliseconds. */
const AGAIN_MS = 50;
/** How long an answer of a leader is waited for before it is asked again, in milliseconds. */
const ANSWER_MS_MAX = 1_000;

export interface LeadershipOptions {
  readonly nodeId: string;
  readonly clock: Clock;
  readonly log: () => ClusterLog | null;
}

export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #waiting = new Set<() => void>();
  #term: number | null = null;
  #changes = 0;
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
    this.#changes += 1;
    for (const look of this.#waiting) look();
  }

  /** Resolves with who leads as soon as that is known; with null after `waitMs`. */
  async leader(waitMs: number): Promise<KnownLeader | null> {
    const { clock } = this.#options;
    const endMs = clock.monotonicMs() + waitMs;
    for (;;) {
      const changes = this.#changes;
      const known = await this.#look();
      if (known !== null) return known;
      // Whoever came while the one before was asked is not told of a second time.
      if (changes !== this.#changes) continue;
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
    // Who says nothing, dead or paused, is not waited for any longer than it leads.
    const about = await Promise.race([this.ask(), this.#change(ANSWER_MS_MAX)]);
    if (about == null || about.url === '') return null;
    this.#known = { nodeId: leader, term, url: about.url };
    return this.#known;
  }

  /** Asks the leader about itself; null where it does not answer: it may be gone already. */
  async ask(): Promise<About | null> {
    try {
      const answer = await this.#options.log()?.forward(ASK_ABOUT, new Uint8Array());
      return answer === undefined ? null : (JSON.parse(Buffer.from(answer).toString()) as About);
    } catch (error) {
      // Whoever leads next will be heard of.
      if (!isOrchestratorError(error)) throw error;
      return null;
    }
  }

  /** Resolves when somebody else may lead, or after so long. */
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
