import type { Applied, CoreState } from '../core/index.ts';
import type { Store } from '../store/index.ts';
import { completedResults, EditedPayloads, SubmittedPayloads } from './effects.ts';
import { keepChunks } from './output-chunks.ts';
import type { Entry } from './entry-codec.ts';

/** What an entry means for the store, when it is read again after a restart: nobody is told. */
export function replayEffects(
  state: CoreState,
  store: Store,
  entry: Entry,
  applied: Applied,
): void {
  const payloads = new SubmittedPayloads(entry, applied);
  const results = completedResults(entry, applied);
  const edits = new EditedPayloads(entry, applied);
  keepChunks(entry, applied, state.nowMs, store);
  let completed = 0;
  for (const event of applied.events) {
    if (event.type === 'task.submitted') {
      store.putPayload(event.task, event.payload ?? payloads.next());
    } else if (event.type === 'task.redriven') {
      if (event.isEdited) store.replacePayload(event.task, edits.next());
    } else if (event.type === 'task.completed') {
      const { startedAt, task } = event;
      store.finish({
        task,
        result: results[completed] ?? null,
        startedAt,
        finishedAt: state.nowMs,
      });
      completed += 1;
    } else if (event.type === 'task.canceled' || event.type === 'task.purged') {
      store.finish({ task: event.task, result: null, startedAt: 0, finishedAt: state.nowMs });
    }
  }
}
