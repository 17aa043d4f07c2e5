/** A scheduler beside its plain twin: every move is made on both, every answer compared. */
import { invariant } from '../../base/invariant.ts';
import type { Agent, AgentSpec, Profile, StrategyName, Task } from '../../core/index.ts';
import type { Explanation } from '../explanation.ts';
import type { Placement } from '../placement.ts';
import { Scheduler } from '../scheduler.ts';
import { canTake, makeAgent, makeProfile, makeQueue, makeTask } from './fixtures.ts';
import { arrivalOf } from './fleet.ts';
import { before, Twin, used, type TwinAgent } from './twin.ts';

/** Four whole numbers without a meaning of their own: they choose whom a move is about. */
export type Draw = readonly [number, number, number, number];

const AGENT_SPECS: readonly Partial<AgentSpec>[] = [
  { capabilities: ['work'], slots: 1 },
  { capabilities: ['work@2', 'gpu'], slots: 3, weight: 2, cost: 1 },
  { capabilities: ['work', 'gpu@1'], slots: 2, labels: { zone: 'a' } },
  { capabilities: ['other'], slots: 2, labels: { zone: 'a' } },
  { capabilities: ['work'], slots: 4, labels: { zone: 'b' }, weight: 5 },
];
const REQUIREMENTS = [
  { capabilities: ['work'], labels: {} },
  { capabilities: ['gpu', 'work'], labels: {} },
  { capabilities: ['work'], labels: { zone: 'a' } },
  { capabilities: [], labels: {} },
  { capabilities: ['nobody'], labels: {} },
];
const PRIORITIES = [4, 9, 0];
const CREDITS = [Infinity, 0, 1, 2];
const STATES = ['ready', 'draining', 'lost'] as const;

export class World {
  readonly scheduler: Scheduler;
  readonly twin: Twin = new Twin();
  readonly profiles: readonly Profile[];
  readonly #strategies: readonly StrategyName[];
  #nowMs = 0;
  #taskSeq = 0;
  #agentSeq = 0;

  constructor(strategies: readonly StrategyName[], seed: number) {
    this.#strategies = strategies;
    this.scheduler = new Scheduler({ seed });
    const queues = [0, 1, 2].map((index) => makeQueue(`queue-${index}`, at(strategies, index)));
    this.profiles = queues.flatMap((queue) =>
      REQUIREMENTS.flatMap((requires) =>
        PRIORITIES.map((priority) => makeProfile({ queue, requires, priority })),
      ),
    );
  }

  join([spec, credit]: Draw): void {
    if (this.twin.agents.length >= 8) return;
    this.#agentSeq += 1;
    const agent = makeAgent(`agent-${this.#agentSeq}`, at(AGENT_SPECS, spec));
    const one = { agent, credit: at(CREDITS, credit), freed: 0, taken: 0 };
    this.twin.agents.push(one);
    this.scheduler.agentChanged(agent);
    this.scheduler.setCredit(agent.id, one.credit);
  }

  respec([who, spec]: Draw): void {
    const one = this.#agent(who);
    if (one === null) return;
    one.agent.spec = { ...one.agent.spec, labels: {}, ...at(AGENT_SPECS, spec) };
    this.scheduler.agentChanged(one.agent);
  }

  changeState([who, state]: Draw): void {
    const one = this.#agent(who);
    if (one === null) return;
    one.agent.state = at(STATES, state);
    const lost = one.agent.state === 'lost' ? [...one.agent.leases] : [];
    for (const task of lost) this.#endLease(one.agent, task);
    this.scheduler.agentChanged(one.agent);
    for (const task of lost) this.#wait(task);
  }

  leave([who]: Draw): void {
    const one = this.#agent(who);
    if (one === null) return;
    const lost = [...one.agent.leases];
    for (const task of lost) this.#endLease(one.agent, task);
    this.twin.agents = this.twin.agents.filter((other) => other !== one);
    this.scheduler.agentRemoved(one.agent);
    for (const task of lost) this.#wait(task);
  }

  giveCredit([who, credit]: Draw): void {
    const one = this.#agent(who);
    if (one === null) return;
    one.credit = at(CREDITS, credit);
    this.scheduler.setCredit(one.agent.id, one.credit);
  }

  pause([which, paused]: Draw): void {
    const { queue } = at(this.profiles, which);
    queue.paused = paused % 2 === 1;
    this.scheduler.queueChanged(queue);
  }

