import type { CoreState, Task, TaskId } from '../core/index.ts';
import type { CheckpointStats } from './checkpoint.ts';
import type { FinishedSummary, FinishedTask, FinishedView } from './finished-record.ts';
import type { Backlog } from './history.ts';
import type { OutputChunk, OutputRange } from './output-table.ts';
import type { FinishedPage, FinishedQuery } from './listing.ts';

/**
 * A checkpoint of core's state beside the log, the payloads of its tasks, and the finished ones.
 *
 * Reads are synchronous and see every earlier call. Whatever a store loses since its last checkpoint,
 * the log gives back: one that never takes a checkpoint is a store too, as long as its log keeps all.
 */
export interface Store {
  /** Log index of the newest durable checkpoint; 0 when there is none. Replay starts after it. */
  readonly appliedIndex: number;
  /** Finished tasks on their way to where they are kept. */
  readonly backlog: Backlog;
  /** The state of the newest checkpoint, or null when there is none. */
  restore(): CoreState | null;
  /** Keeps a live task's payload, JSON text. */
  putPayload(task: Task, json: string): void;
  /** Puts another payload in place of a live task's, JSON text. */
  replacePayload(task: Task, json: string): void;
  /** The payload of a live task as JSON text, or null. A finished task's is in its record. */
  payload(task: Task): string | null;
  /**
   * Takes over a task that left core; readable at once.
   *
   * Call it in the turn in which its batch was applied, before any checkpoint of that state.
   */
  finish(finished: FinishedTask): void;
  /** A finished task, or null when there is none of that id or retention let it go. */
  finished(id: TaskId): FinishedView | null;
  /** A finished task without its payload and result, or null. */
  summary(id: TaskId): FinishedSummary | null;
  /** Names finished tasks that retention must leave, whatever their age: their results are still wanted. */
  keep(pinned: () => Iterable<TaskId>): void;
  /** Whether it has a finished task of that id. */
  isFinished(id: TaskId): boolean;
  /** A page of finished tasks, newest id first. */
  list(query: FinishedQuery): FinishedPage;
  /** Keeps a chunk of a task's output; readable at once. The same again changes nothing. */
  putOutput(id: TaskId, chunk: OutputChunk): void;
  /** Chunks of a task's output, in order. */
  output(id: TaskId, range: OutputRange): readonly OutputChunk[];
  /** Tasks that it has output of. */
  outputTasks(): readonly TaskId[];
  removeOutput(id: TaskId): void;
  /** Resolves when every task finished so far is as durable as it gets. */
  flush(): Promise<void>;
  /** Writes what changed in `state` since the last checkpoint, as of now. One at a time. */
  checkpoint(state: CoreState): Promise<CheckpointStats>;
  /** Size of what is kept, in bytes; 0 where there is no file. */
  sizeBytes(): number;
  /** Writes what is queued and closes. Safe to call twice. */
  close(): Promise<void>;
}
