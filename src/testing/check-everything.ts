import { AssertionError } from 'node:assert';
import { apply, checkInvariants, createState, digest } from '../core/index.ts';
import { decodeEntry, type Runtime } from '../runtime/index.ts';
import { eventLines, type EventRecord } from './event-record.ts';

/**
 * Checks what must always hold: the invariants of the core; that no task which was acknowledged is
 * lost, completed twice, or no longer completed; that the log, applied again, gives the same state.
 *
 * O(everything that ever happened).
 *
 * @throws AssertionError with what does not hold
 */
export async function checkEverything(
  runtime: Runtime,
  events: EventRecord,
  seed: number,
): Promise<void> {
  const { log, state } = runtime.observed;
  try {
    checkInvariants(state);
  } catch (error) {
    throw new AssertionError({ message: `the core's invariants must hold: ${String(error)}` });
  }
  checkTasks(runtime, events);
  const again = createState(seed);
  for await (const { body, index } of log.read(0)) {
    if (index <= state.index) apply(again, index, decodeEntry(body).batch);
  }
  const [actual, expected] = [digest(again), digest(state)];
  if (actual === expected) return;
  throw new AssertionError({
    message: 'the log, applied again, must give the same state',
    actual,
    expected,
  });
}

function checkTasks(runtime: Runtime, events: EventRecord): void {
  const completed = new Map<string, number>();
  const submitted = new Set<string>();
  for (const { taskId, type } of events.all) {
    if (taskId === undefined) continue;
    if (type === 'task.submitted') submitted.add(taskId);
    if (type === 'task.completed') completed.set(taskId, (completed.get(taskId) ?? 0) + 1);
  }
  for (const taskId of submitted) {
    const state = runtime.tasks.get(taskId as never)?.state;
    const completions = completed.get(taskId) ?? 0;
    let fault: string | null = null;
    if (state === undefined) fault = 'was acknowledged and is lost';
    else if (completions > 1) fault = `was completed ${completions} times`;
    else if (completions === 1 && state !== 'completed') fault = `was completed and is ${state}`;
    if (fault === null) continue;
    const happened = eventLines(events.ofTask(taskId), ['taskId']);
    throw new AssertionError({ message: `task ${taskId} ${fault}\n  what happened:\n${happened}` });
  }
}
