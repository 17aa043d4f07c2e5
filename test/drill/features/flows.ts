/** Tasks that wait for others, with every failure policy; trees that grow; some canceled or killed halfway. */
import type { SubmittedFlow, SubmitTask } from '../../../src/contract/index.ts';
import { ofType, type AskedTask, type FactOf } from '../log/fact.ts';
import { Family } from '../proofs/family.ts';
import { byEntry } from '../proofs/once.ts';
import { Check, type Evidence, type Proof } from '../proofs/proof.ts';
import type { DrillUser } from '../world/drill-user.ts';
import { linesOf } from '../world/journal.ts';
import type { Work } from '../world/work.ts';
import type { Feature } from './feature.ts';

async function load(user: DrillUser): Promise<void> {
  const { rng } = user;
  while (!user.isOver) {
    const tasks = Array.from({ length: 3 + rng.below(8) }, (_, n) => node(user, n));
    const flow = (await user.callOnce('POST', '/flows', { tasks })) as SubmittedFlow | null;
    for (const { id } of flow?.tasks ?? []) user.acknowledged(id);
    const [tree] = (await user.submit([{ type: 'talk', work: { children: 3, ms: 50 } }])) ?? [];
    await user.pause(rng.below(300));
    if (flow !== null && rng.below(3) === 0) await cut(user, `/flows/${flow.id}/cancel`, flow.id);
    if (tree !== undefined && rng.below(3) === 0) {
      const body = { tree: true, reason: 'drill' };
      const isCut = await user.call('POST', `/tasks/${tree.id}/cancel`, body);
      if (isCut !== null) user.journal.write({ type: 'cut', target: tree.id });
    } else if (flow !== null && rng.below(4) === 0) {
      await cut(user, `/trees/${flow.id}/kill`, flow.id);
    }
  }
}

function node({ rng }: DrillUser, n: number): SubmitTask {
  const parents = Array.from({ length: n }, (_, i) => i).filter(() => rng.below(3) === 0);
  const payload: Work = { ms: rng.below(60) };
  const fails: Work = { fails: 1_000, code: 'DRILL_NODE', retryable: false };
  return {
    type: 'work',
    ref: `n${n}`,
    dependsOn: parents.map((parent) => ({
      ref: `n${parent}`,
      onFailure: (['fail', 'skip', 'continue'] as const)[rng.below(3)] ?? 'fail',
    })),
    retry: { attemptsMax: 100, delayMs: 10, delayMsMax: 200 },
    payload: rng.below(5) === 0 ? { ...payload, ...fails } : payload,
  };
}

async function cut(user: DrillUser, path: string, target: string): Promise<void> {
  const isCut = await user.call('POST', path, { reason: 'drill' });
  if (isCut !== null) user.journal.write({ type: 'cut', target });
}

function prove(evidence: Evidence): readonly Proof[] {
  return [order(evidence), policies(evidence), cuts(evidence), cutsAreKept(evidence)];
}

/** Whether an edge lets the child go on after its parent ended like that. */
function forgives(onFailure: string | undefined, parent: FactOf<'settled'>): boolean {
  return parent.state === 'completed' || onFailure === 'continue';
}

function order({ log }: Evidence): Proof {
  const check = new Check('no task started before all that it depends on had ended well enough');
  const { tasks } = new Family(log.facts);
  const ends = new Map<string, FactOf<'settled'>>();
  for (const fact of log.facts) {
    if (fact.type === 'settled') ends.set(fact.taskId, fact);
    if (fact.type === 'redriven') ends.delete(fact.taskId);
    if (fact.type !== 'started') continue;
    for (const { onFailure, taskId } of tasks.get(fact.taskId)?.dependsOn ?? []) {
      const end = ends.get(taskId);
      const mayStart = end !== undefined && forgives(onFailure, end);
      check.that(
        mayStart,
        () => `${fact.taskId} started while ${taskId} was ${end?.state ?? 'live'}`,
      );
    }
  }
  return check.proof;
}

function policies({ log }: Evidence): Proof {
  const check = new Check('where a parent failed or was canceled, each edge did as it says');
  const ends = new Map(ofType(log.facts, 'settled').map((fact) => [fact.taskId, fact]));
  for (const { task } of ofType(log.facts, 'submitted')) {
    const end = ends.get(task.id);
    if (task.dependsOn.length === 0 || end === undefined) continue;
    const bad = badEdges(task, ends);
    const isFailed = end.state === 'failed' && end.code === 'DEPENDENCY_FAILED';
    const isSkipped = end.state === 'canceled' && end.reason === 'skipped';
    // One that was canceled with all of its flow ended for that, whatever its parents did.
    const isCut = end.state === 'canceled' && !isSkipped;
    const text = (): string =>
      `${task.id}: ${end.state} ${end.code ?? end.reason}, ${bad.join(' ')}`;
    if (isFailed) check.that(bad.includes('fail'), text);
    else if (isSkipped) check.that(bad.includes('skip'), text);
    else if (!isCut) check.that(bad.length === 0, text);
  }
  return check.proof;
}

/** Policies of the edges whose parents did not complete and that do not forgive it. */
function badEdges(task: AskedTask, ends: ReadonlyMap<string, FactOf<'settled'>>): string[] {
  return task.dependsOn
    .filter(({ onFailure, taskId }) => {
      const end = ends.get(taskId);
      return end !== undefined && !forgives(onFailure, end);
    })
    .map(({ onFailure = 'fail' }) => onFailure);
}

function cuts({ log }: Evidence): Proof {
  const check = new Check('of a canceled or killed tree nothing ran on, and nothing started again');
  const family = new Family(log.facts);
  const targets = new Set(ofType(log.facts, 'cut').map(({ target }) => target));
  const members = membersOf(family, targets);
  const over = new Set<string>();
  const running = new Set<string>();
  for (const entry of byEntry(log.facts)) {
    for (const { taskId } of ofType(entry, 'ended')) running.delete(taskId);
    for (const { taskId } of ofType(entry, 'started')) {
      running.add(taskId);
      const cut = family.above(taskId).find((id) => over.has(id));
      check.that(cut === undefined, () => `${taskId} started after the end of ${cut}`);
    }
    for (const { target } of ofType(entry, 'cut')) {
      over.add(target);
      for (const id of members.get(target) ?? []) {
        check.that(!running.has(id), () => `${id} runs on after the end of ${target}`);
      }
    }
  }
  return check.proof;
}

/** All that comes from each of some trees. */
function membersOf(family: Family, targets: ReadonlySet<string>): ReadonlyMap<string, string[]> {
  const members = new Map<string, string[]>([...targets].map((target) => [target, []]));
  for (const id of family.tasks.keys()) {
    for (const above of family.above(id)) members.get(above)?.push(id);
  }
  return members;
}

function cutsAreKept({ journal, log }: Evidence): Proof {
  const check = new Check('every acknowledged cancel of a tree is in the log');
  const known = new Set(ofType(log.facts, 'cut').map(({ target }) => target));
  for (const { target } of linesOf(journal, 'cut')) {
    check.that(known.has(target), () => `${target} is not`);
  }
  return check.proof;
}

export const flows: Feature = { name: 'flows', load, prove };
