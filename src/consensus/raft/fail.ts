import type { RaftFailureCode } from './outputs.ts';
import type { RaftState } from './raft-state.ts';

/** Stops this core for good, loudly. Nothing more is written, sent or applied. */
export function fail(state: RaftState, code: RaftFailureCode, message: string): void {
  if (state.failure !== null) return;
  state.failure = { message };
  state.outbox.notice({ kind: 'failed', code, message });
}
