/** Numbers submits, so that one which is sent again is known for what it is. */
import { randomBytes } from 'node:crypto';
import type { FrameSession } from '../contract/index.ts';

/** Submits, and tasks in them, from the first one without an answer on: less than a server remembers. */
const SPAN_MAX = 1_000;
const SPAN_TASKS_MAX = 100_000;

export class SubmitSession {
  readonly id: string = randomBytes(16).toString('base64url');
  /** The server knows it. */
  isOpen = false;
  /** The server was asked to open it. */
  isAsked = false;
  #last = 0;
  /** The answers of all up to this one were seen. */
  #seenThrough = 0;
  /** Tasks of each from there on, and of which of them an answer was seen. */
  readonly #tasks = new Map<number, number>();
  readonly #seen = new Set<number>();
  #tasksOpen = 0;

  /** No more may be numbered until older ones are answered. */
  get isFull(): boolean {
    return this.#last - this.#seenThrough >= SPAN_MAX || this.#tasksOpen >= SPAN_TASKS_MAX;
  }

  /** The number of one more submit. */
  number(tasks: number): number {
    this.#last += 1;
    this.#tasks.set(this.#last, tasks);
    this.#tasksOpen += tasks;
    return this.#last;
  }

  /** Notes that the answer of a submit was seen, or that it will not be sent again. */
  answered(sequence: number): void {
    if (sequence !== this.#seenThrough + 1) {
      this.#seen.add(sequence);
      return;
    }
    do {
      this.#seenThrough += 1;
      this.#tasksOpen -= this.#tasks.get(this.#seenThrough) ?? 0;
      this.#tasks.delete(this.#seenThrough);
    } while (this.#seen.delete(this.#seenThrough + 1));
  }

  /** What a frame with that number says of it. */
  frameOf(sequence: number): FrameSession {
    return [this.id, sequence, this.#seenThrough];
  }
}
