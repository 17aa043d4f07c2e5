import { Fingerprint } from '../base/fingerprint.ts';
import { agentRow, profileRow, queueRow, taskRow } from './rows.ts';
import { recordTables } from './records.ts';
import { stateHead } from './restore.ts';
import type { CoreState } from './state.ts';

/**
 * A 64-bit fingerprint of the whole state, as 16 hexadecimal digits: equal states have equal digests,
 * and unequal ones differ but for chance (no adversary is assumed). O(size of the state).
 */
export function digest(state: CoreState): string {
  const hash = new Fingerprint();
  hash.add(canonical(stateHead(state)));
  const byText = (rows: Iterable<unknown>): void => {
    for (const text of [...rows].map((row) => canonical(row)).toSorted()) hash.add(text);
  };
  byText(state.queues.values().map(queueRow));
  byText(state.profiles.values().map(profileRow));
  byText(state.agents.values().map(agentRow));
  byText(state.tasks.values().map(taskRow));
  byText(state.idempotency.values());
  for (const table of recordTables(state.records)) byText(table.values().map(table.changes.rowOf));
  return hash.text;
}

/**
 * A fingerprint of what every change leaves a trace in: time, chance, sequences, and counts. States that came apart
 * show it here within a few changes. O(queues · log queues).
 */
export function headDigest(state: CoreState): string {
  const hash = new Fingerprint();
  hash.add(canonical(stateHead(state)));
  hash.add(
    canonical([state.tasks.size, state.agents.size, state.profiles.size, state.dependents.size]),
  );
  for (const table of recordTables(state.records)) hash.add(String(table.size));
  // A restart has them in another order than they were made in.
  const rows = [...state.queues.values()].map((queue) => canonical(queueRow(queue)));
  for (const row of rows.toSorted()) hash.add(row);
  return hash.text;
}

/** JSON with the keys of every object in order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
