import { ChunkedList } from '../base/chunked-list.ts';
import { performance } from 'node:perf_hooks';
import type {
  ChangeSet,
  CoreState,
  IdempotencyEntry,
  Image,
  Task,
  TaskId,
  Tracked,
} from '../core/index.ts';
import { recordTables, stateHead } from '../core/index.ts';
import { BlockWriter } from './block.ts';
import { encodeHead } from './checkpoint-head.ts';
import { META_KEY } from './meta.ts';
import { numberKey, textKey } from './keys.ts';
import type { Payloads } from './payloads.ts';
import { idempotencyRow } from './restore-rows.ts';
import { encodeRow } from './row-codec.ts';
import { Slices } from './slices.ts';
import { TABLE } from './tables.ts';
import type { Writer } from './writer.ts';

/** What one checkpoint did. */
export interface CheckpointStats {
  readonly appliedIndex: number;
  /** Rows written, of all kinds. */
  readonly rows: number;
  /** Rows removed. */
  readonly removed: number;
  readonly durationMs: number;
  /** Longest stretch the event loop was held. */
  readonly longestSliceMs: number;
}

/** Rows taken from a change set in one go. */
const DRAINED_AT_ONCE = 1_024;
/** Rows encoded between two looks at the clock. */
const ENCODED_AT_ONCE = 16;

interface Parts {
  readonly sliceMs: number;
  readonly writer: Writer;
  readonly payloads: Payloads;
  /** Sends every finished record that was added so far. */
  readonly sendHistory: () => Promise<void>;
}

