import type { QueueView } from '../contract/index.ts';
import type { CoreState, Queue, QueueChange } from '../core/index.ts';
import type { Scheduler } from '../scheduling/index.ts';
import type { CommandLoop } from './command-loop.ts';
import { throwIfRefused } from './refusal.ts';
import { queueView } from './views.ts';

export interface QueueServiceParts {
  readonly state: CoreState;
  readonly loop: CommandLoop;
  readonly scheduler: Scheduler;
}

/** What operators do with queues. */
export class QueueService {
  readonly #parts: QueueServiceParts;

  constructor(parts: QueueServiceParts) {
    this.#parts = parts;
  }

  get(name: string): QueueView | null {
    const queue = this.#parts.state.queues.get(name);
    return queue === undefined ? null : this.#view(queue);
  }

  list(): QueueView[] {
    return [...this.#parts.state.queues.values()].map((queue) => this.#view(queue));
  }

  /** Makes a queue or changes the settings given. */
  async set(name: string, settings: QueueChange): Promise<void> {
    throwIfRefused(await this.#parts.loop.propose({ type: 'queue.set', queue: name, settings }));
  }

  async pause(name: string): Promise<void> {
    throwIfRefused(await this.#parts.loop.propose({ type: 'queue.pause', queue: name }));
  }

  async resume(name: string): Promise<void> {
    throwIfRefused(await this.#parts.loop.propose({ type: 'queue.resume', queue: name }));
  }

  /**
   * Forgets an empty queue and its settings.
   *
   * @throws OrchestratorError `QUEUE_NOT_FOUND`, `QUEUE_IS_DEFAULT`; `QUEUE_NOT_EMPTY` with what keeps it
   */
  async remove(name: string): Promise<void> {
    throwIfRefused(await this.#parts.loop.propose({ type: 'queue.remove', queue: name }));
  }

  #view(queue: Queue): QueueView {
    const since = this.#parts.scheduler.oldestReadyAt(queue.name);
    const ageMs = since === null ? 0 : Math.max(0, this.#parts.state.nowMs - since);
    return queueView(queue, ageMs);
  }
}
