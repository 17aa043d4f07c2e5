import type { AgentId, Task } from '../../core/index.ts';
import type { WaitingTask } from '../waiting-line.ts';
import type { Judgement } from './judge-plan.ts';

/** An assignment being followed: which waiting tasks are meant for which agents. */
export class WindowPlan {
  readonly judgement: Judgement;
  /** Tasks that it had at first. */
  readonly size: number;
  readonly agents: number;
  readonly madeAtMs: number;
  readonly #agentOf = new Map<Task, AgentId>();
  /** In the order of their turns; those that went are dropped when they are met. */
  readonly #tasksOf = new Map<AgentId, Task[]>();

  constructor(
    judgement: Judgement & { readonly assignment: Int32Array },
    window: { readonly tasks: readonly Task[]; readonly agentIds: readonly AgentId[] },
    isWaiting: (task: Task) => boolean,
    madeAtMs: number,
  ) {
    this.judgement = judgement;
    this.madeAtMs = madeAtMs;
    this.size = window.tasks.length;
    this.agents = window.agentIds.length;
    for (const [position, task] of window.tasks.entries()) {
      const agentId = window.agentIds[judgement.assignment[position] as number] as AgentId;
      // It may have gone while the plan was made.
      if (isWaiting(task)) this.#add(task, agentId);
    }
  }

  /** Tasks that have not gone yet. */
  get left(): number {
    return this.#agentOf.size;
  }

  /** The agent that a task is meant for, or null. */
  agentOf(task: Task): AgentId | null {
    return this.#agentOf.get(task) ?? null;
  }

  /**
   * The first task meant for the agent that may change turns with `head`: it waits in the same lane with the
   * same priority. Null where there is none. O(tasks meant for the agent).
   */
  firstFor(agentId: AgentId, head: Task): Task | null {
    const tasks = this.#tasksOf.get(agentId);
    if (tasks === undefined) return null;
    while (tasks[0] !== undefined && this.#agentOf.get(tasks[0]) !== agentId) tasks.shift();
    return tasks.find((task) => this.#agentOf.get(task) === agentId && isLike(task, head)) ?? null;
  }

  /** A task waits no longer, for whatever reason. */
  drop(task: Task): void {
    this.#agentOf.delete(task);
  }

  #add(task: Task, agentId: AgentId): void {
    this.#agentOf.set(task, agentId);
    const tasks = this.#tasksOf.get(agentId);
    if (tasks === undefined) this.#tasksOf.set(agentId, [task]);
    else tasks.push(task);
  }
}

function isLike(task: Task, head: Task): boolean {
  const [one, other] = [task.waiting, head.waiting] as (WaitingTask | null)[];
  return one != null && one.lane === other?.lane && one.priority === other.priority;
}
