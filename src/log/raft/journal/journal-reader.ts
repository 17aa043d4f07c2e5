import { isOrchestratorError } from '../../../base/errors.ts';
import { invariant } from '../../../base/invariant.ts';
import type { LogEntry, ReplicatedLog } from '../../replicated-log.ts';

/** Readers kept at their places: one for each follower that is far behind, within reason. */
const CURSORS_MAX = 4;
/** A reader this close before a group goes on to it rather than being opened anew. */
const SKIPPED_MAX = 256;

interface Cursor {
  readonly entries: AsyncIterator<LogEntry>;
  /** Group it comes to next. */
  next: number;
}

/**
 * Reads groups of the journal by their number, one after the other.
 *
 * The embedded log is read from the start of a segment; going on where a reader stopped makes a long sequential read cost
 * its own bytes only.
 */
export class JournalReader {
  readonly #log: ReplicatedLog;
  readonly #cursors: Cursor[] = [];

  constructor(log: ReplicatedLog) {
    this.#log = log;
  }

  /**
   * The bytes of group `group`, which is durable. Not to be called while a call is under way.
   *
   * @throws OrchestratorError `LOG_RELEASED` where the group was let go of, and those of the log
   */
  async group(group: number): Promise<Uint8Array> {
    const kept = this.#take(group);
    if (kept === undefined) return this.#advance(this.#open(group), group);
    try {
      return await this.#advance(kept, group);
    } catch (error) {
      if (!isReleased(error)) throw error;
      // What lay between its place and the group may be gone, and the group still be there.
      return this.#advance(this.#open(group), group);
    }
  }

  async close(): Promise<void> {
    for (const cursor of this.#cursors.splice(0)) await cursor.entries.return?.();
  }

  async #advance(cursor: Cursor, group: number): Promise<Uint8Array> {
    for (;;) {
      const read = await cursor.entries.next();
      if (read.done === true) {
        // It was opened before the group was there.
        return this.group(group);
      }
      const { body, index } = read.value;
      invariant(index === cursor.next, 'groups come without gaps');
      cursor.next = index + 1;
      if (index < group) continue;
      this.#keep(cursor);
      return body;
    }
  }

  /** The kept reader that is nearest before `group`, taken out. */
  #take(group: number): Cursor | undefined {
    let best = -1;
    for (const [at, { next }] of this.#cursors.entries()) {
      if (next > group || group - next > SKIPPED_MAX) continue;
      if (best === -1 || next > (this.#cursors[best] as Cursor).next) best = at;
    }
    return best === -1 ? undefined : this.#cursors.splice(best, 1)[0];
  }

  #open(group: number): Cursor {
    return { entries: this.#log.read(group - 1)[Symbol.asyncIterator](), next: group };
  }

  #keep(cursor: Cursor): void {
    this.#cursors.push(cursor);
    if (this.#cursors.length <= CURSORS_MAX) return;
    const oldest = this.#cursors.shift();
    void oldest?.entries.return?.();
  }
}

/** Whether an error says that what was to be read was let go of. */
export function isReleased(error: unknown): boolean {
  return isOrchestratorError(error) && error.code === 'LOG_RELEASED';
}
