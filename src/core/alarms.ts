/** What happens to records by themselves when their moment has come. */
import { unreachable } from '../base/invariant.ts';
import type { Breaker } from './breaker.ts';
import { checkBreaker } from './breakers.ts';
import type { Bucket } from './bucket.ts';
import { checkBucket } from './bucket.ts';
import { ownerOf } from './bucket-key.ts';
import type { DedupeRecord } from './dedupe-record.ts';
import { checkWall, continueCut } from './cuts.ts';
import { continueKill } from './kills.ts';
import { LimitGate } from './limit-gate.ts';
import type { Loss } from './loss.ts';
import { continueLoss } from './losses.ts';
import type { CoreRecord } from './record.ts';
import type { Session } from './session.ts';
import { checkSession } from './sessions.ts';
import type { Stage } from './stage.ts';
import type { Step } from './step.ts';
import type { Cut, Kill, Tree } from './tree.ts';
import { continueStage } from './unfold.ts';
import type { Wave } from './wave.ts';
import { continueWave } from './waves.ts';

/** Tasks that the records of one step may still reach. */
export interface StepBudget {
  tasks: number;
}

/** The alarm of a record went off. */
export function fireAlarm(step: Step, record: CoreRecord, budget: StepBudget): void {
  switch (record.table) {
    case 'waves':
      // Records are kept in tables of their own kind: the name says which this one is of.
      budget.tasks -= Math.max(1, continueWave(step, record as Wave, budget.tasks));
      return;
    case 'cuts':
      budget.tasks -= Math.max(1, continueCut(step, record as Cut, budget.tasks));
      return;
    case 'losses':
      budget.tasks -= Math.max(1, continueLoss(step, record as Loss, budget.tasks));
      return;
    case 'kills':
      budget.tasks -= Math.max(1, continueKill(step, record as Kill, budget.tasks));
      return;
    case 'trees':
      checkWall(step, record as Tree);
      return;
    case 'buckets':
      checkFull(step, record as Bucket);
      return;
    case 'dedupes':
      step.state.records.dedupes.remove(record as DedupeRecord);
      return;
    case 'breakers':
      checkBreaker(step, record as Breaker);
      return;
    case 'sessions':
      checkSession(step.state, record as Session);
      return;
    case 'stages':
      // Half as many as others may reach: each is made, not only told.
      budget.tasks -= Math.max(1, 2 * continueStage(step, record as Stage));
      return;
    case 'stageParts':
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
