import type { Gate, GateAhead } from '../core/index.ts';
import type { KeyNode } from './fair-nodes.ts';
import { IndexedHeap, type HeapItem } from './indexed-heap.ts';
import { isLaneBefore, type Lane } from './lane.ts';
import type { WaitingTask } from './waiting-line.ts';

export interface Reserved {
  readonly head: WaitingTask;
  readonly units: number;
  /** Once the gate is open to it: how long they are kept, in case no agent is free for it. */
  untilMs: number;
}

/**
 * What the scheduler keeps of a gate: what the batch at hand does to it, and the lanes that it holds.
 *
 * Lanes are held by fairness key and pool, the best of each on top: when the gate opens, only those
 * are let go, the next behind each when it is its turn. A single lane is held without any of that,
 * because most keys have one.
 */
export class GateMirror implements GateAhead, HeapItem {
  /** Place among those that open by time. */
  heapSlot = -1;
  readonly gate: Gate;
  /** Whose it is: a state may have had a scheduler before this one. */
  readonly owner: object;
  starts = 0;
  ends = 0;
  units = 0;
  /** Whether the batch at hand has changed it. */
  isAhead = false;
  /** Moment from which one of its lanes may pass, or Infinity. */
  openAt: number = Infinity;
  /** The head whose units are kept for it, and how many; see {@link Gates}. */
  reserved: Reserved | null = null;
  /** The head that its rate has held for longest, as far as was seen, and the units it takes. */
  longest: Pick<Reserved, 'head' | 'units'> | null = null;
  #lone: Lane | null = null;
  #held: Map<KeyNode, IndexedHeap<Lane>> | null = null;

  constructor(gate: Gate, owner: object) {
    this.gate = gate;
    this.owner = owner;
  }

  /** Whether any lane waits for it. */
  get isHolding(): boolean {
    return this.#lone !== null || this.#held !== null;
  }

  get isIdle(): boolean {
    return !this.isHolding && !this.isAhead && this.reserved === null;
  }

  hold(lane: Lane): void {
    if (this.#lone === null && this.#held === null) {
      this.#lone = lane;
      return;
    }
    const lone = this.#lone;
    this.#lone = null;
    if (lone !== null) this.#heapOf(lone).push(lone);
    this.#heapOf(lane).push(lane);
  }

  letGo(lane: Lane): void {
    if (this.#lone === lane) {
      this.#lone = null;
      return;
    }
    const heap = this.#held?.get(lane.node);
    if (heap === undefined || this.#held === null) return;
    heap.remove(lane);
    if (heap.size === 0) this.#held.delete(lane.node);
    if (this.#held.size === 0) this.#held = null;
  }

  /** The best lane that it holds of each fairness key and pool. */
  tops(): readonly Lane[] {
    if (this.#lone !== null) return [this.#lone];
    if (this.#held === null) return [];
    return [...this.#held.values()].map((heap) => heap.top as Lane);
  }

  /** The best lane that it holds there, or null. */
  topOf(node: KeyNode): Lane | null {
    if (this.#lone !== null) return this.#lone.node === node ? this.#lone : null;
    return this.#held?.get(node)?.top ?? null;
  }

  #heapOf(lane: Lane): IndexedHeap<Lane> {
    this.#held ??= new Map();
    const known = this.#held.get(lane.node);
    if (known !== undefined) return known;
    const heap = new IndexedHeap<Lane>(isLaneBefore);
    this.#held.set(lane.node, heap);
    return heap;
  }
}
