import { ByteWriter } from './byte-writer.ts';
import { encodeConfiguration } from './configuration-codec.ts';
import type { ProgressView, RaftView } from './core-contract.ts';
import type { Progress } from './progress.ts';
import type { RaftState } from './raft-state.ts';
import { isTermReady } from './read-index.ts';

/** A frozen copy of what checkers look at. Cost: O(peers). */
export function viewOf(state: RaftState): RaftView {
  const { leadership, log } = state;
  const { readsWaiting, roundReads } = leadership ?? { readsWaiting: [], roundReads: [] };
  return Object.freeze({
    nodeId: state.nodeId,
    role: state.role,
    term: state.term,
    votedFor: state.votedFor,
    leader: state.leader,
    isTermReady: isTermReady(state),
    baseIndex: log.base.index,
    lastIndex: log.lastIndex,
    lastTerm: log.lastTerm,
    lastHash: log.lastHash,
    stableIndex: state.durability.stableIndex,
    commitIndex: state.commitIndex,
    applyingIndex: state.applyingIndex,
    appliedIndex: state.appliedIndex,
    snapshotIndex: state.snapshot?.lastIndex ?? 0,
    configuration: log.configuration,
    configurationIndex: log.configurationIndex,
    generation: state.durability.generation,
    transferTarget: leadership?.transfer?.to ?? null,
    progress: [...(leadership?.peers.values() ?? [])].map(progressViewOf),
    readsWaiting: readsWaiting.length + roundReads.length,
    uncommittedBytes: leadership?.uncommittedBytes ?? 0,
    tailBytes: log.tailBytes,
  });
}

function progressViewOf(peer: Progress): ProgressView {
  const { nodeId, state, matchIndex, nextIndex, inFlightMessages, inFlightBytes } = peer;
  const { isRecentlyActive } = peer;
  return Object.freeze({
    nodeId,
    state,
    matchIndex,
    nextIndex,
    inFlightMessages,
    inFlightBytes,
    isRecentlyActive,
  });
}

/** Hash over everything that later outputs depend on. Cost: O(peers + reads). */
export function digestOf(state: RaftState): Uint8Array {
  const { log, leadership } = state;
  const writer = new ByteWriter();
  writeText(writer, [state.role, state.votedFor, state.leader, state.failure?.message]);
  for (const number of [...numbersOf(state), ...state.durability.digestParts, ...state.rng.state])
    writer.integer(number);
  writer.raw(log.base.hash);
  writer.raw(log.lastHash);
  writer.bytes(encodeConfiguration(log.configuration));
  writeText(
    writer,
    [...state.votes].map(([nodeId, isYes]) => `${nodeId}=${isYes}`),
  );
  writeText(writer, [JSON.stringify([...state.forwardedReads]), JSON.stringify(state.applying)]);
  const { receiving } = state;
  if (receiving !== null)
    writeText(writer, [JSON.stringify({ ...receiving, meta: receiving.meta.lastIndex })]);
  if (leadership !== null) {
    const { peers, ...rest } = leadership;
    writeText(writer, [JSON.stringify(rest)]);
    for (const peer of peers.values())
      writeText(writer, [JSON.stringify(progressViewOf(peer)), peer.digestText()]);
  }
  return state.hasher.hash([writer.finish()]);
}

function numbersOf(state: RaftState): readonly number[] {
  const { log, term, commitIndex, writtenCommitIndex, applyingIndex, appliedIndex } = state;
  const { nowTick, electionElapsed, electionTimeout, readSequence, requestSequence } = state;
  return [
    term,
    commitIndex,
    writtenCommitIndex,
    applyingIndex,
    appliedIndex,
    log.base.index,
    log.lastIndex,
    log.configurationIndex,
    log.tailBytes,
    nowTick,
    electionElapsed,
    electionTimeout,
    readSequence,
    requestSequence,
    state.snapshot?.lastIndex ?? 0,
    state.durability.writesOut,
  ];
}

/** ASCII only: roles, ids, reasons of this room. */
function writeText(writer: ByteWriter, texts: readonly (string | null | undefined)[]): void {
  for (const text of texts) {
    const known = text ?? '-';
    writer.u32(known.length);
    for (let at = 0; at < known.length; at += 1) writer.u16(known.charCodeAt(at));
  }
}
