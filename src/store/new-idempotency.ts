import type { CoreState, IdempotencyEntry } from '../core/index.ts';

/**
 * Finds the idempotency entries made since the last checkpoint without walking all of them.
 *
 * They stand at the end of a map in order of their numbers, and an iterator that was not run to
 * its end goes on with what was added since.
 */
export class NewIdempotency {
  #map: CoreState['idempotency'] | null = null;
  #iterator: Iterator<IdempotencyEntry> | null = null;
  #seqSeen = 0;
  #entries: IdempotencyEntry[] = [];

  /** Walks past what is stored already: the one step that takes long, after a restore. */
  prime(state: CoreState): void {
    this.#map = state.idempotency;
    this.#iterator = null;
    this.#seqSeen = 0;
    this.#entries = [];
    this.#walk(state, state.idempotencySeqStored);
  }

  /** The entries since the last call, in order. About 20 ns each. */
  takeAll(state: CoreState): readonly IdempotencyEntry[] {
    if (state.idempotency !== this.#map) this.prime(state);
    this.#walk(state, state.idempotencySeq);
    state.idempotencySeqStored = state.idempotencySeq;
    const entries = this.#entries;
    this.#entries = [];
    return entries;
  }

  /** Goes on to the entry numbered `seq` or, where that has expired, to the one after it. */
  #walk(state: CoreState, seq: number): void {
    while (this.#seqSeen < seq) {
      this.#iterator ??= state.idempotency.values();
      const next = this.#iterator.next();
      if (next.done === true) {
        // The newest entries have expired already; an iterator at its end is of no more use.
        this.#iterator = null;
        this.#seqSeen = seq;
      } else if (next.value.seq > this.#seqSeen) {
        this.#seqSeen = next.value.seq;
        if (next.value.seq > state.idempotencySeqStored) this.#entries.push(next.value);
      }
    }
  }
}
