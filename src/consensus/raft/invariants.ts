import { invariant } from '../../base/invariant.ts';
import type { RaftState } from './raft-state.ts';

/** Bounds that must hold before and after a step. */
export interface StepMarks {
  readonly term: number;
  readonly votedFor: string | null;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly applyingIndex: number;
}

export function marksOf(state: RaftState): StepMarks {
  const { term, votedFor, commitIndex, appliedIndex, applyingIndex } = state;
  return { term, votedFor, commitIndex, appliedIndex, applyingIndex };
}

/** Checks I1–I8 of `raft-core.ts`; the others are asserted where they could be broken. Cost: O(peers). */
export function checkInvariants(state: RaftState, before: StepMarks): void {
  const { log, term, commitIndex, appliedIndex, applyingIndex, durability } = state;
  invariant(term >= before.term, 'I1: the term must not go back');
  invariant(
    term > before.term || before.votedFor === null || before.votedFor === state.votedFor,
    'I2: a vote must stay for its term',
  );
  invariant(commitIndex >= before.commitIndex, 'I3: the commit index must not go back');
  invariant(
    appliedIndex >= before.appliedIndex && applyingIndex >= before.applyingIndex,
    'I3: the applied index must not go back',
  );
  invariant(
    log.base.index <= appliedIndex &&
      appliedIndex <= applyingIndex &&
      applyingIndex <= commitIndex &&
      commitIndex <= log.lastIndex,
    () =>
      `I4: base ≤ applied ≤ applying ≤ commit ≤ last must hold, got ${log.base.index}, ${appliedIndex}, ${applyingIndex}, ${commitIndex}, ${log.lastIndex}`,
  );
  invariant(durability.stableIndex <= log.lastIndex, 'I5: what is durable must be in the log');
  invariant(log.configurationIndex <= log.lastIndex, 'I6: a configuration must be in the log');
  invariant(log.lastTerm <= term, 'I6: the log must not hold entries of later terms');
  checkLeader(state);
}

function checkLeader(state: RaftState): void {
  const { leadership, log, role, term } = state;
  invariant((role === 'leader') === (leadership !== null), 'I7: a leader must have leadership');
  if (leadership === null) return;
  invariant(
    log.termAt(log.lastIndex) === term && state.votedFor === state.nodeId,
    'I7: a leader must have begun its term and voted for itself',
  );
  for (const peer of leadership.peers.values()) {
    invariant(peer.matchIndex < peer.nextIndex, 'I8: match must be below next');
    invariant(peer.matchIndex <= log.lastIndex, 'I8: match must be in the log');
  }
}
