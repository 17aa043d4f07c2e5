/**
 * The names that come most often in a stream, in constant memory: Space-Saving of Metwally, Agrawal and El Abbadi
 * (ICDT 2005).
 *
 * Of so many names as it keeps, each count is at most `overBy` too high and never too low; `overBy` is at most the sum
 * of all weights by the number of names kept, so whatever has a larger share than that is among them. A known name
 * costs a look-up; an unknown one takes the place of the one with the least, O(log names) amortised.
 */
export interface TopName {
  readonly name: string;
  /** At least what it really is. */
  readonly count: number;
  /** `count` is at most so much too high. */
  readonly overBy: number;
}

interface Entry {
  name: string;
  count: number;
  overBy: number;
  /** What its place in the heap goes by: its count when it was last looked at, which may have grown since. */
  rank: number;
}

export class SpaceSaving {
  readonly #namesMax: number;
  readonly #entries = new Map<string, Entry>();
  /** A binary heap by rank, the least first. */
  readonly #heap: Entry[] = [];
  #sum = 0;

  /** @param namesMax - names that are kept, at least 1 */
  constructor(namesMax: number) {
    this.#namesMax = namesMax;
  }

  /** All weights that were added. */
  get sum(): number {
    return this.#sum;
  }

  /** Most that a name which is not kept may have. O(1) amortised. */
  get leastCount(): number {
    return this.#heap.length < this.#namesMax ? 0 : this.#least().count;
  }

  /** @param weight - above 0 */
  add(name: string, weight = 1): void {
    this.#sum += weight;
    const known = this.#entries.get(name);
    if (known !== undefined) {
      known.count += weight;
      return;
    }
    if (this.#heap.length < this.#namesMax) {
      const entry = { name, count: weight, overBy: 0, rank: weight };
      this.#entries.set(name, entry);
      this.#rise(entry);
      return;
    }
    const least = this.#least();
    this.#entries.delete(least.name);
    this.#entries.set(name, least);
    least.name = name;
    least.overBy = least.count;
    least.count += weight;
  }

  get(name: string): TopName | null {
    const entry = this.#entries.get(name);
    if (entry === undefined) return null;
    return { name, count: entry.count, overBy: entry.overBy };
  }

  /** All names that are kept, those with the most first. O(names · log names). */
  list(): TopName[] {
    return [...this.#entries.values()]
      .map(({ count, name, overBy }) => ({ name, count, overBy }))
      .toSorted((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
  }

  /** The entry with the least. Counts only grow, so one whose rank is its count has the least of all. */
  #least(): Entry {
    for (;;) {
      const top = this.#heap[0] as Entry;
      if (top.rank === top.count) return top;
      top.rank = top.count;
      this.#sink(top);
    }
  }

  #rise(entry: Entry): void {
    let slot = this.#heap.length;
    while (slot > 0) {
      const above = (slot - 1) >> 1;
      const parent = this.#heap[above] as Entry;
      if (parent.rank <= entry.rank) break;
      this.#heap[slot] = parent;
      slot = above;
    }
    this.#heap[slot] = entry;
  }

  #sink(entry: Entry): void {
    const heap = this.#heap;
    let slot = 0;
    for (;;) {
      let child = 2 * slot + 1;
      if (child >= heap.length) break;
      const right = heap[child + 1];
      if (right !== undefined && right.rank < (heap[child] as Entry).rank) child += 1;
      if ((heap[child] as Entry).rank >= entry.rank) break;
      heap[slot] = heap[child] as Entry;
      slot = child;
    }
    heap[slot] = entry;
  }
}

/** What several sketches of one thing say together, those with the most first. */
export function mergeTops(sketches: readonly SpaceSaving[], limit: number): TopName[] {
  const names = new Set(sketches.flatMap((sketch) => sketch.list().map(({ name }) => name)));
  const merged = [...names].map((name) => {
    let [count, overBy] = [0, 0];
    for (const sketch of sketches) {
      const known = sketch.get(name);
      // One that does not keep it may have dropped as much.
      const least = sketch.leastCount;
      count += known?.count ?? least;
      overBy += known?.overBy ?? least;
    }
    return { name, count, overBy };
  });
  return merged.toSorted((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1)).slice(0, limit);
}
