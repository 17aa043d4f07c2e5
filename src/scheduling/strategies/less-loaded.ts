import type { Pool } from '../pool.ts';

/** Whether a smaller share of the slots of member `a` is taken than of `b`, or else `a` is the cheaper one. */
export function isLessLoaded(pool: Pool, a: number, b: number): boolean {
  const { table } = pool;
  const agentA = pool.agentOf(a);
  const agentB = pool.agentOf(b);
  // Both shares over one denominator: no rounding decides a tie.
  const loadA = table.inFlight(agentA) * table.slots(agentB);
  const loadB = table.inFlight(agentB) * table.slots(agentA);
  if (loadA !== loadB) return loadA < loadB;
  return table.cost(agentA) < table.cost(agentB);
}
