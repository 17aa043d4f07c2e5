import type { AgentSpec, Requirement } from './spec.ts';

/** Canonical text of a requirement: equal exactly for requirements that the same agents meet by definition. */
export function requirementKey({ agent, capabilities, labels }: Requirement): string {
  const sorted = Object.entries(labels).toSorted(byKey);
  const pin = agent === undefined ? [] : [agent];
  return JSON.stringify([capabilities.toSorted(), sorted, ...pin]);
}

function byKey(a: readonly [string, string], b: readonly [string, string]): number {
  return a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0;
}

/** Whether `offered` (`name` or `name@version`) meets `required`. */
export function capabilityMeets(offered: string, required: string): boolean {
  if (offered === required) return true;
  return offered.length > required.length + 1 && offered.startsWith(`${required}@`);
}

/** Whether an agent offers everything that is required; that it must be one agent is not looked at. */
export function meetsRequirement(
  agent: Pick<AgentSpec, 'capabilities' | 'labels'>,
  requirement: Requirement,
): boolean {
  for (const required of requirement.capabilities) {
    if (!agent.capabilities.some((offered) => capabilityMeets(offered, required))) return false;
  }
  for (const name of Object.keys(requirement.labels)) {
    if (agent.labels[name] !== requirement.labels[name]) return false;
  }
  return true;
}
