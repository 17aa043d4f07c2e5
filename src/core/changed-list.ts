/** Entities in one list, at most. */
const LISTED_TOGETHER = 1_024;

/**
 * Entities in many short lists, about in the order they came: one long list would be copied at once as it grows, and be
 * gone through at once for those that are of no more use.
 */
export class ChangedList<Entity> {
  readonly #lists: Entity[][] = [];
  #length = 0;
  /** The list that is swept next. */
  #next = 0;

  get length(): number {
    return this.#length;
  }

  /** All of them. Nothing is added while they are read. */
  get lists(): readonly (readonly Entity[])[] {
    return this.#lists;
  }

  push(entity: Entity): void {
    let last = this.#lists.at(-1);
    if (last === undefined || last.length === LISTED_TOGETHER) {
      last = [];
      this.#lists.push(last);
    }
    last.push(entity);
    this.#length += 1;
  }

  /** Lets go of those in the next list that are not kept; says how many they were. O(1,024). */
  sweepOne(isKept: (entity: Entity) => boolean): number {
    if (this.#next >= this.#lists.length) this.#next = 0;
    const at = this.#next;
    const list = this.#lists[at];
    if (list === undefined) return 0;
    const kept = list.filter(isKept);
    const gone = list.length - kept.length;
    const before = this.#lists[at - 1];
    if (before !== undefined && before.length + kept.length <= LISTED_TOGETHER) {
      before.push(...kept);
      this.#lists.splice(at, 1);
    } else {
      this.#lists[at] = kept;
      this.#next += 1;
    }
    this.#length -= gone;
    return gone;
  }
}
