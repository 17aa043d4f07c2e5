/**
 * A 64-bit fingerprint of texts, as 16 hexadecimal digits; no adversary is assumed. O(length).
 *
 * Two 32-bit multiply-and-mix lanes over UTF-16 units, finished as in MurmurHash3 (Appleby, 2011).
 */
export class Fingerprint {
  #a = 0x9747b28c;
  #b = 0x3c6ef372;

  /** Adds a text; where one ends and the next begins counts. */
  add(text: string): void {
    let a = this.#a;
    let b = this.#b;
    for (let i = 0; i <= text.length; i++) {
      const word = i < text.length ? text.charCodeAt(i) : 0x1_0000;
      a = Math.imul(a ^ word, 0x85ebca6b) ^ (a >>> 13);
      b = Math.imul(b ^ word, 0xc2b2ae35) ^ (b >>> 16);
    }
    this.#a = a;
    this.#b = b;
  }

  get text(): string {
    return [finish(this.#a ^ (this.#b >>> 7)), finish(this.#b ^ (this.#a >>> 9))].join('');
  }
}

function finish(lane: number): string {
  let h = lane;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0).toString(16).padStart(8, '0');
}
