/**
 * Where the tasks with wishes are: those that run, and those that the batch at hand proposes.
 *
 * Groups that had best be apart are counted by agent. Core's record decides what runs; what the batch
 * expects is held apart until it is applied.
 */
import type { AgentId, Task, TaskId } from '../../core/index.ts';
import { groupOf, wishOf } from './wish-cost.ts';

/** How an agent was chosen for a task with wishes. */
export interface Choosing {
  readonly by: 'plan' | 'greedy';
  /** Why, as a sentence without its stop. */
  readonly reason: string;
  /** What the agent cost for the task then. */
  readonly cost: number;
}

/** A choice for a task, and the group that it counts in there. */
export interface Chosen {
  readonly choosing: Choosing;
  readonly group: string | null;
}

interface Seat {
  readonly agentId: AgentId;
  readonly group: string | null;
  /** Null for one that ran before this process placed anything. */
  readonly choosing: Choosing | null;
  /** Core knows of it. */
  isTaken: boolean;
}

export class Seats {
  readonly #seats = new Map<TaskId, Seat>();
  readonly #counts = new Map<string, Map<AgentId, number>>();
  #proposed: TaskId[] = [];
  /** Tasks whose attempt the batch at hand ends. */
  #ending: Task[] = [];

  /** Tasks with wishes that run or are proposed. */
  get size(): number {
    return this.#seats.size;
  }

  /** Tasks of the group that the agent has. */
  neighbours(group: string | null, agentId: AgentId): number {
    return group === null ? 0 : (this.#counts.get(group)?.get(agentId) ?? 0);
  }

  /** How the agent of the task was chosen, or null. */
  choosing(taskId: TaskId): Choosing | null {
    return this.#seats.get(taskId)?.choosing ?? null;
  }

  /** The batch at hand proposes the agent. */
  propose(taskId: TaskId, agentId: AgentId, { choosing, group }: Chosen): void {
    this.#sit(taskId, { agentId, group, choosing, isTaken: false });
    this.#proposed.push(taskId);
  }

  /** Takes over from core whether and where a task with wishes runs. */
  sync(task: Task): void {
    const seat = this.#seats.get(task.id);
    const isRunning = task.state === 'running' || task.state === 'input_required';
    if (!isRunning || task.agentId === null) {
      // A proposal of the batch at hand is not core's yet.
      if (seat?.isTaken === true) this.leave(task.id);
      return;
    }
    if (seat?.agentId === task.agentId) {
      seat.isTaken = true;
      return;
    }
    const wish = wishOf(task);
    const group = wish === null ? null : groupOf(wish, task.profile.queue.name);
    this.#sit(task.id, { agentId: task.agentId, group, choosing: null, isTaken: true });
  }

  /** The batch at hand ends the attempt: others of its group may take its place. */
  expectEnd(task: Task): void {
    if (!this.#seats.has(task.id)) return;
    this.#ending.push(task);
    this.leave(task.id);
  }

  /** The batch at hand was applied: what did not come of it is forgotten. */
  settle(): void {
    const [proposed, ending] = [this.#proposed, this.#ending];
    if (proposed.length > 0) {
      this.#proposed = [];
      for (const id of proposed) if (this.#seats.get(id)?.isTaken === false) this.leave(id);
    }
    if (ending.length > 0) {
      this.#ending = [];
      for (const task of ending) this.sync(task);
    }
  }

  leave(taskId: TaskId): void {
    const seat = this.#seats.get(taskId);
    if (seat === undefined) return;
    this.#seats.delete(taskId);
    this.#count(seat, -1);
  }

  #sit(taskId: TaskId, seat: Seat): void {
    this.leave(taskId);
    this.#seats.set(taskId, seat);
    this.#count(seat, 1);
  }

  #count({ agentId, group }: Seat, change: number): void {
    if (group === null) return;
    let counts = this.#counts.get(group);
    if (counts === undefined) {
      counts = new Map();
      this.#counts.set(group, counts);
    }
    const count = (counts.get(agentId) ?? 0) + change;
    if (count > 0) counts.set(agentId, count);
    else counts.delete(agentId);
    if (counts.size === 0) this.#counts.delete(group);
  }
}
