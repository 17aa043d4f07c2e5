import { invariant } from '../../base/invariant.ts';
import type { ChangeSet, Tracked } from '../change-set.ts';
import type { RecordRow } from '../record.ts';
import { recordTables } from '../records.ts';
import { stateHead, type StateHead, type StateRows } from '../restore.ts';
import type { AgentRow, ProfileRow, QueueRow, TaskRow } from '../rows.ts';
import type { IdempotencyEntry } from '../idempotency-keys.ts';
import type { CoreState } from '../state.ts';

type Rows<Row> = Map<string | number, Row>;

/**
 * A store that only checkpoints write, as maps of text: what a database would hold.
 *
 * {@link begin} one, {@link step} it between commands until that is done; the rows written on the
 * way count only then, as if in one transaction.
 */
export class CheckpointStore {
  #head: StateHead | null = null;
  readonly #queues: Rows<string> = new Map();
  readonly #profiles: Rows<string> = new Map();
  readonly #agents: Rows<string> = new Map();
  readonly #tasks: Rows<string> = new Map();
  readonly #keys: Rows<string> = new Map();
  readonly #records = new Map<string, Rows<string>>();
  /** Writes of the checkpoint under way, made when it is done. */
  #staged: (() => void)[] = [];
  #drains: ((max: number) => number)[] = [];

  begin(state: CoreState): void {
    const head = copied(stateHead(state));
    this.#staged.push(() => (this.#head = head));
    this.#stageKeys(state);
    this.#drains = [
      this.#changes(this.#queues, state.queueChanges, (row) => row[0]),
      this.#changes(this.#profiles, state.profileChanges, (row) => row[0]),
      this.#changes(this.#agents, state.agentChanges, (row) => row[0]),
      this.#changes(this.#tasks, state.taskChanges, (row) => row[0]),
      ...recordTables(state.records).map((table) =>
        this.#changes(this.#table(table.name), table.changes, (row) => row[1]),
      ),
    ];
  }

  /** Takes at most `max` rows; true when the checkpoint is done. */
  step(max: number): boolean {
    for (const drain of this.#drains) if (drain(max) > 0) return false;
    for (const write of this.#staged) write();
    this.#staged = [];
    return true;
  }

  /** What the last checkpoint that was done left here. */
  rows(): StateRows {
    invariant(this.#head !== null, 'a checkpoint was done');
    return {
      head: copied(this.#head),
      queues: parsed<QueueRow>(this.#queues),
      profiles: parsed<ProfileRow>(this.#profiles),
      agents: parsed<AgentRow>(this.#agents),
      tasks: parsed<TaskRow>(this.#tasks),
      records: [...this.#records.values()].flatMap((rows) => parsed<RecordRow>(rows)),
      idempotency: parsed<IdempotencyEntry>(this.#keys).toSorted((a, b) => a.seq - b.seq),
    };
  }

  #table(name: string): Rows<string> {
    const known = this.#records.get(name) ?? new Map<string, string>();
    this.#records.set(name, known);
    return known;
  }

  /** Keys are forgotten from the oldest on: those before the oldest one held are gone. */
  #stageKeys(state: CoreState): void {
    const entries = [...state.idempotency.values()];
    const oldest = entries[0]?.seq ?? Infinity;
    const added = entries.filter((entry) => entry.seq > state.idempotencySeqStored);
    state.idempotencySeqStored = state.idempotencySeq;
    this.#staged.push(() => {
      for (const seq of this.#keys.keys()) if (Number(seq) < oldest) this.#keys.delete(seq);
      for (const entry of added) this.#keys.set(entry.seq, JSON.stringify(entry));
    });
  }

  #changes<Entity extends Tracked, Row, Key extends string | number>(
    rows: Rows<string>,
    changes: ChangeSet<Entity, Row, Key>,
    keyOf: (row: Row) => Key,
  ): (max: number) => number {
    const gone = changes.begin();
    this.#staged.push(() => {
      for (const key of gone) invariant(rows.delete(key), `a row that goes is stored, got ${key}`);
    });
    return (max) => {
      const slice = changes.drain(max);
      for (const { row } of slice) {
        const text = JSON.stringify(row);
        this.#staged.push(() => rows.set(keyOf(row), text));
      }
      return slice.length;
    };
  }
}

function parsed<Row>(rows: Rows<string>): Row[] {
  return [...rows.values()].map((text) => JSON.parse(text) as Row);
}

function copied<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value;
}
