/** Nothing acknowledged is lost. */
import { isDeepStrictEqual } from 'node:util';
import { ofType, type FactOf } from '../log/fact.ts';
import { linesOf } from '../world/journal.ts';
import { Check, type Evidence, type Proof } from './proof.ts';

export function proveAcknowledged(evidence: Evidence): Proof[] {
  return [
    everySubmitEnded(evidence),
    everyResultIsKept(evidence),
    everyOtherEndIsKept(evidence),
    replayIsTheState(evidence),
  ];
}

function everySubmitEnded({ journal, log, views }: Evidence): Proof {
  const check = new Check('every acknowledged task was taken, and has ended');
  const submitted = new Set(ofType(log.facts, 'submitted').map(({ task }) => task.id));
  const last = lastEnds(log.facts);
  for (const { feature, id } of linesOf(journal, 'submitted')) {
    check.that(submitted.has(id), () => `${id} (${feature}) is not in the log`);
    const waits = log.pending.get(id);
    check.that(waits === undefined, () => `${id} (${feature}) never ended: ${waits}`);
    const [seen, kept] = [views.get(id)?.state, last.get(id)?.state];
    const isSame = seen === kept || (kept === 'purged' && seen !== undefined);
    check.that(isSame, () => `${id} (${feature}) is ${seen} for users and ${kept} in the log`);
  }
  return check.proof;
}

function everyResultIsKept({ journal, log, views }: Evidence): Proof {
  const check = new Check('every acknowledged completion is in log and history, with its result');
  const completed = new Map<string, FactOf<'settled'>>();
  for (const fact of ofType(log.facts, 'settled')) {
    if (fact.state === 'completed') completed.set(fact.taskId, fact);
  }
  for (const line of [...linesOf(journal, 'result'), ...linesOf(journal, 'completed')]) {
    const logged = completed.get(line.id)?.result;
    const isLogged = logged != null && isDeepStrictEqual(JSON.parse(logged), line.result);
    check.that(isLogged, () => `${line.id}: the log has ${logged}, told was ${textOf(line)}`);
    const view = views.get(line.id);
    const isSeen = view?.state === 'completed' && isDeepStrictEqual(view.result, line.result);
    check.that(isSeen, () => `${line.id}: users see ${textOf(view)}, told was ${textOf(line)}`);
  }
  return check.proof;
}

function everyOtherEndIsKept({ journal, log }: Evidence): Proof {
  const check = new Check(
    'every end that was told happened, and none was told of a completed task',
  );
  const ends = new Map<string, Set<string>>();
  for (const { code, state, taskId } of ofType(log.facts, 'settled')) {
    const known = ends.get(taskId) ?? new Set();
    ends.set(taskId, known.add(state).add(code ?? ''));
  }
  for (const { code, id } of linesOf(journal, 'ended')) {
    const seen = ends.get(id);
    const isKnown = seen !== undefined && (seen.has('failed') || seen.has('canceled'));
    check.that(
      isKnown,
      () => `${id}: ${code} was told, the log has ${[...(seen ?? [])].join(' ')}`,
    );
  }
  return check.proof;
}

function replayIsTheState({ log }: Evidence): Proof {
  const check = new Check('the log replayed from its first entry is the state that was kept');
  check.that(log.digest === log.storeDigest, () => `${log.digest} is not ${log.storeDigest}`);
  return check.proof;
}

/** How each task ended last. */
function lastEnds(facts: Evidence['log']['facts']): ReadonlyMap<string, FactOf<'settled'>> {
  return new Map(ofType(facts, 'settled').map((fact) => [fact.taskId, fact]));
}

function textOf(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 300) ?? 'nothing';
}
