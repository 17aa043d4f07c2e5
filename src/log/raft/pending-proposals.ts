import type { OrchestratorError } from '../../base/errors.ts';

interface Waiting {
  readonly resolve: (index: number) => void;
  readonly reject: (error: Error) => void;
}

interface Accepted extends Waiting {
  readonly index: number;
  readonly term: number;
}

/** Appends of this node that wait: first for a place in the log, then for that place to be committed. */
export class PendingProposals {
  #proposed = new Map<number, Waiting>();
  #accepted: Accepted[] = [];
  #head = 0;
  #nextId = 1;
  #idle: (() => void)[] = [];

  get size(): number {
    return this.#proposed.size + this.#accepted.length - this.#head;
  }

  /** @returns the number to propose it under */
  add(waiting: Waiting): number {
    const id = this.#nextId;
    this.#nextId += 1;
    this.#proposed.set(id, waiting);
    return id;
  }

  accepted(id: number, index: number, term: number): void {
    const waiting = this.#proposed.get(id);
    if (waiting === undefined) return;
    this.#proposed.delete(id);
    this.#accepted.push({ ...waiting, index, term });
  }

  dropped(id: number, error: Error): void {
    this.#proposed.get(id)?.reject(error);
    this.#proposed.delete(id);
    this.#tellIdle();
  }

  /** Whether the entry committed at `index` is one that is waited for. */
  isWaitedFor(index: number, term: number): boolean {
    for (let at = this.#head; at < this.#accepted.length; at += 1) {
      const one = this.#accepted[at] as Accepted;
      if (one.index === index) return one.term === term;
      if (one.index > index) return false;
    }
    return false;
  }

  /** An entry was committed; `lost` is what those hear whose place it took. */
  committed(index: number, term: number, answer: number, lost: () => OrchestratorError): void {
    while (this.#head < this.#accepted.length) {
      const one = this.#accepted[this.#head] as Accepted;
      if (one.index > index) break;
      this.#head += 1;
      if (one.index === index && one.term === term) one.resolve(answer);
      else one.reject(lost());
    }
    if (this.#head === this.#accepted.length || this.#head > 4096) {
      this.#accepted = this.#accepted.slice(this.#head);
      this.#head = 0;
    }
    this.#tellIdle();
  }

  /**
   * Nobody will be able to tell what becomes of what waits for its commit.
   *
   * @param committedThrough - index up to which it is known, for it is committed and yet to be handed out
   */
  loseAccepted(error: Error, committedThrough: number): void {
    const waiting = this.#accepted.slice(this.#head);
    this.#accepted = waiting.filter(({ index }) => index <= committedThrough);
    this.#head = 0;
    for (const one of waiting) if (one.index > committedThrough) one.reject(error);
    this.#tellIdle();
  }

  rejectAll(error: Error): void {
    const proposed = [...this.#proposed.values()];
    this.#proposed.clear();
    for (const one of proposed) one.reject(error);
    this.loseAccepted(error, 0);
  }

  /** Resolves once nothing waits. */
  async settled(): Promise<void> {
    while (this.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #tellIdle(): void {
    if (this.size > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
