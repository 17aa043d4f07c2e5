/** Which writes are out, what they hold, and what may be told once they are durable. */
import { invariant } from '../../base/invariant.ts';
import type { WriteToken } from './inputs.ts';

interface Write {
  readonly token: WriteToken;
  /** Last index of the log after it, or null if it wrote none. */
  readonly lastIndex: number | null;
}

const NO_WRITE: WriteToken = { seq: 0, generation: 0 };

/** Knows nothing of what is in the entries; works in indexes and tokens. */
export class Durability {
  /** The log is durable through this index. */
  stableIndex: number;
  generation = 0;
  /** Newest write of a term or a vote. */
  #hardStateToken: WriteToken = NO_WRITE;
  /** Newest write that changed the log. */
  #logToken: WriteToken = NO_WRITE;
  #writes: Write[] = [];
  #issuedSeq = 0;
  #durableSeq = 0;

  constructor(stableIndex: number) {
    this.stableIndex = stableIndex;
  }

  /** The token that holds term and vote back, or null when they are durable. */
  get hardStateWait(): WriteToken | null {
    return this.#hardStateToken.seq > this.#durableSeq ? this.#hardStateToken : null;
  }

  /** Writes begun and not known as durable. */
  get writesOut(): number {
    return this.#writes.length;
  }

  /** Numbers that later behaviour depends on, for digests. */
  get digestParts(): readonly number[] {
    const { stableIndex, generation } = this;
    return [stableIndex, generation, this.#issuedSeq, this.#durableSeq, this.#logToken.seq];
  }

  /** The token that the log through `index`, and term and vote, wait for; null when all of it is durable. */
  logWait(index: number): WriteToken | null {
    if (index <= this.stableIndex) return this.hardStateWait;
    const { seq } = this.#logToken;
    return seq > this.#hardStateToken.seq ? this.#logToken : this.#hardStateToken;
  }

  /** Entries from `index` on were replaced or dropped: writes under way no longer vouch for what stands there now. */
  truncated(index: number): void {
    this.generation += 1;
    this.stableIndex = Math.min(this.stableIndex, index - 1);
  }

  issue(lastIndex: number | null, hasHardState: boolean): WriteToken {
    this.#issuedSeq += 1;
    const token = { seq: this.#issuedSeq, generation: this.generation };
    this.#writes.push({ token, lastIndex });
    if (lastIndex !== null) this.#logToken = token;
    if (hasHardState) this.#hardStateToken = token;
    return token;
  }

  /** Everything through `token` is durable. A token that is already durable says nothing. */
  completed(token: WriteToken): void {
    invariant(token.seq <= this.#issuedSeq, 'only a write that was begun may complete');
    while (this.#writes.length > 0) {
      const write = this.#writes[0];
      if (write === undefined || write.token.seq > token.seq) break;
      this.#writes.shift();
      this.#durableSeq = write.token.seq;
      if (write.lastIndex !== null && write.token.generation === this.generation)
        this.stableIndex = Math.max(this.stableIndex, write.lastIndex);
    }
  }
}
