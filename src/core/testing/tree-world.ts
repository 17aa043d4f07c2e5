import type { Command } from '../command.ts';
import type { TaskId } from '../ids.ts';
import type { Tree, Usage } from '../tree.ts';
import { assign, complete, fail, register, submit, type TaskFields } from './commands.ts';
import { refusalsOf } from './trace.ts';
import { World } from './world.ts';

/** An agent with many slots, and tasks that run at once. */
export class TreeWorld extends World {
  constructor() {
    super();
    this.run(1000, register('a1', { slots: 10_000 }));
  }

  /** Submits a task and starts it; returns the refusal's code, or nothing. */
  start(id: string, fields: TaskFields = {}, type = 'email'): string | undefined {
    const [code] = this.add(id, fields, type);
    if (code !== undefined) return code;
    return refusalsOf(this.run(1000, assign(id, 'a1')).results[0])[0];
  }

  add(id: string, fields: TaskFields = {}, type = 'email'): readonly string[] {
    const spec = {
      type,
      requires: { capabilities: [], labels: {} },
      retry: { attemptsMax: 2, delayMs: 0 },
    };
    return refusalsOf(this.run(1000, submit(id, spec, fields)).results[0]);
  }

  end(id: string, usage?: Usage): readonly string[] {
    const command = complete(id, this.task(id).fencingToken) as Extract<
      Command,
      { type: 'task.complete' }
    >;
    const items = command.items.map((item) => (usage === undefined ? item : { ...item, usage }));
    return refusalsOf(this.run(1000, { ...command, items }).results[0]);
  }

  /** Fails it for good. */
  fail(id: string): void {
    this.run(1000, fail(id, this.task(id).fencingToken, { retryable: false }));
  }

  tree(key: string): Tree {
    const tree = this.state.records.trees.get(key);
    if (tree === undefined) throw new Error(`no tree ${key}`);
    return tree;
  }

  live(): readonly string[] {
    return [...this.state.tasks.values()].map(({ id }) => id);
  }
}

/** Fields of what a running task submits. */
export function below(parentId: string, fields: TaskFields = {}): TaskFields {
  return { parentId: parentId as TaskId, ...fields };
}
