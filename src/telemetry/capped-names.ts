/** What all names past a cap are counted under. */
export const OTHER = '__other__';

/** Lets `countMax` different names through at once and calls every later one {@link OTHER}. */
export class CappedNames {
  readonly #countMax: number;
  readonly #known = new Set<string>();

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  take(name: string): string {
    if (this.#known.has(name)) return name;
    if (this.#known.size >= this.#countMax) return OTHER;
    this.#known.add(name);
    return name;
  }

  /** Makes room for another; false for one that was not let through. */
  drop(name: string): boolean {
    return this.#known.delete(name);
  }
}
