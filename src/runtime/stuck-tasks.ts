import type { Agent, AgentId, CoreState, LeaseRef, Task, TaskId } from '../core/index.ts';
import { RunTimes, type StuckSettings } from '../reliability/index.ts';
import type { Learner } from './learned.ts';

/** Agents looked at in one step: a million of them are gone through in a few minutes, none waits for it. */
const AGENTS_LOOKED_AT_MAX = 5_000;

/** An attempt that shows nothing for longer than those of its type take. */
export interface StuckAttempt extends LeaseRef {
  readonly task: Task;
  readonly agentId: AgentId;
  readonly silentMs: number;
  readonly boundMs: number;
}

/**
 * Finds attempts that run for longer than attempts of their type do, and show no progress either.
 *
 * Looks only: what to do about it is somebody else's to say. Each attempt is found once.
 */
export class StuckTasks implements Learner {
  readonly #state: CoreState;
  readonly #settings: StuckSettings;
  readonly #runTimes = new RunTimes();
  /** When running attempts that speak were heard of last. */
  readonly #heard = new Map<TaskId, number>();
  /** Tokens of the attempts that were found, by task. */
  readonly #found = new Map<TaskId, number>();
  /** Silence from before is not counted. */
  #forgivenAt = 0;
  #agents: Iterator<Agent> | null = null;

  constructor(state: CoreState, settings: StuckSettings) {
    this.#state = state;
    this.#settings = settings;
  }

  /** Attempts that count as stuck now, as far as is known. */
  get size(): number {
    return this.#found.size;
  }

  /** How long attempts of each type run. */
  remember(): unknown {
    return this.#runTimes.remember();
  }

  recall(known: unknown): void {
    this.#runTimes.recall(known);
  }

  /** An attempt completed. Failures say little of how long the work takes. */
  completed(task: Task, runMs: number): void {
    this.#runTimes.observe(task.profile.spec.type, runMs);
    this.ended(task.id);
  }

  /** An attempt ended, whatever the way. */
  ended(taskId: TaskId): void {
    if (this.#heard.size > 0) this.#heard.delete(taskId);
    if (this.#found.size > 0) this.#found.delete(taskId);
  }

  /** A running attempt was heard of. */
  heard(taskId: TaskId, nowMs: number): void {
    this.#heard.set(taskId, nowMs);
    if (this.#found.size > 0) this.#found.delete(taskId);
  }

  /** Lets every silence begin now: nobody could be heard before, or the clock was set. */
  forgive(nowMs: number): void {
    this.#forgivenAt = nowMs;
  }

  /** Looks at the next few agents. */
  look(nowMs: number): StuckAttempt[] {
    const stuck: StuckAttempt[] = [];
    this.#agents ??= this.#state.agents.values();
    for (let looked = 0; looked < AGENTS_LOOKED_AT_MAX; looked++) {
      const next = this.#agents.next();
      if (next.done === true) {
        this.#agents = null;
        break;
      }
      for (const task of next.value.leases) {
        const attempt = this.#judge(task, next.value.id, nowMs);
        if (attempt !== null) stuck.push(attempt);
      }
    }
    return stuck;
  }

  #judge(task: Task, agentId: AgentId, nowMs: number): StuckAttempt | null {
    // One that waits for an answer is held up by people.
    if (task.state !== 'running' || this.#found.get(task.id) === task.fencingToken) return null;
    // For one that asked, since it was answered.
    const since = Math.max(task.stateAt, this.#heard.get(task.id) ?? 0, this.#forgivenAt);
    const silentMs = nowMs - since;
    if (silentMs <= this.#settings.floorMs) return null;
    const boundMs = this.#runTimes.boundMs(task.profile.spec.type, this.#settings);
    if (boundMs === null || silentMs <= boundMs) return null;
    this.#found.set(task.id, task.fencingToken);
    return { task, taskId: task.id, fencingToken: task.fencingToken, agentId, silentMs, boundMs };
  }
}
