import { invariant } from '../../base/invariant.ts';
import type { Agent, AgentId, AgentSpec, Profile, StrategyName, Task } from '../../core/index.ts';
import type { Interference } from '../born/interference.ts';
import type { Arrival } from '../placement.ts';
import { Scheduler } from '../scheduler.ts';
import { makeAgent, makeProfile, makeQueue, makeTask } from './fixtures.ts';

/** A scheduler with agents that do one kind of work from one queue, and a core that grants everything. */
export class Fleet {
  readonly scheduler: Scheduler;
  readonly agents: Map<string, Agent> = new Map();
  readonly profile: Profile;
  nowMs = 1_000;
  #seq = 0;

  constructor(strategy: StrategyName, seed = 1, interference?: Interference) {
    this.scheduler = new Scheduler({
      seed,
      ...(interference === undefined ? {} : { interference }),
    });
    this.profile = makeProfile({ queue: makeQueue('default', strategy) });
  }

  /** Registers a connected agent. */
  add(id: string, spec: Partial<AgentSpec> = {}): Agent {
    const agent = makeAgent(id, spec);
    this.agents.set(id, agent);
    this.scheduler.agentChanged(agent);
    this.scheduler.setCredit(agent.id, Infinity);
    return agent;
  }

  remove(id: string): void {
    const agent = this.agent(id);
    this.agents.delete(id);
    this.scheduler.agentRemoved(agent);
  }

  agent(id: string): Agent {
    const agent = this.agents.get(id);
    invariant(agent !== undefined, `agent ${id} was added`);
    return agent;
  }

  /** Starts one task and says which agent got it, or null where none was available. */
  start(affinityKey: string | null = null): AgentId | null {
    return this.startAll([affinityKey])[0] ?? null;
  }

  /** Starts a task for each key, in one batch. */
  startAll(affinityKeys: readonly (string | null)[]): AgentId[] {
    const tasks = affinityKeys.map((key) => makeTask(++this.#seq, this.profile, key));
    const { agentIds } = this.scheduler.place({
      freed: [],
      ended: [],
      arrivals: tasks.map((task) => arrivalOf(task)),
      nowMs: this.nowMs,
      assignmentsMax: tasks.length,
    });
    for (const [position, agentId] of agentIds.entries()) {
      const agent = this.agent(agentId);
      const task = tasks[position] as Task;
      task.state = 'running';
      agent.leases.add(task);
      this.scheduler.leaseGranted(agent, task);
    }
    return agentIds;
  }

  /** Ends one task of the agent. */
  finish(id: string): void {
    const agent = this.agent(id);
    const [task] = agent.leases;
    invariant(task !== undefined, `agent ${id} runs a task`);
    agent.leases.delete(task);
    task.state = 'completed';
    this.scheduler.leaseEnded(agent, task);
  }

  finishAll(): void {
    for (const [id, agent] of this.agents) while (agent.leases.size > 0) this.finish(id);
  }
}

/** A task as the batch that submits it would announce it. */
export function arrivalOf(task: Task): Arrival {
  const { queue, signature, spec } = task.profile;
  const profile = {
    signature,
    requires: spec.requires,
    queueName: queue.name,
    strategy: queue.settings.strategy,
    paused: queue.paused,
    priority: spec.priority,
    queueGate: queue.gate,
    gates: task.profile.gates,
  };
  const control = task.extra?.control ?? null;
  return { id: task.id, profile, affinityKey: task.affinityKey, control, gates: task.gates };
}
