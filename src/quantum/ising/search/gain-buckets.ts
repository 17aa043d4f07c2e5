/**
 * Spins sorted by the gain of their flip, in doubly linked lists, one for each integer gain.
 *
 * Moving a spin costs O(1); the best gain is kept as a pointer that seldom walks far.
 * After Fiduccia and Mattheyses (1982), as breakout local search uses it.
 */
export class GainBuckets {
  readonly #head: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #bucket: Int32Array;
  readonly #gainMax: number;
  #top: number;

  /** Gains are integers in [−gainMax, gainMax]. */
  constructor(size: number, gainMax: number) {
    this.#gainMax = gainMax;
    this.#head = new Int32Array(2 * gainMax + 1).fill(-1);
    this.#next = new Int32Array(size);
    this.#previous = new Int32Array(size);
    this.#bucket = new Int32Array(size).fill(-1);
    this.#top = 0;
  }

  /** Puts a spin where its gain says, wherever it was before. */
  put(spin: number, gain: number): void {
    const bucket = gain + this.#gainMax;
    if (this.#bucket[spin] === bucket) return;
    if (this.#bucket[spin] >= 0) this.#unlink(spin);
    const head = this.#head[bucket];
    this.#next[spin] = head;
    this.#previous[spin] = -1;
    if (head >= 0) this.#previous[head] = spin;
    this.#head[bucket] = spin;
    this.#bucket[spin] = bucket;
    if (bucket > this.#top) this.#top = bucket;
  }

  /** The spin put last among those of greatest gain that `allows`; −1 if it allows none. Greatest first. */
  best(allows: (spin: number, gain: number) => boolean): number {
    while (this.#top > 0 && this.#head[this.#top] < 0) this.#top -= 1;
    for (let bucket = this.#top; bucket >= 0; bucket--) {
      for (let spin = this.#head[bucket]; spin >= 0; spin = this.#next[spin]) {
        if (allows(spin, bucket - this.#gainMax)) return spin;
      }
    }
    return -1;
  }

  #unlink(spin: number): void {
    const next = this.#next[spin];
    const previous = this.#previous[spin];
    if (next >= 0) this.#previous[next] = previous;
    if (previous >= 0) this.#next[previous] = next;
    else this.#head[this.#bucket[spin]] = next;
  }
}
