/**
 * What happened in a run: a hash of all of it, and its last lines, or all of them.
 *
 * Two runs of one seed must have the same hash: what goes in are the decisions of the run (moments, parties, kinds,
 * indexes), never how they are worded.
 */
export class Trace {
  readonly #keeps: number;
  #lines: string[] = [];
  #high = 0x811c9dc5;
  #low = 0x01000193;
  #count = 0;

  /** @param keeps how many of the last lines are kept; 0 for none, which spares wording them */
  constructor(keeps: number) {
    this.#keeps = keeps;
  }

  /** How many events were noted. */
  get count(): number {
    return this.#count;
  }

  get isWorded(): boolean {
    return this.#keeps > 0;
  }

  /** Sixteen hexadecimal digits that depend on everything noted and its order. */
  get hash(): string {
    return [this.#high, this.#low]
      .map((word) => (word >>> 0).toString(16).padStart(8, '0'))
      .join('');
  }

  get lines(): readonly string[] {
    return this.#lines.slice(-this.#keeps);
  }

  /** Notes an event by up to three numbers. */
  note(atUs: number, code: number, a = 0, b = 0): void {
    this.#count += 1;
    this.#mix(atUs);
    this.#mix(code);
    this.#mix(a);
    this.#mix(b);
  }

  /** Keeps a line for the reader; `word` is called only where lines are kept. */
  say(atUs: number, word: () => string): void {
    if (this.#keeps === 0) return;
    this.#lines.push(`${(atUs / 1000).toFixed(3).padStart(12)} ms  ${word()}`);
    if (this.#lines.length > 2 * this.#keeps) this.#lines = this.#lines.slice(-this.#keeps);
  }

  #mix(value: number): void {
    const word = (value | 0) ^ Math.imul((value / 0x1_0000_0000) | 0, 0x85ebca6b);
    this.#high = Math.imul(this.#high ^ word, 0x01000193) ^ (this.#low >>> 7);
    this.#low = Math.imul(this.#low + word, 0x9e3779b1) ^ (this.#high >>> 15);
  }
}
