/** What running attempts last said of how far they are: news, which nothing durable keeps. */
import type { TaskView } from '../contract/index.ts';
import { isLeased, type CoreState, type LeaseRef, type Task, type TaskId } from '../core/index.ts';
import { iso } from './views.ts';

interface Said {
  readonly fencingToken: number;
  readonly fraction: number | null;
  readonly note: string | null;
  readonly atMs: number;
}

/** Entries before the first look for those of attempts that are over. */
const SWEPT_MIN = 1_024;

/** The newest progress of each running attempt. Memory is that of twice the attempts that ever run at once. */
export class ProgressBoard {
  readonly #tasks: CoreState['tasks'];
  readonly #said = new Map<TaskId, Said>();
  #sweptAt: number = SWEPT_MIN;

  constructor({ state }: { readonly state: CoreState }) {
    this.#tasks = state.tasks;
  }

  /** Keeps it in place of what the attempt said before. Amortised O(1). */
  note({ fencingToken, taskId }: LeaseRef, said: Omit<Said, 'fencingToken'>): void {
    this.#said.set(taskId, { ...said, fencingToken });
    if (this.#said.size < this.#sweptAt) return;
    for (const [id, { fencingToken: token }] of this.#said) {
      if (!isOf(this.#tasks.get(id), token)) this.#said.delete(id);
    }
    this.#sweptAt = Math.max(SWEPT_MIN, this.#said.size * 2);
  }

  /** What a view of the task has of it: nothing where its attempt said nothing, or was not here when it did. */
  of(task: Task): Pick<TaskView, 'progress'> {
    const said = this.#said.get(task.id);
    if (said === undefined || !isOf(task, said.fencingToken)) return {};
    const { atMs, fraction, note } = said;
    return {
      progress: {
        ...(fraction === null ? {} : { fraction }),
        ...(note === null ? {} : { note }),
        at: iso(atMs),
      },
    };
  }

  /** Entries that are kept. */
  get size(): number {
    return this.#said.size;
  }
}

function isOf(task: Task | undefined, fencingToken: number): boolean {
  return task?.fencingToken === fencingToken && isLeased(task);
}