/** One run of a checkpoint: freezes the state, then sends it off a slice at a time. */
export class Checkpoint {
  readonly #parts: Parts;
  readonly #slices: Slices;
  readonly #block: BlockWriter;
  /** Tasks whose payload this checkpoint writes, and what it writes. */
  readonly #tasks: { readonly task: Task; readonly json: string }[] = [];
  #rows = 0;
  #removed = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#slices = new Slices(parts.sliceMs);
    this.#block = new BlockWriter((block) => parts.writer.send(block));
  }

  /** Runs once, and freezes the state before it returns. A failure after the freeze ends all writing: the frozen changes are lost. */
  async run(state: CoreState): Promise<CheckpointStats> {
    const startedAt = performance.now();
    const { writer } = this.#parts;
    this.#slices.begin();
    const frozen = freeze(state);
    try {
      await this.#send(state, frozen);
    } catch (error) {
      writer.fail(error);
      throw writer.failure ?? error;
    }
    await this.#each(this.#tasks, ({ json, task }) => this.#parts.payloads.stored(task, json));
    this.#slices.end();
    return {
      appliedIndex: frozen.index,
      rows: this.#rows,
      removed: this.#removed,
      durationMs: performance.now() - startedAt,
      longestSliceMs: this.#slices.longestMs,
    };
  }

  async #send(state: CoreState, frozen: Frozen): Promise<void> {
    const { writer, sendHistory } = this.#parts;
    const history = sendHistory();
    this.#slices.end();
    // A record takes its payload from the file: it must be read before this checkpoint removes it.
    await history;
    this.#slices.begin();
    writer.begin();
    await this.#sendEntries(frozen);
    await this.#sendTables(state, frozen);
    this.#block.put(TABLE.meta, META_KEY.head, frozen.head);
    this.#block.flush();
    this.#slices.end();
    await writer.commit();
    this.#slices.begin();
  }

  async #sendTables(state: CoreState, frozen: Frozen): Promise<void> {
    await this.#sendChanges(state.queueChanges, frozen.queuesGone, {
      put: ({ row }) => this.#block.putNamed(TABLE.queues, row[0], encodeRow(row)),
      remove: (key) => this.#block.remove(TABLE.queues, textKey(key)),
    });
    await this.#sendChanges(state.profileChanges, frozen.profilesGone, {
      put: ({ row }) => this.#block.put(TABLE.profiles, numberKey(row[0]), encodeRow(row)),
      remove: (key) => this.#block.remove(TABLE.profiles, numberKey(key)),
    });
    await this.#sendChanges(state.agentChanges, frozen.agentsGone, {
      put: ({ row }) => this.#block.putNamed(TABLE.agents, row[0], encodeRow(row)),
      remove: (key) => this.#block.remove(TABLE.agents, textKey(key)),
    });
    for (const [at, table] of recordTables(state.records).entries()) {
      const nameOf = (key: string): string => `${table.name} ${key}`;
      await this.#sendChanges(table.changes, frozen.recordsGone[at] ?? new ChunkedList<string>(), {
        put: ({ row }) => this.#block.putNamed(TABLE.records, nameOf(row[1]), encodeRow(row)),
        remove: (key) => this.#block.remove(TABLE.records, textKey(nameOf(key))),
      });
    }
    await this.#sendChanges(state.taskChanges, frozen.tasksGone, {
      put: ({ entity, row }) => {
        this.#block.putTask(TABLE.tasks, row[0], encodeRow(row));
        if (entity.payload === null) return;
        this.#block.putTaskText(TABLE.payloads, row[0], entity.payload);
        this.#tasks.push({ task: entity, json: entity.payload });
      },
      remove: (key) => {
        this.#block.removeTask(TABLE.tasks, key);
        this.#block.removeTask(TABLE.payloads, key);
      },
    });
  }

  async #sendChanges<Entity extends Tracked, Row, Key>(
    changes: ChangeSet<Entity, Row, Key>,
    gone: ChunkedList<Key>,
    write: { put: (image: Image<Entity, Row>) => void; remove: (key: Key) => void },
  ): Promise<void> {
    // What is gone goes first: an agent may have come back under the same id.
    await this.#each(gone, write.remove);
    this.#removed += gone.length;
    for (;;) {
      const images = changes.drain(DRAINED_AT_ONCE);
      if (images.length === 0) return;
      await this.#pause();
      await this.#each(images, write.put);
      this.#rows += images.length;
    }
  }

  async #sendEntries({ entries, idempotencySeqMin }: Frozen): Promise<void> {
    await this.#each(entries, (entry) => {
      const row = encodeRow(idempotencyRow(entry));
      this.#block.put(TABLE.idempotency, numberKey(entry.seq), row);
      this.#rows += 1;
    });
    this.#block.removeBelow(TABLE.idempotency, numberKey(idempotencySeqMin));
  }

  async #each<Item>(items: Iterable<Item>, write: (item: Item) => void): Promise<void> {
    let written = 0;
    for (const item of items) {
      write(item);
      written += 1;
      if (written % ENCODED_AT_ONCE === 0) await this.#pause();
    }
  }

  /**
   * Ends the turn when it is used up, and waits while the writer is behind. A turn is followed by as long a rest: a checkpoint of a
   * million rows would else take every idle moment for seconds, and every message would wait for a slice.
   */
  async #pause(): Promise<void> {
    const { writer } = this.#parts;
    if (writer.failure !== null) throw writer.failure;
    if (writer.full) {
      this.#slices.end();
      await writer.room();
      this.#slices.begin();
    } else if (this.#slices.spent) await this.#slices.rest();
  }
}

interface Frozen {
  readonly index: number;
  readonly head: Buffer;
  readonly idempotencySeqMin: number;
  readonly entries: Iterable<IdempotencyEntry>;
  readonly tasksGone: ChunkedList<TaskId>;
  readonly agentsGone: ChunkedList<string>;
  readonly queuesGone: ChunkedList<string>;
  readonly profilesGone: ChunkedList<number>;
  /** By table, in the order of `recordTables`. */
  readonly recordsGone: readonly ChunkedList<string>[];
}

/** Everything that must be taken at one moment. */
function freeze(state: CoreState): Frozen {
  const idempotencySeqMin = state.idempotency.oldest?.seq ?? state.idempotencySeq + 1;
  const entries = state.idempotency.newerThan(state.idempotencySeqStored);
  state.idempotencySeqStored = state.idempotencySeq;
  return {
    index: state.index,
    head: encodeHead({ state: stateHead(state), idempotencySeqMin }),
    idempotencySeqMin,
    entries,
    tasksGone: state.taskChanges.begin(),
    agentsGone: state.agentChanges.begin(),
    queuesGone: state.queueChanges.begin(),
    profilesGone: state.profileChanges.begin(),
    recordsGone: recordTables(state.records).map((table) => table.changes.begin()),
  };
}
