import type { AgentTable } from '../agent-table.ts';
import type { Pool } from '../pool.ts';
import type { Choice, Strategy } from '../strategy.ts';
import type { FailureCorrelation } from './failure-correlation.ts';

/** What is at hand when another agent than the strategy's first is looked for. */
export interface Look {
  readonly pool: Pool;
  readonly table: AgentTable;
  readonly strategy: Strategy;
  readonly choice: Choice;
  readonly correlation: FailureCorrelation;
}

/** Of the tasks that would go to a suspect domain, this part does: so it is seen to be well again. */
const PROBE_SHARE = 1 / 16;
const DRAWS = 8;

/**
 * The member picked, or another one if its domain fails as a whole at the moment and one outside such
 * domains is found in eight draws. O(1) expected.
 */
export function steerClear(picked: number, look: Look): number {
  const { choice, pool, strategy } = look;
  if (!isSuspect(picked, look) || choice.rng.unit() < PROBE_SHARE) return picked;
  for (let draw = 0; draw < DRAWS; draw++) {
    const isByStrategy = draw % 2 === 0;
    const member = isByStrategy
      ? strategy.pick(choice)
      : pool.availableAt(choice.rng.below(pool.availableCount));
    if (!isSuspect(member, look)) return member;
  }
  return picked;
}

function isSuspect(member: number, { choice, correlation, pool }: Look): boolean {
  return correlation.suspectOf(pool.agentOf(member), choice.nowMs) !== null;
}
