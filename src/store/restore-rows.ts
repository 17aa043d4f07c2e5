import type {
  AgentRow,
  IdempotencyEntry,
  ProfileRow,
  QueueRow,
  RecordRow,
  StateRows,
  TaskId,
  TaskRow,
} from '../core/index.ts';
import { decodeHead, type CheckpointHead } from './checkpoint-head.ts';
import { numberKey } from './keys.ts';
import { META_KEY } from './meta.ts';
import { openRows, TABLE, tableOf, type TableName, type Tables } from './tables.ts';

type IdempotencyRow = readonly [
  seq: number,
  key: string,
  taskId: TaskId,
  bodyHash: string,
  createdAt: number,
];

export function idempotencyRow(entry: IdempotencyEntry): IdempotencyRow {
  return [entry.seq, entry.key, entry.taskId, entry.bodyHash, entry.createdAt];
}

/** The head of the newest checkpoint, or null in a new store. */
export function readHead(tables: Tables): CheckpointHead | null {
  const bytes = tableOf(tables, TABLE.meta).getBinary(META_KEY.head);
  return bytes === undefined ? null : decodeHead(bytes);
}

/** The rows of the newest checkpoint, read as they are asked for. */
export function readRows(tables: Tables, head: CheckpointHead): StateRows {
  return {
    head: head.state,
    queues: rowsOf<QueueRow>(tables, 'queues'),
    profiles: rowsOf<ProfileRow>(tables, 'profiles'),
    agents: rowsOf<AgentRow>(tables, 'agents'),
    tasks: rowsOf<TaskRow>(tables, 'tasks'),
    records: rowsOf<RecordRow>(tables, 'records'),
    idempotency: entriesFrom(tables, head.idempotencySeqMin),
  };
}

function rowsOf<Row extends readonly unknown[]>(tables: Tables, name: TableName): Iterable<Row> {
  return openRows(tables, name)
    .getRange()
    .map(({ value }) => value as Row);
}

function* entriesFrom(tables: Tables, seqMin: number): Iterable<IdempotencyEntry> {
  const range = openRows(tables, 'idempotency').getRange({ start: numberKey(seqMin) });
  for (const { value } of range) {
    const [seq, key, taskId, bodyHash, createdAt] = value as IdempotencyRow;
    yield { seq, key, taskId, bodyHash, createdAt };
  }
}
