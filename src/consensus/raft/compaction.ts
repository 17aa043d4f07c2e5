import { invariant } from '../../base/invariant.ts';
import type { SnapshotMeta } from './log-entry.ts';
import type { RaftState } from './raft-state.ts';

/** A snapshot of the own state is durable: entries it covers may go, but for some trailing ones. */
export function snapshotMade(state: RaftState, meta: SnapshotMeta): void {
  const { log, settings } = state;
  invariant(
    meta.lastIndex <= state.appliedIndex,
    () => `a snapshot must be of what was applied, got ${meta.lastIndex} of ${state.appliedIndex}`,
  );
  if (state.snapshot !== null && meta.lastIndex <= state.snapshot.lastIndex) return;
  state.snapshot = meta;
  const through = meta.lastIndex - settings.trailingEntries;
  if (through <= log.base.index) return;
  const base = log.baseAt(through);
  log.compactTo(base);
  state.outbox.notice({ kind: 'compact', base });
}
