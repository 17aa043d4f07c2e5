/**
 * Who has been heard of lately: a hierarchical timing wheel over anything that must not stay silent.
 *
 * Hearing of an entry costs nothing here: whoever watches knows when it was heard of last, and the wheel asks
 * once per silence bound, when that may be over. A million agents with bounds of 30 s are 33,000 looks a second,
 * in slices. Nothing here reaches the log: only the verdict "silent for too long" does.
 *
 * Three wheels of 256 slots, of 100 ms, 26 s and 109 min. A slot is a ring of entries, linked both ways in
 * columns, so that every step is O(1) and allocates nothing: 16 bytes an entry.
 */
import { int32Column } from '../base/columns.ts';
import { grown, grownCapacity } from '../base/grown.ts';
import type { Clock } from './clock.ts';

export interface PresenceOptions {
  readonly clock: Clock;
  /** When the entry was heard of last, on the monotonic clock. */
  readonly heardMs: (entry: number) => number;
  /** Told once of each entry whose silence exceeded its bound; it is then watched no more. */
  readonly silent: (entry: number) => void;
  /** Whether so many verdicts are on their way to the log that no more are to be given yet. */
  readonly isBusy?: () => boolean;
}

const TICK_MS = 100;
const SLOTS_SHIFT = 8;
const SLOTS = 1 << SLOTS_SHIFT;
const LEVELS = 3;
/** Furthest tick from now; what is due later is looked at once on the way. */
const HORIZON = SLOTS ** LEVELS - 1;
/** Ring of those that are being looked at. */
const LOOKING = SLOTS * LEVELS;
/** Rings come first in the columns. */
const ENTRIES_FROM = LOOKING + 1;
/** Looks before others get their turn. */
const LOOKS_MAX = 8_192;
/** A verdict costs as much as so many looks. */
const VERDICT_LOOKS = 32;

