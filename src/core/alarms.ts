/** What happens to records by themselves when their moment has come. */
import { unreachable } from '../base/invariant.ts';
import type { Bucket } from './bucket.ts';
import { checkBucket } from './bucket.ts';
import { ownerOf } from './bucket-key.ts';
import type { DedupeRecord } from './dedupe-record.ts';
import { LimitGate } from './limit-gate.ts';
import type { CoreRecord } from './record.ts';
import type { Step } from './step.ts';

/** The alarm of a record went off. */
export function fireAlarm(step: Step, record: CoreRecord): void {
  switch (record.table) {
    case 'buckets':
      checkFull(step, record as Bucket);
      return;
    case 'dedupes':
      step.state.records.dedupes.remove(record as DedupeRecord);
      return;
    case 'failureGroups':
    case 'limits':
    case 'operations':
    case 'operationItems':
    case 'schedules':
      return;
    default:
      unreachable(record.table);
  }
}

function checkFull({ state }: Step, bucket: Bucket): void {
  const { kind, name } = ownerOf(bucket.key);
  const queue = kind === 'queue' ? state.queues.get(name) : undefined;
  const settings = queue?.settings ?? state.records.limits.get(name)?.settings;
  if (!checkBucket(state, bucket, settings?.rate ?? null)) return;
  const gate = queue?.gate?.gate ?? state.limitGates.get(bucket.key);
  if (gate instanceof LimitGate) gate.bucket = null;
}
