/** The store of a node as its disk keeps it: a checkpoint that is replaced as a whole, and finished tasks beside it. */
import {
  createState,
  restoreState,
  type CoreState,
  type Task,
  type TaskId,
} from '../../../src/core/index.ts';
import type { StateRows } from '../../../src/core/index.ts';
import { rowsTextOf } from '../../../src/core/testing/snapshot.ts';
import { CORE_SEED } from '../../../src/runtime/recover.ts';
import {
  matches,
  summaryOfTask,
  type Backlog,
  type CheckpointStats,
  type FinishedPage,
  type FinishedQuery,
  type FinishedSummary,
  type FinishedTask,
  type FinishedView,
  type OutputChunk,
  type Store,
} from '../../../src/store/index.ts';

/** What is durable. Texts are never changed, so that copies of it may share them. */
export interface StoredState {
  readonly appliedIndex: number;
  /** Rows of the state; null = the state of a new cluster. */
  readonly rows: string | null;
  /** JSON of live tasks' payloads. */
  readonly payloads: ReadonlyMap<TaskId, string>;
  /** Finished tasks as JSON. */
  readonly finished: ReadonlyMap<TaskId, string>;
}

export const NOTHING_STORED: StoredState = {
  appliedIndex: 0,
  rows: null,
  payloads: new Map(),
  finished: new Map(),
};

export function bytesOf({ appliedIndex, finished, payloads, rows }: StoredState): Buffer {
  const text = JSON.stringify([appliedIndex, rows, [...payloads], [...finished]]);
  return Buffer.from(text);
}

export function storedIn(bytes: Buffer): StoredState {
  const [appliedIndex, rows, payloads, finished] = JSON.parse(bytes.toString()) as [
    number,
    string | null,
    [TaskId, string][],
    [TaskId, string][],
  ];
  return { appliedIndex, rows, payloads: new Map(payloads), finished: new Map(finished) };
}

export class SimulatedStore implements Store {
  readonly backlog: Backlog = { count: 0, bytes: 0, full: false, share: 0 };
  readonly #durably: (stored: StoredState) => Promise<void>;
  readonly #payloads: Map<TaskId, string>;
  readonly #finished: Map<TaskId, string>;
  #stored: StoredState;
  /** The state that was brought back last, and that its runtime works on since. */
  state: CoreState;

  /** @param durably - resolves once it would be there after a crash */
  constructor(stored: StoredState, durably: (stored: StoredState) => Promise<void>) {
    this.#stored = stored;
    this.#durably = durably;
    this.#payloads = new Map(stored.payloads);
    this.#finished = new Map(stored.finished);
    this.state = stateOf(stored);
  }

  get stored(): StoredState {
    return this.#stored;
  }

  get appliedIndex(): number {
    return this.#stored.appliedIndex;
  }

  restore(): CoreState {
    this.state = stateOf(this.#stored);
    return this.state;
  }

  putPayload({ id }: Task, json: string): void {
    this.#payloads.set(id, json);
  }

  replacePayload({ id }: Task, json: string): void {
    this.#payloads.set(id, json);
  }

  payload({ id }: Task): string | null {
    return this.#payloads.get(id) ?? null;
  }

  finish(finished: FinishedTask): void {
    const { result, task } = finished;
    const view: FinishedView = {
      ...summaryOfTask(finished),
      payload: this.payload(task),
      result,
    };
    this.#finished.set(task.id, JSON.stringify(view));
    this.#payloads.delete(task.id);
  }

  finished(id: TaskId): FinishedView | null {
    const text = this.#finished.get(id);
    return text === undefined ? null : (JSON.parse(text) as FinishedView);
  }

  summary(id: TaskId): FinishedSummary | null {
    return this.finished(id);
  }

  /** Nothing is ever forgotten here. */
  keep(): void {}

  isFinished(id: TaskId): boolean {
    return this.#finished.has(id);
  }

  /** O(finished tasks). */
  list(query: FinishedQuery): FinishedPage {
    const { accepts, before, from = '', limit } = query;
    const items: FinishedSummary[] = [];
    const ids = [...this.#finished.keys()].toSorted().toReversed();
    for (const id of ids) {
      if (items.length === limit) return { items, scannedTo: items.at(-1)?.id ?? null, scanned: 0 };
      if (id < from || (before !== undefined && id >= before)) continue;
      const summary = this.summary(id) as FinishedSummary;
      if (matches(query, summary) && accepts?.(summary) !== false) items.push(summary);
    }
    return { items, scannedTo: null, scanned: ids.length };
  }

  putOutput(): void {}

  output(): readonly OutputChunk[] {
    return [];
  }

  outputTasks(): readonly TaskId[] {
    return [];
  }

  removeOutput(): void {}

  flush(): Promise<void> {
    return Promise.resolve();
  }

  async checkpoint(state: CoreState): Promise<CheckpointStats> {
    const stored: StoredState = {
      appliedIndex: state.index,
      rows: rowsTextOf(state),
      payloads: new Map([...this.#payloads].filter(([id]) => state.tasks.has(id))),
      finished: new Map(this.#finished),
    };
    await this.#durably(stored);
    this.#stored = stored;
    const { appliedIndex } = stored;
    return { appliedIndex, rows: 0, removed: 0, durationMs: 0, longestSliceMs: 0 };
  }

  sizeBytes(): number {
    return 0;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function stateOf({ rows }: StoredState): CoreState {
  return rows === null ? createState(CORE_SEED) : restoreState(JSON.parse(rows) as StateRows);
}
