/** A store that lives through a history as a runtime would let it: payloads in, finished tasks out. */
import { apply, digest, type CommandBatch, type CoreState, type TaskId } from '../../core/index.ts';
import { batchOf, type Move } from '../../core/testing/histories.ts';
import type { LmdbStore } from '../store.ts';

/** The nth task id of a test: a UUIDv7 that grows with n. */
export function idOf(n: number): TaskId {
  const time = (0x0190_0000_0000 + n).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-0123456789ab` as TaskId;
}

export function payloadOf(id: TaskId): string {
  return JSON.stringify({ of: id, text: 'naïve 漢字 🙂' });
}

export function resultOf(id: TaskId): string {
  return JSON.stringify({ done: id });
}

/** A core beside its store, with the log and the digests that tests compare against. */
export class StoreRun {
  store: LmdbStore;
  state: CoreState;
  /** By index; the batch that led there. */
  readonly log: CommandBatch[] = [];
  /** By index, from 0: the digest of the state there. */
  readonly digests: string[];
  readonly finishedIds: Map<TaskId, number> = new Map();
  #idLast = 0;

  constructor(store: LmdbStore, state: CoreState) {
    this.store = store;
    this.state = state;
    this.digests = [digest(state)];
  }

  /** Applies what the move comes to, and keeps it. */
  move(move: Move): void {
    const batch = this.#withIds(batchOf(this.state, move));
    this.log.push(batch);
    this.#apply(batch);
    this.digests.push(digest(this.state));
  }

  /** Goes on from what a restart found, as replaying the log does. */
  resume(store: LmdbStore, state: CoreState): void {
    this.store = store;
    this.state = state;
    for (const batch of this.log.slice(this.state.index)) this.#apply(batch);
  }

  #apply(batch: CommandBatch): void {
    const index = this.state.index + 1;
    const startedAt = this.state.nowMs;
    for (const event of apply(this.state, index, batch).events) {
      switch (event.type) {
        case 'task.submitted':
          this.store.putPayload(event.task, payloadOf(event.task.id));
          break;
        case 'task.completed':
        case 'task.canceled':
        case 'task.purged': {
          const { task } = event;
          const result = event.type === 'task.completed' ? resultOf(task.id) : null;
          this.store.finish({ task, result, startedAt, finishedAt: this.state.nowMs });
          this.finishedIds.set(task.id, index);
          break;
        }
        default:
      }
    }
  }

  /** Histories call tasks t0 to t15; here every submitted one gets an id of its own. */
  #withIds(batch: CommandBatch): CommandBatch {
    const commands = batch.commands.map((command) => {
      if (command.type === 'task.submit') {
        const tasks = command.tasks.map((task) => ({ ...task, id: idOf(++this.#idLast) }));
        return { ...command, tasks };
      }
      const text = JSON.stringify(command).replaceAll(/"t\d+"/g, JSON.stringify(idOf(0)));
      return JSON.parse(text) as typeof command;
    });
    return { ...batch, commands };
  }
}