export class Presence {
  readonly #options: PresenceOptions;
  /** Neighbours in the ring; -1 for an entry that is in none. */
  #next: Int32Array = new Int32Array(2 * ENTRIES_FROM).fill(-1);
  #previous: Int32Array = new Int32Array(2 * ENTRIES_FROM).fill(-1);
  #silenceMs: Int32Array = new Int32Array(ENTRIES_FROM);
  /** Everything due up to this tick was looked at. */
  #tick: number;
  #size = 0;
  /** The timer of the first tick that has anything to look at. */
  #armed: { readonly tick: number; readonly cancel: () => void } | null = null;
  #isClosed = false;
  /** While the wheel turns, entries find their places and the timer waits for the end. */
  #isTurning = false;

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#tick = this.#tickNow();
    this.#clear();
  }

  get size(): number {
    return this.#size;
  }

  /** Starts to watch an entry, a small number from 0, or goes on watching it with the bound it had. */
  watch(entry: number, silenceMsMax: number): void {
    if (this.#isClosed || this.isWatched(entry)) return;
    while (entry >= this.#silenceMs.length) this.#grow();
    // While nothing was watched no timer moved the wheel on.
    if (this.#size === 0 && !this.#isTurning) this.#tick = this.#tickNow();
    this.#silenceMs[entry] = silenceMsMax;
    this.#size += 1;
    this.#arm(this.#place(entry));
  }

  isWatched(entry: number): boolean {
    return (this.#next[entry + ENTRIES_FROM] ?? -1) >= 0;
  }

  /** The bound of an entry that is or was watched, in milliseconds. */
  silenceMsMax(entry: number): number {
    return this.#silenceMs[entry] as number;
  }

  forget(entry: number): void {
    if (!this.isWatched(entry)) return;
    this.#unlink(entry + ENTRIES_FROM);
    this.#size -= 1;
    if (this.#size === 0) this.#disarm();
  }

  /** Watches nothing any more, for good. */
  close(): void {
    this.#isClosed = true;
    this.#disarm();
    this.#clear();
  }

  /** Puts an entry where it is looked at next; returns the tick at which that is. */
  #place(entry: number): number {
    const dueMs = this.#options.heardMs(entry) + this.silenceMsMax(entry);
    // The first tick that begins after the bound: silence of exactly the bound is still allowed.
    const wanted = Math.floor(dueMs / TICK_MS) + 1;
    const tick = Math.min(Math.max(wanted, this.#tick + 1), this.#tick + HORIZON);
    let level = 0;
    // A whole turn ahead is the slot of the current tick, which was looked at: it comes again just in time. One wheel
    // further up it would be the slot that entries are just taken from, and wait for a turn of that.
    while (tick - this.#tick > SLOTS ** (level + 1)) level += 1;
    this.#link(entry + ENTRIES_FROM, ringOf(level, tick));
    return tick - (tick % SLOTS ** level);
  }

  /** Makes sure that the wheel turns at `tick`. */
  #arm(tick: number): void {
    if (this.#isTurning || (this.#armed !== null && this.#armed.tick <= tick)) return;
    this.#armed?.cancel();
    const { clock } = this.#options;
    const delayMs = Math.max(0, Math.ceil(tick * TICK_MS - clock.monotonicMs()));
    this.#armed = { tick, cancel: clock.setTimer(delayMs, () => this.#turn()) };
  }

  #disarm(): void {
    this.#armed?.cancel();
    this.#armed = null;
  }

  #turn(): void {
    this.#armed = null;
    if (this.#options.isBusy?.() === true) {
      this.#arm(this.#tickNow() + 1);
      return;
    }
    this.#isTurning = true;
    this.#advance();
    this.#isTurning = false;
    if (this.#size > 0) this.#arm(this.#firstTick());
  }

  /** Looks at what is due by now, as far as one turn may go. */
  #advance(): void {
    const now = this.#tickNow();
    let looks = this.#look(0);
    while (this.#tick < now && looks < LOOKS_MAX) {
      const tick = this.#tick + 1;
      for (let level = LEVELS - 1; level > 0; level--) {
        if (tick % SLOTS ** level !== 0) continue;
        // Down from a coarser wheel; nobody has to wait longer for it than this tick.
        this.#take(ringOf(level, tick));
        looks = this.#look(looks);
      }
      this.#take(ringOf(0, tick));
      this.#tick = tick;
      looks = this.#look(looks);
    }
  }

  /** Looks at those that were taken, while the turn lasts; returns the looks of it so far. */
  #look(before: number): number {
    let looks = before;
    for (;;) {
      const at = this.#next[LOOKING] as number;
      if (at === LOOKING || looks >= LOOKS_MAX) return looks;
      const entry = at - ENTRIES_FROM;
      this.#unlink(at);
      looks += 1;
      const silentMs = this.#options.clock.monotonicMs() - this.#options.heardMs(entry);
      if (silentMs <= this.silenceMsMax(entry)) this.#place(entry);
      else {
        looks += VERDICT_LOOKS;
        this.#size -= 1;
        this.#options.silent(entry);
      }
    }
  }

  /** The next tick that has anything to look at. */
  #firstTick(): number {
    if (this.#next[LOOKING] !== LOOKING) return this.#tick;
    let first = Number.POSITIVE_INFINITY;
    for (let level = 0; level < LEVELS; level++) {
      const width = SLOTS ** level;
      const current = this.#tick - (this.#tick % width);
      for (let tick = current + width; tick <= current + SLOTS * width; tick += width) {
        const ring = ringOf(level, tick);
        if (this.#next[ring] === ring) continue;
        first = Math.min(first, tick);
        break;
      }
    }
    return first;
  }

  /** Moves all of a ring to those that are looked at. O(1). */
  #take(ring: number): void {
    const first = this.#next[ring] as number;
    if (first === ring) return;
    const last = this.#previous[ring] as number;
    const before = this.#previous[LOOKING] as number;
    this.#join(before, first);
    this.#join(last, LOOKING);
    this.#join(ring, ring);
  }

  #link(at: number, ring: number): void {
    this.#join(this.#previous[ring] as number, at);
    this.#join(at, ring);
  }

  #unlink(at: number): void {
    this.#join(this.#previous[at] as number, this.#next[at] as number);
    this.#next[at] = -1;
  }

  #join(before: number, after: number): void {
    this.#next[before] = after;
    this.#previous[after] = before;
  }

  #clear(): void {
    this.#next.fill(-1);
    for (let ring = 0; ring < ENTRIES_FROM; ring++) this.#join(ring, ring);
    this.#size = 0;
  }

  #grow(): void {
    const capacity = grownCapacity(this.#silenceMs.length);
    const used = this.#next.length;
    this.#silenceMs = grown(this.#silenceMs, int32Column(capacity));
    this.#next = grown(this.#next, int32Column(capacity + ENTRIES_FROM)).fill(-1, used);
    this.#previous = grown(this.#previous, int32Column(capacity + ENTRIES_FROM));
  }

  #tickNow(): number {
    return Math.floor(this.#options.clock.monotonicMs() / TICK_MS);
  }
}

/** The slot of a tick in one of the wheels. */
function ringOf(level: number, tick: number): number {
  return level * SLOTS + (Math.floor(tick / SLOTS ** level) & (SLOTS - 1));
}
