import { OrchestratorError } from '../base/errors.ts';
import { checkAvailability, normalizeAgent, type RegisterAgent } from '../contract/index.ts';
import { nextHours } from './sleep.ts';

/**
 * Refuses agents whose availability is odd, or whose hours cannot be read or never come. Free for those that are always there.
 *
 * @throws OrchestratorError `INVALID_REQUEST`, `SCHEDULE_INVALID`, `SCHEDULE_NEVER_FIRES`
 */
export function checkHours(agents: readonly RegisterAgent[], nowMs: number): void {
  for (const agent of agents) {
    if (agent.availability === undefined) continue;
    checkAvailability(agent);
    const { availability } = normalizeAgent(agent);
    if (availability?.kind !== 'schedule' || nextHours(availability, nowMs) !== 0) continue;
    throw new OrchestratorError(
      'SCHEDULE_NEVER_FIRES',
      `the hours of agent ${agent.id} must come some time, got none`,
      { agentId: agent.id },
    );
  }
}
