import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  apply,
  checkInvariants,
  closedGate,
  createState,
  gatesOfSpec,
  letsPass,
  meetsRequirement,
  queueName,
  requirementKey,
  slotsUsed,
  type Agent,
  type AgentId,
  type AgentSpec,
  type BreakerDefaults,
  type Command,
  type CoreState,
  type LeaseRef,
  type Task,
  type TaskId,
  type TaskSpec,
} from '../core/index.ts';
import type { AgentSums } from './agent-tally.ts';
import type { Arrival } from './placement.ts';
import { Scheduler } from './scheduler.ts';
import { feedScheduler } from './testing/feed-scheduler.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

const AGENT_SPEC: AgentSpec = {
  kind: 'general',
  capabilities: ['work'],
  slots: 2,
  labels: {},
  cost: 0,
  weight: 1,
  heartbeatMs: 30_000,
};
const CAPABILITIES = [['work'], ['work', 'gpu'], ['gpu@2']];

function specOf(choice: number): TaskSpec {
  const capabilities = [choice % 2 === 0 ? 'work' : 'gpu'];
  const agent = `agent-${choice % 5}` as AgentId;
  return {
    namespace: 'default',
    queue: `queue-${choice % 3}`,
    type: 'work',
    priority: choice % 10,
    requires: { capabilities, labels: {}, ...(choice % 13 < 3 ? { agent } : {}) },
    retry: {
      attemptsMax: 3,
      strategy: 'fixed',
      delayMs: 0,
      delayMsMax: 0,
      jitter: 0,
      nonRetryable: [],
    },
    timeouts: { runMs: 500 },
    ...(choice % 5 < 2 ? { rules: { downstreams: [`service-${choice % 5}`] } } : {}),
  };
}

/** Breakers that open at the third call, for short, and let one or two probes through. */
const TOUCHY = { callsMin: 3, openMs: 150, openMsMax: 600, windowMs: 5_000, successesMin: 2 };
const BREAKERS: BreakerDefaults = {
  agent: { ...TOUCHY, probesMax: 1 },
  capability: { ...TOUCHY, callsMin: 5, probesMax: 2 },
  downstream: { ...TOUCHY, probesMax: 2 },
};
const OFF = { enabled: false };
const NO_BREAKERS: BreakerDefaults = { agent: OFF, capability: OFF, downstream: OFF };

/** Core and its leader's scheduler, tied together as the leader does it. */
class Leader {
  readonly state: CoreState = createState(1);
  readonly scheduler: Scheduler;
  /** Proposals of the newest batch that core refused. */
  refusals = 0;
  #nowMs = 1_000;
  #tasks = 0;

  constructor(seed: number, breakers: BreakerDefaults) {
    this.state.settings = { ...this.state.settings, breakers };
    this.scheduler = new Scheduler({ seed });
  }

