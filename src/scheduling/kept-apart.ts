/** Keeps the copies of a task apart: never two on one agent, and in other zones and hosts where it can. */
import { copyOf, type AgentId, type Task, type TaskId } from '../core/index.ts';
import type { AgentTable } from './agent-table.ts';

/** Agents that a task must not go to, as core says; null for one without copies. */
export type Barred = (task: Task) => readonly AgentId[] | null;

/** Where other copies of a task are. */
export interface Apart {
  readonly agents: ReadonlySet<AgentId>;
  readonly zones: ReadonlySet<string>;
  readonly hosts: ReadonlySet<string>;
}

export class KeptApart {
  readonly #table: AgentTable;
  readonly #barred: Barred;
  /** What the batch at hand proposes, by the task that they are copies of. */
  readonly #proposed = new Map<TaskId, AgentId[]>();

  constructor(table: AgentTable, barred: Barred) {
    this.#table = table;
    this.#barred = barred;
  }

  /** Where the other copies are, those of the batch at hand among them. O(copies). */
  of(task: Task): Apart | null {
    if (!hasCopies(task)) return null;
    const agents = new Set(this.#barred(task));
    for (const id of this.#proposed.get(originalId(task)) ?? []) agents.add(id);
    const zones = new Set<string>();
    const hosts = new Set<string>();
    for (const id of agents) {
      const index = this.#table.indexOf(id);
      if (index < 0) continue;
      const { host, zone } = this.#table.agentAt(index).spec.labels;
      if (zone !== undefined) zones.add(zone);
      if (host !== undefined) hosts.add(host);
    }
    return { agents, zones, hosts };
  }

  /** A task is proposed for an agent. */
  propose(task: Task, agentId: AgentId): void {
    if (!hasCopies(task)) return;
    const id = originalId(task);
    this.#proposed.set(id, [...(this.#proposed.get(id) ?? []), agentId]);
  }

  /** The batch was applied: core knows. */
  settle(): void {
    if (this.#proposed.size > 0) this.#proposed.clear();
  }
}

/** Whether there is, or was, a copy of the task beside it. */
export function hasCopies({ extra }: Task): boolean {
  return extra !== null && (extra.copyOf != null || extra.copies != null);
}

function originalId(task: Task): TaskId {
  return copyOf(task)?.taskId ?? task.id;
}
