/** Whom a retry, or a copy, is kept from when an agent is chosen for it. */
import { meetsRequirement, zoneOf, type Agent, type Task } from '../core/index.ts';
import type { Look } from './correlation/steer-clear.ts';
import { hasCopies, type Apart } from './kept-apart.ts';
import { isLessLoaded } from './strategies/less-loaded.ts';

/** Available members drawn, and then looked at one after the other, for one that is not avoided. */
const DRAWS = 8;
const SCAN_MAX = 64;

/**
 * Whether anything keeps the task from some agent: another copy of it is there, it was told so, or it
 * failed before and its rules allow it.
 */
export function isPicky(task: Task): boolean {
  if (hasCopies(task)) return true;
  if (task.extra?.avoid != null && task.extra.avoid.agents.length > 0) return true;
  if (task.failures.length === 0) return false;
  return task.profile.spec.rules?.avoid !== 'none';
}

/**
 * Another available member in place of the one picked, where that one is to be avoided; the same where
 * none was found; -1 where the task must wait for another ready agent, as core would see to.
 *
 * O(1), at most 72 members looked at, and the agents it is kept from.
 */
export function otherMember(task: Task, picked: number, look: Choices): number {
  const { choice, pool, strategy } = look;
  const { rng } = choice;
  if (rank(task, picked, look) === 0) return picked;
  let best = picked;
  for (let draw = 0; draw < DRAWS; draw++) {
    // Half by the strategy: of those that are as far apart, whom it likes better is drawn more often.
    const isByStrategy = draw % 2 === 1;
    const member = isByStrategy
      ? strategy.pick(choice)
      : pool.availableAt(rng.below(pool.availableCount));
    best = better(task, best, member, look);
  }
  const start = Math.floor(rng.unit() * pool.availableCount);
  const scanned = rank(task, best, look) === 0 ? 0 : Math.min(SCAN_MAX, pool.availableCount);
  for (let i = 0; i < scanned; i++) {
    best = better(task, best, pool.availableAt((start + i) % pool.availableCount), look);
  }
  const worst = rank(task, best, look);
  if (worst === BARRED) return -1;
  return worst >= HARD * DOMAINS && hasOther(task, look) ? -1 : best;
}

export interface Choices extends Look {
  /** Where other copies of the task are. */
  readonly apart: Apart | null;
}

/** The task may have such an agent only where no other is ready. */
const HARD = 3;
/** Ranks that tell how much of a failure another copy would share. */
const DOMAINS = 4;
/** Of an agent whose domain fails at the moment. */
const SUSPECT = 2;
/** Of one that always failed with another copy's; what is less than a tenth of that may be chance. */
const LEARNED = 3.5;
const LEARNED_MIN = 0.35;
/** Another copy is there. */
const BARRED = 100;

/** How much the member is to be avoided: 0 not at all. Past failures weigh more than what copies share. */
function rank(task: Task, member: number, look: Choices): number {
  const index = look.pool.agentOf(member);
  const agent = look.table.agentAt(index);
  if (look.apart?.agents.has(agent.id) === true) return BARRED;
  const failed = failedRank(task, agent) * DOMAINS;
  const { apart, choice, correlation } = look;
  const shared = apart === null ? 0 : sharedRank(agent, apart);
  const suspect = correlation.suspectOf(index, choice.nowMs) === null ? 0 : SUSPECT;
  if (apart === null) return failed + suspect;
  const learned = LEARNED * correlation.shared(index, [...apart.agents]);
  return failed + Math.max(shared, suspect, learned < LEARNED_MIN ? 0 : learned);
}

/** By labels: what two agents of one zone or host share before anything was learned of them. */
function sharedRank(agent: Agent, { hosts, zones }: Apart): number {
  const { host, zone } = agent.spec.labels;
  const sharesZone = zone !== undefined && zones.has(zone);
  const sharesHost = host !== undefined && hosts.has(host);
  return (sharesZone ? 2 : 0) + (sharesHost ? 1 : 0);
}

/** Of where it failed: the last agent, by default, is avoided a little. */
function failedRank(task: Task, agent: Agent): number {
  if (task.failures.length === 0 || task.profile.spec.rules?.avoid === 'none') return 0;
  const avoid = task.extra?.avoid ?? null;
  if (avoid === null) return task.failures.at(-1)?.agentId === agent.id ? 1 : 0;
  if (avoid.agents.includes(agent.id)) return HARD;
  const zone = zoneOf(agent);
  return zone !== null && avoid.zones.includes(zone) ? 2 : 0;
}

/** Of those that are to be avoided alike the less loaded: drawn evenly, many would be slow ones with a queue. */
function better(task: Task, one: number, other: number, look: Choices): number {
  const difference = rank(task, other, look) - rank(task, one, look);
  if (difference !== 0) return difference < 0 ? other : one;
  const { pool, table } = look;
  return isLessLoaded(table, pool.agentOf(other), pool.agentOf(one)) ? other : one;
}

/**
 * Whether a ready agent of the pool, available or not, is none of those it must avoid. Those are few, and how many are
 * ready is known: O(agents to avoid).
 */
function hasOther(task: Task, { apart, pool, table }: Choices): boolean {
  const kept = new Set([...(task.extra?.avoid?.agents ?? []), ...(apart?.agents ?? [])]);
  let others = pool.readyCount;
  for (const id of kept) {
    const index = table.indexOf(id);
    if (index < 0 || !table.isReady(index)) continue;
    const isMeant = (pool.requires.agent ?? id) === id;
    if (isMeant && meetsRequirement(table.agentAt(index).spec, pool.requires)) others -= 1;
  }
  return others > 0;
}