  batch(wanted: readonly Command[], waitMs: number): void {
    this.#nowMs += waitMs;
    const commands = [...wanted];
    const placement = this.scheduler.place({
      freed: freedBy(this.state, commands),
      ended: [],
      arrivals: arrivalsOf(this.state, commands),
      nowMs: this.#nowMs,
      assignmentsMax: 1_000,
    });
    commands.push({ type: 'task.assign', ...placement });
    const { events } = apply(this.state, this.state.index + 1, { at: this.#nowMs, commands });
    this.refusals = events.filter(({ type }) => type === 'assignment.refused').length;
    feedScheduler(this.scheduler, this.state, events);
  }

  command(kind: number, choice: number): Command {
    const agentId = `agent-${choice % 6}` as AgentId;
    const running = [...this.state.tasks.values()].filter(({ state }) => state === 'running');
    const task = running[choice % Math.max(1, running.length)];
    const items: LeaseRef[] =
      task === undefined ? [] : [{ taskId: task.id, fencingToken: task.fencingToken }];
    switch (kind) {
      case 0: {
        const capabilities = CAPABILITIES[choice % 3] ?? [];
        const spec = { ...AGENT_SPEC, capabilities, slots: 1 + (choice % 3) };
        return { type: 'agent.register', agentId, incarnation: `${choice % 2}`, spec };
      }
      case 1: {
        const type = (['agent.drain', 'agent.lost', 'agent.back', 'agent.remove'] as const)[
          choice % 4
        ];
        return { type: type ?? 'agent.back', agentId };
      }
      case 2:
        return { type: 'task.fail', items: items.map((item) => ({ ...item, ...FAILURE })) };
      case 3:
        return queueCommand(this.state, choice, `queue-${choice % 3}`);
      case 4:
        return { type: 'task.cancel', taskIds: [this.#anyTask(choice)], reason: 'asked' };
      case 5:
        return { type: 'clock.advance' };
      case 11:
        return {
          type: 'breaker.force',
          kind: 'downstream',
          name: `service-${choice % 2}`,
          to: (['open', 'closed', 'auto', 'auto'] as const)[choice % 4] ?? 'auto',
          reason: null,
          by: null,
        };
      case 6:
        return { type: 'task.release', items, reason: 'asked' };
      case 7:
        return {
          type: 'task.complete',
          items: items.map((item) => ({ ...item, resultBytes: 1 })),
        };
      default:
        return this.#submit(choice);
    }
  }

  #submit(choice: number): Command {
    const tasks = Array.from({ length: 1 + (choice % 3) }, () => {
      this.#tasks += 1;
      return { id: `task-${this.#tasks}` as TaskId, spec: 0, payloadBytes: 1 };
    });
    return { type: 'task.submit', specs: [specOf(choice)], tasks };
  }

  #anyTask(choice: number): TaskId {
    const ids = [...this.state.tasks.keys()];
    return ids[choice % Math.max(1, ids.length)] ?? ('nobody' as TaskId);
  }
}

/** A pause or its end, or the removal of a queue that nothing is in. */
function queueCommand(state: CoreState, choice: number, queue: string): Command {
  const used = new Set([...state.tasks.values()].map(({ profile }) => profile.queue.name));
  const idle = [...state.queues.keys()].find((name) => !used.has(name));
  if (idle !== undefined) return { type: 'queue.remove', queue: idle };
  return { type: choice % 2 === 0 ? 'queue.pause' : 'queue.resume', queue };
}

const FAILURE = { error: { code: 'BOOM', message: 'boom' }, retryable: true };

function freedBy(state: CoreState, commands: readonly Command[]): AgentId[] {
  const items = commands.flatMap((command): readonly { readonly taskId: TaskId | null }[] =>
    'items' in command && command.type !== 'task.redrive' ? command.items : [],
  );
  return items.flatMap(({ taskId }) =>
    taskId === null ? [] : (state.tasks.get(taskId)?.agentId ?? []),
  );
}

function arrivalsOf(state: CoreState, commands: readonly Command[]): Arrival[] {
  return commands.flatMap((command) => {
    if (command.type !== 'task.submit') return [];
    const [spec] = command.specs;
    if (spec === undefined) return [];
    const name = queueName(spec.namespace, spec.queue);
    const queue = state.queues.get(name);
    const profile = {
      signature: requirementKey(spec.requires),
      requires: spec.requires,
      queueName: name,
      strategy: (queue?.settings ?? state.settings.queueDefaults).strategy,
      paused: queue?.paused ?? false,
      priority: spec.priority,
      queueGate: null,
      gates: gatesOfSpec(state, spec),
    };
    return command.tasks.map(({ id }) => ({
      id,
      profile,
      affinityKey: null,
      control: null,
      gates: null,
    }));
  });
}

function isPlaceable(state: CoreState, task: Task): boolean {
  if (task.state !== 'queued' || task.profile.queue.paused) return false;
  if (closedGate(task, state.nowMs) !== null) return false;
  return [...state.agents.values()].some((agent) => canStart(agent, task));
}

function canStart(agent: Agent, task: Task): boolean {
  if (agent.breaker !== null && !letsPass(agent.breaker)) return false;
  if (agent.state !== 'ready' || agent.leases.size >= agent.spec.slots) return false;
  const { requires } = task.profile.spec;
  if (requires.agent !== undefined && requires.agent !== agent.id) return false;
  return meetsRequirement(agent.spec, requires);
}

/** Counted anew, as the scheduler keeps it up. */
function sumsOf(agents: readonly Agent[]): AgentSums {
  const sums = { ready: 0, draining: 0, lost: 0, killed: 0, slots: 0, slotsUsed: 0 };
  for (const agent of agents) {
    sums[agent.state] += 1;
    sums.slots += agent.state === 'lost' ? 0 : agent.spec.slots;
    sums.slotsUsed += slotsUsed(agent);
  }
  return sums;
}

test.each([
  ['with', BREAKERS],
  ['without', NO_BREAKERS],
])(
  'mirrors core through any history %s breakers, and leaves nothing that could start',
  (_, breakers) => {
    const intents = fc.array(fc.tuple(fc.nat(12), fc.nat(10_000)), { maxLength: 3 });
    const move = fc.tuple(intents, fc.nat(300));
    let refusals = 0;
    let leases = 0;
    let removals = 0;
    const seen = new Set<string>();
    fc.assert(
      fc.property(fc.integer(), fc.array(move, { maxLength: 80, size: 'max' }), (seed, moves) => {
        const leader = new Leader(seed, breakers);
        for (const [wanted, waitMs] of moves) {
          const commands = wanted.map(([kind, choice]) => leader.command(kind, choice));
          const queues = leader.state.queues.size;
          leader.batch(commands, waitMs);
          if (leader.state.queues.size < queues) removals += 1;
          refusals += leader.refusals;
          // Whatever the batch's own commands changed under the proposals is set right by now.
          leader.batch([], 0);
          expect(leader.refusals).toBe(0);
          const { state, scheduler } = leader;
          checkInvariants(state);
          for (const one of state.records.breakers.values()) seen.add(`${one.kind} ${one.state}`);
          const tasks = [...state.tasks.values()];
          leases += tasks.filter((task) => task.state === 'running').length;
          expect(scheduler.counts()).toMatchObject({
            agents: state.agents.size,
            waiting: tasks.filter((task) => task.state === 'queued').length,
          });
          expect(scheduler.agentSums()).toEqual(sumsOf([...state.agents.values()]));
          expect(scheduler.hasWork()).toBe(false);
          const left = tasks.filter((task) => isPlaceable(state, task));
          expect(left.map(({ id }) => id)).toEqual([]);
        }
      }),
      { numRuns: 200, ...SEED },
    );
    // The histories must start tasks, and must bring the refusals that are hard to get right.
    expect(leases).toBeGreaterThan(1_000);
    expect(refusals).toBeGreaterThan(50);
    expect(removals).toBeGreaterThan(5);
    const standings = ['agent', 'capability', 'downstream'].flatMap((kind) =>
      ['closed', 'half-open', 'open'].map((state) => `${kind} ${state}`),
    );
    if (breakers === BREAKERS) expect([...seen].toSorted()).toEqual(standings);
  },
);
