/** Idempotency keys used again and again, and submits that are made one: debounce, throttle, keep-last. */
import { ofType, type AskedTask } from '../log/fact.ts';
import { byEntry } from '../proofs/once.ts';
import { Check, type Evidence, type Proof } from '../proofs/proof.ts';
import type { DrillTask, DrillUser } from '../world/drill-user.ts';
import { linesOf } from '../world/journal.ts';
import type { Feature } from './feature.ts';

const RETRY = { attemptsMax: 100, delayMs: 10, delayMsMax: 200 };

async function load(user: DrillUser): Promise<void> {
  const { rng } = user;
  let keys = 0;
  while (!user.isOver) {
    keys += rng.below(2);
    const idempotencyKey = `drill-${Math.max(0, keys - rng.below(3))}`;
    const keyed: DrillTask = { idempotencyKey, retry: RETRY, work: { ms: 5 } };
    // Three at once, over two ways in: one of them makes it.
    await Promise.all([user.submit([keyed]), user.submit([keyed]), overHttp(user, keyed)]);
    await user.submit([deduped(user)]);
    await user.pause(rng.below(200));
  }
}

async function overHttp(
  user: DrillUser,
  { idempotencyKey, work, ...rest }: DrillTask,
): Promise<void> {
  const body = { tasks: [{ ...rest, type: 'work', payload: work, idempotencyKey }] };
  const answer = (await user.call('POST', '/tasks', body)) as {
    readonly tasks: readonly { readonly id: string }[];
  } | null;
  for (const { id } of answer?.tasks ?? []) {
    user.acknowledged(id, { key: `default\n${idempotencyKey}` });
  }
}

function deduped({ rng }: DrillUser): DrillTask {
  const key = `d${rng.below(3)}`;
  const task: DrillTask = { retry: RETRY, work: { ms: 20 } };
  switch (rng.below(3)) {
    case 0:
      return { ...task, dedupe: { key, mode: 'debounce', windowMs: 300, maxMs: 1_500 } };
    case 1:
      return { ...task, dedupe: { key, mode: 'throttle', windowMs: 800 } };
    default:
      return { ...task, dedupe: { key, mode: 'keep-last' } };
  }
}

function prove(evidence: Evidence): readonly Proof[] {
  return [oneTaskPerKey(evidence), throttles(evidence), waitingOnes(evidence), debounces(evidence)];
}

function oneTaskPerKey({ journal, log }: Evidence): Proof {
  const check = new Check('every idempotency key made one task, whoever asked');
  const ids = new Map<string, Set<string>>();
  const see = (key: string, id: string): void => {
    ids.set(key, (ids.get(key) ?? new Set<string>()).add(id));
  };
  for (const { task } of ofType(log.facts, 'submitted')) {
    const { idempotencyKey } = task.item;
    if (idempotencyKey !== undefined) see(`${task.spec.namespace}\n${idempotencyKey}`, task.id);
  }
  for (const { id, key } of linesOf(journal, 'submitted')) if (key !== undefined) see(key, id);
  for (const [key, made] of ids) {
    check.that(made.size === 1, () => `${key}: ${[...made].join(', ')}`);
  }
  return check.proof;
}

interface Deduped {
  readonly task: AskedTask;
  readonly at: number;
}

function dedupedOf({ log }: Evidence, mode: string): Map<string, Deduped[]> {
  const byKey = new Map<string, Deduped[]>();
  for (const { at, task } of ofType(log.facts, 'submitted')) {
    const { dedupe } = task.item;
    if (dedupe === undefined || dedupe.mode !== mode) continue;
    const key = keyOfTask(task);
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, [{ task, at }]);
    else known.push({ task, at });
  }
  return byKey;
}

function throttles(evidence: Evidence): Proof {
  const check = new Check('no throttled key made two tasks within its window');
  for (const [key, made] of dedupedOf(evidence, 'throttle')) {
    for (const [i, { at, task }] of made.entries()) {
      const before = made[i - 1];
      const windowMs = task.item.dedupe?.windowMs ?? 0;
      const isApart = before === undefined || at - before.at >= windowMs;
      check.that(isApart, () => `${key}: ${before?.task.id} and ${task.id}`);
    }
  }
  return check.proof;
}

/** Whether a newer one of its key takes its place while it waits. */
function isReplaced({ item }: AskedTask): boolean {
  return item.dedupe !== undefined && item.dedupe.mode !== 'throttle';
}

/** Mode, namespace and key. */
function keyOfTask({ item, spec }: AskedTask): string {
  return `${item.dedupe?.mode} ${spec.namespace} ${item.dedupe?.key}`;
}

/** Looks, after each entry, at the tasks of each key that were never started. */
function waitingOnes({ log }: Evidence): Proof {
  const check = new Check('of a debounced or kept-last key at most one task waited to start');
  const waiting = new Map<string, Set<string>>();
  const keyOf = new Map<string, string>();
  for (const entry of byEntry(log.facts)) {
    const touched = new Set<string>();
    for (const fact of entry) {
      if (fact.type === 'submitted' && isReplaced(fact.task)) {
        const key = keyOfTask(fact.task);
        keyOf.set(fact.task.id, key);
        waiting.set(key, (waiting.get(key) ?? new Set()).add(fact.task.id));
        touched.add(key);
      } else if (fact.type === 'started' || fact.type === 'settled') {
        waiting.get(keyOf.get(fact.taskId) ?? '')?.delete(fact.taskId);
      }
    }
    for (const key of touched) {
      const ids = waiting.get(key) ?? new Set();
      check.that(ids.size <= 1, () => `${key}: ${[...ids].join(', ')}`);
    }
  }
  return check.proof;
}

function debounces(evidence: Evidence): Proof {
  const check = new Check('no debounced task started before its window was over');
  const started = new Map<string, number>();
  for (const { at, taskId } of ofType(evidence.log.facts, 'started')) {
    if (!started.has(taskId)) started.set(taskId, at);
  }
  for (const made of dedupedOf(evidence, 'debounce').values()) {
    for (const [i, { at, task }] of made.entries()) {
      const startedAt = started.get(task.id);
      const { maxMs = Infinity, windowMs = 0 } = task.item.dedupe ?? {};
      if (startedAt === undefined) continue;
      const firstAt = rowBegins(made, i, started);
      const dueAt = Math.min(at + windowMs, firstAt + maxMs);
      check.that(startedAt >= dueAt, () => `${task.id}: ${startedAt} before ${dueAt}`);
    }
  }
  return check.proof;
}

/** When the first submit came of the row that ends with this task: each replaced the one before unstarted. */
function rowBegins(
  made: readonly Deduped[],
  last: number,
  started: ReadonlyMap<string, number>,
): number {
  let first = last;
  while (first > 0 && !started.has(made[first - 1]?.task.id ?? '')) first -= 1;
  return made[first]?.at ?? 0;
}

export const dedupe: Feature = { name: 'dedupe', load, prove };
