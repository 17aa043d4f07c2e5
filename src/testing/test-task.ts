import type { TaskView } from '../contract/index.ts';
import type { FeedEvent } from '../runtime/index.ts';

/** What a task's handle needs of the orchestrator around it. */
export interface TestTaskHost {
  view(taskId: string): TaskView | null;
  history(taskId: string): readonly FeedEvent[];
  describe(taskId: string): string;
  result(taskId: string): Promise<unknown>;
  cancel(taskId: string, reason: string): Promise<void>;
  answer(
    taskId: string,
    answer: unknown,
    options: { readonly key?: string; readonly by?: string },
  ): Promise<void>;
}

/** A submitted task. It outlives crashes, as the task does. */
export class TestTask<Result = unknown> {
  readonly id: string;
  readonly #host: TestTaskHost;

  constructor(id: string, host: TestTaskHost) {
    this.id = id;
    this.#host = host;
  }

  /**
   * Resolves with the result. Time jumps from timer to timer until the task has ended.
   *
   * @throws OrchestratorError with the task's own error code when it failed or was canceled;
   *   AssertionError when nothing is left that could end it
   */
  result(): Promise<Result> {
    return this.#host.result(this.id) as Promise<Result>;
  }

  /** Where the task is now; undefined when it is not known. */
  state(): TaskView['state'] | undefined {
    return this.view()?.state;
  }

  /** All that is known of the task, with payload and result. */
  view(): TaskView | null {
    return this.#host.view(this.id);
  }

  /** What happened to the task, oldest first. */
  history(): readonly FeedEvent[] {
    return this.#host.history(this.id);
  }

  /** The task, why it is where it is, and what happened to it, as text. */
  describe(): string {
    return this.#host.describe(this.id);
  }

  cancel(reason = 'canceled'): Promise<void> {
    return this.#host.cancel(this.id, reason);
  }

  /** Answers the question that the task waits on. */
  answer(
    answer: unknown,
    options: { readonly key?: string; readonly by?: string } = {},
  ): Promise<void> {
    return this.#host.answer(this.id, answer, options);
  }
}
