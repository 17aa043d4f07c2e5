import { ChunkedList } from '../base/chunked-list.ts';
import { invariant } from '../base/invariant.ts';

/** Something that is to happen by itself at a moment; at most one timer each. */
export interface Timed {
  /** Order among those due at the same moment; its own among all in the heap. */
  readonly seq: number;
  /** Moment the armed timer is due, or 0. Owned by {@link Timers}. */
  dueAt: number;
  /** Place in the heap, or -1. Owned by {@link Timers}. */
  timerSlot: number;
}

/**
 * Deadlines: a 4-ary heap that knows where each of its items sits.
 *
 * An item has at most one armed timer (the earliest of its bounds), so a timer that is no longer
 * wanted is removed at once instead of staying until it is due. Arming and removing cost O(log n).
 * Ties are broken by `seq`, so replicas fire in the same order.
 */
export class Timers<Item extends Timed> {
  readonly #heap = new ChunkedList<Item>();

  get size(): number {
    return this.#heap.length;
  }

  /** The earliest due moment, or null when nothing is armed. */
  get nextDueAt(): number | null {
    return this.#heap.at(0)?.dueAt ?? null;
  }

  /** Arms the item's timer for `dueAt`, moving one that was armed; 0 disarms it. */
  arm(item: Item, dueAt: number): void {
    if (dueAt === item.dueAt) return;
    if (item.timerSlot >= 0) this.#remove(item);
    if (dueAt === 0) return;
    item.dueAt = dueAt;
    this.#heap.push(item);
    this.#rise(item, this.#heap.length - 1);
  }

  /** Takes the earliest item that is due at `nowMs` out of the heap. */
  popDue(nowMs: number): Item | null {
    const item = this.#heap.at(0);
    if (item === undefined || item.dueAt > nowMs) return null;
    this.#remove(item);
    return item;
  }

  #remove(item: Item): void {
    const slot = item.timerSlot;
    invariant(this.#heap.at(slot) === item, 'an item sits at the timer slot it names');
    const last = this.#heap.pop() as Item;
    item.dueAt = 0;
    item.timerSlot = -1;
    if (last === item) return;
    this.#sink(last, slot);
    if (last.timerSlot === slot) this.#rise(last, slot);
  }

  #rise(item: Item, from: number): void {
    let slot = from;
    while (slot > 0) {
      const above = (slot - 1) >> 2;
      const parent = this.#heap.at(above) as Item;
      if (!isEarlier(item, parent)) break;
      this.#place(parent, slot);
      slot = above;
    }
    this.#place(item, slot);
  }

  #sink(item: Item, from: number): void {
    let slot = from;
    for (;;) {
      const child = this.#earliestChild(slot);
      if (child < 0 || !isEarlier(this.#heap.at(child) as Item, item)) break;
      this.#place(this.#heap.at(child) as Item, slot);
      slot = child;
    }
    this.#place(item, slot);
  }

  #earliestChild(slot: number): number {
    const first = 4 * slot + 1;
    const end = Math.min(first + 4, this.#heap.length);
    let earliest = first < end ? first : -1;
    for (let child = first + 1; child < end; child++) {
      if (isEarlier(this.#heap.at(child) as Item, this.#heap.at(earliest) as Item))
        earliest = child;
    }
    return earliest;
  }

  #place(item: Item, slot: number): void {
    this.#heap.set(slot, item);
    item.timerSlot = slot;
  }
}

function isEarlier(a: Timed, b: Timed): boolean {
  return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.seq < b.seq);
}
