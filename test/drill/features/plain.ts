/** Tasks of all priorities, some delayed, some that fail at first, in three namespaces. */
import type { DrillTask, DrillUser } from '../world/drill-user.ts';
import { linesOf } from '../world/journal.ts';
import { ofType } from '../log/fact.ts';
import { Check, type Evidence, type Proof } from '../proofs/proof.ts';
import type { Feature } from './feature.ts';

async function load(user: DrillUser): Promise<void> {
  const { rng } = user;
  while (!user.isOver) {
    const tasks = Array.from({ length: 1 + rng.below(8) }, (): DrillTask => ({
      namespace: ['default', 'red', 'blue'][rng.below(3)] ?? 'default',
      priority: rng.below(10),
      delayMs: rng.below(3) === 0 ? rng.below(500) : 0,
      retry: { attemptsMax: 100, delayMs: 20, delayMsMax: 500 },
      // Some take so long that an agent which is stopped meanwhile reports when they run elsewhere.
      work: { ms: rng.below(rng.below(12) === 0 ? 4_000 : 40), fails: rng.below(4) === 0 ? 1 : 0 },
    }));
    await user.submit(tasks);
    await user.pause(rng.below(200));
  }
}

/** Nothing of these ends it but poison: whoever lost three agents in a row is held back. */
function prove({ journal, log }: Evidence): readonly Proof[] {
  const check = new Check('every plain task completed, or took three agents down');
  const ends = new Map(ofType(log.facts, 'settled').map((fact) => [fact.taskId, fact]));
  for (const { feature, id } of linesOf(journal, 'submitted')) {
    if (feature !== plain.name) continue;
    const { code = null, state } = ends.get(id) ?? {};
    const isGood = state === 'completed' || code === 'POISON_TASK';
    check.that(isGood, () => `${id}: ${state} ${code}`);
  }
  return [check.proof];
}

export const plain: Feature = { name: 'plain', load, prove };
