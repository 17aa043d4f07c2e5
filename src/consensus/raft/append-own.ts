import type { RaftEntry, RaftEntryKind } from './log-entry.ts';
import type { RaftState } from './raft-state.ts';

/** Appends an entry of the leader's own term; it is written and sent at the end of the step. */
export function appendOwn(state: RaftState, kind: RaftEntryKind, body: Uint8Array): RaftEntry {
  const { log, term } = state;
  const entry = { index: log.lastIndex + 1, term, kind, prevHash: log.lastHash, body };
  log.append(entry);
  state.pending.append(entry);
  return entry;
}
