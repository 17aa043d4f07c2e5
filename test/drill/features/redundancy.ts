/** Tasks done by several agents of which one lies, and slow ones that are given to a second agent. */
import { isDeepStrictEqual } from 'node:util';
import { ofType, type AskedTask, type Fact, type FactOf } from '../log/fact.ts';
import { byEntry } from '../proofs/once.ts';
import { Check, type Evidence, type Proof } from '../proofs/proof.ts';
import type { DrillTask, DrillUser } from '../world/drill-user.ts';
import type { Feature } from './feature.ts';

const RETRY = { attemptsMax: 100, delayMs: 10, delayMsMax: 200 };

async function load(user: DrillUser): Promise<void> {
  while (!user.isOver) {
    await user.submit([copied(user), copied(user), hedged(user)]);
    await user.pause(100 + user.rng.below(500));
  }
}

function copied({ rng }: DrillUser): DrillTask {
  const copies = 2 + rng.below(3);
  const redundancy = { copies, agree: 1 + rng.below(copies) };
  return {
    redundancy,
    retry: RETRY,
    work: { ms: rng.below(100), says: `sum ${rng.below(1_000)}` },
  };
}

function hedged({ rng }: DrillUser): DrillTask {
  const ms = rng.below(3) === 0 ? 1_500 : 20;
  return { hedge: { afterMs: 200 }, retry: RETRY, work: { ms } };
}

function prove(evidence: Evidence): readonly Proof[] {
  return [apart(evidence), quorums(evidence), ends(evidence), counts(evidence)];
}

/** Ids of the copies of each task, of one kind. */
function copiesOf(facts: readonly Fact[], kind: 'redundant' | 'hedge'): Map<string, AskedTask[]> {
  const copies = new Map<string, AskedTask[]>();
  for (const { task } of ofType(facts, 'submitted')) {
    if (task.copyOf?.kind !== kind) continue;
    const known = copies.get(task.copyOf.taskId);
    if (known === undefined) copies.set(task.copyOf.taskId, [task]);
    else known.push(task);
  }
  return copies;
}

/** The task that each copy is of. */
function originals(facts: readonly Fact[]): ReadonlyMap<string, string> {
  const copied = ofType(facts, 'submitted').filter(({ task }) => task.copyOf !== null);
  return new Map(copied.map(({ task }) => [task.id, task.copyOf?.taskId ?? '']));
}

function apart({ log }: Evidence): Proof {
  const check = new Check(
    'no agent had two copies of a task, nor one beside the attempt it races with',
  );
  const originalOf = originals(log.facts);
  const running = new Map<string, FactOf<'started'>>();
  const brought = new Set<string>();
  for (const fact of log.facts) {
    if (fact.type === 'ended') {
      running.delete(fact.taskId);
      const of = originalOf.get(fact.taskId);
      if (fact.how === 'completed' && of !== undefined) brought.add(`${of} ${fact.agentId}`);
    }
    if (fact.type !== 'started') continue;
    running.set(fact.taskId, fact);
    const { agentId, taskId } = fact;
    const of = originalOf.get(taskId);
    if (of === undefined) continue;
    const beside = [...running.values()].filter(
      (other) =>
        other.agentId === agentId &&
        other.taskId !== taskId &&
        (other.taskId === of || originalOf.get(other.taskId) === of),
    );
    check.that(beside.length === 0, () => `${taskId} on ${agentId} beside ${beside[0]?.taskId}`);
    const isFirst = !brought.has(`${of} ${agentId}`);
    check.that(isFirst, () => `${taskId} on ${agentId}, which brought a result for ${of} before`);
  }
  return check.proof;
}

/** Counts, at the end of each redundant task, how many of its copies have the result it has. */
function quorums({ log }: Evidence): Proof {
  const check = new Check(
    'redundant tasks have a result that enough copies have, or none had enough',
  );
  const copies = copiesOf(log.facts, 'redundant');
  const settled = new Map(ofType(log.facts, 'settled').map((fact) => [fact.taskId, fact]));
  for (const { task } of ofType(log.facts, 'submitted')) {
    const agree = task.spec.rules?.redundancy?.agree;
    const end = settled.get(task.id);
    if (agree === undefined || end === undefined) continue;
    const results = (copies.get(task.id) ?? [])
      .map(({ id }) => settled.get(id)?.result ?? null)
      .filter((result) => result !== null)
      .map((result) => JSON.parse(result) as unknown);
    const alike = (wanted: unknown): number =>
      results.filter((result) => isDeepStrictEqual(result, wanted)).length;
    if (end.state === 'completed') {
      const votes = alike(JSON.parse(end.result ?? 'null'));
      check.that(votes >= agree, () => `${task.id}: ${votes} of ${agree} votes`);
    } else if (end.code === 'REDUNDANCY_DISAGREED') {
      const most = Math.max(0, ...results.map(alike));
      check.that(most < agree, () => `${task.id} failed with ${most} of ${agree} votes`);
    }
  }
  return check.proof;
}

function ends({ log }: Evidence): Proof {
  const check = new Check('once a task had ended, none of its copies ran or started');
  const originalOf = originals(log.facts);
  const over = new Set<string>();
  const running = new Set<string>();
  for (const entry of byEntry(log.facts)) {
    for (const fact of entry) {
      if (fact.type === 'settled') over.add(fact.taskId);
      else if (fact.type === 'redriven') over.delete(fact.taskId);
      else if (fact.type === 'started') running.add(fact.taskId);
      else if (fact.type === 'ended') running.delete(fact.taskId);
    }
    const late = [...running].filter((id) => over.has(originalOf.get(id) ?? ''));
    for (const { taskId } of ofType(entry, 'settled')) {
      const its = late.filter((id) => originalOf.get(id) === taskId);
      check.that(its.length === 0, () => `${taskId} has ended, ${its.join(', ')} run`);
    }
    for (const { taskId } of ofType(entry, 'started')) {
      check.that(!late.includes(taskId), () => `${taskId} started after its task had ended`);
    }
  }
  return check.proof;
}

function counts({ log }: Evidence): Proof {
  const check = new Check('no task had more copies than it asked for');
  const tasks = new Map(ofType(log.facts, 'submitted').map(({ task }) => [task.id, task]));
  const redriven = new Set(ofType(log.facts, 'redriven').map(({ taskId }) => taskId));
  for (const [id, copies] of copiesOf(log.facts, 'redundant')) {
    const most = tasks.get(id)?.spec.rules?.redundancy?.copies ?? 0;
    const isGood = copies.length === most || redriven.has(id);
    check.that(isGood, () => `${id}: ${copies.length} of ${most} copies`);
  }
  const originalOf = originals(log.facts);
  const racing = new Map<string, string>();
  for (const fact of log.facts) {
    if (fact.type === 'ended') racing.delete(fact.taskId);
    const of = fact.type === 'started' ? originalOf.get(fact.taskId) : undefined;
    const most = tasks.get(of ?? '')?.spec.rules?.hedge?.copiesMax;
    if (fact.type !== 'started' || of === undefined || most === undefined) continue;
    racing.set(fact.taskId, of);
    const count = [...racing.values()].filter((id) => id === of).length;
    check.that(count <= most, () => `${of}: ${count} of ${most} copies race with it`);
  }
  return check.proof;
}

export const redundancy: Feature = { name: 'redundancy', load, prove };
