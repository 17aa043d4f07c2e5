/** The kill switch: a namespace and an agent are stopped, and restored after a while. */
import type { AskedTask } from '../log/fact.ts';
import { byEntry } from '../proofs/once.ts';
import { Check, type Evidence, type Proof } from '../proofs/proof.ts';
import type { DrillUser } from '../world/drill-user.ts';
import type { Feature } from './feature.ts';

const NAMESPACE = 'risky';
/** One agent of the drill; others offer the same. */
const AGENT = 'agent-1';
const TARGETS = [`/namespaces/${NAMESPACE}`, `/agents/${AGENT}`];

async function load(user: DrillUser): Promise<void> {
  const { rng } = user;
  const retry = { attemptsMax: 100, delayMs: 10, delayMsMax: 200 };
  while (!user.isOver) {
    for (let submits = rng.below(5); submits >= 0 && !user.isOver; submits--) {
      await user.submit([1, 2, 3].map(() => ({ namespace: NAMESPACE, retry, work: { ms: 100 } })));
      await user.pause(rng.below(300));
    }
    const target = TARGETS[rng.below(TARGETS.length)] ?? '';
    await user.call('POST', `${target}/kill`, { reason: 'drill', by: 'ann' });
    await user.pause(rng.below(1_500));
    await user.call('POST', `${target}/restore`, {});
  }
  for (const target of TARGETS) await user.call('POST', `${target}/restore`, {});
}

function prove({ log }: Evidence): readonly Proof[] {
  const starts = new Check('nothing of a killed namespace and nothing on a killed agent started');
  const stops = new Check('a kill ended all that ran of its namespace or on its agent');
  const tasks = new Map<string, AskedTask>();
  const running = new Map<string, string>();
  const killed = new Set<string>();
  const namesOf = (taskId: string, agentId: string): string[] => [
    `namespace ${tasks.get(taskId)?.spec.namespace}`,
    `agent ${agentId}`,
  ];
  for (const entry of byEntry(log.facts)) {
    const killedNow: string[] = [];
    for (const fact of entry) {
      if (fact.type === 'submitted') tasks.set(fact.task.id, fact.task);
      else if (fact.type === 'restored') killed.delete(`${fact.kind} ${fact.target}`);
      else if (fact.type === 'ended') running.delete(fact.taskId);
      else if (fact.type === 'killed') {
        killed.add(`${fact.kind} ${fact.target}`);
        killedNow.push(`${fact.kind} ${fact.target}`);
      }
    }
    for (const fact of entry) {
      if (fact.type !== 'started') continue;
      const { agentId, taskId } = fact;
      running.set(taskId, agentId);
      const names = namesOf(taskId, agentId).filter((name) => killed.has(name));
      starts.that(
        names.length === 0,
        () => `${taskId} started in spite of the kill of ${names.join(', ')}`,
      );
    }
    for (const name of killedNow) {
      if (!killed.has(name)) continue;
      const left = [...running].filter(([taskId, agentId]) =>
        namesOf(taskId, agentId).includes(name),
      );
      stops.that(left.length === 0, () => `${name}: ${left.map(([taskId]) => taskId).join(', ')}`);
    }
  }
  return [starts.proof, stops.proof];
}

export const kills: Feature = { name: 'kills', load, prove };
