import type { Apart } from '../kept-apart.ts';
import type { Look } from './steer-clear.ts';

const FAILED = 'the task failed on the agent that the strategy would choose';
const NEAR = 'another copy of the task is on, or near, the agent that the strategy would choose';
/** Shared failures from which on they are the reason, 0..1. */
const SHARED_MIN = 0.1;

/** Why the agent that the strategy would choose is passed over, as a sentence without its stop. */
export function whyOther(
  picked: number,
  { apart, choice, correlation, pool, table }: Look & { readonly apart: Apart | null },
): string {
  const index = pool.agentOf(picked);
  const agent = table.agentAt(index);
  const suspect = correlation.suspectOf(index, choice.nowMs);
  if (suspect !== null) {
    const { agents, failing, label, name } = suspect;
    return `agents with ${label}=${name} fail together (${failing} of ${agents}), so ${agent.id}, which the strategy would choose, is avoided`;
  }
  if (apart === null) return FAILED;
  if (apart.agents.has(agent.id)) return NEAR;
  const shared = correlation.shared(index, [...apart.agents]);
  if (shared < SHARED_MIN) return NEAR;
  const others = [...apart.agents].join(', ');
  const percent = Math.round(shared * 100);
  return `agent ${agent.id}, which the strategy would choose, shares ${percent} % of its failures with ${others}, where another copy is`;
}
