/**
 * How long a sender that was refused is left unread, so that refusing does not take the time of serving.
 *
 * What a sender cannot get rid of waits in its own socket. Enough is still read to know what comes with
 * which priority: about twice what is let in.
 */

/** What is read at most and at least, in times of what is let in, before the rest changes. */
const READ_MAX = 2;
const READ_MIN = 1.5;
const REST_MS_FIRST = 5;
const REST_MS_MAX = 1_000;
const LONGER = 1.25;
const SHORTER = 1.1;

export class ReadRest {
  #ms = 0;

  /** Milliseconds; 0 where reading costs too little to matter. */
  get ms(): number {
    return this.#ms;
  }

  /** Takes a step: so many tasks a millisecond were read and may be let in. */
  step(read: number, letIn: number): void {
    if (read > READ_MAX * letIn)
      this.#ms = Math.min(REST_MS_MAX, Math.max(REST_MS_FIRST, this.#ms * LONGER));
    else if (read < READ_MIN * letIn) this.#ms = this.#ms <= REST_MS_FIRST ? 0 : this.#ms / SHORTER;
  }

  clear(): void {
    this.#ms = 0;
  }
}
