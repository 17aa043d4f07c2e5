import { Rng } from '../base/rng.ts';
import {
  closedGate,
  meetsRequirement,
  type AgentId,
  type Requirement,
  type Task,
} from '../core/index.ts';
import type { AgentTable, Standing } from './agent-table.ts';
import type { FailureCorrelation } from './correlation/failure-correlation.ts';
import { steerClear } from './correlation/steer-clear.ts';
import { whyOther } from './correlation/why-other.ts';
import type { Wishes } from './batch/wishes.ts';
import { groupOf, wishOf } from './batch/wish-cost.ts';
import type { Explanation, GateExplanation, RequirementExplanation } from './explanation.ts';
import { explainFairness } from './explain-fairness.ts';
import type { FairShares } from './fair-share.ts';
import type { Apart } from './kept-apart.ts';
import { laneKey } from './lane-key.ts';
import { isPicky, otherMember } from './avoided.ts';
import { nearest } from '../base/nearest.ts';
import { agentFeature, requiredFeatures, type Offers } from './offers.ts';
import type { Pool } from './pool.ts';
import type { Choice, Strategy } from './strategy.ts';
import { verdict, type Pinned } from './verdict.ts';

/** Agents named for each reason. */
const EXAMPLES_MAX = 5;

/** What an explanation looks at; nothing of it changes. */
export interface ExplainContext {
  readonly pool: Pool;
  readonly strategy: Strategy;
  readonly table: AgentTable;
  readonly offers: Offers;
  readonly rng: Rng;
  readonly nowMs: number;
  readonly shares: FairShares;
  readonly apart: Apart | null;
  readonly correlation: FailureCorrelation;
  readonly wishes: Wishes;
  /** When an agent that is asleep is expected, in milliseconds since 1970; null where that is not known. */
  readonly wakesAt: (agentId: AgentId) => number | null;
}

/** How the members of a pool stand. */
export interface Standings {
  readonly counts: Readonly<Record<Standing, number>>;
  readonly examples: Readonly<Record<Standing, readonly AgentId[]>>;
  /** Slots of the full agents, and what is taken of them. */
  readonly fullSlots: number;
  readonly fullTaken: number;
  /** When the first of those that are asleep is expected; null where that is not known. */
  readonly wakesAt: number | null;
}

/** Explains a task. O(members of its pool + tasks that came late to its lane). */
export function explain(task: Task, context: ExplainContext): Explanation {
  const { pool, strategy } = context;
  const { queue, signature, spec } = task.profile;
  const standings = standingsOf(pool, context);
  const requirements = requirementsOf(task, context.offers);
  const pinned = pinnedTo(spec.requires, context.table);
  if (pinned !== null) {
    const agentsMatching = pinned.isKnown ? 1 : 0;
    requirements.push({ requirement: agentFeature(pinned.agentId), agentsMatching });
  }
  const fairnessKey = task.extra?.control?.fairnessKey ?? null;
  const { gates, profile } = task;
  const lane = pool.lanes.get(laneKey({ queueName: queue.name, fairnessKey, gates, profile }));
  const gate = task.state === 'queued' ? explainGate(task, context.nowMs) : null;
  const waitingAhead = task.state === 'queued' ? (lane?.countAhead(task) ?? 0) : 0;
  const { available, ...passedOver } = standings.counts;
  const pick = available === 0 ? null : pickNow(task, context);
  return {
    taskId: task.id,
    state: task.state,
    queue: queue.name,
    pool: signature,
    requires: spec.requires,
    strategy: strategy.name,
    waitingAhead,
    verdict: verdict(task, { standings, requirements, pinned, waitingAhead, pick, gate }),
    gate,
    fairness: explainFairness(task, context.shares),
    placement: context.wishes.explain(task, pool, context.nowMs),
    requirements,
    agents: {
      matching: pool.size,
      available,
      passedOver,
      examples: standings.examples,
      ...(standings.wakesAt === null ? {} : { wakesAt: new Date(standings.wakesAt).toISOString() }),
    },
    pick,
  };
}

/** The one agent that a task is for, and what it lacks of the rest; null where it is for any. */
function pinnedTo(requires: Requirement, table: AgentTable): Pinned | null {
  const { agent: agentId, capabilities, labels } = requires;
  if (agentId === undefined) return null;
  const index = table.indexOf(agentId as AgentId);
  if (index < 0) return { agentId, isKnown: false, lacks: [] };
  const { spec } = table.agentAt(index);
  const parts: Requirement[] = [
    ...capabilities.map((name) => ({ capabilities: [name], labels: {} })),
    ...Object.entries(labels).map(([name, value]) => ({
      capabilities: [],
      labels: { [name]: value },
    })),
  ];
  const missing = parts.filter((part) => !meetsRequirement(spec, part));
  return { agentId, isKnown: true, lacks: missing.flatMap((part) => requiredFeatures(part)) };
}

