/** Tasks that are made again and again, at moments that whoever leads works out. */
import { Fingerprint } from '../base/fingerprint.ts';
import type { NewTask } from './command.ts';
import type { TaskId } from './ids.ts';
import { queueName } from './queue.ts';
import type { CoreRecord } from './record.ts';
import type { TaskSpec } from './spec.ts';
import type { Task } from './task.ts';

/** What happens to a firing while a task of an earlier one is not finished. */
export type OverlapPolicy = 'allow' | 'skip' | 'queue-one' | 'cancel-running';

/** When it fires. Core does not read it: time zones may differ from machine to machine. */
export type ScheduleTiming =
  | { readonly type: 'cron'; readonly expression: string; readonly timezone: string }
  /** At every whole multiple of `intervalMs` since 1970, plus `offsetMs`. */
  | { readonly type: 'every'; readonly intervalMs: number; readonly offsetMs: number }
  /** Moments in milliseconds since 1970, each once, in order. */
  | { readonly type: 'at'; readonly moments: readonly number[] };

/** What each firing submits. */
export interface ScheduledTask {
  readonly spec: TaskSpec;
  readonly fields: Omit<NewTask, 'id' | 'spec' | 'runAt' | 'idempotencyKey' | 'bodyHash'>;
  /** JSON text. */
  readonly payload: string;
}

/** Everything that whoever sets a schedule says of it; replaced as a whole. */
export interface ScheduleSettings {
  readonly timing: ScheduleTiming;
  readonly task: ScheduledTask;
  readonly overlap: OverlapPolicy;
  /** How late a firing may be made up for, in milliseconds; what is older is missed for good. */
  readonly catchUpMs: number;
  /** Of several firings that are due together: all of them, or the latest only. */
  readonly catchUp: 'latest' | 'all';
  /** Each firing comes this much later at most, in milliseconds, by its own fixed share. */
  readonly jitterMs: number;
  /** No firing before it; 0 for no bound. */
  readonly startAt: number;
  /** No firing after it; 0 for no bound. */
  readonly endAt: number;
  /** Tasks made in all; 0 for no bound. */
  readonly runsMax: number;
}

export interface SchedulePause {
  readonly reason: string | null;
  readonly by: string | null;
  readonly at: number;
}

/** What became of one firing. */
export interface RecentFiring {
  /** The moment it was meant for. */
  readonly nominalAt: number;
  /** When it was made, or not. */
  readonly at: number;
  /** Its task; null where none was made. */
  readonly taskId: TaskId | null;
  /** `scheduled`, `triggered` or `backfilled`; else why there is no task: `overlap`, `queue_full`, … */
  readonly outcome: string;
}

/** A firing that waits for the end of the one before. */
export interface WaitingFiring {
  readonly nominalAt: number;
  readonly taskId: TaskId;
  readonly outcome: string;
}

interface ScheduleFields {
  readonly namespace: string;
  readonly name: string;
  readonly createdAt: number;
  settings: ScheduleSettings;
  /** When the settings last changed. */
  changedAt: number;
  paused: SchedulePause | null;
  /** The moment of its next firing, before jitter; 0 for never again. */
  nextAt: number;
  /** The moment of its newest firing by itself; 0 before the first. */
  lastAt: number;
  /** Tasks that it made by itself. */
  runs: number;
  /** Firings without a task, because of its overlap policy or a full queue. */
  skipped: number;
  /** Firings that were due while nobody could make them, or that a later one stands for. */
  missed: number;
  waiting: WaitingFiring | null;
  /** The newest firings, oldest first; at most {@link RECENT_FIRINGS_MAX}. */
  recent: readonly RecentFiring[];
}

export interface Schedule extends CoreRecord, ScheduleFields {
  readonly table: 'schedules';
  /** Its tasks that are not finished. Derived from them, not stored. */
  readonly live: Set<Task>;
}

/** Which firing made a task. */
export interface TaskSchedule {
  /** Key of the schedule. */
  readonly key: string;
  /** Its sequence number: one that was removed and made again is another. */
  readonly seq: number;
  readonly nominalAt: number;
}

export const RECENT_FIRINGS_MAX = 20;

/** Schedules kept, at most. */
export const SCHEDULES_MAX = 200_000;

/** `name`, or `namespace/name` outside the namespace `default`. */
export function scheduleKey(namespace: string, name: string): string {
  return queueName(namespace, name);
}

/** How much later than `nominalAt` that firing comes: 0..`jitterMs`, the same each time it is asked. */
export function firingJitterMs(key: string, nominalAt: number, jitterMs: number): number {
  if (jitterMs === 0) return 0;
  const hash = new Fingerprint();
  hash.add(`${key}\n${nominalAt}`);
  return Math.floor((Number.parseInt(hash.text.slice(0, 8), 16) / 2 ** 32) * (jitterMs + 1));
}

export function scheduleFields(schedule: Schedule): readonly unknown[] {
  const { changedAt, createdAt, lastAt, missed, name, namespace, nextAt } = schedule;
  const { paused, recent, runs, settings, skipped, waiting } = schedule;
  return [
    namespace,
    name,
    createdAt,
    settings,
    changedAt,
    paused,
    nextAt,
    lastAt,
    runs,
    skipped,
    missed,
    waiting,
    recent,
  ];
}

export function readSchedule(fields: readonly unknown[]): ScheduleFields {
  const [namespace, name, createdAt, settings, changedAt, paused, ...rest] = fields as [
    string,
    string,
    number,
    ScheduleSettings,
    number,
    SchedulePause | null,
    ...unknown[],
  ];
  const [nextAt, lastAt, runs, skipped, missed, waiting, recent] = rest as [
    number,
    number,
    number,
    number,
    number,
    WaitingFiring | null,
    readonly RecentFiring[],
  ];
  const counts = { nextAt, lastAt, runs, skipped, missed };
  return { namespace, name, createdAt, settings, changedAt, paused, ...counts, waiting, recent };
}
