/**
 * Which agents failed in which stretch of time, for the last 256 stretches in which anything ended.
 *
 * One bit for each agent and window, so that two agents are compared by eight words. Only agents with a
 * failure in one of the windows have bits, at most 4,096 of them: who failed longest ago makes room. About
 * 150 bytes each. A failure costs O(1), a new window O(agents with bits).
 */

/** Failures so close together count as one event (120 s in Ford et al., OSDI 2010, for disks; agents are faster). */
export const WINDOW_MS = 30_000;
/** Windows that are remembered. */
export const WINDOWS_MAX = 256;
/** Agents with failures that are remembered. */
export const TRACKED_MAX = 4_096;
const WORDS = WINDOWS_MAX / 32;

export class FailureWindows {
  /** By agent, the one that failed longest ago first. */
  readonly #bits = new Map<number, Uint32Array>();
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
    return this.#bits.keys();
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
    const known = this.#bits.get(agent);
    const word = this.#slot >>> 5;
    const bit = 1 << (this.#slot & 31);
    if (known !== undefined && ((known[word] as number) & bit) !== 0) return;
    const bits = known ?? new Uint32Array(WORDS);
    bits[word] = (bits[word] as number) | bit;
    this.#bits.delete(agent);
    this.#bits.set(agent, bits);
    this.#version += 1;
    if (this.#bits.size > TRACKED_MAX) this.#dropFirst();
  }

  /** Forgets what was known under an index. */
  forget(agent: number): void {
    if (this.#bits.delete(agent)) this.#version += 1;
  }

  /** Windows in which the agent failed, as bits; null for one that did not. Not to be changed. */
  bitsOf(agent: number): Uint32Array | null {
    return this.#bits.get(agent) ?? null;
  }

  /** Windows in which it failed. */
  failures(agent: number): number {
    const bits = this.#bits.get(agent);
    return bits === undefined ? 0 : countBits(bits);
  }

  /** Windows in which both failed. */
  together(a: number, b: number): number {
    const [one, other] = [this.#bits.get(a), this.#bits.get(b)];
    return one === undefined || other === undefined ? 0 : countShared(one, other);
  }

  #clear(slot: number): void {
    const word = slot >>> 5;
    const kept = ~(1 << (slot & 31));
    for (const [agent, bits] of this.#bits) {
      bits[word] = (bits[word] as number) & kept;
      if (bits.every((one) => one === 0)) this.#bits.delete(agent);
    }
  }

  #dropFirst(): void {
    for (const agent of this.#bits.keys()) {
      this.#bits.delete(agent);
      return;
    }
  }
}

export function countBits(bits: Uint32Array): number {
  let count = 0;
  for (const word of bits) count += onesOf(word);
  return count;
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
