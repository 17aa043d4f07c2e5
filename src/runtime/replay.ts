import { copyOf, type Applied, type CoreState } from '../core/index.ts';
import type { Store } from '../store/index.ts';
import { CompletedResults, EditedPayloads, keepPayload, SubmittedPayloads } from './effects.ts';
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
  const results = new CompletedResults(entry, applied);
  const edits = new EditedPayloads(entry, applied);
  keepChunks(entry, applied, state.nowMs, store);
  for (const event of applied.events) {
    if (event.type === 'task.submitted') {
      keepPayload(event, payloads, store);
    } else if (event.type === 'task.redriven') {
      if (event.isEdited) store.replacePayload(event.task, edits.next());
    } else if (event.type === 'task.completed') {
      const { startedAt, task } = event;
      store.finish({
        task,
        result: results.next(task),
        startedAt,
        finishedAt: state.nowMs,
      });
    } else if (event.type === 'task.adopted') {
      const { copy, task } = event;
      const startedAt = copyOf(copy)?.startedAt ?? 0;
      store.finish({ task, result: results.of(copy), startedAt, finishedAt: state.nowMs });
    } else if (event.type === 'task.canceled' || event.type === 'task.purged') {
      store.finish({ task: event.task, result: null, startedAt: 0, finishedAt: state.nowMs });
    }
  }
}
