/** Tasks that fail for good, counted in groups; redriven one by one and many at once, with another payload. */
import type { OperationView } from '../../../src/contract/index.ts';
import { ofType } from '../log/fact.ts';
import { Check, type Evidence, type Proof } from '../proofs/proof.ts';
import type { DrillUser } from '../world/drill-user.ts';
import { linesOf } from '../world/journal.ts';
import type { Work } from '../world/work.ts';
import type { Feature } from './feature.ts';

const CODES = ['LETTER_A', 'LETTER_B'];
const MENDED: Work = { ms: 5 };

async function load(user: DrillUser): Promise<void> {
  const { rng } = user;
  const letters: string[] = [];
  let redrives = 0;
  while (!user.isOver) {
    for (const code of CODES) {
      const work: Work = { fails: 1_000, code, retryable: false };
      const made = await user.submit([{ type: 'letter', work }], { isWatched: false });
      letters.push(...(made ?? []).map(({ id }) => id));
    }
    await user.pause(200 + rng.below(300));
    const id = letters[rng.below(letters.length)];
    if (id !== undefined) await redrive(user, id, `drill ${++redrives}`);
    if (rng.below(8) === 0) await redriveAll(user);
  }
  await redriveAll(user);
}

async function redrive(user: DrillUser, id: string, why: string): Promise<void> {
  const body = { payload: MENDED, by: 'drill', reason: why };
  const isTaken = await user.callOnce('POST', `/dead-letters/${id}/redrive`, body);
  if (isTaken !== null) user.journal.write({ type: 'redriven', id, why });
}

async function redriveAll(user: DrillUser): Promise<void> {
  const code = CODES[user.rng.below(CODES.length)] ?? '';
  const query = `type:letter error.code:${code}`;
  const body = { action: 'redrive', query, params: { payload: MENDED }, by: 'drill' };
  let operation = (await user.callOnce('POST', '/operations', body)) as OperationView | null;
  // It goes on over kills, with nobody asking.
  while (operation?.state === 'running') {
    await user.idle(200);
    operation = (await user.call('GET', `/operations/${operation.id}`)) as OperationView | null;
  }
  if (operation === null) return;
  user.journal.write({ type: 'operated', operationId: operation.id, done: operation.done });
}

function prove(evidence: Evidence): readonly Proof[] {
  return [groups(evidence), redrivesOnce(evidence), operations(evidence), onlyDeadOnes(evidence)];
}

/** Counts failures by type and code: messages of the drill say nothing more. */
function groups({ groups: shown, log }: Evidence): Proof {
  const check = new Check('groups of failures count what failed, and what still lies there');
  const failures = new Map<string, number>();
  const lying = new Map<string, string>();
  const typeOf = new Map<string, string>();
  for (const fact of log.facts) {
    if (fact.type === 'submitted') typeOf.set(fact.task.id, fact.task.spec.type);
    if (fact.type === 'redriven') lying.delete(fact.taskId);
    if (fact.type !== 'settled') continue;
    lying.delete(fact.taskId);
    if (fact.state !== 'failed') continue;
    const name = `${typeOf.get(fact.taskId)} ${fact.code}`;
    failures.set(name, (failures.get(name) ?? 0) + 1);
    lying.set(fact.taskId, name);
  }
  for (const [name, count] of failures) {
    const alike = shown.filter(({ code, type }) => `${type} ${code}` === name);
    const sum = alike.reduce((total, group) => total + group.count, 0);
    const live = alike.reduce((total, group) => total + group.live, 0);
    const left = [...lying.values()].filter((each) => each === name).length;
    check.that(sum === count, () => `${name}: ${sum} counted of ${count} failures`);
    check.that(live === left, () => `${name}: ${live} counted of ${left} dead letters`);
  }
  return check.proof;
}

function redrivesOnce({ journal, log }: Evidence): Proof {
  const check = new Check('every redrive was made once, and none that was acknowledged is lost');
  const times = new Map<string, number>();
  for (const { by, taskId, why } of ofType(log.facts, 'redriven')) {
    if (by !== 'drill' || why === null) continue;
    const name = `${taskId} ${why}`;
    times.set(name, (times.get(name) ?? 0) + 1);
  }
  for (const [name, count] of times) check.that(count === 1, () => `${name}: made ${count} times`);
  for (const { id, why } of linesOf(journal, 'redriven')) {
    check.that(times.has(`${id} ${why}`), () => `${id} ${why} is not in the log`);
  }
  return check.proof;
}

function operations({ journal, log }: Evidence): Proof {
  const check = new Check('every bulk operation dealt with each task once, and counted right');
  const dealt = new Map<string, string[]>();
  for (const { operationId, taskId } of ofType(log.facts, 'operated')) {
    const known = dealt.get(operationId);
    if (known === undefined) dealt.set(operationId, [taskId]);
    else known.push(taskId);
  }
  for (const [id, tasks] of dealt) {
    const twice = tasks.filter((task, i) => tasks.indexOf(task) !== i);
    check.that(twice.length === 0, () => `${id} dealt twice with ${twice.join(', ')}`);
  }
  for (const { done, operationId } of linesOf(journal, 'operated')) {
    const count = dealt.get(operationId)?.length ?? 0;
    check.that(count === done, () => `${operationId}: ${done} counted of ${count}`);
  }
  return check.proof;
}

function onlyDeadOnes({ log }: Evidence): Proof {
  const check = new Check('only dead letters were redriven');
  const dead = new Set<string>();
  for (const fact of log.facts) {
    if (fact.type === 'settled') {
      if (fact.state === 'failed') dead.add(fact.taskId);
      else dead.delete(fact.taskId);
    }
    if (fact.type !== 'redriven') continue;
    check.that(dead.delete(fact.taskId), () => `${fact.taskId} was not one`);
  }
  return check.proof;
}

export const deadLetters: Feature = { name: 'dead-letters', load, prove };
