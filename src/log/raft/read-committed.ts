import { releasedError } from '../embedded/log-errors.ts';
import type { LogEntry } from '../replicated-log.ts';
import { raftFailedError } from './raft-errors.ts';
import type { Journal } from './journal/journal.ts';

const READ_BYTES = 1024 * 1024;

export interface CommittedRange {
  readonly journal: Journal;
  /** Of commands: reading starts behind the first and ends with the second. */
  readonly afterIndex: number;
  readonly throughIndex: number;
  /** Throws where the log was closed meanwhile. */
  readonly assertOpen: () => void;
}

/** Streams committed commands, about 1 MiB at a time. */
export async function* readCommitted(range: CommittedRange): AsyncGenerator<LogEntry, void> {
  const { assertOpen, journal, throughIndex } = range;
  const { positions } = journal;
  let index = range.afterIndex;
  assertOpen();
  while (index < throughIndex) {
    if (index < positions.baseCommands) throw releasedError(index, positions.baseCommands + 1);
    const from = positions.indexOfCommand(index + 1);
    const to = positions.indexOfCommand(throughIndex);
    const entries = await journal.read(from, to, READ_BYTES);
    if (entries.length === 0 && index >= positions.baseCommands) {
      throw raftFailedError(new Error(`command ${index + 1} cannot be read`));
    }
    for (const { body, kind } of entries) {
      if (kind !== 'command') continue;
      assertOpen();
      index += 1;
      yield { index, body };
    }
    assertOpen();
  }
}
