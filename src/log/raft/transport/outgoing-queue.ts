/** What becomes of a frame that does not fit: heartbeats make room by themselves, everything else is refused. */
export type Lane = 'heartbeat' | 'bulk';

export interface OutgoingQueueBounds {
  /** Bytes of frames that wait, heartbeats aside. */
  readonly bytesMax: number;
  readonly heartbeatsMax: number;
}

/**
 * Frames that wait for one peer, bounded.
 *
 * Heartbeats overtake everything else, so that a long queue of entries never looks like a dead leader; of too many the
 * oldest are dropped, because the newest says all they say. Other frames keep their order and are refused past the
 * bound: who sent them must hold back, and would have to send them again after a lost connection anyway.
 */
export class OutgoingQueue {
  readonly #bounds: OutgoingQueueBounds;
  #heartbeats: Buffer[] = [];
  #bulk: Buffer[] = [];
  #head = 0;
  #bulkBytes = 0;
  #dropped = 0;

  constructor(bounds: OutgoingQueueBounds) {
    this.#bounds = bounds;
  }

  /** Bytes of frames that wait, heartbeats aside. */
  get bytes(): number {
    return this.#bulkBytes;
  }

  /** Heartbeats dropped so far. */
  get dropped(): number {
    return this.#dropped;
  }

  get isEmpty(): boolean {
    return this.#heartbeats.length === 0 && this.#head === this.#bulk.length;
  }

  /** @returns false where there is no room; a frame above the whole bound still goes alone */
  push(frame: Buffer, lane: Lane): boolean {
    if (lane === 'heartbeat') {
      this.#heartbeats.push(frame);
      if (this.#heartbeats.length <= this.#bounds.heartbeatsMax) return true;
      this.#heartbeats.shift();
      this.#dropped += 1;
      return true;
    }
    if (this.#bulkBytes > 0 && this.#bulkBytes + frame.length > this.#bounds.bytesMax) return false;
    this.#bulk.push(frame);
    this.#bulkBytes += frame.length;
    return true;
  }

  /** The next frames to write, of about `bytesMax` together and at least one; none when nothing waits. */
  take(bytesMax: number): readonly Buffer[] {
    const taken = this.#heartbeats;
    this.#heartbeats = [];
    let bytes = 0;
    for (const frame of taken) bytes += frame.length;
    while (this.#head < this.#bulk.length && (bytes === 0 || bytes < bytesMax)) {
      const frame = this.#bulk[this.#head] as Buffer;
      taken.push(frame);
      bytes += frame.length;
      this.#bulkBytes -= frame.length;
      this.#head += 1;
    }
    if (this.#head === this.#bulk.length || this.#head > 1024) {
      this.#bulk = this.#bulk.slice(this.#head);
      this.#head = 0;
    }
    return taken;
  }

  /** Forgets everything, as after a lost connection: what was on its way is repeated by whoever needs it. */
  clear(): void {
    this.#heartbeats = [];
    this.#bulk = [];
    this.#head = 0;
    this.#bulkBytes = 0;
  }
}
