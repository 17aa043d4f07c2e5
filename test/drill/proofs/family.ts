/** Which tasks come from which, read from what was asked for. */
import { ofType, type AskedTask, type Fact } from '../log/fact.ts';

export class Family {
  readonly tasks = new Map<string, AskedTask>();

  constructor(facts: readonly Fact[]) {
    for (const { task } of ofType(facts, 'submitted')) this.tasks.set(task.id, task);
  }

  /** Ids of all that a task is part of, from itself out: tasks above it, then its flow. */
  above(id: string): string[] {
    const ids: string[] = [];
    for (let at = this.tasks.get(id); at !== undefined;) {
      ids.push(at.id);
      if (at.flowId !== null) ids.push(at.flowId);
      at = this.tasks.get(at.item.parentId ?? '');
    }
    return ids;
  }
}
