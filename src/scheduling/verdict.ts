import { questionOf, type Task } from '../core/index.ts';
import type { Standings } from './explain.ts';
import type {
  Explanation,
  GateExplanation,
  PassedOverReason,
  RequirementExplanation,
} from './explanation.ts';

/** The only agent that may have a task. */
export interface Pinned {
  readonly agentId: string;
  /** Whether it is registered. */
  readonly isKnown: boolean;
  /** What else is required that it has not. */
  readonly lacks: readonly string[];
}

/** What a verdict is drawn from. */
export interface Evidence {
  readonly standings: Standings;
  readonly requirements: readonly RequirementExplanation[];
  /** Null for a task that several may have. */
  readonly pinned: Pinned | null;
  readonly waitingAhead: number;
  readonly pick: Explanation['pick'];
  readonly gate: GateExplanation | null;
}

/** The one thing that holds the task up, or what comes next, as a sentence without its stop. */
export function verdict(task: Task, evidence: Evidence): string {
  if (task.state !== 'queued') return notQueued(task);
  if (task.profile.queue.held) {
    return `namespace ${task.profile.spec.namespace} was killed and waits to be restored`;
  }
  const { counts } = evidence.standings;
  const matching = counts.available + heldUp(counts);
  if (matching === 0) {
    return evidence.pinned === null
      ? noneMatches(evidence.requirements)
      : waitsFor(evidence.pinned);
  }
  if (task.profile.queue.paused) return `queue ${task.profile.queue.name} is paused`;
  if (evidence.gate !== null) return held(evidence.gate);
  if (counts.available === 0) {
    return evidence.pinned === null
      ? noneAvailable(evidence)
      : pinnedAway(evidence.pinned, evidence);
  }
  if (evidence.waitingAhead > 0) {
    const goes = evidence.waitingAhead === 1 ? 'goes' : 'go';
    const ahead = `${count(evidence.waitingAhead, 'task')} of its queue ${goes} first`;
    return `${ahead}; ${count(counts.available, 'agent')} available`;
  }
  if (evidence.pick === null) return mustWait(task);
  return `it is next: agent ${evidence.pick.agentId} would take it now`;
}

function waitsFor({ agentId, isKnown, lacks }: Pinned): string {
  const why = isKnown ? `lacks ${lacks.join(', ')}` : 'is not registered';
  return `it waits for agent ${agentId}, which ${why}`;
}

function pinnedAway({ agentId }: Pinned, { standings }: Evidence): string {
  const { counts, fullSlots, fullTaken, wakesAt } = standings;
  const reason = REASONS.find((each) => counts[each] > 0) ?? 'lost';
  const slots = reason === 'full' ? ` (${fullTaken} of ${fullSlots} slots)` : '';
  const until = wakesAt === null ? '' : ` until ${new Date(wakesAt).toISOString()}`;
  return `it waits for agent ${agentId}, which is ${HELD_UP[reason]}${slots}${until}`;
}

function mustWait(task: Task): string {
  if (task.extra?.copyOf != null || task.extra?.copies != null) {
    return 'it waits for an agent that has no other copy of the same task, and none of those is available';
  }
  const avoided = task.extra?.avoid?.agents.join(', ') ?? 'them';
  return `it failed on ${avoided} and waits for another matching agent, which is ready but not available`;
}

function held({ description, gate, opensAt }: GateExplanation): string {
  const until = opensAt === null ? '' : `, opens at ${opensAt}`;
  return `${gate}: ${description}${until}`;
}

function notQueued(task: Task): string {
  switch (task.state) {
    case 'running': {
      const cancel = task.extra?.cancel ?? null;
      const end = cancel === null ? '' : `, was asked to end by itself (${cancel.reason})`;
      const until = cancel === null ? '' : ` until ${new Date(cancel.until).toISOString()}`;
      return `it runs on agent ${task.agentId}${end}${until}`;
    }
    case 'input_required':
      return waitsForAnswer(task);
    case 'blocked':
      return `it waits for ${count(task.links?.left ?? 0, 'task')} to end`;
    case 'scheduled':
      return `it waits until ${new Date(task.runAt).toISOString()} (${task.reason ?? 'delayed'})`;
    case 'failed':
      return `it failed for good (${task.error?.code ?? task.reason}) and waits to be retried or purged`;
    default:
      return `it is ${task.state}`;
  }
}

