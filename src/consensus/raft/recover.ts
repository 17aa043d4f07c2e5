import { invariant } from '../../base/invariant.ts';
import type { RaftState } from './raft-state.ts';
import { followConfiguration } from './roles.ts';
import { adoptSnapshot } from './snapshot-receiving.ts';

/** Brings log, snapshot and state machine of a disk in line: a crash may have come between their writes. */
export function recover(state: RaftState): void {
  const { log, snapshot } = state;
  invariant(log.lastTerm <= state.term, 'a recovered log must not be ahead of its term');
  if (snapshot !== null && snapshot.lastIndex > log.lastIndex) adoptSnapshot(state, snapshot);
  invariant(
    log.base.index === 0 || (snapshot !== null && snapshot.lastIndex >= log.base.index),
    'a compacted log must come with a snapshot',
  );
  invariant(
    state.appliedIndex >= log.base.index && state.appliedIndex <= log.lastIndex,
    () =>
      `the applied index must be in the log, got ${state.appliedIndex} of ${log.base.index} to ${log.lastIndex}`,
  );
  followConfiguration(state);
}
