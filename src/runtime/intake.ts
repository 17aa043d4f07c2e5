/**
 * Submits that were let in while too much comes, and wait for room before the command loop.
 *
 * They wait as they came, undecoded: what stands in a queue for a tenth of a second as objects is copied by
 * every collection meanwhile. The loop gets what its next entry can hold and no more, from one sender
 * after the other, so that none of them waits for all that another one sent.
 */
import type { OrchestratorError } from '../base/errors.ts';

export interface HeldSubmit {
  /** 0 to 8: what is most urgent does not wait here. */
  readonly priority: number;
  readonly tasks: number;
  readonly bytes: number;
  /** When it came, in monotonic milliseconds. */
  readonly sinceMs: number;
  /** Decodes it and proposes it, before it returns or in the same turn of the event loop. Never throws. */
  take(): void;
  /** Answers it; nothing of it was kept. */
  refuse(error: OrchestratorError): void;
}

export interface IntakeOptions {
  /** Tasks that the loop could still do with for its next entry. */
  readonly room: () => number;
  /** Calls back soon, after what is under way in this turn of the event loop. */
  readonly soon: (callback: () => void) => void;
}

export class Intake {
  readonly #options: IntakeOptions;
  /** Of each sender, oldest first; who is first is served next. */
  readonly #held = new Map<object, HeldSubmit[]>();
  #tasks = 0;
  #bytes = 0;
  #isWoken = false;
  /** An entry was made since the last feed: whoever else fills the loop, one of these is in the next. */
  #isDue = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Tasks that wait. */
  get tasks(): number {
    return this.#tasks;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Senders of whom something waits. */
  get senders(): number {
    return this.#held.size;
  }

  /** When the one came that waits for longest; null when none does. O(senders). */
  get oldestMs(): number | null {
    let oldest: number | null = null;
    for (const [head] of this.#held.values()) {
      if (head !== undefined && (oldest === null || head.sinceMs < oldest)) oldest = head.sinceMs;
    }
    return oldest;
  }

  add(sender: object, submit: HeldSubmit): void {
    const queue = this.#held.get(sender);
    if (queue === undefined) this.#held.set(sender, [submit]);
    else queue.push(submit);
    this.#tasks += submit.tasks;
    this.#bytes += submit.bytes;
    this.wake();
  }

  /** An entry took what it could of what the loop had. */
  entryMade(): void {
    this.#isDue = true;
    this.wake();
  }

  /** There may be room: makes sure that it is used. */
  wake(): void {
    if (this.#isWoken || this.#held.size === 0) return;
    this.#isWoken = true;
    this.#options.soon(() => {
      this.#isWoken = false;
      this.#feed();
    });
  }

  /** Refuses what waits, sender by sender and the oldest of each first, until no more than so many tasks do. */
  shed(tasksMax: number, refusal: (submit: HeldSubmit) => OrchestratorError | null): void {
    if (this.#tasks <= tasksMax) return;
    for (const [sender, queue] of this.#held) {
      const left = queue.filter((submit) => {
        const error = this.#tasks > tasksMax ? refusal(submit) : null;
        if (error === null) return true;
        this.#gone(submit);
        submit.refuse(error);
        return false;
      });
      if (left.length === 0) this.#held.delete(sender);
      else this.#held.set(sender, left);
    }
  }

  /** A sender left: what it had waiting is not taken any more. */
  forget(sender: object): void {
    for (const submit of this.#held.get(sender) ?? []) this.#gone(submit);
    this.#held.delete(sender);
  }

  #feed(): void {
    let room = this.#options.room();
    let isFed = false;
    while (this.#isDue || room > 0) {
      this.#isDue = false;
      const [next] = this.#held;
      if (next === undefined) return;
      const [sender, queue] = next;
      const submit = queue.shift() as HeldSubmit;
      this.#held.delete(sender);
      if (queue.length > 0) this.#held.set(sender, queue);
      this.#gone(submit);
      room -= submit.tasks;
      isFed = true;
      submit.take();
    }
    // What was refused as it was decoded left its room to others.
    if (isFed) this.wake();
  }

  #gone({ bytes, tasks }: HeldSubmit): void {
    this.#tasks -= tasks;
    this.#bytes -= bytes;
  }
}
