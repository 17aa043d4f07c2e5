/** What a task is given of the tasks that it depended on: how each ended, with its result or error. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { OrchestratorError } from '../base/errors.ts';
import {
  copyOf,
  dependenciesOf,
  type CoreState,
  type Dependency,
  type Task,
  type TaskId,
} from '../core/index.ts';
import type { Store } from '../store/index.ts';

/** Largest text of all parents' ends together, in UTF-16 units; half of what a message may have. */
export const PARENT_RESULTS_MAX: number = 16 * 1024 * 1024;

/** A task with more parents is made ready before it is handed over. */
const PARENTS_AT_ONCE = 500;
/** Parents of such a one that are read in one turn of the event loop: up to a millisecond of work. */
const PARENTS_A_TURN = 128;

/** Completed parents that are remembered, and how long what is said of one may be for that, in UTF-16 units. */
const REMEMBERED_MAX = 32;
const REMEMBERED_LENGTH_MAX = 16 * 1024;

export class ParentResults {
  readonly #state: CoreState;
  readonly #store: Store;
  readonly #lengthMax: number;
  /** Texts of wide tasks that wait to be taken, by task. */
  readonly #ready = new Map<TaskId, { readonly fencingToken: number; readonly text: string }>();
  /** What was read last of parents that completed, which nothing changes any more: their children often start together. */
  readonly #completed = new Map<TaskId, { readonly ref: string | null; readonly end: string }>();

  constructor(state: CoreState, store: Store, lengthMax: number = PARENT_RESULTS_MAX) {
    this.#state = state;
    this.#store = store;
    this.#lengthMax = lengthMax;
  }

  /**
   * JSON text `{"ref or id": {"state", "result" | "error"}}` for the lease of a task; null without
   * parents. Of a task with many it must be made ready before.
   *
   * @throws OrchestratorError `PARENT_RESULTS_TOO_LARGE`
   */
  textOf(task: Task): string | null {
    if (task.extra === null) return null;
    const dependencies = this.#parentsOf(task);
    if (dependencies.length === 0) return null;
    const ready = this.#ready.get(task.id);
    if (ready?.fencingToken === task.fencingToken) {
      this.#ready.delete(task.id);
      return ready.text;
    }
    const text = new ParentsText(this.#lengthMax);
    for (const dependency of dependencies) this.#add(text, dependency);
    return text.end();
  }

  /** Whether a task has more parents than one turn should read, and none of it was made ready. */
  isWide(task: Task): boolean {
    if (task.extra === null || this.#parentsOf(task).length <= PARENTS_AT_ONCE) return false;
    return this.#ready.get(task.id)?.fencingToken !== task.fencingToken;
  }

  /**
   * Reads the parents of a task some at a time.
   *
   * @throws OrchestratorError `PARENT_RESULTS_TOO_LARGE`
   */
  async makeReady(task: Task): Promise<void> {
    const { fencingToken } = task;
    const text = new ParentsText(this.#lengthMax);
    const dependencies = this.#parentsOf(task);
    for (let at = 0; at < dependencies.length; at++) {
      if (at % PARENTS_A_TURN === PARENTS_A_TURN - 1) await nextTurn();
      this.#add(text, dependencies[at] as Dependency);
    }
    this.#ready.set(task.id, { fencingToken, text: text.end() });
  }

  /** A lease ended: what was made ready for it is not wanted any more. */
  forget(taskId: TaskId): void {
    if (this.#ready.size > 0) this.#ready.delete(taskId);
  }

  /** A copy has the parents of its task. */
  #parentsOf(task: Task): readonly Dependency[] {
    const facts = copyOf(task);
    const original = facts === null ? undefined : this.#state.tasks.get(facts.taskId);
    return dependenciesOf(original ?? task);
  }

  #add(text: ParentsText, { taskId }: Dependency): void {
    const live = this.#state.tasks.get(taskId);
    if (live !== undefined) {
      const error = live.error === null ? '' : `,"error":${JSON.stringify(live.error)}`;
      text.add(taskId, live.extra?.flow?.ref ?? null, `{"state":"${live.state}"${error}}`);
      return;
    }
    const known = this.#completed.get(taskId);
    if (known !== undefined) {
      text.add(taskId, known.ref, known.end);
      return;
    }
    const finished = this.#store.finished(taskId);
    if (finished === null) {
      text.add(taskId, null, '{"state":"forgotten"}');
      return;
    }
    const { error, extra, result, state } = finished;
    const shown = error ?? (state === 'canceled' ? CANCELED : null);
    const end =
      state === 'completed'
        ? `,"result":${result ?? 'null'}`
        : `,"error":${JSON.stringify(shown ?? CANCELED)}`;
    const read = { ref: extra?.flow?.ref ?? null, end: `{"state":"${state}"${end}}` };
    text.add(taskId, read.ref, read.end);
    if (state === 'completed') this.#remember(taskId, read);
  }

  #remember(taskId: TaskId, read: { readonly ref: string | null; readonly end: string }): void {
    if (read.end.length > REMEMBERED_LENGTH_MAX) return;
    const [oldest] = this.#completed.keys();
    if (this.#completed.size === REMEMBERED_MAX && oldest !== undefined)
      this.#completed.delete(oldest);
    this.#completed.set(taskId, read);
  }
}

const CANCELED = { code: 'CANCELED', message: 'the task was canceled' };

/** Puts the object together; names are refs, and ids where a ref is missing or taken. */
class ParentsText {
  readonly #lengthMax: number;
  readonly #parts: string[] = [];
  readonly #names = new Set<string>();
  #length = 2;

  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax;
  }

  add(taskId: TaskId, ref: string | null, end: string): void {
    const name = ref === null || this.#names.has(ref) ? taskId : ref;
    this.#names.add(name);
    const part = `"${name}":${end}`;
    this.#length += part.length + 1;
    if (this.#length > this.#lengthMax) {
      throw new OrchestratorError(
        'PARENT_RESULTS_TOO_LARGE',
        `the results of all tasks that one depends on must have at most ${this.#lengthMax} characters together: let them hand on references`,
        { lengthMax: this.#lengthMax },
      );
    }
    this.#parts.push(part);
  }

  end(): string {
    return `{${this.#parts.join(',')}}`;
  }
}