/** Longest text of a question in a verdict, in UTF-16 units. */
const MESSAGE_MAX = 200;

function waitsForAnswer(task: Task): string {
  const question = questionOf(task);
  if (question === null) return 'it waits for an answer';
  const { answerers, expiresAt, key, message } = question;
  const by = answerers === null ? '' : ` by ${answerers.join(', ')}`;
  const until = expiresAt === 0 ? '' : ` until ${new Date(expiresAt).toISOString()}`;
  const text = message.length > MESSAGE_MAX ? `${message.slice(0, MESSAGE_MAX)}…` : message;
  return `it waits for an answer to ${key}${by}${until}: ${text}`;
}

function noneMatches(requirements: readonly RequirementExplanation[]): string {
  const missing = requirements.find(({ agentsMatching }) => agentsMatching === 0);
  if (missing !== undefined) {
    const hint = missing.nearest === undefined ? '' : `; nearest: ${missing.nearest}`;
    return `no agent has ${missing.requirement}${hint}`;
  }
  if (requirements.length === 0) return 'no agent is registered';
  const parts = requirements.map(
    ({ requirement, agentsMatching }) => `${requirement} (${count(agentsMatching, 'agent')})`,
  );
  return `no agent has all that is required at once: ${parts.join(', ')}`;
}

const HELD_UP: Readonly<Record<PassedOverReason, string>> = {
  full: 'full',
  draining: 'draining',
  breaker: 'held back by an open breaker',
  killed: 'killed',
  lost: 'lost',
  noCredit: 'not connected or not asking for work',
  asleep: 'asleep as agreed',
};
const REASONS = Object.keys(HELD_UP) as PassedOverReason[];

function noneAvailable({ requirements, standings }: Evidence): string {
  const { counts, fullSlots, fullTaken } = standings;
  const matching = heldUp(counts);
  const reasons = REASONS.filter((reason) => counts[reason] > 0);
  const [only] = reasons;
  if (only === undefined || reasons.length > 1) {
    const parts = reasons.map((reason) => `${counts[reason]} ${HELD_UP[reason]}`);
    const first = counts.asleep === 0 ? '' : firstOf(standings);
    return `none of ${matching} matching agents is available: ${parts.join(', ')}${first}`;
  }
  if (only === 'asleep') return allAsleep(matching, requirements, standings);
  if (only === 'full') {
    const slots = `(${fullTaken} of ${fullSlots} slots)`;
    if (matching === 1) return `the only matching agent is full ${slots}`;
    return `all ${matching} matching agents are full ${slots}`;
  }
  if (matching === 1) return `1 agent matches but is ${HELD_UP[only]}`;
  return `${matching} agents match but are ${HELD_UP[only]}`;
}

function allAsleep(
  matching: number,
  requirements: readonly RequirementExplanation[],
  { wakesAt }: Standings,
): string {
  const offered = requirements.map(({ requirement }) => requirement).join(', ');
  const [who, sleep] = matching === 1 ? ['agent that offers', 'is'] : ['agents that offer', 'are'];
  const until =
    wakesAt === null
      ? ''
      : `${matching === 1 ? '' : ', the first'} until ${new Date(wakesAt).toISOString()}`;
  return `the only ${who} ${offered} ${sleep} asleep${until}`;
}

function firstOf({ wakesAt }: Standings): string {
  return wakesAt === null ? '' : ` (the first until ${new Date(wakesAt).toISOString()})`;
}

function heldUp(counts: Standings['counts']): number {
  return REASONS.reduce((sum, reason) => sum + counts[reason], 0);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
