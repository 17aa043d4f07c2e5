/**
 * What a node makes of a peer whose process has ended.
 *
 * An election timeout waits for a leader that may only be slow. One that is gone is not waited for: the node behaves as
 * if the shortest timeout were over, which it may at any time; wrong news costs an election, never an entry.
 */
import type { NodeId } from './configuration.ts';
import { isVoter, membersOf } from './joint-quorum.ts';
import type { RaftState } from './raft-state.ts';

/** Time for the others to see it, too; before that they would refuse. */
const FIRST_TICKS = 3;
/** Between one node's turn and the next one's: longer than an election takes, so that two seldom compete. */
const TURN_TICKS = 12;

/** The process of `nodeId` ended, as far as the shell can tell. */
export function peerGone(state: RaftState, nodeId: NodeId): void {
  if (state.leader !== nodeId || state.role === 'leader') return;
  const { electionTicks, leaseTicks } = state.settings;
  // A leader that answers by its lease counts on everyone waiting for it.
  if (leaseTicks > 0) return;
  const waitTicks = FIRST_TICKS + TURN_TICKS * turnOf(state, nodeId) + state.rng.below(FIRST_TICKS);
  const restTicks = state.electionTimeout - state.electionElapsed;
  state.electionElapsed = Math.max(state.electionElapsed, electionTicks);
  state.electionTimeout = state.electionElapsed + Math.min(waitTicks, restTicks);
}

/** Place of this node among the voters that are left: the first tries first. */
function turnOf({ log, nodeId }: RaftState, gone: NodeId): number {
  const voters = membersOf(log.configuration).filter(
    (one) => one !== gone && isVoter(log.configuration, one),
  );
  return Math.max(0, voters.toSorted().indexOf(nodeId));
}
