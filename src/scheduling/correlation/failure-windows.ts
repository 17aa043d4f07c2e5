/**
 * Which agents failed in which stretch of time, for the last 256 stretches in which anything ended.
 *
 * One bit for each agent and window, so that two agents are compared by eight words. Only agents with a
 * failure in one of the windows have bits, at most 4,096 of them: who failed longest ago makes room. 128 KiB
 * and some 50 bytes each. A failure costs O(1), a new window O(agents with bits).
 */

/** Failures so close together count as one event (120 s in Ford et al., OSDI 2010, for disks; agents are faster). */
export const WINDOW_MS = 30_000;
/** Windows that are remembered. */
export const WINDOWS_MAX = 256;
/** Agents with failures that are remembered. */
export const TRACKED_MAX = 4_096;
const WORDS = WINDOWS_MAX / 32;

export class FailureWindows {
  /** The row of each agent, of the one that failed longest ago first. */
  readonly #rows = new Map<number, number>();
  readonly #bits: Uint32Array = new Uint32Array(TRACKED_MAX * WORDS);
  readonly #unused: number[] = Array.from({ length: TRACKED_MAX }, (_, row) => row);
  #window = Number.NEGATIVE_INFINITY;
  #slot = -1;
  #count = 0;
  #version = 0;

  /** Windows that are remembered, the present one among them. */
  get count(): number {
    return this.#count;
  }

  /** Changes whenever a bit does. */
  get version(): number {
    return this.#version;
  }

  /** Agents that failed in one of the windows, the one that failed last at the end. */
  agents(): MapIterator<number> {
    return this.#rows.keys();
  }

  /** Something ended: this window counts. A clock that goes back changes nothing. */
  ended(nowMs: number): void {
    const window = Math.floor(nowMs / WINDOW_MS);
    if (!(window > this.#window)) return;
    this.#window = window;
    this.#slot = (this.#slot + 1) % WINDOWS_MAX;
    this.#version += 1;
    if (this.#count < WINDOWS_MAX) this.#count += 1;
    else this.#clear(this.#slot);
  }

  /** An attempt of the agent failed, or it was lost. */
  failed(agent: number, nowMs: number): void {
    this.ended(nowMs);
    const known = this.#rows.get(agent);
    const row = known ?? this.#freeRow();
    const word = row * WORDS + (this.#slot >>> 5);
    const bit = 1 << (this.#slot & 31);
    if (((this.#bits[word] as number) & bit) !== 0) return;
    this.#bits[word] = (this.#bits[word] as number) | bit;
    if (known !== undefined) this.#rows.delete(agent);
    this.#rows.set(agent, row);
    this.#version += 1;
  }

  /** Forgets what was known under an index. */
  forget(agent: number): void {
    const row = this.#rows.get(agent);
    if (row !== undefined) this.#drop(agent, row);
  }

  /** Windows in which the agent failed, as bits; null for one that did not. Not to be changed, nor kept. */
  bitsOf(agent: number): Uint32Array | null {
    const row = this.#rows.get(agent);
    return row === undefined ? null : this.#bits.subarray(row * WORDS, (row + 1) * WORDS);
  }

  has(agent: number): boolean {
    return this.#rows.has(agent);
  }

  /** Windows in which it failed. */
  failures(agent: number): number {
    return this.together(agent, agent);
  }

  /** Windows in which both failed. */
  together(a: number, b: number): number {
    const [rowA, rowB] = [this.#rows.get(a), this.#rows.get(b)];
    if (rowA === undefined || rowB === undefined) return 0;
    let count = 0;
    for (let word = 0; word < WORDS; word++) {
      const one = this.#bits[rowA * WORDS + word] as number;
      count += onesOf(one & (this.#bits[rowB * WORDS + word] as number));
    }
    return count;
  }

  #clear(slot: number): void {
    const kept = ~(1 << (slot & 31));
    for (const [agent, row] of this.#rows) {
      const word = row * WORDS + (slot >>> 5);
      const bits = this.#bits[word] as number;
      if ((bits & ~kept) === 0) continue;
      this.#bits[word] = bits & kept;
      if (this.failures(agent) === 0) this.#drop(agent, row);
    }
  }

  #freeRow(): number {
    if (this.#unused.length === 0) {
      for (const [agent, row] of this.#rows) {
        this.#drop(agent, row);
        break;
      }
    }
    return this.#unused.pop() as number;
  }

  #drop(agent: number, row: number): void {
    this.#rows.delete(agent);
    this.#bits.fill(0, row * WORDS, (row + 1) * WORDS);
    this.#unused.push(row);
    this.#version += 1;
  }
}

/** Bits that are set in both. */
export function countShared(a: Uint32Array, b: Uint32Array): number {
  let count = 0;
  for (let word = 0; word < a.length; word++) {
    count += onesOf((a[word] as number) & (b[word] as number));
  }
  return count;
}

function onesOf(word: number): number {
  const pairs = word - ((word >>> 1) & 0x5555_5555);
  const fours = (pairs & 0x3333_3333) + ((pairs >>> 2) & 0x3333_3333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
