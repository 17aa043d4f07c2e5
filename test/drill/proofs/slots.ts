/** Agents are given no more than they have room for, and nothing that they cannot do. */
import type { FactOf } from '../log/fact.ts';
import { Check, type Evidence, type Proof } from './proof.ts';

interface Attempt {
  readonly agentId: string;
  isWaiting: boolean;
}

/** Counts each agent's attempts anew at each start: those that wait for people take no slot. */
export function proveSlots({ log }: Evidence): Proof[] {
  const slots = new Check('no agent was given more at once than it has slots');
  const fitness = new Check('no agent was given what it does not offer');
  const agents = new Map<string, FactOf<'agent'>>();
  const running = new Map<string, Attempt>();
  for (const fact of log.facts) {
    if (fact.type === 'agent') agents.set(fact.agentId, fact);
    else if (fact.type === 'ended') running.delete(fact.taskId);
    else if (fact.type === 'asked' || fact.type === 'answered') {
      const attempt = running.get(fact.taskId);
      if (attempt !== undefined) attempt.isWaiting = fact.type === 'asked';
    }
    if (fact.type !== 'started') continue;
    const { agentId, capabilities, taskId } = fact;
    running.set(taskId, { agentId, isWaiting: false });
    const agent = agents.get(agentId);
    const busy = [...running.values()].filter(
      (at) => at.agentId === agentId && !at.isWaiting,
    ).length;
    const room = agent?.slots ?? 0;
    slots.that(busy <= room, () => `${taskId}: attempt ${busy} on ${agentId} with ${room} slots`);
    const lacks = capabilities.filter((name) => agent?.capabilities.includes(name) !== true);
    fitness.that(lacks.length === 0, () => `${taskId}: ${agentId} lacks ${lacks.join(', ')}`);
  }
  return [slots.proof, fitness.proof];
}
