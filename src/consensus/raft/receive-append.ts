/** The follower's side of replication. */
import { commitThrough } from './commit.ts';
import type { NodeId } from './configuration.ts';
import { isConfiguration } from './configuration-codec.ts';
import { entryHash, isSameHash } from './entry-hash.ts';
import { fail } from './fail.ts';
import type { RaftEntry } from './log-entry.ts';
import type { AppendRequest, Heartbeat } from './messages.ts';
import type { RaftState } from './raft-state.ts';
import { followConfiguration } from './roles.ts';

interface Hashed {
  readonly entry: RaftEntry;
  readonly hash: Uint8Array;
}

/** Makes the log equal to the leader's through the message's last entry, or says from where on it may differ. */
export function receiveAppend(state: RaftState, from: NodeId, message: AppendRequest): void {
  const hashed = hashChain(state, message);
  if (hashed === null) {
    const text = 'entries of an append must be one chain of hashes';
    state.outbox.notice({ kind: 'peerFault', nodeId: from, message: text });
    return;
  }
  const { prevIndex, prevTerm } = message;
  if (prevIndex < state.log.base.index) {
    receiveOld(state, from, message);
    return;
  }
  if (state.log.termAt(prevIndex) !== prevTerm) {
    refuse(state, from, message);
    return;
  }
  const held = state.log.hashAt(prevIndex);
  if (held === null || !isSameHash(held, message.prevHash)) {
    fail(state, 'LOG_DIVERGED', `hashes must agree where terms do, differ at ${prevIndex}`);
    return;
  }
  if (!takeEntries(state, hashed)) return;
  const lastNew = prevIndex + hashed.length;
  commitThrough(state, Math.min(message.commitIndex, lastNew));
  accept(state, from, prevIndex, lastNew);
}

export function receiveHeartbeat(state: RaftState, from: NodeId, message: Heartbeat): void {
  const { term } = state;
  commitThrough(state, Math.min(message.commitIndex, state.log.lastIndex));
  state.outbox.reply(from, { kind: 'heartbeatResponse', term, round: message.round });
}

/**
 * An append that begins before this log does: all of it up to the commit index is known to be equal.
 *
 * The leader learns that, and sends what follows.
 */
function receiveOld(state: RaftState, from: NodeId, message: AppendRequest): void {
  accept(state, from, message.prevIndex, state.commitIndex);
}

function accept(state: RaftState, to: NodeId, prevIndex: number, matchIndex: number): void {
  const { term } = state;
  state.outbox.reply(
    to,
    {
      kind: 'appendResponse',
      term,
      isAccepted: true,
      prevIndex,
      matchIndex,
      hintIndex: 0,
      hintTerm: 0,
    },
    matchIndex,
  );
}

/** Skips back over all entries of later terms at once. */
function refuse(state: RaftState, to: NodeId, message: AppendRequest): void {
  const { log, term } = state;
  const { prevIndex, prevTerm } = message;
  const hintIndex = log.newestOfTerm(Math.min(prevIndex, log.lastIndex), prevTerm);
  const hintTerm = log.termAt(hintIndex) ?? 0;
  state.outbox.reply(to, {
    kind: 'appendResponse',
    term,
    isAccepted: false,
    prevIndex,
    matchIndex: 0,
    hintIndex,
    hintTerm,
  });
}

/** Hashes of all entries, or null where they do not follow one another. */
function hashChain(state: RaftState, message: AppendRequest): readonly Hashed[] | null {
  const hashed: Hashed[] = [];
  let prevHash = message.prevHash;
  let index = message.prevIndex;
  let term = message.prevTerm;
  for (const entry of message.entries) {
    const isNext = entry.index === index + 1 && entry.term >= term && entry.term <= message.term;
    if (!isNext || !isSameHash(entry.prevHash, prevHash)) return null;
    if (entry.kind === 'configuration' && !isConfiguration(entry.body)) return null;
    prevHash = entryHash(state.hasher, entry);
    index = entry.index;
    term = entry.term;
    hashed.push({ entry, hash: prevHash });
  }
  return hashed;
}

/** Skips what is there already, truncates only at a conflict, appends the rest. False: the core failed. */
function takeEntries(state: RaftState, hashed: readonly Hashed[]): boolean {
  const { log } = state;
  let isConfigured = false;
  for (const { entry, hash } of hashed) {
    const heldTerm = log.termAt(entry.index);
    if (heldTerm === entry.term) {
      const held = log.hashAt(entry.index);
      if (held !== null && isSameHash(held, hash)) continue;
      fail(state, 'LOG_DIVERGED', `one index and term must be one entry, differ at ${entry.index}`);
      return false;
    }
    if (heldTerm !== null && !truncateFrom(state, entry.index)) return false;
    if (heldTerm !== null) isConfigured = true;
    log.append(entry, hash);
    state.pending.append(entry);
    if (entry.kind === 'configuration') isConfigured = true;
  }
  if (isConfigured) followConfiguration(state);
  return true;
}

function truncateFrom(state: RaftState, index: number): boolean {
  if (index <= state.commitIndex) {
    const message = `committed entries must stay, a leader of term ${state.term} replaces ${index}`;
    fail(state, 'COMMITTED_TRUNCATED', message);
    return false;
  }
  state.log.truncateFrom(index);
  state.durability.truncated(index);
  state.pending.truncateFrom(index);
  return true;
}
