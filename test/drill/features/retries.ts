/** Tasks that fail a while: delays, waits that agents ask for, final failures, escalation to other agents. */
import { ofType, type Fact, type FactOf } from '../log/fact.ts';
import { Check, type Evidence, type Proof } from '../proofs/proof.ts';
import type { DrillTask, DrillUser } from '../world/drill-user.ts';
import type { Feature } from './feature.ts';

const DELAY_MS = 100;
const JITTER = 0.5;

async function load(user: DrillUser): Promise<void> {
  const { rng } = user;
  while (!user.isOver) {
    await user.submit(Array.from({ length: 1 + rng.below(4) }, () => failing(user)));
    await user.pause(rng.below(300));
  }
}

/** The metadata repeat what the proofs need to know of the payload. */
function failing({ rng }: DrillUser): DrillTask {
  const fails = 1 + rng.below(3);
  const fixed = { strategy: 'fixed', delayMs: DELAY_MS, jitter: JITTER } as const;
  const retry = { ...fixed, attemptsMax: 2 + rng.below(4) };
  switch (rng.below(4)) {
    case 0:
      return { retry, metadata: { drill: 'retries' }, work: { fails } };
    case 1: {
      const retryAfterMs = 200 + rng.below(300);
      return { retry, metadata: { drill: 'retries', retryAfterMs }, work: { fails, retryAfterMs } };
    }
    case 2: {
      const work = { fails, code: 'DRILL_FINAL', retryable: false };
      return { retry, metadata: { drill: 'retries' }, work };
    }
    default: {
      const escalate = [{ afterAttempt: 1, capabilities: ['hard'] }];
      const metadata = { drill: 'retries', isEscalated: true };
      return { retry: { ...retry, escalate }, metadata, work: { fails: 1 } };
    }
  }
}

/** A task of this feature, and what became of its attempts, in order. */
interface Story {
  readonly id: string;
  readonly attemptsMax: number;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly steps: (FactOf<'started'> | FactOf<'ended'>)[];
}

function storiesOf(facts: readonly Fact[]): Story[] {
  const stories = new Map<string, Story>();
  for (const { task } of ofType(facts, 'submitted')) {
    const { metadata = {} } = task.item;
    if (metadata['drill'] !== 'retries') continue;
    const { attemptsMax } = task.spec.retry;
    stories.set(task.id, { id: task.id, attemptsMax, metadata, steps: [] });
  }
  for (const fact of facts) {
    if (fact.type === 'started' || fact.type === 'ended')
      stories.get(fact.taskId)?.steps.push(fact);
  }
  return [...stories.values()];
}

function prove({ log }: Evidence): readonly Proof[] {
  const stories = storiesOf(log.facts);
  return [attempts(stories), delays(stories), escalations(stories, log.facts)];
}

function attempts(stories: readonly Story[]): Proof {
  const check = new Check('no task was tried more often than it may, nor after a final failure');
  for (const { attemptsMax, id, steps } of stories) {
    const failed = steps.filter((step) => step.type === 'ended' && step.how === 'failed').length;
    check.that(failed <= attemptsMax, () => `${id}: ${failed} failures of ${attemptsMax}`);
    const final = steps.findIndex((step) => step.type === 'ended' && step.code === 'DRILL_FINAL');
    const isLast = final < 0 || final === steps.length - 1;
    check.that(isLast, () => `${id} went on after its final failure`);
  }
  return check.proof;
}

function delays(stories: readonly Story[]): Proof {
  const check = new Check('no retry came before its delay, or before the wait its agent asked for');
  for (const { id, metadata, steps } of stories) {
    for (const [i, step] of steps.entries()) {
      const before = steps[i - 1];
      if (step.type !== 'started' || before?.type !== 'ended' || before.code !== 'DRILL_FAILED')
        continue;
      const leastMs = Math.max(DELAY_MS * (1 - JITTER), Number(metadata['retryAfterMs'] ?? 0));
      const waitedMs = step.at - before.at;
      check.that(waitedMs >= Math.floor(leastMs), () => `${id}: ${waitedMs} of ${leastMs} ms`);
    }
  }
  return check.proof;
}

function escalations(stories: readonly Story[], facts: readonly Fact[]): Proof {
  const check = new Check(
    'after its first failure an escalated task ran on the agents it asks for',
  );
  const offers = new Map<string, readonly string[]>();
  for (const { agentId, capabilities } of ofType(facts, 'agent')) offers.set(agentId, capabilities);
  for (const { id, metadata, steps } of stories) {
    if (metadata['isEscalated'] !== true) continue;
    let failed = 0;
    for (const step of steps) {
      if (step.type === 'ended' && step.how === 'failed') failed += 1;
      if (step.type !== 'started' || failed === 0) continue;
      const isFit = offers.get(step.agentId)?.includes('hard') === true;
      check.that(isFit, () => `${id}: attempt on ${step.agentId}`);
    }
  }
  return check.proof;
}

export const retries: Feature = { name: 'retries', load, prove };
