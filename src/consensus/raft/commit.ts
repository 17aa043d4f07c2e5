/** What is committed, and handing it to the state machine. */
import { invariant } from '../../base/invariant.ts';
import { fail } from './fail.ts';
import { quorumReached } from './joint-quorum.ts';
import type { RaftEntry } from './log-entry.ts';
import { nextRequestId, type Leadership, type RaftState } from './raft-state.ts';

/**
 * Commits what is durable on a quorum, if it is of the leader's own term; older entries come with it.
 *
 * The leader's own log counts as far as it is durable, like anybody else's.
 */
export function commitByQuorum(state: RaftState, leadership: Leadership): void {
  if (state.commitIndex === state.log.lastIndex) return;
  const reached = quorumReached(state.log.configuration, (nodeId) =>
    nodeId === state.nodeId
      ? state.durability.stableIndex
      : (leadership.peers.get(nodeId)?.matchIndex ?? 0),
  );
  if (reached <= state.commitIndex || state.log.termAt(reached) !== state.term) return;
  commitThrough(state, reached);
  while ((leadership.uncommitted[0]?.index ?? Number.POSITIVE_INFINITY) <= reached)
    leadership.uncommittedBytes -= leadership.uncommitted.shift()?.bytes ?? 0;
}

/** Moves the commit index forward; a smaller one is old news. */
export function commitThrough(state: RaftState, index: number): void {
  if (index <= state.commitIndex) return;
  invariant(
    index <= state.log.lastIndex,
    () => `only what is in the log is committed, got ${index} of ${state.log.lastIndex}`,
  );
  state.commitIndex = index;
}

/** Hands out entries that are committed and durable here, within bounds. */
export function applyCommitted(state: RaftState): void {
  if (state.receiving?.phase === 'draining' || state.receiving?.phase === 'installing') return;
  const { applyBytesMax } = state.settings;
  const through = Math.min(state.commitIndex, state.durability.stableIndex);
  while (state.applyingIndex < through && state.applyReadRequestId === null) {
    const room = applyBytesMax - state.applyingBytes;
    if (room <= 0) return;
    const from = state.applyingIndex + 1;
    const entries = state.log.slice(from, through, room);
    if (entries.length === 0) {
      const requestId = nextRequestId(state);
      state.applyReadRequestId = requestId;
      state.outbox.notice({ kind: 'readEntries', requestId, from, to: through, bytesMax: room });
      return;
    }
    handOut(state, entries);
  }
}

/** Entries for the state machine that were no longer in memory. True if they were asked for here. */
export function applyEntriesRead(
  state: RaftState,
  requestId: number,
  entries: readonly RaftEntry[],
): boolean {
  if (requestId !== state.applyReadRequestId) return false;
  state.applyReadRequestId = null;
  const first = entries[0];
  if (first === undefined || first.index !== state.applyingIndex + 1) return true;
  const isWrong = entries.some((entry) => !state.log.isHeld(entry));
  if (isWrong) fail(state, 'ENTRIES_WRONG', 'entries read back must be those of the log');
  else handOut(state, entries);
  return true;
}

/** The state machine got this far. */
export function entriesApplied(state: RaftState, index: number): void {
  invariant(
    index <= state.applyingIndex,
    () => `only what was handed out is applied, got ${index} of ${state.applyingIndex}`,
  );
  state.appliedIndex = Math.max(state.appliedIndex, index);
  while ((state.applying[0]?.index ?? Number.POSITIVE_INFINITY) <= index)
    state.applyingBytes -= state.applying.shift()?.bytes ?? 0;
}

function handOut(state: RaftState, entries: readonly RaftEntry[]): void {
  let bytes = 0;
  for (const entry of entries) bytes += entry.body.length;
  const index = entries.at(-1)?.index ?? state.applyingIndex;
  invariant(index <= state.commitIndex, 'only committed entries are applied');
  state.applying.push({ index, bytes });
  state.applyingBytes += bytes;
  state.applyingIndex = index;
  state.outbox.notice({ kind: 'apply', entries });
}
