import { AssertionError } from 'node:assert';
import { isDeepStrictEqual } from 'node:util';
import type { TaskView } from '../contract/index.ts';
import type { FeedEvent, Runtime } from '../runtime/index.ts';
import { describeTask, describeWaiting } from './describe-task.ts';
import { eventLines, matchInOrder, type EventPattern, type EventRecord } from './event-record.ts';
import type { TestTask } from './test-task.ts';

/** A task by its handle or its id. */
export type TaskRef = string | Pick<TestTask, 'id'>;

/**
 * What can be asserted of an orchestrator as it is now: nothing here moves the clock or waits. Each
 * throws an AssertionError that says what happened to the task and why it is where it is.
 */
export class Expectations {
  readonly #runtime: () => Runtime | null;
  readonly #events: EventRecord;

  constructor(runtime: () => Runtime | null, events: EventRecord) {
    this.#runtime = runtime;
    this.#events = events;
  }

  state(task: TaskRef, expected: TaskView['state']): TaskView {
    const id = idOf(task);
    const view = this.#runtime()?.tasks.get(id as never) ?? null;
    if (view?.state === expected) return view;
    return this.#fail(`task ${id} must be ${expected}`, id, view?.state, expected);
  }

  completed(task: TaskRef, expected: readonly unknown[]): void {
    const { id, result = null } = this.state(task, 'completed');
    if (expected.length === 0) return;
    // A handler that returns nothing has the result null.
    const [wanted = null] = expected;
    if (!isDeepStrictEqual(result, wanted))
      this.#fail(`task ${id} must have its result`, id, result, wanted);
  }

  failed(task: TaskRef, code: string | undefined): void {
    const { error, id } = this.state(task, 'failed');
    if (code === undefined || error?.code === code) return;
    this.#fail(`task ${id} must have failed with ${code}`, id, error?.code, code);
  }

  events(patterns: readonly EventPattern[], task: TaskRef | undefined): void {
    const id = task === undefined ? null : idOf(task);
    const events = id === null ? this.#events.all : this.#events.ofTask(id);
    const matched = matchInOrder(events, patterns);
    if (matched === patterns.length) return;
    const missing = patternText(patterns[matched] as EventPattern);
    const after =
      matched === 0 ? '' : ` after ${patternText(patterns[matched - 1] as EventPattern)}`;
    throw new AssertionError({
      message: `events must come in their order, got no ${missing}${after}\n  what happened:\n${eventLines(events)}`,
      actual: events.map(({ type }) => type),
      expected: patterns,
    });
  }

  /** What a person needs who finds that something has not come about. */
  describeAll(): string {
    const runtime = this.#runtime();
    const waiting = runtime === null ? '  the orchestrator does not run' : describeWaiting(runtime);
    const events: readonly FeedEvent[] = this.#events.all.slice(-EVENTS_SHOWN_MAX);
    return `${waiting}\n  what happened last:\n${eventLines(events)}`;
  }

  #fail(what: string, taskId: string, actual: unknown, expected: unknown): never {
    const story = describeTask(taskId, this.#runtime(), this.#events);
    const got = typeof actual === 'string' ? actual : JSON.stringify(actual);
    throw new AssertionError({ message: `${what}, got ${got}\n${story}`, actual, expected });
  }
}

const EVENTS_SHOWN_MAX = 40;

export function idOf(task: TaskRef): string {
  return typeof task === 'string' ? task : task.id;
}

function patternText(pattern: EventPattern): string {
  return typeof pattern === 'string' ? pattern : JSON.stringify(pattern);
}
