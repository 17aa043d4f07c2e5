/** Which queues stand still because their namespace was killed. */
import { namespaceOf } from './queue.ts';
import type { CoreState } from './state.ts';
import { killKey } from './tree.ts';

/** Whether a namespace is stopped. */
export function isHeld(state: CoreState, namespace: string): boolean {
  const { kills } = state.records;
  return kills.size > 0 && kills.get(killKey('namespace', namespace)) !== undefined;
}

/** Marks the queues of killed namespaces, after a restore. */
export function restoreHolds(state: CoreState): void {
  if (state.records.kills.size === 0) return;
  for (const queue of state.queues.values()) queue.held = isHeld(state, namespaceOf(queue.name));
}
