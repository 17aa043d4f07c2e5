/** What operators do to named limits. */
import { UNTRACKED } from './change-set.ts';
import { isOfLimit } from './bucket-key.ts';
import { LIMITS_MAX } from './limit.ts';
import { LimitGate } from './limit-gate.ts';
import { reject, type Rejection } from './rejection.ts';
import type { LimitSettings } from './spec.ts';
import type { Step } from './step.ts';

/** Makes a limit or replaces its settings; tasks that wait are held to the new ones. O(its keys). */
export function setLimit(step: Step, name: string, settings: LimitSettings): Rejection | null {
  const { state } = step;
  const table = state.records.limits;
  const known = table.get(name);
  const before = known?.settings ?? null;
  if (known === undefined && table.size >= LIMITS_MAX) {
    return reject('LIMIT_LIMIT', `there can be at most ${LIMITS_MAX} named limits`, {
      limitsMax: LIMITS_MAX,
    });
  }
  if (known === undefined) {
    state.recordSeq += 1;
    const timed = { dueAt: 0, timerSlot: -1, ...UNTRACKED };
    table.add({ table: 'limits', key: name, seq: state.recordSeq, settings, ...timed });
  } else {
    table.touch(known);
    known.settings = settings;
  }
  changeGates(step, name, { before, after: settings });
  return null;
}

/** Forgets a limit: tasks that name it pass freely, and no new one may name it. O(its keys). */
export function removeLimit(step: Step, name: string): Rejection | null {
  const table = step.state.records.limits;
  const known = table.get(name);
  if (known === undefined) {
    return reject('LIMIT_NOT_FOUND', `a limit must exist, got ${name}`, { limit: name });
  }
  table.remove(known);
  changeGates(step, name, { before: known.settings, after: null });
  return null;
}

interface Change {
  readonly before: LimitSettings | null;
  readonly after: LimitSettings | null;
}

function changeGates({ state, events }: Step, limit: string, { after, before }: Change): void {
  for (const bucket of state.records.buckets.values()) {
    if (!isOfLimit(bucket.key, limit) || state.limitGates.has(bucket.key)) continue;
    // No live task names it: it is changed as the gate that it had.
    const name = { key: '', bucketKey: bucket.key, limit, subKey: '' };
    new LimitGate(name, before, bucket).change(state, after);
  }
  const gates = [...state.limitGates.values()].filter((gate) => gate.name.limit === limit);
  // In an order that does not depend on which task named a key first: a restart forgets that.
  for (const gate of gates.toSorted((a, b) => (a.subKey < b.subKey ? -1 : 1))) {
    gate.change(state, after);
    events.push({ type: 'gate.changed', gate });
  }
  events.push({ type: 'limit.changed', limit });
}
