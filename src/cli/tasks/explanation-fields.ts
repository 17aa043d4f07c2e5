import type { ExplanationView } from '../../contract/index.ts';
import type { Fields } from '../output/output.ts';

/** An explanation as lines for people: the verdict first, then the facts behind it. */
export function explanationFields(explanation: ExplanationView): Fields {
  const { agents, copies = [], copyOf, fairness, gate, pick } = explanation;
  const { placement, requirements = [], schedule } = explanation;
  return [
    ['verdict', explanation.verdict],
    ['task', explanation.taskId],
    ['state', explanation.state],
    [
      'made by',
      schedule === undefined ? undefined : `schedule ${schedule.name} for ${schedule.nominalAt}`,
    ],
    ['copy of', copyOf?.taskId],
    ...copies.map(
      ({ agentId = '-', hash = '', id, state }) =>
        [`copy ${id}`, `${state} ${agentId} ${hash}`.trimEnd()] as const,
    ),
    ['queue', explanation.queue],
    ['strategy', explanation.strategy],
    ['waiting ahead', explanation.waitingAhead],
    ['held by', gate == null ? undefined : `${gate.gate}: ${gate.description}`],
    [
      'namespace',
      fairness === undefined
        ? undefined
        : `${fairness.namespace.name}: ${fairness.namespace.running} running, ${(100 * fairness.part).toFixed(0)} % of what runs, ${fairness.namespacesAhead} served before it`,
    ],
    ...requirements.map(
      ({ agentsMatching, nearest, requirement }) =>
        [
          requirement,
          `${agentsText(agentsMatching)}${nearest === undefined ? '' : `; nearest: ${nearest}`}`,
        ] as const,
    ),
    [
      'agents',
      agents === undefined
        ? undefined
        : `${agentsText(agents.matching)} ${agents.matching === 1 ? 'matches' : 'match'}, ${agents.available} available`,
    ],
    ['by its wishes', placement == null ? undefined : placement.reason],
    ['would go to', pick == null ? undefined : `${pick.agentId}: ${pick.reason}`],
  ];
}

function agentsText(count: number): string {
  return count === 1 ? '1 agent' : `${count} agents`;
}
