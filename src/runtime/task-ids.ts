import { randomBytes } from 'node:crypto';
import type { TaskId } from '../core/index.ts';

/**
 * Makes UUIDs of version 7 (RFC 9562) that strictly grow, even when the clock stands or steps back.
 *
 * Layout: 48 bits of milliseconds, then a 26-bit counter over `rand_a` and the top of `rand_b` that
 * starts at random in each millisecond (method 1 of §6.2), then 48 random bits drawn afresh in each
 * millisecond. About 60 ns an id: all but the counter is text made once a millisecond.
 */
export class TaskIdSource {
  readonly #now: () => number;
  readonly #randomBytes: (count: number) => Buffer;
  #ms = 0;
  #counter = 0;
  #prefix = '';
  #suffix = '';

  /**
   * @param options.after - an id that every new one must be greater than, if there is one
   * @param options.randomBytes - the system's when absent
   */
  constructor(
    now: () => number,
    options: {
      readonly after?: string | undefined;
      readonly randomBytes?: ((count: number) => Buffer) | undefined;
    } = {},
  ) {
    this.#now = now;
    this.#randomBytes = options.randomBytes ?? fetchedAhead();
    if (options.after !== undefined) this.goOnAfter(options.after);
  }

  /** Makes every new id greater than one that another source made. */
  goOnAfter(id: string): void {
    const ms = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
    if (ms < this.#ms) return;
    this.#ms = ms;
    this.#prefix = '';
  }

  next(): TaskId {
    const nowMs = this.#now();
    if (nowMs > this.#ms) this.#enter(nowMs);
    else if (this.#counter === COUNTER_MAX || this.#prefix === '') this.#enter(this.#ms + 1);
    else this.#counter += 1;
    const high = HEX_12[this.#counter >> 14];
    const low = HEX_14[this.#counter & 0x3fff];
    return `${this.#prefix}${high}-${low}${this.#suffix}` as TaskId;
  }

  #enter(ms: number): void {
    const random = this.#randomBytes(10);
    const time = ms.toString(16).padStart(12, '0');
    this.#ms = ms;
    // Half of the range is left free, so that a millisecond always has room for 33 million ids.
    this.#counter = random.readUInt32LE(6) & 0x1ff_ffff;
    this.#prefix = `${time.slice(0, 8)}-${time.slice(8)}-7`;
    this.#suffix = `-${random.toString('hex', 0, 6)}`;
  }
}

/** The system's random bytes, {@link FETCHED_BYTES} at once: each call costs microseconds, however few it asks for. */
function fetchedAhead(): (count: number) => Buffer {
  let fetched = Buffer.alloc(0);
  return (count) => {
    if (fetched.length < count) fetched = randomBytes(FETCHED_BYTES);
    const taken = fetched.subarray(0, count);
    fetched = fetched.subarray(count);
    return taken;
  };
}

const FETCHED_BYTES = 4_096;
const COUNTER_MAX = 0x3ff_ffff;
const HEX_12 = Array.from({ length: 1 << 12 }, (_, i) => i.toString(16).padStart(3, '0'));
/** The two variant bits `10`, then 14 bits of counter. */
const HEX_14 = Array.from({ length: 1 << 14 }, (_, i) => (0x8000 + i).toString(16));
