/** What was drawn from a rate: kept only while the bucket is not full. */
import { UNTRACKED } from './change-set.ts';
import type { CoreRecord } from './record.ts';
import type { Rate } from './spec.ts';
import type { CoreState } from './state.ts';

export interface Bucket extends CoreRecord, BucketFields {
  readonly table: 'buckets';
}

interface BucketFields {
  /** Units left at `at`, -burst..burst. */
  level: number;
  at: number;
  /** When it is looked at next: kept, so that a restored one is looked at when the others are. */
  alarmAt: number;
}

/** Buckets are looked at for whether they are full at whole multiples of this, so that few entries do. */
const FULL_CHECKED_MS = 1_000;

/** Most units that can be drawn at once. */
export function burstOf(rate: Rate): number {
  return rate.burst ?? rate.units;
}

/** Units left at `nowMs`; never more than the burst. */
export function levelAt(bucket: Bucket | null, rate: Rate, nowMs: number): number {
  const burst = burstOf(rate);
  if (bucket === null) return burst;
  const refill = (Math.max(0, nowMs - bucket.at) * rate.units) / rate.perMs;
  return Math.min(burst, bucket.level + refill);
}

/** Takes units out; the bucket is made when it was full. */
export function draw(
  state: CoreState,
  draws: { readonly bucketKey: string; readonly bucket: Bucket | null; readonly rate: Rate },
  units: number,
): Bucket {
  const { bucketKey, rate } = draws;
  const before = levelAt(draws.bucket, rate, state.nowMs);
  const level = Math.min(before, Math.max(0, before - units));
  const bucket = draws.bucket ?? makeBucket(state, bucketKey);
  setLevel(state, bucket, rate, level);
  return bucket;
}

/**
 * Takes out what an attempt used beyond what was drawn for it, or puts back what it did not use. The level
 * may go below 0, so that those who come wait for what was used, but by one burst at most: a report that
 * is wrong must not close the gate for good.
 */
export function correct(
  state: CoreState,
  draws: { readonly bucketKey: string; readonly bucket: Bucket | null; readonly rate: Rate },
  units: number,
): Bucket | null {
  const { bucketKey, rate } = draws;
  if (units <= 0 && draws.bucket === null) return null;
  const burst = burstOf(rate);
  const level = levelAt(draws.bucket, rate, state.nowMs) - units;
  const bucket = draws.bucket ?? makeBucket(state, bucketKey);
  setLevel(state, bucket, rate, Math.min(burst, Math.max(-burst, level)));
  return bucket;
}

/** Sets what is left now, and when to look whether the bucket is full. */
export function setLevel(state: CoreState, bucket: Bucket, rate: Rate, level: number): void {
  state.records.buckets.touch(bucket);
  bucket.level = level;
  bucket.at = state.nowMs;
  if (bucket.timerSlot < 0) armCheck(state, bucket, rate);
}

/** A bucket's alarm: true when it is full and was forgotten, else it is looked at again later. */
export function checkBucket(state: CoreState, bucket: Bucket, rate: Rate | null): boolean {
  if (rate === null || levelAt(bucket, rate, state.nowMs) >= burstOf(rate)) {
    removeBucket(state, bucket);
    return true;
  }
  state.records.buckets.touch(bucket);
  armCheck(state, bucket, rate);
  return false;
}

export function removeBucket(state: CoreState, bucket: Bucket): void {
  state.alarms.arm(bucket, 0);
  state.records.buckets.remove(bucket);
}

function armCheck(state: CoreState, bucket: Bucket, rate: Rate): void {
  const missing = burstOf(rate) - bucket.level;
  const fullAt = bucket.at + (missing * rate.perMs) / rate.units;
  const step = FULL_CHECKED_MS;
  bucket.alarmAt = Math.max(Math.floor(state.nowMs / step) + 1, Math.ceil(fullAt / step)) * step;
  state.alarms.arm(bucket, bucket.alarmAt);
}

function makeBucket(state: CoreState, key: string): Bucket {
  state.recordSeq += 1;
  const bucket: Bucket = {
    table: 'buckets',
    key,
    seq: state.recordSeq,
    level: 0,
    at: state.nowMs,
    alarmAt: 0,
    dueAt: 0,
    timerSlot: -1,
    ...UNTRACKED,
  };
  state.records.buckets.add(bucket);
  return bucket;
}

export function bucketFields({ alarmAt, at, level }: Bucket): readonly unknown[] {
  return [level, at, alarmAt];
}

export function readBucket(fields: readonly unknown[]): BucketFields {
  const [level, at, alarmAt] = fields as [number, number, number];
  return { level, at, alarmAt };
}
