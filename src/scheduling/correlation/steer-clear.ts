import type { AgentTable } from '../agent-table.ts';
import type { Pool } from '../pool.ts';
import { isLessLoaded } from '../strategies/less-loaded.ts';
import type { Choice, Strategy } from '../strategy.ts';
import type { FailureCorrelation } from './failure-correlation.ts';

/** What is at hand when another agent than the strategy's first is looked for. */
export interface Look {
  readonly pool: Pool;
  readonly table: AgentTable;
  readonly strategy: Pick<Strategy, 'pick'>;
  readonly choice: Choice;
  readonly correlation: FailureCorrelation;
}

/** Of the tasks that would go to a suspect domain, this part does: so it is seen to be well again. */
const PROBE_SHARE = 1 / 16;
/** Strategies that draw at random find another agent by their own law; the others name the same again. */
const STRATEGY_DRAWS = 4;
const EVEN_DRAWS = 16;

/**
 * The member picked, or another one if its domain fails as a whole at the moment and one outside such domains is
 * found: by four more picks of the strategy, or else the least loaded of sixteen drawn evenly. Any of these
 * would do for a free slot, but where agents queue tasks the first would often be a slow one. O(1) expected.
 */
export function steerClear(picked: number, look: Look): number {
  const { choice, pool, strategy, table } = look;
  if (!isSuspect(picked, look) || choice.rng.unit() < PROBE_SHARE) return picked;
  for (let draw = 0; draw < STRATEGY_DRAWS; draw++) {
    const member = strategy.pick(choice);
    if (!isSuspect(member, look)) return member;
  }
  let best = -1;
  for (let draw = 0; draw < EVEN_DRAWS; draw++) {
    const member = pool.availableAt(choice.rng.below(pool.availableCount));
    if (isSuspect(member, look)) continue;
    const isBetter = best < 0 || isLessLoaded(table, pool.agentOf(member), pool.agentOf(best));
    if (isBetter) best = member;
  }
  return best < 0 ? picked : best;
}

function isSuspect(member: number, { choice, correlation, pool }: Look): boolean {
  return correlation.suspectOf(pool.agentOf(member), choice.nowMs) !== null;
}
