import {
  closedGate,
  usesOf,
  type ClosedGate,
  type Gate,
  type GateAhead,
  type Gated,
} from '../core/index.ts';
import type { KeyNode } from './fair-nodes.ts';
import { GateMirror } from './gate-mirror.ts';
import { IndexedHeap } from './indexed-heap.ts';
import type { Lane } from './lane.ts';

/**
 * The gates as the batch at hand will leave them, and the lanes that wait for one to open.
 *
 * A lane whose head meets a closed gate is held by that gate until the gate changes, its moment
 * comes, or the head does. Of the lanes that one gate holds, the best of each fairness key and pool
 * is let go when it opens; the one behind follows when that one's task was taken or left, so that an
 * open gate with an able agent never waits, and a change of a gate costs O(keys · log n), not O(lanes).
 */
export class Gates {
  readonly #opening = new IndexedHeap<GateMirror>((a, b) => a.openAt < b.openAt);
  /** Changed by the batch at hand. */
  #ahead: GateMirror[] = [];
  /** Time of the batch at hand, in milliseconds. */
  nowMs = 0;
  readonly #settle: (lane: Lane) => void;

  /** @param settle - puts a lane into the heaps, or out of them, after it was held or let go */
  constructor(settle: (lane: Lane) => void) {
    this.#settle = settle;
  }

  /** Moment at which a lane may be let go by itself, or null. */
  get nextOpenAt(): number | null {
    return this.#opening.top?.openAt ?? null;
  }

  /** Whether something of that kind may start now, with the batch at hand counted. */
  isOpen(gated: Gated): boolean {
    return closedGate(gated, this.nowMs, aheadOf) === null;
  }

  /** Counts a proposed start. */
  expectStart(gated: Gated): void {
    for (const { gate, units } of usesOf(gated)) {
      const mirror = this.#touched(gate);
      mirror.starts += 1;
      mirror.units += units;
    }
  }

  /** Counts an attempt that the batch will end. */
  expectEnd(gated: Gated): void {
    for (const { gate } of usesOf(gated)) {
      this.#touched(gate).ends += 1;
      this.wake(gate);
    }
  }

  /** Forgets what was expected, now that core has decided. */
  applied(): void {
    const ahead = this.#ahead;
    this.#ahead = [];
    for (const mirror of ahead) {
      mirror.starts = 0;
      mirror.ends = 0;
      mirror.units = 0;
      mirror.isAhead = false;
    }
    for (const { gate } of ahead) this.wake(gate);
  }

  /** Lets go of the lanes whose moment has come. */
  openDue(): void {
    for (;;) {
      const mirror = this.#opening.top;
      if (mirror === undefined || mirror.openAt > this.nowMs) return;
      this.wake(mirror.gate);
    }
  }

  /** Holds the lane where a gate is closed to its head; false where it may start. */
  holdIfClosed(lane: Lane): boolean {
    const head = lane.head;
    const closed = head === null ? null : closedGate(head.task, this.nowMs, aheadOf);
    if (head === null || closed === null) return false;
    const mirror = this.#hold(lane, closed);
    this.#passOn(lane, head.task, mirror);
    return true;
  }

  /** Lets a lane go, whatever holds it. The caller puts it where it belongs. */
  letGo(lane: Lane): void {
    const mirror = lane.heldBy;
    if (mirror === null) return;
    mirror.letGo(lane);
    lane.heldBy = null;
    lane.heldHead = null;
    this.#forgetIdle(mirror);
  }

  /** A gate may let more pass than before: lets go of the lanes that can pass it now. */
  wake(gate: Gate): void {
    const mirror = gate.mirror as GateMirror | null;
    if (mirror === null) return;
    let openAt = Infinity;
    for (const { node } of mirror.tops()) {
      openAt = Math.min(openAt, this.#tryTop(mirror, node));
    }
    this.#opensAt(mirror, openAt);
    this.#forgetIdle(mirror);
  }

  /** A gate is in nobody's way any more: lets go of all that it holds. O(lanes that it holds). */
  removed(gate: Gate): void {
    const mirror = gate.mirror as GateMirror | null;
    if (mirror === null) return;
    for (let tops = mirror.tops(); tops.length > 0; tops = mirror.tops()) {
      for (const lane of tops) {
        this.letGo(lane);
        this.#settle(lane);
      }
    }
    this.#opensAt(mirror, Infinity);
    this.#forgetIdle(mirror);
  }

  /** The lane's turn at its gates is over for now: the next behind it gets its own. */
  passOn(lane: Lane, task: Gated): void {
    this.#passOn(lane, task, null);
  }

  #passOn(lane: Lane, task: Gated, but: GateMirror | null): void {
    for (const { gate } of usesOf(task)) {
      const mirror = gate.mirror as GateMirror | null;
      if (mirror === null || mirror === but || mirror.topOf(lane.node) === null) continue;
      this.#opensAt(mirror, Math.min(mirror.openAt, this.#tryTop(mirror, lane.node)));
      this.#forgetIdle(mirror);
    }
  }

  /**
   * Lets the best lane held there go, where its head may pass; returns when the best may that is still
   * held because of this gate, or Infinity. One that meets another closed gate is held by that.
   */
  #tryTop(mirror: GateMirror, node: KeyNode): number {
    for (;;) {
      const lane = mirror.topOf(node);
      if (lane === null) return Infinity;
      const closed = lane.head === null ? null : closedGate(lane.head.task, this.nowMs, aheadOf);
      if (closed !== null && closed.use.gate === mirror.gate) return closed.opensAt;
      this.letGo(lane);
      if (closed === null) {
        this.#settle(lane);
        return Infinity;
      }
      this.#hold(lane, closed);
    }
  }

  #hold(lane: Lane, { opensAt, use }: ClosedGate): GateMirror {
    const mirror = mirrorOf(use.gate);
    lane.heldBy = mirror;
    lane.heldHead = lane.head;
    // Out of the heaps first: the lane has one place only.
    this.#settle(lane);
    mirror.hold(lane);
    this.#opensAt(mirror, Math.min(mirror.openAt, opensAt));
    return mirror;
  }

  #opensAt(mirror: GateMirror, openAt: number): void {
    mirror.openAt = openAt;
    if (openAt === Infinity) {
      if (mirror.heapSlot >= 0) this.#opening.remove(mirror);
    } else if (mirror.heapSlot >= 0) this.#opening.moved(mirror);
    else this.#opening.push(mirror);
  }

  #touched(gate: Gate): GateMirror {
    const mirror = mirrorOf(gate);
    if (!mirror.isAhead) {
      mirror.isAhead = true;
      this.#ahead.push(mirror);
    }
    return mirror;
  }

  /** Most gates are idle most of the time: what nobody needs is not kept. */
  #forgetIdle(mirror: GateMirror): void {
    if (!mirror.isIdle || mirror.gate.mirror !== mirror) return;
    if (mirror.heapSlot >= 0) this.#opening.remove(mirror);
    mirror.gate.mirror = null;
  }
}

function mirrorOf(gate: Gate): GateMirror {
  return (gate.mirror ??= new GateMirror(gate)) as GateMirror;
}

function aheadOf(gate: Gate): GateAhead | null {
  return gate.mirror as GateMirror | null;
}
