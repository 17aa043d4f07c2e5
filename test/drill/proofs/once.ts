/** Nothing happens twice: no second completion, no effect of an attempt that is over, no attempt run by two. */
import { ofType, type Fact } from '../log/fact.ts';
import { linesOf } from '../world/journal.ts';
import { Check, type Evidence, type Proof } from './proof.ts';

export function proveOnce(evidence: Evidence): Proof[] {
  return [oneCompletion(evidence), fencing(evidence), oneRunner(evidence), oneLease(evidence)];
}

function oneCompletion({ journal, log }: Evidence): Proof {
  const check = new Check('no task completed twice, and nobody was told two results');
  const results = new Map<string, Set<string>>();
  const completions = new Map<string, number>();
  for (const { result, state, taskId } of ofType(log.facts, 'settled')) {
    if (state !== 'completed') continue;
    completions.set(taskId, (completions.get(taskId) ?? 0) + 1);
    add(results, taskId, JSON.stringify(JSON.parse(result ?? 'null')));
  }
  for (const { id, result } of [...linesOf(journal, 'result'), ...linesOf(journal, 'completed')]) {
    add(results, id, JSON.stringify(result));
  }
  for (const [id, count] of completions)
    check.that(count === 1, () => `${id}: ${count} completions`);
  for (const [id, texts] of results) {
    check.that(texts.size === 1, () => `${id}: ${[...texts].join(' and ')}`);
  }
  return check.proof;
}

/** Follows who holds which lease; whatever else an agent says must have changed nothing. */
function fencing({ log }: Evidence): Proof {
  const check = new Check('no report of an attempt that was over had an effect');
  const held = new Map<string, number>();
  for (const entry of byEntry(log.facts)) {
    for (const fact of entry) {
      if (fact.type !== 'reported' || !fact.isTaken) continue;
      const { taskId, token, what } = fact;
      check.that(held.get(taskId) === token, () => `${taskId}: ${what} with token ${token}`);
    }
    for (const fact of entry) {
      if (fact.type === 'ended') held.delete(fact.taskId);
      else if (fact.type === 'started') held.set(fact.taskId, fact.token);
    }
  }
  return check.proof;
}

function oneRunner({ journal, log }: Evidence): Proof {
  const check = new Check('no attempt was run by an agent that it was not given to');
  const given = new Map<string, string>();
  for (const { agentId, taskId, token } of ofType(log.facts, 'started')) {
    given.set(`${taskId} ${token}`, agentId);
  }
  for (const { agentId, id, token } of linesOf(journal, 'ran')) {
    const owner = given.get(`${id} ${token}`);
    check.that(owner === agentId, () => `${id}: ${agentId} ran token ${token} of ${owner}`);
  }
  return check.proof;
}

function oneLease({ log }: Evidence): Proof {
  const check = new Check('no task was given to two agents at once, and tokens only grow');
  const held = new Set<string>();
  const newest = new Map<string, number>();
  for (const fact of log.facts) {
    if (fact.type === 'ended') held.delete(fact.taskId);
    if (fact.type !== 'started') continue;
    const { taskId, token } = fact;
    check.that(!held.has(taskId), () => `${taskId}: token ${token} beside another one`);
    const before = newest.get(taskId) ?? 0;
    check.that(token > before, () => `${taskId}: token ${token} after ${before}`);
    held.add(taskId);
    newest.set(taskId, token);
  }
  return check.proof;
}

/** Facts in groups of one log entry each. */
export function* byEntry(facts: readonly Fact[]): Generator<readonly Fact[]> {
  let group: Fact[] = [];
  for (const fact of facts) {
    if (group.length > 0 && group[0]?.index !== fact.index) {
      yield group;
      group = [];
    }
    group.push(fact);
  }
  if (group.length > 0) yield group;
}

function add(sets: Map<string, Set<string>>, key: string, value: string): void {
  const known = sets.get(key);
  if (known === undefined) sets.set(key, new Set([value]));
  else known.add(value);
}
