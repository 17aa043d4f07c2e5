/** What attempts hand out while they run: core counts and fences it, the store keeps the text. */
import type { Command } from './command.ts';
import { NO_EXTRA, type OutputCount } from './extra.ts';
import { reject, type Rejection } from './rejection.ts';
import { leasedTask } from './settle.ts';
import type { Step } from './step.ts';

/** Chunks of output of one task, at most. */
export const OUTPUT_CHUNKS_MAX = 100_000;

/** Output of one task, at most, in UTF-16 units of its JSON texts. */
export const OUTPUT_LENGTH_MAX: number = 64 * 1024 * 1024;

type OutputCommand = Extract<Command, { type: 'task.output' }>;

/**
 * Takes chunks of an attempt in their order. Those it has taken before, by the ordinals that the
 * attempt gave them, are passed over: a report that is sent again does no harm.
 */
export function takeOutput(step: Step, command: OutputCommand, position: number): Rejection | null {
  const { state, events } = step;
  const item = command.items[position] as OutputCommand['items'][number];
  const task = leasedTask(state, item);
  if ('code' in task) return task;
  const before = countOf(task.extra?.output ?? null, item.fencingToken);
  const next = before.chunks - before.attemptFrom;
  const skipped = item.from === null ? 0 : next - item.from;
  if (skipped < 0) {
    return reject(
      'OUTPUT_GAP',
      `the next chunk of the attempt must be its ${next}th, got its ${item.from}th`,
      { taskId: task.id, expected: next, got: item.from ?? 0 },
    );
  }
  const fresh = item.lengths.slice(skipped);
  if (fresh.length === 0) return null;
  const chunks = before.chunks + fresh.length;
  const length = fresh.reduce((sum, more) => sum + more, before.length);
  if (chunks > OUTPUT_CHUNKS_MAX || length > OUTPUT_LENGTH_MAX) {
    return reject(
      'OUTPUT_LIMIT',
      `a task's output must have at most ${OUTPUT_CHUNKS_MAX} chunks and ${OUTPUT_LENGTH_MAX} characters, got ${chunks} and ${length}`,
      { taskId: task.id, chunks, length },
    );
  }
  state.taskChanges.touch(task);
  task.extra = { ...(task.extra ?? NO_EXTRA), output: { ...before, chunks, length } };
  events.push({
    type: 'task.output',
    task,
    command,
    position,
    skipped,
    attempt: task.attempt,
    seq: before.chunks,
  });
  return null;
}

function countOf(known: OutputCount | null, token: number): OutputCount {
  if (known === null) return { chunks: 0, length: 0, token, attemptFrom: 0 };
  return known.token === token ? known : { ...known, token, attemptFrom: known.chunks };
}
