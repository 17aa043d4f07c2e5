import {
  closedGate,
  usesOf,
  type ClosedGate,
  type Gate,
  type GateAhead,
  type Gated,
} from '../core/index.ts';
import type { KeyNode } from './fair-nodes.ts';
import { GateMirror, type Reserved } from './gate-mirror.ts';
import { IndexedHeap } from './indexed-heap.ts';
import type { Lane } from './lane.ts';
import type { WaitingTask } from './waiting-line.ts';

const KINDS = ['key', 'limit', 'queue', 'budget', 'breaker'] as const;
export type GateKind = (typeof KINDS)[number] | 'other';

export interface HeldGates {
  readonly kind: GateKind;
  readonly gates: number;
  readonly tasks: number;
}

/** How long a rate may hold a task before its units are kept for it, in milliseconds. */
const RESERVE_AFTER_MS = 1_000;
/** How long they are kept once they are all there, in milliseconds. */
const RESERVED_MS = 1_000;

/**
 * The gates as the batch at hand will leave them, and the lanes that wait for one to open.
 *
 * A lane whose head meets a closed gate is held by that gate until the gate changes, its moment
 * comes, or the head does. Of the lanes that one gate holds, the best of each fairness key and pool
 * is let go when it opens; the one behind follows when that one's task was taken or left, so that an
 * open gate with an able agent never waits, and a change of a gate costs O(keys · log n), not O(lanes).
 *
 * A task that takes many units of a rate would wait for ever behind those that take few and come all the
 * time. So the head that a rate has held for longest, past {@link RESERVE_AFTER_MS}, has its units kept:
 * others pass only with what is left beside them.
 */
export class Gates {
  /** What is held, by kind of gate. */
  readonly #held = new Map<GateKind, { gates: number; tasks: number }>();
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

  /** Gates that hold lanes, and the tasks that wait in those, by kind; kinds without any are missing. */
  held(): readonly HeldGates[] {
    return [...this.#held].map(([kind, counts]) => ({ kind, ...counts }));
  }

  /** Tasks joined a lane or left it, while it may be held. */
  grew(lane: Lane, tasks: number): void {
    if (lane.heldBy !== null) this.#count(lane.heldBy.gate, 0, tasks);
  }

  #count(gate: Gate, gates: number, tasks: number): void {
    const kind = kindOf(gate);
    const known = this.#held.get(kind) ?? { gates: 0, tasks: 0 };
    const counts = { gates: known.gates + gates, tasks: known.tasks + tasks };
    if (counts.gates === 0) this.#held.delete(kind);
    else this.#held.set(kind, counts);
  }

  /** Moment at which a lane may be let go by itself, or null. */
  get nextOpenAt(): number | null {
    return this.#opening.top?.openAt ?? null;
  }

