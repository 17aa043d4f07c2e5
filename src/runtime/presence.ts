/**
 * Who has been heard of lately: a timing wheel over anything that must not stay silent.
 *
 * Hearing of an entry costs one write; the wheel looks at each entry once per its silence bound (or
 * once per turn of the wheel), so a million agents with 30 s bounds cost about 33,000 looks a second
 * in slices of a slot. Nothing here reaches the log: only the verdict "silent for too long" does.
 */
import type { Clock } from './clock.ts';

/** One watched thing. `lastSeenMs` is on the monotonic clock and may be set from outside. */
export interface Watched {
  readonly silenceMsMax: number;
  lastSeenMs: number;
}

const SLOT_MS = 100;
const SLOTS = 512;

export class Presence<Entry extends Watched> {
  readonly #clock: Clock;
  readonly #silent: (entry: Entry) => void;
  readonly #slots: Set<Entry>[] = Array.from({ length: SLOTS }, () => new Set());
  readonly #slotOf = new Map<Entry, number>();
  /** The newest tick that was looked at. */
  #tick: number;
  /** The timer of the first tick that has anything to look at. */
  #armed: { readonly tick: number; readonly cancel: () => void } | null = null;
  #isClosed = false;
  /** While the wheel turns, entries find their places and the timer waits for the end. */
  #isLooking = false;

  /** @param silent - told once of each entry whose silence exceeded its bound; it is then watched no more */
  constructor(clock: Clock, silent: (entry: Entry) => void) {
    this.#clock = clock;
    this.#silent = silent;
    this.#tick = this.#tickNow();
  }

  get size(): number {
    return this.#slotOf.size;
  }

  /** Starts to watch, or goes on watching. */
  watch(entry: Entry): void {
    if (this.#isClosed || this.#slotOf.has(entry)) return;
    // While nothing was watched no timer moved the wheel on.
    if (this.#slotOf.size === 0 && !this.#isLooking) this.#tick = this.#tickNow();
    this.#arm(this.#place(entry));
  }

  forget(entry: Entry): void {
    const slot = this.#slotOf.get(entry);
    if (slot === undefined) return;
    this.#slotOf.delete(entry);
    this.#slots[slot]?.delete(entry);
    if (this.#slotOf.size === 0) this.#disarm();
  }

  /** Watches nothing any more, for good. */
  close(): void {
    this.#isClosed = true;
    this.#disarm();
    this.#slotOf.clear();
    for (const slot of this.#slots) slot.clear();
  }

  /** Puts an entry where it is looked at next; returns that tick. */
  #place(entry: Entry): number {
    const dueMs = entry.lastSeenMs + entry.silenceMsMax;
    // The first tick that begins after the bound: silence of exactly the bound is still allowed.
    const wanted = Math.floor(dueMs / SLOT_MS) + 1;
    // Further off than one turn of the wheel: looked at once on the way.
    const tick = Math.min(Math.max(wanted, this.#tick + 1), this.#tick + SLOTS - 1);
    const slot = tick % SLOTS;
    this.#slots[slot]?.add(entry);
    this.#slotOf.set(entry, slot);
    return tick;
  }

  /** Makes sure that the wheel turns at `tick`. */
  #arm(tick: number): void {
    if (this.#isLooking || (this.#armed !== null && this.#armed.tick <= tick)) return;
    this.#armed?.cancel();
    const cancel = this.#clock.setTimer(Math.ceil(tick * SLOT_MS - this.#clock.monotonicMs()), () =>
      this.#turn(),
    );
    this.#armed = { tick, cancel };
  }

  #disarm(): void {
    this.#armed?.cancel();
    this.#armed = null;
  }

  #turn(): void {
    this.#armed = null;
    this.#isLooking = true;
    this.#advance();
    this.#isLooking = false;
    if (this.#slotOf.size > 0) this.#arm(this.#firstTick());
  }

  #advance(): void {
    const now = this.#tickNow();
    // After a pause longer than a turn every slot is looked at once.
    const from = Math.max(this.#tick + 1, now - SLOTS + 1);
    for (let tick = from; tick <= now; tick++) this.#look(tick % SLOTS, now);
    this.#tick = now;
  }

  /** The next tick that has anything to look at. */
  #firstTick(): number {
    let tick = this.#tick + 1;
    while (this.#slots[tick % SLOTS]?.size === 0 && tick < this.#tick + SLOTS - 1) tick += 1;
    return tick;
  }

  #look(slot: number, now: number): void {
    const entries = this.#slots[slot];
    if (entries === undefined || entries.size === 0) return;
    const looked = [...entries];
    entries.clear();
    this.#tick = Math.max(this.#tick, now - 1);
    for (const entry of looked) {
      this.#slotOf.delete(entry);
      const silentMs = this.#clock.monotonicMs() - entry.lastSeenMs;
      if (silentMs > entry.silenceMsMax) this.#silent(entry);
      else this.#place(entry);
    }
  }

  #tickNow(): number {
    return Math.floor(this.#clock.monotonicMs() / SLOT_MS);
  }
}
