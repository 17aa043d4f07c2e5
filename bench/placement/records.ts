import type { Agent, AgentId } from '../../src/core/index.ts';
import { makeAgent } from '../../src/scheduling/testing/fixtures.ts';
import type { Policy, Setting } from './policy.ts';
import { HOST_SIZE, ZONE_SIZE } from './world.ts';

/** What dispatchers are told of the agents that they choose from, in their order. */
export function recordsOf(
  speeds: Float64Array,
  slots: number,
  policy: Policy,
  setting: Setting,
): Agent[] {
  const exponent = policy.weightExponent?.(setting) ?? 1;
  // Nobody holds leases in the simulation: one empty set serves all.
  const alike = makeAgent('agent');
  return Array.from(speeds, (speed, agent) => {
    const labels = {
      host: `host-${Math.floor(agent / HOST_SIZE)}`,
      zone: `zone-${Math.floor(agent / ZONE_SIZE)}`,
    };
    const weight = policy.told === 'speeds' ? speed ** exponent : 1;
    const spec = { ...alike.spec, labels, slots, weight };
    return { ...alike, id: `agent-${agent}` as AgentId, spec };
  });
}
