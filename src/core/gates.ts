/** Which gates a task passes of its own, and how they come and go with it. */
import { limitBucketKey, queueBucketKey } from './bucket-key.ts';
import type { TaskControl } from './control.ts';
import type { Gate, GateUse } from './gate.ts';
import { KeyGate } from './key-gate.ts';
import { LimitGate } from './limit-gate.ts';
import type { Queue } from './queue.ts';
import type { LimitSettings, TaskSpec } from './spec.ts';
import type { CoreState } from './state.ts';
import { isLeased, type Task } from './task.ts';

/** Gates by the key of their map; those of a batch that core has not seen yet, or core's own. */
export interface KnownGates {
  readonly keyGates: Map<string, KeyGate>;
  readonly limitGates: Map<string, LimitGate>;
}

/** Finds or makes the gates of a task that is not there yet; null for none. */
export function gatesFor(
  state: CoreState,
  known: KnownGates,
  spec: TaskSpec,
  control: TaskControl,
): readonly GateUse[] | null {
  const uses: GateUse[] = [];
  if (control.concurrencyKey !== null) {
    const gate = keyGate(state, known, spec.namespace, control.concurrencyKey);
    uses.push({ gate, units: 1, limit: spec.rules?.concurrency?.limit ?? 1 });
  }
  for (const { key, name, units } of sumsOf(control)) {
    uses.push({ gate: limitGate(state, known, name, key), units, limit: 0 });
  }
  return uses.length === 0 ? null : uses;
}

/** What a task takes of each bucket; one that it names twice counts once, with both units. */
export function sumsOf({
  limits,
}: TaskControl): readonly { name: string; key: string; units: number }[] {
  const sums: { name: string; key: string; units: number }[] = [];
  for (const { key = '', name, units = 1 } of limits ?? []) {
    const sum = sums.find((one) => one.name === name && one.key === key);
    if (sum === undefined) sums.push({ name, key, units });
    else sum.units += units;
  }
  return sums;
}

function keyGate(state: CoreState, known: KnownGates, namespace: string, key: string): KeyGate {
  const mapKey = `${namespace}\n${key}`;
  const found = state.keyGates.get(mapKey) ?? known.keyGates.get(mapKey);
  if (found !== undefined) return found;
  const gate = new KeyGate(mapKey, key);
  known.keyGates.set(mapKey, gate);
  return gate;
}

function limitGate(state: CoreState, known: KnownGates, limit: string, key: string): LimitGate {
  const bucketKey = limitBucketKey(limit, key);
  const found = state.limitGates.get(bucketKey) ?? known.limitGates.get(bucketKey);
  if (found !== undefined) return found;
  const shown = key === '' ? `limit ${limit}` : `limit ${limit} for key ${key}`;
  const name = { key: shown, bucketKey, limit, subKey: key };
  const settings = state.records.limits.get(limit)?.settings ?? null;
  const gate = new LimitGate(name, settings, state.records.buckets.get(bucketKey) ?? null);
  known.limitGates.set(bucketKey, gate);
  return gate;
}

/** Gives a task that joins core its gates. The caller has put it into its first state. */
export function attachGates(state: CoreState, task: Task): void {
  const control = task.extra?.control ?? null;
  if (control === null) return;
  task.gates = gatesFor(state, state, task.profile.spec, control);
  for (const { gate } of task.gates ?? []) {
    if (gate instanceof KeyGate) gate.join(task);
    else if (gate instanceof LimitGate) gate.refs += 1;
  }
}

/** Lets go of the gates of a task that leaves core; it still names them for the events of its end. */
export function detachGates(state: CoreState, task: Task): void {
  for (const { gate } of task.gates ?? []) {
    if (gate instanceof KeyGate) gate.leave(state, task);
    else if (gate instanceof LimitGate) {
      gate.refs -= 1;
      if (gate.refs === 0) state.limitGates.delete(gate.name.bucketKey);
    }
  }
}

/** The key gate of a task, or null. */
export function keyGateOf(task: Task): KeyGate | null {
  const gate: Gate | undefined = task.gates?.[0]?.gate;
  return gate instanceof KeyGate ? gate : null;
}

/** A task is about to become a dead letter, or to be one no more: those are not counted as live. */
export function countDeadLetter(task: Task, becomes: boolean): void {
  const gate = keyGateOf(task);
  if (gate !== null && task.extra?.copyOf == null) gate.live += becomes ? -1 : 1;
}

/** Makes, changes or drops the gate of a queue whose settings are new. */
export function fitQueueGate(state: CoreState, queue: Queue): void {
  const { concurrencyMax, rate } = queue.settings;
  const settings: LimitSettings = {
    ...(concurrencyMax === undefined ? {} : { concurrencyMax }),
    ...(rate === undefined ? {} : { rate }),
  };
  const known = queue.gate?.gate;
  const isHeld = concurrencyMax !== undefined || rate !== undefined;
  if (known instanceof LimitGate) {
    known.change(state, settings);
    if (!isHeld) queue.gate = null;
    return;
  }
  if (!isHeld) return;
  const bucketKey = queueBucketKey(queue.name);
  const name = { key: `queue ${queue.name}`, bucketKey, limit: null, subKey: '' };
  const gate = new LimitGate(name, settings, state.records.buckets.get(bucketKey) ?? null);
  gate.running = queue.running + queue.input_required;
  queue.gate = { gate, units: 1, limit: 0 };
}

/** Gives restored tasks their gates, in order of submission, and counts who holds them. */
export function restoreGates(state: CoreState): void {
  const gated = [...state.tasks.values()].filter((task) => task.extra?.control != null);
  for (const task of gated.toSorted((a, b) => a.seq - b.seq)) {
    attachGates(state, task);
    if (!isLeased(task)) continue;
    for (const { gate } of task.gates ?? []) {
      if (gate instanceof KeyGate || gate instanceof LimitGate) gate.running += 1;
    }
  }
  for (const queue of state.queues.values()) fitQueueGate(state, queue);
  const { buckets, dedupes } = state.records;
  for (const bucket of buckets.values()) state.alarms.arm(bucket, bucket.alarmAt);
  for (const record of dedupes.values()) state.alarms.arm(record, record.until);
}
