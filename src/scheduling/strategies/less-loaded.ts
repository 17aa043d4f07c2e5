import type { AgentTable } from '../agent-table.ts';

/** Whether a smaller share of the slots of agent `a` is taken than of `b`, or else `a` is the cheaper one. */
export function isLessLoaded(table: AgentTable, a: number, b: number): boolean {
  // Both shares over one denominator: no rounding decides a tie.
  const loadA = table.inFlight(a) * table.slots(b);
  const loadB = table.inFlight(b) * table.slots(a);
  if (loadA !== loadB) return loadA < loadB;
  return table.cost(a) < table.cost(b);
}
