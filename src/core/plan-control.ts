/** Whether a submit's keys and limits can be taken, before anything is changed. */
import { burstOf } from './bucket.ts';
import { limitBucketKey } from './bucket-key.ts';
import type { NewTask } from './command.ts';
import { controlOf } from './control.ts';
import { DEDUPE_KEYS_MAX, dedupeKey } from './dedupe-record.ts';
import { throttledBy } from './dedupe.ts';
import { sumsOf } from './gates.ts';
import type { TaskId } from './ids.ts';
import { reject, type Rejection } from './rejection.ts';
import type { TaskSpec } from './spec.ts';
import type { CoreState } from './state.ts';

/** Keys of limits that live tasks name or that are not full, at most. */
export const LIMIT_KEYS_MAX = 1_000_000;

/** What the tasks of one submit add up to. */
export interface ControlPlan {
  /** Tasks of this submit by the key that throttles them. */
  readonly throttled: Map<string, TaskId>;
  readonly bucketsNew: Set<string>;
  dedupesNew: number;
  /** Moment at which the submit is judged. */
  readonly nowMs: number;
}

/** For a submit that is judged at `nowMs`. */
export function startControl(nowMs: number): ControlPlan {
  return { throttled: new Map(), bucketsNew: new Set(), dedupesNew: 0, nowMs };
}

/** The task that this one is a throttled repeat of; a refusal; or null where it can be made. */
export function planControl(
  state: CoreState,
  spec: TaskSpec,
  item: NewTask,
  plan: ControlPlan,
): { readonly repeats: TaskId } | Rejection | null {
  return checkLimits(state, item, plan) ?? planDedupe(state, spec, item, plan);
}

function planDedupe(
  state: CoreState,
  spec: TaskSpec,
  item: NewTask,
  plan: ControlPlan,
): { readonly repeats: TaskId } | Rejection | null {
  const { dedupe } = item;
  if (dedupe === undefined) return null;
  const key = dedupeKey(spec, dedupe);
  const repeats = throttledBy(state, spec, dedupe, plan.nowMs) ?? plan.throttled.get(key);
  if (repeats !== undefined) return { repeats };
  if (dedupe.mode === 'throttle') plan.throttled.set(key, item.id);
  plan.dedupesNew += 1;
  if (state.records.dedupes.size + plan.dedupesNew <= DEDUPE_KEYS_MAX) return null;
  return reject('DEDUPE_FULL', `at most ${DEDUPE_KEYS_MAX} dedupe keys are remembered`, {
    keysMax: DEDUPE_KEYS_MAX,
  });
}

/** A limit that a schedule's tasks name and that is not there, or that none of them could pass. */
export function findLimitFault(
  state: CoreState,
  fields: Omit<NewTask, 'id' | 'spec'>,
): Rejection | null {
  const { nowMs } = state;
  const plan = { throttled: new Map(), bucketsNew: new Set<string>(), dedupesNew: 0, nowMs };
  return checkLimits(state, fields, plan);
}

function checkLimits(
  state: CoreState,
  item: Omit<NewTask, 'id' | 'spec'> & Partial<Pick<NewTask, 'id'>>,
  plan: ControlPlan,
): Rejection | null {
  const control = item.limits === undefined ? null : controlOf(item);
  if (control === null) return null;
  const named = item.id === undefined ? {} : { taskId: item.id };
  for (const { key, name, units } of sumsOf(control)) {
    const limit = state.records.limits.get(name);
    if (limit === undefined) {
      return reject('LIMIT_NOT_FOUND', `a limit must be set before tasks name it, got ${name}`, {
        limit: name,
        ...named,
      });
    }
    const { rate } = limit.settings;
    if (rate !== undefined && units > burstOf(rate)) {
      const unitsMax = burstOf(rate);
      return reject(
        'LIMIT_IMPOSSIBLE',
        `an attempt can take at most ${unitsMax} units of limit ${name}, got ${units}`,
        { limit: name, units, unitsMax, ...named },
      );
    }
    const bucketKey = limitBucketKey(name, key);
    if (!state.limitGates.has(bucketKey)) plan.bucketsNew.add(bucketKey);
  }
  const { limitGates, records } = state;
  if (Math.max(limitGates.size, records.buckets.size) + plan.bucketsNew.size <= LIMIT_KEYS_MAX) {
    return null;
  }
  return reject('LIMIT_KEYS_FULL', `limits can have at most ${LIMIT_KEYS_MAX} keys in use`, {
    keysMax: LIMIT_KEYS_MAX,
  });
}
