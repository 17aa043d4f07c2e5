import type { AgentHandler } from '../contract/index.ts';

interface Run {
  readonly taskId: string;
  readonly ended: Promise<void>;
  readonly isRealTime: boolean;
}

/** The handlers that run in this process, so that the clock knows of them. */
export class HandlerRuns {
  readonly #runs = new Set<Run>();
  #count = 0;

  /** Grows with every run that begins or ends. */
  get count(): number {
    return this.#count;
  }

  /** Resolves when one of the runs that the clock has to wait for has ended; null when there is none. */
  realTime(): Promise<unknown> | null {
    const runs = [...this.#runs].filter(({ isRealTime }) => isRealTime);
    return runs.length === 0 ? null : Promise.race(runs.map(({ ended }) => ended));
  }

  /** Resolves when one of the runs of these tasks has ended; null when there is none. */
  ofTasks(isMeant: (taskId: string) => boolean): Promise<unknown> | null {
    const runs = [...this.#runs].filter(({ taskId }) => isMeant(taskId));
    return runs.length === 0 ? null : Promise.race(runs.map(({ ended }) => ended));
  }

  /** The process is gone; what its handlers still do is nobody's business. */
  forget(): void {
    this.#runs.clear();
  }

  /** The same handler, watched. */
  watched(handler: AgentHandler, isRealTime: boolean): AgentHandler<unknown> {
    return async (task, context) => {
      const ended = Promise.withResolvers<void>();
      const run = { taskId: task.id, ended: ended.promise, isRealTime };
      this.#runs.add(run);
      this.#count += 1;
      try {
        return await (handler as AgentHandler<unknown>)(task, context);
      } finally {
        this.#runs.delete(run);
        this.#count += 1;
        ended.resolve();
      }
    };
  }
}
