import type { Applied } from '../core/index.ts';
import type { Store } from '../store/index.ts';
import type { Entry } from './entry-codec.ts';

/** Keeps the texts of the chunks that core took of an entry. */
export function keepChunks(entry: Entry, applied: Applied, at: number, store: Store): void {
  let command: unknown = null;
  let item = 0;
  let offset = 0;
  for (const event of applied.events) {
    if (event.type !== 'task.output') continue;
    if (event.command !== command) [command, item, offset] = [event.command, 0, 0];
    const { attempt, position, seq, skipped, task } = event;
    const { items } = event.command;
    for (; item < position; item++) offset += items[item]?.lengths.length ?? 0;
    const texts = entry.texts[entry.batch.commands.indexOf(event.command)] ?? [];
    const count = items[position]?.lengths.length ?? 0;
    for (let i = skipped; i < count; i++) {
      const chunk = texts[offset + i] ?? 'null';
      store.putOutput(task.id, { seq: seq + i - skipped, attempt, at, chunk });
    }
  }
}
