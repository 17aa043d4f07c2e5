/** What a scenario file says of tasks that are submitted. */
import type { Dedupe } from '../../src/core/control.ts';
import type { Command, NewTask } from '../../src/core/command.ts';
import type { Dependency, FailurePolicy } from '../../src/core/flow.ts';
import type { TaskId } from '../../src/core/ids.ts';
import type { SessionRef } from '../../src/core/session.ts';
import type { RetryPolicy, TaskSpec, TaskTimeouts } from '../../src/core/spec.ts';
import { RETRY_IN_TESTS, taskSpec } from '../../src/core/testing/commands.ts';
import { Words, split, numberOf } from './script-words.ts';

export function parseSubmit(rest: string): Command {
  const parts = rest.split(' + ').map((part) => new Words(part));
  const tasks = parts.map((words, spec): NewTask => {
    const [runAt, deadlineAt] = [words.number('runAt'), words.number('deadline')];
    const key = words.text('key');
    return {
      id: (words.plain[0] ?? '') as TaskId,
      spec,
      payloadBytes: 10,
      ...(runAt === undefined ? {} : { runAt }),
      ...(deadlineAt === undefined ? {} : { deadlineAt }),
      ...(key === undefined ? {} : { idempotencyKey: key, bodyHash: words.text('body') ?? 'same' }),
      ...parseFamily(words),
      ...parseControl(words),
    };
  });
  const session = parseSession(parts[0]);
  return { type: 'task.submit', specs: parts.map(parseSpec), tasks, ...session };
}

/** `session=s:2:1` */
function parseSession(words: Words | undefined): { session?: SessionRef } {
  const [id = '', sequence, acknowledged] = words?.text('session')?.split(':') ?? [];
  if (id === '') return {};
  return { session: { id, sequence: Number(sequence), acknowledged: Number(acknowledged) } };
}

/** `after=a,b:skip parent=p hash=h budget=100 estimate=30` */
function parseFamily(words: Words): Partial<NewTask> {
  const [budget, estimate] = [words.number('budget'), words.number('estimate')];
  const [hash, parent] = [words.text('hash'), words.text('parent')];
  const dependsOn = words.list('after')?.map((word): Dependency => {
    const [taskId, policy] = split(word, ':');
    const edge = { taskId: taskId as TaskId };
    return policy === '' ? edge : { ...edge, onFailure: policy as FailurePolicy };
  });
  return {
    ...(dependsOn === undefined ? {} : { dependsOn }),
    ...(parent === undefined ? {} : { parentId: parent as TaskId }),
    ...(hash === undefined ? {} : { hash, parentHash: 'root' }),
    ...(budget === undefined ? {} : { budget: { tokens: budget } }),
    ...(estimate === undefined ? {} : { estimate: { tokens: estimate, costUsd: 0 } }),
  };
}

/** `redundancy=3:2`, `hedge=1` */
function copyRules(words: Words): NonNullable<TaskSpec['rules']> {
  const [copies = '', agree = ''] = words.text('redundancy')?.split(':') ?? [];
  const copiesMax = words.number('hedge');
  return {
    ...(copies === ''
      ? {}
      : { redundancy: { copies: numberOf(copies), agree: numberOf(agree) } }),
    ...(copiesMax === undefined ? {} : { hedge: { percentile: 0.95, copiesMax } }),
  };
}

function parseSpec(words: Words): TaskSpec {
  const type = words.text('type') ?? 'email';
  return taskSpec({
    type,
    namespace: words.text('ns') ?? 'default',
    queue: words.text('queue') ?? 'default',
    priority: words.number('priority') ?? 4,
    requires: { capabilities: words.list('needs') ?? [type], labels: words.labels() },
    retry: parseRetry(words),
    timeouts: parseTimeouts(words),
    ...parseRules(words),
  });
}

/** `climit=2:cancel-oldest avoid=agent escalate=1:senior:9 invalid=2` */
function parseRules(words: Words): Pick<TaskSpec, 'rules'> {
  const text = words.text('climit');
  const [limit = '', policy = ''] = text === undefined ? [] : split(text, ':');
  const [after = '', queue = '', priority = ''] = words.text('escalate')?.split(':') ?? [];
  const avoid = words.text('avoid') as 'agent' | undefined;
  const invalid = words.number('invalid');
  const downstreams = words.list('downstreams');
  const rules: NonNullable<TaskSpec['rules']> = {
    ...(downstreams === undefined ? {} : { downstreams }),
    ...(text === undefined
      ? {}
      : { concurrency: { limit: numberOf(limit), policy: (policy || 'queue') as 'queue' } }),
    ...(after === ''
      ? {}
      : { escalate: [{ afterAttempt: numberOf(after), queue, priority: numberOf(priority) }] }),
    ...(avoid === undefined ? {} : { avoid }),
    ...(invalid === undefined ? {} : { invalid: { attemptsMax: invalid, critique: true } }),
    ...copyRules(words),
  };
  return Object.keys(rules).length === 0 ? {} : { rules };
}

/** `ckey=user-1 fkey=ann limits=calls:acme:2,seats dedupe=debounce:k:300:800` */
function parseControl(words: Words): Partial<NewTask> {
  const [concurrencyKey, fairnessKey] = [words.text('ckey'), words.text('fkey')];
  const limits = words.list('limits')?.map((text) => {
    const [name = '', key = '', units = ''] = text.split(':');
    return {
      name,
      ...(key === '' ? {} : { key }),
      ...(units === '' ? {} : { units: numberOf(units) }),
    };
  });
  const dedupe = words.text('dedupe')?.split(':');
  return {
    ...(concurrencyKey === undefined ? {} : { concurrencyKey }),
    ...(fairnessKey === undefined ? {} : { fairnessKey }),
    ...(limits === undefined ? {} : { limits }),
    ...(dedupe === undefined ? {} : { dedupe: parseDedupe(dedupe) }),
  };
}

function parseDedupe([mode = '', key = '', window, max]: readonly string[]): Dedupe {
  return {
    mode: mode as Dedupe['mode'],
    key,
    ...(window === undefined ? {} : { windowMs: numberOf(window) }),
    ...(max === undefined ? {} : { maxMs: numberOf(max) }),
  };
}

/** `attempts=3 delay=exponential:100 delayMax=1000 jitter=0.2 final=BAD_ADDRESS,GONE` */
function parseRetry(words: Words): RetryPolicy {
  const [strategy, delay] = split(words.text('delay') ?? 'fixed:100', ':');
  return {
    attemptsMax: words.number('attempts') ?? RETRY_IN_TESTS.attemptsMax,
    strategy: strategy as RetryPolicy['strategy'],
    delayMs: numberOf(delay),
    delayMsMax: words.number('delayMax') ?? RETRY_IN_TESTS.delayMsMax,
    jitter: words.number('jitter') ?? 0,
    nonRetryable: words.list('final') ?? [],
  };
}

function parseTimeouts(words: Words): TaskTimeouts {
  const [queueMs, runMs] = [words.number('queueMs'), words.number('runMs')];
  const totalMs = words.number('totalMs');
  return {
    ...(queueMs === undefined ? {} : { queueMs }),
    ...(runMs === undefined ? {} : { runMs }),
    ...(totalMs === undefined ? {} : { totalMs }),
  };
}