  /** Whether something of that kind may start now, with the batch at hand counted. */
  isOpen(gated: Gated): boolean {
    return closedGate(gated, this.nowMs, this.#aheadFor(null)) === null;
  }

  /** Counts a proposed start. */
  expectStart(gated: Gated): void {
    for (const { gate, units } of usesOf(gated)) {
      const mirror = this.#touched(gate);
      mirror.starts += 1;
      mirror.units += units;
      if (mirror.reserved !== null && mirror.reserved.head.task === gated) mirror.reserved = null;
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
    const closed = head === null ? null : closedGate(head.task, this.nowMs, this.#aheadFor(head));
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
    this.#count(mirror.gate, mirror.isHolding ? 0 : -1, -lane.size);
    lane.heldBy = null;
    lane.heldHead = null;
    this.#forgetIdle(mirror);
  }

  /** A gate may let more pass than before: lets go of the lanes that can pass it now. */
  wake(gate: Gate): void {
    const mirror = this.#known(gate);
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
    const mirror = this.#known(gate);
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
    for (const { gate } of usesOf(task)) {
      const mirror = this.#known(gate);
      if (mirror?.reserved?.head.task !== task) continue;
      mirror.reserved = null;
      this.wake(gate);
    }
    this.#passOn(lane, task, null);
  }

  #passOn(lane: Lane, task: Gated, but: GateMirror | null): void {
    for (const { gate } of usesOf(task)) {
      const mirror = this.#known(gate);
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
      const { head } = lane;
      const closed = head === null ? null : closedGate(head.task, this.nowMs, this.#aheadFor(head));
      if (closed !== null && closed.use.gate === mirror.gate) {
        this.#noteHeld(mirror, head, closed);
        return closed.opensAt;
      }
      this.letGo(lane);
      if (closed === null) {
        this.#settle(lane);
        return Infinity;
      }
      this.#hold(lane, closed);
    }
  }

  #hold(lane: Lane, { opensAt, use }: ClosedGate): GateMirror {
    const mirror = this.#mirrorOf(use.gate);
    lane.heldBy = mirror;
    lane.heldHead = lane.head;
    this.#noteHeld(mirror, lane.head, { opensAt, use });
    // Out of the heaps first: the lane has one place only.
    this.#settle(lane);
    this.#count(use.gate, mirror.isHolding ? 0 : 1, lane.size);
    mirror.hold(lane);
    this.#opensAt(mirror, Math.min(mirror.openAt, opensAt));
    return mirror;
  }

  /** Notes since when a rate holds the head. */
  #noteHeld(mirror: GateMirror, head: WaitingTask | null, { opensAt, use }: ClosedGate): void {
    // What only an end or a change opens has no units to keep.
    if (head === null || opensAt === Infinity) return;
    if (head.heldSinceMs === 0) head.heldSinceMs = this.nowMs;
    const { longest } = mirror;
    const isKnown = longest !== null && isHeldBy(longest.head, mirror);
    if (isKnown && longest.head.heldSinceMs <= head.heldSinceMs) return;
    mirror.longest = { head, units: use.units };
  }

  /** What is kept at a gate, as long as it is for the head of a lane that has not had its chance. */
  #reservedAt(mirror: GateMirror): Reserved | null {
    const { longest } = mirror;
    const isDue = longest !== null && this.nowMs - longest.head.heldSinceMs >= RESERVE_AFTER_MS;
    if (mirror.reserved === null && isDue && isHeldBy(longest.head, mirror)) {
      mirror.reserved = { ...longest, untilMs: Infinity };
    }
    const { reserved } = mirror;
    if (reserved === null) return null;
    const { head } = reserved;
    if (!isHeldBy(head, mirror) && reserved.untilMs === Infinity) this.#keepFor(mirror, reserved);
    if (head.lane.head === head && this.nowMs <= reserved.untilMs) return reserved;
    // It waits for something else, such as an agent: its time begins anew.
    head.heldSinceMs = 0;
    mirror.reserved = null;
    return null;
  }

  #keepFor(mirror: GateMirror, reserved: Reserved): void {
    reserved.untilMs = this.nowMs + RESERVED_MS;
    this.#opensAt(mirror, mirror.openAt);
  }

  /** What is ahead at a gate for one of the heads; null for a task that is not in a lane. */
  #aheadFor(head: WaitingTask | null): (gate: Gate) => GateAhead | null {
    return (gate) => {
      const mirror = this.#known(gate);
      const reserved = mirror === null ? null : this.#reservedAt(mirror);
      if (mirror === null || reserved === null || reserved.head === head) return mirror;
      const { ends, starts, units } = mirror;
      return { ends, starts, units: units + reserved.units };
    };
  }

  #opensAt(mirror: GateMirror, at: number): void {
    // What is kept for one is free again after a while.
    const openAt = Math.min(at, (mirror.reserved?.untilMs ?? Infinity) + 1);
    mirror.openAt = openAt;
    if (openAt === Infinity) {
      if (mirror.heapSlot >= 0) this.#opening.remove(mirror);
    } else if (mirror.heapSlot >= 0) this.#opening.moved(mirror);
    else this.#opening.push(mirror);
  }

  #touched(gate: Gate): GateMirror {
    const mirror = this.#mirrorOf(gate);
    if (!mirror.isAhead) {
      mirror.isAhead = true;
      this.#ahead.push(mirror);
    }
    return mirror;
  }

  /** What is kept of a gate here: an earlier scheduler of the same state may have left what it kept of it. */
  #known(gate: Gate): GateMirror | null {
    const mirror = gate.mirror as GateMirror | null;
    return mirror?.owner === this ? mirror : null;
  }

  #mirrorOf(gate: Gate): GateMirror {
    const known = this.#known(gate);
    if (known !== null) return known;
    const mirror = new GateMirror(gate, this);
    gate.mirror = mirror;
    return mirror;
  }

  /** Most gates are idle most of the time: what nobody needs is not kept. */
  #forgetIdle(mirror: GateMirror): void {
    if (!mirror.isIdle || mirror.gate.mirror !== mirror) return;
    if (mirror.heapSlot >= 0) this.#opening.remove(mirror);
    mirror.gate.mirror = null;
  }
}

/** The first word of its key, where that is one of those that are known. */
function kindOf({ key }: Gate): GateKind {
  const word = key.slice(0, key.indexOf(' '));
  return KINDS.find((kind) => kind === word) ?? 'other';
}

function isHeldBy(head: WaitingTask, mirror: GateMirror): boolean {
  return head.lane.head === head && head.lane.heldBy === mirror;
}
