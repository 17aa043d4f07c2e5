/**
 * A sum that terms are added to and taken from again, kept with twice the digits of a number (Knuth's two-sum).
 *
 * What is taken off leaves nothing behind but 2⁻¹⁰⁶ of the largest sum there was.
 */
export class CompensatedSum {
  #sum = 0;
  #rest = 0;

  /** At least 0: its terms are. */
  get value(): number {
    return Math.max(0, this.#sum + this.#rest);
  }

  add(term: number): void {
    const sum = this.#sum + term;
    const part = sum - this.#sum;
    this.#rest += this.#sum - (sum - part) + (term - part);
    this.#sum = sum;
  }

  /** Puts one term in the place of another: their difference alone would be rounded. */
  replace(term: number, other: number): void {
    this.add(-term);
    this.add(other);
  }

  /** @param factor - a power of two */
  scale(factor: number): void {
    this.#sum *= factor;
    this.#rest *= factor;
  }

  clear(): void {
    this.#sum = 0;
    this.#rest = 0;
  }
}
