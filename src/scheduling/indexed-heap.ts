/** An item of an {@link IndexedHeap}: it knows where it sits. */
export interface HeapItem {
  /** Its place in the heap, or -1. Owned by the heap. */
  heapSlot: number;
}

/**
 * A 4-ary heap of objects that know where they sit, so that any of them can be removed or moved.
 *
 * Every change costs O(log n). An item is in at most one such heap.
 */
export class IndexedHeap<Item extends HeapItem> {
  readonly #items: Item[] = [];
  readonly #isBefore: (a: Item, b: Item) => boolean;

  /** @param isBefore - a strict order; ties stay in any order */
  constructor(isBefore: (a: Item, b: Item) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#items.length;
  }

  get top(): Item | undefined {
    return this.#items[0];
  }

  /** The items in no order; not to be changed. */
  get items(): readonly Item[] {
    return this.#items;
  }

  push(item: Item): void {
    this.#items.push(item);
    this.#rise(item, this.#items.length - 1);
  }

  remove(item: Item): void {
    const slot = item.heapSlot;
    const last = this.#items.pop() as Item;
    item.heapSlot = -1;
    if (last === item) return;
    this.#place(last, slot);
    this.moved(last);
  }

  /** Puts an item that is in the heap where it belongs after its order changed. */
  moved(item: Item): void {
    if (this.#items.length === 1) return;
    const slot = item.heapSlot;
    this.#sink(item, slot);
    if (item.heapSlot === slot) this.#rise(item, slot);
  }

  #rise(item: Item, from: number): void {
    let slot = from;
    while (slot > 0) {
      const above = (slot - 1) >> 2;
      const parent = this.#items[above] as Item;
      if (!this.#isBefore(item, parent)) break;
      this.#place(parent, slot);
      slot = above;
    }
    this.#place(item, slot);
  }

  #sink(item: Item, from: number): void {
    let slot = from;
    for (;;) {
      const child = this.#firstChild(slot);
      if (child < 0 || !this.#isBefore(this.#items[child] as Item, item)) break;
      this.#place(this.#items[child] as Item, slot);
      slot = child;
    }
    this.#place(item, slot);
  }

  #firstChild(slot: number): number {
    const first = 4 * slot + 1;
    const end = Math.min(first + 4, this.#items.length);
    let best = first < end ? first : -1;
    for (let child = first + 1; child < end; child++) {
      if (this.#isBefore(this.#items[child] as Item, this.#items[best] as Item)) best = child;
    }
    return best;
  }

  #place(item: Item, slot: number): void {
    this.#items[slot] = item;
    item.heapSlot = slot;
  }
}