function explainGate(task: Task, nowMs: number): GateExplanation | null {
  const closed = closedGate(task, nowMs);
  if (closed === null) return null;
  const { gate, limit, units } = closed.use;
  return {
    gate: gate.key,
    description: gate.describe(nowMs, units, limit),
    opensAt: Number.isFinite(closed.opensAt) ? new Date(closed.opensAt).toISOString() : null,
  };
}

function pickNow(task: Task, context: ExplainContext): Explanation['pick'] {
  const { apart, correlation, pool, strategy, table, nowMs, wishes } = context;
  // A copy of the generator: an explanation must not change what is drawn next.
  const rng = Rng.fromState(context.rng.state);
  const choice: Choice = { key: task.affinityKey ?? task.id, rng, nowMs };
  const picked = strategy.pick(choice);
  const look = { pool, table, strategy, choice, correlation };
  const member = isPicky(task)
    ? otherMember(task, picked, { ...look, apart })
    : steerClear(picked, look);
  if (member < 0) return null;
  const wish = isPicky(task) ? null : wishOf(task);
  if (wish !== null) {
    const group = groupOf(wish, task.profile.queue.name);
    const cheapest = wishes.cheapest(wish, group, { pool, picked: member, rng, nowMs });
    const { id } = table.agentAt(pool.agentOf(cheapest.member));
    return { agentId: id, reason: cheapest.choosing.reason };
  }
  const agentId = table.agentAt(pool.agentOf(member)).id;
  const reason =
    member === picked ? strategy.reason(member, choice) : whyOther(picked, { ...look, apart });
  return { agentId, reason };
}

function standingsOf(pool: Pool, { table, wakesAt }: ExplainContext): Standings {
  const counts = {
    available: 0,
    lost: 0,
    killed: 0,
    draining: 0,
    breaker: 0,
    full: 0,
    noCredit: 0,
    asleep: 0,
  };
  const examples: Record<Standing, AgentId[]> = {
    available: [],
    lost: [],
    killed: [],
    draining: [],
    breaker: [],
    full: [],
    noCredit: [],
    asleep: [],
  };
  let fullSlots = 0;
  let fullTaken = 0;
  let firstAt = Number.POSITIVE_INFINITY;
  for (let member = 0; member < pool.numbersUsed; member++) {
    const agent = pool.agentOf(member);
    if (agent < 0) continue;
    const standing = table.standing(agent);
    counts[standing] += 1;
    if (standing === 'full') {
      fullSlots += table.slots(agent);
      fullTaken += table.inFlight(agent);
    } else if (standing === 'asleep') {
      firstAt = Math.min(firstAt, wakesAt(table.agentAt(agent).id) ?? firstAt);
    }
    if (examples[standing].length < EXAMPLES_MAX) examples[standing].push(table.agentAt(agent).id);
  }
  const first = Number.isFinite(firstAt) ? firstAt : null;
  return { counts, examples, fullSlots, fullTaken, wakesAt: first };
}

function requirementsOf(task: Task, offers: Offers): RequirementExplanation[] {
  return requiredFeatures(task.profile.spec.requires).map((requirement) => {
    const agentsMatching = offers.feature(requirement)?.agents ?? 0;
    if (agentsMatching > 0) return { requirement, agentsMatching };
    const like = nearestFeature(requirement, offers);
    return like === null
      ? { requirement, agentsMatching }
      : { requirement, agentsMatching, nearest: like };
  });
}

/** Another value of the same label before another label; for a capability another capability. */
function nearestFeature(requirement: string, offers: Offers): string | null {
  const kind = requirement.slice(0, requirement.indexOf(' ') + 1);
  const label = requirement.slice(0, requirement.indexOf('=') + 1);
  const prefixes = label === '' || kind === 'capability ' ? [kind] : [label, kind];
  for (const prefix of prefixes) {
    const keys = offers.featureKeys().filter((key) => key.startsWith(prefix));
    const like = nearest(
      requirement.slice(kind.length),
      keys.map((key) => key.slice(kind.length)),
    );
    if (like !== null) return like;
  }
  return null;
}
