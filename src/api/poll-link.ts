import type { AgentLink, Lease } from '../runtime/index.ts';

/** One open lease request of a polling agent. Ends with its first leases, or when it is told to. */
export class PollLink implements AgentLink {
  readonly kind = 'poll';
  /** While the request is open its agent is there; how long that can be is bounded. */
  readonly lastHeardMs: number = Number.POSITIVE_INFINITY;
  readonly #ended = Promise.withResolvers<readonly Lease[]>();
  readonly #onEnd: () => void;
  #leases: Lease[] = [];
  #isOpen = true;

  /** @param onEnd - takes this link from its agent: what is granted from then on waits for the next */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  /** Resolves with what the agent is to get. */
  get leases(): Promise<readonly Lease[]> {
    return this.#ended.promise;
  }

  lease(lease: Lease): void {
    this.#leases.push(lease);
  }

  revoke(_agentId: string, taskId: string, fencingToken: number): void {
    this.#leases = this.#leases.filter(
      (lease) => lease.taskId !== taskId || lease.fencingToken !== fencingToken,
    );
  }

  /** A polling agent asks for its answers itself. */
  answer(): void {}

  /** … and hears of a cancel in what its calls about the lease are answered. */
  cancelRequested(): void {}

  flush(): void {
    if (this.#leases.length > 0) this.end();
  }

  replaced(): void {
    this.end();
  }

  /** Ends the request with what there is. Safe to call twice. */
  end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#onEnd();
    this.#ended.resolve(this.#leases);
  }
}