  setStrategy([which, strategy]: Draw): void {
    const { queue } = at(this.profiles, which);
    queue.settings = { ...queue.settings, strategy: at(this.#strategies, strategy) };
    this.scheduler.queueChanged(queue);
  }

  submit([profile]: Draw): void {
    this.#wait(this.#task(profile));
  }

  cancel([which]: Draw): void {
    const task = this.twin.waiting[which % Math.max(1, this.twin.waiting.length)];
    if (task === undefined) return;
    this.twin.waiting = this.twin.waiting.filter((other) => other !== task);
    task.state = 'canceled';
    this.scheduler.taskLeft(task);
  }

  /** A running task waits for input: its slot is free. */
  ask([which]: Draw): void {
    const task = this.#leasedAs('running', which);
    if (task === null) return;
    const { agent } = this.#ofTask(task);
    task.state = 'input_required';
    agent.waiting += 1;
    this.scheduler.leaseEnded(agent, task);
  }

  /** It goes on, whether or not there is a slot. */
  answer([which]: Draw): void {
    const task = this.#leasedAs('input_required', which);
    if (task === null) return;
    const { agent } = this.#ofTask(task);
    task.state = 'running';
    agent.waiting -= 1;
    this.scheduler.leaseGranted(agent, task);
  }

  /** A running task goes back to wait, older than most that do. */
  retry([which, runMs, ok]: Draw): void {
    const task = this.twin.running[which % Math.max(1, this.twin.running.length)];
    if (task === undefined) return;
    const { agent } = this.#ofTask(task);
    this.#endLease(agent, task);
    this.scheduler.leaseEnded(agent, task);
    this.scheduler.observe(agent.id, runMs, ok % 2 === 0, this.#nowMs);
    this.#wait(task);
  }

  /** One batch: tasks complete, tasks arrive, core takes some of what was proposed. */
  batch([completions, arriving, assignmentsMax, refusals]: Draw): void {
    this.#nowMs += 100;
    const completed = this.twin.running.filter(
      (_, index) => (completions >> (index % 16)) % 2 === 1,
    );
    const freed = completed
      .filter(({ state }) => state === 'running')
      .map((task) => this.#ofTask(task));
    for (const one of freed) one.freed += 1;
    const arrivals = Array.from({ length: arriving % 5 }, (_, index) =>
      this.#task(arriving + index * 7),
    );
    const proposed = this.scheduler.place({
      freed: freed.map(({ agent }) => agent.id),
      ended: completed,
      arrivals: arrivals.map(arrivalOf),
      nowMs: this.#nowMs,
      assignmentsMax: assignmentsMax % 12,
    });
    const granted = this.#check(proposed, arrivals, assignmentsMax % 12);
    this.#settle(completed, arrivals, granted, refusals);
  }

  /** What both say of the whole, for comparison. */
  pictures(): { scheduler: object; twin: object } {
    const { agents, availableAgents, waiting } = this.scheduler.counts();
    const { twin } = this;
    return {
      scheduler: { agents, availableAgents, waiting, hasWork: this.scheduler.hasWork() },
      twin: {
        agents: twin.agents.length,
        availableAgents: twin.agents.filter((one) => twin.isAvailable(one)).length,
        waiting: twin.waiting.length,
        hasWork: twin.nextWaiting() !== null,
      },
    };
  }

  /** What both say of one task, for comparison. */
  explanations([which]: Draw): { scheduler: Explanation; twin: object; takers: Agent[] } {
    const tasks = [...this.twin.waiting, ...this.twin.running];
    const task = tasks[which % Math.max(1, tasks.length)] ?? this.#task(which);
    const { twin } = this;
    const matching = twin.agents.filter(({ agent }) => canTake(agent, task));
    const standings = matching.map((one) => twin.standing(one));
    const countOf = (name: string): number => standings.filter((each) => each === name).length;
    return {
      scheduler: this.scheduler.explain(task, this.#nowMs),
      takers: twin.takers(task).map(({ agent }) => agent),
      twin: {
        matching: matching.length,
        available: countOf('available'),
        passedOver: {
          full: countOf('full'),
          draining: countOf('draining'),
          lost: countOf('lost'),
          killed: 0,
          breaker: 0,
          noCredit: countOf('noCredit'),
          asleep: 0,
        },
        waitingAhead: task.state === 'queued' ? twin.countAhead(task) : 0,
      },
    };
  }

  /** Compares each proposal with what the twin wants next; returns who got what. */
  #check(proposed: Placement, arrivals: readonly Task[], max: number): [Task, TwinAgent][] {
    const granted: [Task, TwinAgent][] = [];
    const arriving = arrivals.toSorted(before);
    for (;;) {
      const wanted = granted.length < max ? this.#wanted(arriving) : null;
      const got = proposed.taskIds[granted.length];
      invariant(got === wanted?.id, () => `task ${wanted?.id} is placed next, got ${got}`);
      if (wanted === null) return granted;
      const agentId = proposed.agentIds[granted.length];
      const one = this.twin.takers(wanted).find(({ agent }) => agent.id === agentId);
      invariant(one !== undefined, () => `an agent that may take ${got} is chosen, got ${agentId}`);
      one.taken += 1;
      one.credit -= 1;
      this.twin.waiting = this.twin.waiting.filter((task) => task !== wanted);
      granted.push([wanted, one]);
    }
  }

  #wanted(arriving: Task[]): Task | null {
    const waiting = this.twin.nextWaiting();
    if (waiting !== null) return waiting;
    while (arriving.length > 0) {
      const arrival = arriving.shift() as Task;
      if (this.twin.mayPlace(arrival)) return arrival;
    }
    return null;
  }

  /** Plays core: some completions do not hold, some proposals are refused. */
  #settle(
    completed: readonly Task[],
    arrivals: readonly Task[],
    granted: readonly [Task, TwinAgent][],
    refusals: number,
  ): void {
    for (const one of this.twin.agents) {
      one.freed = 0;
      one.taken = 0;
    }
    const events: (() => void)[] = [];
    for (const [index, task] of completed.entries()) {
      if ((refusals >> (index % 8)) % 8 === 7) continue;
      const { agent } = this.#ofTask(task);
      this.#endLease(agent, task);
      task.state = 'completed';
      events.push(() => this.scheduler.leaseEnded(agent, task));
    }
    const placed = new Set(granted.map(([task]) => task));
    for (const task of arrivals) if (!placed.has(task)) events.push(() => this.#wait(task));
    for (const [index, [task, one]] of granted.entries()) {
      const isFull = used(one.agent) >= one.agent.spec.slots;
      if (isFull || (refusals >> (index % 8)) % 8 === 6) {
        one.credit += 1;
        events.push(() => this.scheduler.refused(task.id, one.agent.id));
        events.push(() => this.#wait(task));
        continue;
      }
      this.#grant(task, one.agent);
      events.push(() => this.scheduler.leaseGranted(one.agent, task));
    }
    for (const event of events) event();
    this.scheduler.batchApplied();
  }

  #grant(task: Task, agent: Agent): void {
    task.state = 'running';
    task.agentId = agent.id;
    agent.leases.add(task);
    this.twin.running.push(task);
  }

  #endLease(agent: Agent, task: Task): void {
    agent.leases.delete(task);
    if (task.state === 'input_required') agent.waiting -= 1;
    task.state = 'queued';
    task.agentId = null;
    this.twin.running = this.twin.running.filter((other) => other !== task);
  }

  #leasedAs(state: Task['state'], which: number): Task | null {
    const tasks = this.twin.running.filter((task) => task.state === state);
    return tasks[which % Math.max(1, tasks.length)] ?? null;
  }

  #wait(task: Task): void {
    this.twin.waiting.push(task);
    this.scheduler.taskWaiting(task);
  }

  #task(profile: number): Task {
    this.#taskSeq += 1;
    const affinityKey = profile % 3 === 0 ? null : `key-${profile % 5}`;
    return makeTask(this.#taskSeq, at(this.profiles, profile), affinityKey);
  }

  #agent(who: number): TwinAgent | null {
    return this.twin.agents[who % Math.max(1, this.twin.agents.length)] ?? null;
  }

  #ofTask(task: Task): TwinAgent {
    const one = this.twin.agents.find(({ agent }) => agent.leases.has(task));
    invariant(one !== undefined, 'a running task has an agent');
    return one;
  }
}

function at<Item>(items: readonly Item[], index: number): Item {
  return items[index % items.length] as Item;
}
