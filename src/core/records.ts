/** The list of record tables: what a checkpoint writes and a restore reads beside the big four. */
import { breakerFields, readBreaker, type Breaker } from './breaker.ts';
import { bucketFields, readBucket, type Bucket } from './bucket.ts';
import { RESTORED } from './change-set.ts';
import { dedupeFields, readDedupe, type DedupeRecord } from './dedupe-record.ts';
import { failureGroupFields, readFailureGroup, type FailureGroup } from './failure-group.ts';
import { noLinks } from './flow.ts';
import {
  cutFields,
  killFields,
  readCut,
  readKill,
  readTree,
  treeFields,
  type Cut,
  type Kill,
  type Tree,
} from './tree.ts';
import { readWave, waveFields, type Wave } from './wave.ts';
import {
  operationFields,
  operationItemsFields,
  readOperation,
  readOperationItems,
  type Operation,
  type OperationItems,
} from './operation.ts';
import { limitFields, readLimit, type Limit } from './limit.ts';
import { lossFields, readLoss, type Loss } from './loss.ts';
import { RecordTable, type CoreRecord, type RecordRow } from './record.ts';
import {
  noParts,
  readStage,
  readStagePart,
  stageFields,
  stagePartFields,
  type Stage,
  type StagePart,
} from './stage.ts';
import { readSchedule, scheduleFields, type Schedule } from './schedule.ts';
import { readSession, sessionFields, type Session } from './session.ts';

export interface Records {
  readonly failureGroups: RecordTable<FailureGroup>;
  readonly waves: RecordTable<Wave>;
  readonly trees: RecordTable<Tree>;
  readonly cuts: RecordTable<Cut>;
  readonly losses: RecordTable<Loss>;
  readonly kills: RecordTable<Kill>;
  readonly operations: RecordTable<Operation>;
  readonly operationItems: RecordTable<OperationItems>;
  readonly limits: RecordTable<Limit>;
  /** Of rates that something was drawn from. */
  readonly buckets: RecordTable<Bucket>;
  readonly dedupes: RecordTable<DedupeRecord>;
  readonly schedules: RecordTable<Schedule>;
  readonly stages: RecordTable<Stage>;
  readonly stageParts: RecordTable<StagePart>;
  /** Of what failed of late, or was set. */
  readonly breakers: RecordTable<Breaker>;
  readonly sessions: RecordTable<Session>;
}
export type RecordName = keyof Records;

export function createRecords(): Records {
  return {
    failureGroups: new RecordTable('failureGroups', failureGroupFields),
    waves: new RecordTable('waves', waveFields),
    trees: new RecordTable('trees', treeFields),
    cuts: new RecordTable('cuts', cutFields),
    losses: new RecordTable('losses', lossFields),
    kills: new RecordTable('kills', killFields),
    operations: new RecordTable('operations', operationFields),
    operationItems: new RecordTable('operationItems', operationItemsFields),
    limits: new RecordTable('limits', limitFields),
    buckets: new RecordTable('buckets', bucketFields),
    dedupes: new RecordTable('dedupes', dedupeFields),
    schedules: new RecordTable('schedules', scheduleFields),
    stages: new RecordTable('stages', stageFields),
    stageParts: new RecordTable('stageParts', stagePartFields),
    breakers: new RecordTable('breakers', breakerFields),
    sessions: new RecordTable('sessions', sessionFields),
  };
}

/** All tables, in an order that never changes: that of the property names. */
export function recordTables(records: Records): readonly RecordTable<CoreRecord>[] {
  const names = Object.keys(records).toSorted() as RecordName[];
  // Tables of one kind of record each are walked as tables of records; nothing is added through this.
  return names.map((name) => records[name] as unknown as RecordTable<CoreRecord>);
}

/** Adds a record as it was when the checkpoint was taken. */
export function restoreRecord(records: Records, row: RecordRow): void {
  const [table, key, seq, ...fields] = row;
  const kept = { key, seq, dueAt: 0, timerSlot: -1, ...RESTORED };
  switch (table) {
    case 'failureGroups':
      records.failureGroups.restore({ ...kept, table, ...readFailureGroup(fields) });
      return;
    case 'waves':
      records.waves.restore({
        ...kept,
        table,
        ...readWave(fields),
        links: noLinks(),
        edges: [],
        next: 0,
      });
      return;
    case 'trees':
      records.trees.restore({ ...kept, table, ...readTree(fields), ...noMembers() });
      return;
    case 'cuts':
      records.cuts.restore({ ...kept, table, ...readCut(fields) });
      return;
    case 'losses':
      records.losses.restore({ ...kept, table, ...readLoss(fields) });
      return;
    case 'kills':
      records.kills.restore({ ...kept, table, ...readKill(fields) });
      return;
    case 'operations':
      records.operations.restore({ ...kept, table, ...readOperation(fields) });
      return;
    case 'operationItems':
      records.operationItems.restore({ ...kept, table, ...readOperationItems(fields) });
      return;
    case 'limits':
      records.limits.restore({ ...kept, table, ...readLimit(fields) });
      return;
    case 'buckets':
      records.buckets.restore({ ...kept, table, ...readBucket(fields) });
      return;
    case 'dedupes':
      records.dedupes.restore({ ...kept, table, ...readDedupe(fields) });
      return;
    case 'schedules':
      records.schedules.restore({ ...kept, table, ...readSchedule(fields), live: new Set() });
      return;
    case 'stages':
      records.stages.restore({ ...kept, table, ...readStage(fields), ...noParts() });
      return;
    case 'stageParts':
      records.stageParts.restore({ ...kept, table, ...readStagePart(fields) });
      return;
    case 'breakers':
      records.breakers.restore({ ...kept, table, ...readBreaker(fields) });
      return;
    case 'sessions':
      records.sessions.restore({ ...kept, table, ...readSession(fields) });
      return;
    default:
      throw new TypeError(`a record belongs to a known table, got ${String(table)}`);
  }
}

/** What a tree without tasks knows of them. */
function noMembers(): Pick<Tree, 'parent' | 'parts' | 'members' | 'coming' | 'gates'> {
  return { parent: null, parts: new Set(), members: new Set(), coming: 0, gates: null };
}
