/**
 * The language of the scenario files: one batch of commands a line.
 *
 *     at 1000                                the clock of the leader, which may go back
 *     register a1 slots=2 can=email          one command
 *     submit t1 key=k + t2 key=k             several tasks in one submit
 *     assign t1 a1 & complete t1 token=3     several commands in one batch
 *     ask t1 token=3 key=ok expires=500 default=no answerers=ann,bob
 *     answer t1 token=3 key=ok with=yes by=ann
 *     details t1 token=3 text=7              what a heartbeat says
 *     submit b after=a,c:skip estimate=30    a task that depends on others; `budget=100` bounds tokens
 *     submit c parent=a hash=h1              what a running task submits
 *     complete t1 token=3 tokens=20          with what the attempt took
 *     cancel-tree t1 · kill tree t1 · kill namespace team · restore agent a1
 *     redrive t1 queue=mended priority=9     a dead letter, changed
 *     operate o1 redrive before=z             a bulk operation starts
 *     act o1 t3,t1 from=z to=t1               deals with tasks; without `to` it ends
 *     abort o1
 *     limit calls max=2 rate=3/500/4         attempts at once; units, milliseconds and burst of a rate
 *     submit t1 ckey=user-1 climit=2:cancel-oldest limits=calls:acme:2,seats fkey=ann
 *     submit t1 dedupe=debounce:k:300:800    mode, key, window and longest delay
 *     fairness team:3,other:1                weights of namespaces
 *     submit t1 downstreams=openai & fail t2 token=3 downstream=openai
 *     breaker downstream openai calls=2 open=500 openMax=900 probes=1 successes=1   jitter 0
 *     force downstream openai open reason=sick by=ann   or closed, auto
 *     schedule nightly next=2000 overlap=skip runs=3
 *     fire nightly at=2000 next=3000 task=t1   without a task the moment is passed over
 *     trigger nightly task=t2 overlap=allow & backfill nightly at=500,600 task=b overlap=allow
 *     submit t1 redundancy=3:2                copies and how many agree; `t1#1` is the first of them
 *     complete t1#1 token=3 hash=a            its result, by what it is compared by
 *     submit t1 hedge=1 & hedge t1 token=3    copies at once; one is started beside the attempt
 *     session s                               opens a session
 *     submit t1 session=s:2:1                 its second submit; the answer of the first was seen
 *     advance 5000                           time passes, and timers fire
 *     show                                   the state at this point
 */
import type { BreakerKind } from '../../src/core/breaker-settings.ts';
import type { Dedupe } from '../../src/core/control.ts';
import type { Command, LeaseRef, NewTask } from '../../src/core/command.ts';
import type { Dependency, FailurePolicy } from '../../src/core/flow.ts';
import type { AgentId, TaskId } from '../../src/core/ids.ts';
import { SESSION_MS, SESSIONS_MAX, type SessionRef } from '../../src/core/session.ts';
import type { OperationAction, Placement } from '../../src/core/operation.ts';
import type {
  LimitSettings,
  RetryPolicy,
  StrategyName,
  TaskSpec,
  TaskTimeouts,
} from '../../src/core/spec.ts';
import type { OverlapPolicy } from '../../src/core/schedule.ts';
import { CORE_SETTINGS_DEFAULT } from '../../src/core/state.ts';
import {
  ADVANCE,
  agentCommand,
  agentSpec,
  fire,
  RETRY_IN_TESTS,
  setSchedule,
  SILENT,
  taskSpec,
} from '../../src/core/testing/commands.ts';

/** Words of a command after its verb: those without `=` in order, the others by name. */
class Words {
  readonly plain: readonly string[];
  readonly #named: ReadonlyMap<string, string>;

  constructor(text: string) {
    const words = text.split(/\s+/).filter((word) => word !== '');
    this.plain = words.filter((word) => !word.includes('='));
    const pairs = words.filter((word) => word.includes('='));
    this.#named = new Map(pairs.map((word) => split(word, '=')));
  }

  text(name: string): string | undefined {
    return this.#named.get(name);
  }

  number(name: string): number | undefined {
    const text = this.#named.get(name);
    return text === undefined ? undefined : numberOf(text);
  }

  list(name: string): readonly string[] | undefined {
    return this.#named.get(name)?.split(',');
  }

  /** `zone:eu,rack:7` */
  labels(): Readonly<Record<string, string>> {
    return Object.fromEntries((this.list('labels') ?? []).map((word) => split(word, ':')));
  }

  has(word: string): boolean {
    return this.plain.includes(word);
  }
}

/** The commands of one line, which make one batch. */
export function parseLine(line: string): readonly Command[] {
  return line.split(' & ').map((text) => {
    const [verb, rest] = split(text.trim(), ' ');
    return parseCommand(verb, rest);
  });
}

function parseCommand(verb: string, rest: string): Command {
  const words = new Words(rest);
  const [first = '', second = ''] = words.plain;
  const taskIds = first.split(',') as TaskId[];
  const leases = taskIds.map((taskId) => ({ taskId, fencingToken: words.number('token') ?? 0 }));
  switch (verb) {
    case 'submit':
      return parseSubmit(rest);
    case 'assign':
      return { type: 'task.assign', taskIds, agentIds: second.split(',') as AgentId[] };
    case 'complete':
      return {
        type: 'task.complete',
        items: leases.map((ref) => ({ ...ref, resultBytes: 5, ...usageOf(words), ...hashOf(words) })),
      };
    case 'fail':
      return parseFail(words, leases);
    case 'release':
      return { type: 'task.release', items: leases, reason: words.text('reason') ?? 'released' };
    case 'break':
      return { type: 'task.break', items: leases, error: SILENT, reason: 'heartbeat_timeout' };
    case 'extend':
      return { type: 'task.extend', items: leases, runMs: words.number('runMs') ?? 0 };
    case 'hedge':
      return { type: 'task.hedge', items: leases };
    case 'details':
      return {
        type: 'task.details',
        items: leases.map((ref) => ({ ...ref, details: words.text('text') ?? 'null' })),
      };
    case 'ask':
      return parseAsk(words, leases);
    case 'answer':
      return parseAnswer(words, leases);
    case 'cancel':
      return parseCancel(words, taskIds);
    case 'output':
      return parseOutput(words, leases);
    case 'retry':
      return { type: 'task.retry', taskIds };
    case 'purge':
      return { type: 'dead-letter.purge', taskIds };
    case 'redrive':
      return {
        type: 'task.redrive',
        items: taskIds.map((taskId) => ({ taskId })),
        redrive: parsePlacement(words),
        by: 'ann',
        reason: null,
      };
    case 'operate':
    case 'act':
    case 'abort':
      return parseOperation(verb, words);
    default:
      return parseOther(verb, first, words);
  }
}

function parseSchedule(verb: string, key: string, words: Words): Command | null {
  const taskId = words.text('task') as TaskId | undefined;
  const overlap = words.text('overlap') as OverlapPolicy | undefined;
  switch (verb) {
    case 'schedule':
      return setSchedule(key, words.number('next') ?? 0, {
        overlap: overlap ?? 'allow',
        runsMax: words.number('runs') ?? 0,
      });
    case 'unschedule':
      return { type: 'schedule.remove', key };
    case 'hold':
      return { type: 'schedule.pause', key, reason: null, by: words.text('by') ?? null };
    case 'unhold':
      return { type: 'schedule.resume', key, nextAt: words.number('next') ?? 0 };
    case 'fire':
      return fire(key, words.number('at') ?? 0, words.number('next') ?? 0, taskId);
    case 'trigger':
      return {
        type: 'schedule.trigger',
        key,
        taskId: taskId as TaskId,
        overlap: overlap ?? null,
      };
    case 'backfill': {
      const items = (words.list('at') ?? []).map((at) => ({
        nominalAt: Number(at),
        taskId: `${taskId}${at}` as TaskId,
      }));
      return { type: 'schedule.backfill', key, overlap: overlap ?? 'allow', items };
    }
    default:
      return null;
  }
}

function parseOther(verb: string, name: string, words: Words): Command {
  const scheduled = parseSchedule(verb, name, words);
  if (scheduled !== null) return scheduled;
  switch (verb) {
    case 'cancel-tree':
      return { type: 'tree.cancel', target: name, reason: 'unwanted' };
    case 'kill':
    case 'restore':
      return parseKill(verb, words);
    case 'register':
      return parseRegister(name, words);
    case 'drain':
      return agentCommand('agent.drain', name);
    case 'lose':
      return agentCommand('agent.lost', name);
    case 'back':
      return agentCommand('agent.back', name);
    case 'remove':
      return agentCommand('agent.remove', name);
    case 'queue':
      return parseQueue(name, words);
    case 'pause':
      return { type: 'queue.pause', queue: name };
    case 'resume':
      return { type: 'queue.resume', queue: name };
    case 'session':
      return { type: 'session.open', sessionId: name };
    case 'settings':
      return parseSettings(words);
    case 'breaker':
      return parseBreaker(words);
    case 'force':
      return parseForce(words);
    case 'limit':
      return { type: 'limit.set', limit: name, settings: parseLimits(words) };
    case 'unlimit':
      return { type: 'limit.remove', limit: name };
    case 'fairness':
      return { type: 'fairness.set', weights: parseWeights(name) };
    case 'tick':
      return ADVANCE;
    default:
      throw new Error(`a line must start with a known word, got ${verb}`);
  }
}

function parseBreaker(words: Words): Command {
  const [kind = '', name = ''] = words.plain;
  const settings = {
    callsMin: words.number('calls') ?? 2,
    openMs: words.number('open') ?? 500,
    openMsMax: words.number('openMax') ?? 10_000,
    probesMax: words.number('probes') ?? 1,
    successesMin: words.number('successes') ?? 1,
    jitter: 0,
  };
  return { type: 'breaker.set', kind: kind as BreakerKind, name, settings };
}

function parseForce(words: Words): Command {
  const [kind = '', name = '', to = ''] = words.plain;
  return {
    type: 'breaker.force',
    kind: kind as BreakerKind,
    name,
    to: to as 'open' | 'closed' | 'auto',
    reason: words.text('reason') ?? null,
    by: words.text('by') ?? null,
  };
}

function parsePlacement(words: Words): Placement {
  const [priority, queue] = [words.number('priority'), words.text('queue')];
  return { ...(queue === undefined ? {} : { queue }), ...(priority === undefined ? {} : { priority }) };
}

function parseOperation(verb: string, words: Words): Command {
  const [id = '', second = ''] = words.plain;
  if (verb === 'abort') {
    return { type: 'operation.end', operationId: id, state: 'aborted', by: 'bob', reason: null };
  }
  if (verb === 'act') {
    const [from, to] = [words.text('from') ?? '', words.text('to') ?? ''];
    const taskIds = second.split(',') as TaskId[];
    return { type: 'operation.act', operationId: id, from, to, taskIds };
  }
  const scope = { query: 'state:*', group: null, includePoison: false, hashMax: null, seed: 0 };
  const rest = { itemsMax: null, rate: 0, by: 'ann', reason: null, matched: 0 };
  const before = words.text('before') ?? 'z';
  const action = second as OperationAction;
  const operation = { id, action, params: parsePlacement(words), before, ...scope, ...rest };
  return { type: 'operation.start', operation };
}

function parseSubmit(rest: string): Command {
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

function usageOf(words: Words): { usage?: { tokens: number; costUsd: number } } {
  const tokens = words.number('tokens');
  return tokens === undefined ? {} : { usage: { tokens, costUsd: 0 } };
}

function hashOf(words: Words): { hash?: string } {
  const hash = words.text('hash');
  return hash === undefined ? {} : { hash };
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

/** `kill namespace team`, `restore agent a1` */
function parseKill(verb: 'kill' | 'restore', { plain: [kind = '', target = ''] }: Words): Command {
  const type = `${kind}.${verb}` as 'tree.kill' | 'agent.restore';
  return type === 'tree.kill' || verb === 'kill'
    ? { type: type as 'tree.kill', target, reason: 'enough', by: 'ann' }
    : { type, target };
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

/** `max=2 rate=3/500/4` */
function parseLimits(words: Words): LimitSettings {
  const concurrencyMax = words.number('max');
  const rate = words.text('rate')?.split('/').map(numberOf);
  const [units = 0, perMs = 0, burst] = rate ?? [];
  return {
    ...(concurrencyMax === undefined ? {} : { concurrencyMax }),
    ...(rate === undefined
      ? {}
      : { rate: { units, perMs, ...(burst === undefined ? {} : { burst }) } }),
  };
}

/** `team:3,other:1` */
function parseWeights(text: string): Record<string, number> {
  const pairs = text.split(',').map((part) => split(part, ':'));
  return Object.fromEntries(pairs.map(([name, weight]) => [name, numberOf(weight)]));
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

/** Without `key=` it gets its ordinal. */
function parseAsk(words: Words, leases: readonly LeaseRef[]): Command {
  const question = {
    key: words.text('key') ?? null,
    message: 'all right?',
    schema: null,
    default: jsonOf(words.text('default')),
    answerers: words.list('answerers') ?? null,
    expiresMs: words.number('expires') ?? 0,
  };
  return { type: 'task.ask', items: leases.map((ref) => ({ ...ref, ...question })) };
}

function parseAnswer(words: Words, leases: readonly LeaseRef[]): Command {
  const given = {
    key: words.text('key') ?? '1',
    answer: jsonOf(words.text('with')) ?? 'null',
    by: words.text('by') ?? null,
  };
  return { type: 'task.answer', items: leases.map((ref) => ({ ...ref, ...given })) };
}

function jsonOf(text: string | undefined): string | null {
  return text === undefined ? null : JSON.stringify(text);
}

function parseCancel(words: Words, taskIds: readonly TaskId[]): Command {
  const graceMs = words.number('grace');
  const grace = graceMs === undefined ? {} : { graceMs };
  return { type: 'task.cancel', taskIds, reason: words.text('reason') ?? 'unwanted', ...grace };
}

/** `output t1 token=2 lengths=5,7 from=0` */
function parseOutput(words: Words, leases: readonly LeaseRef[]): Command {
  const lengths = (words.list('lengths') ?? []).map(numberOf);
  const from = words.number('from') ?? null;
  return { type: 'task.output', items: leases.map((ref) => ({ ...ref, from, lengths })) };
}

function parseFail(words: Words, leases: readonly LeaseRef[]): Command {
  const error = { code: words.text('code') ?? 'SMTP_DOWN', message: 'no route' };
  const retryAfterMs = words.number('retryAfter');
  const downstream = words.text('downstream');
  const wish = {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(downstream === undefined ? {} : { downstream }),
  };
  const retryable = !words.has('final');
  return {
    type: 'task.fail',
    items: leases.map((ref) => ({ ...ref, error, retryable, ...wish })),
  };
}

function parseRegister(agentId: string, words: Words): Command {
  return {
    type: 'agent.register',
    agentId: agentId as AgentId,
    incarnation: words.text('as') ?? 'first',
    spec: agentSpec({
      slots: words.number('slots') ?? 1,
      capabilities: words.list('can') ?? ['email'],
      labels: words.labels(),
    }),
  };
}

function parseQueue(queue: string, words: Words): Command {
  const [depthMax, strategy] = [words.number('depth'), words.text('strategy')];
  return {
    type: 'queue.set',
    queue,
    settings: {
      ...(depthMax === undefined ? {} : { depthMax }),
      ...(strategy === undefined ? {} : { strategy: strategy as StrategyName }),
      ...parseLimits(words),
      ...(words.has('unlimited') ? { concurrencyMax: null, rate: null } : {}),
    },
  };
}

function parseSettings(words: Words): Command {
  const defaults = CORE_SETTINGS_DEFAULT;
  return {
    type: 'settings.set',
    settings: {
      idempotencyWindowMs: words.number('window') ?? defaults.idempotencyWindowMs,
      idempotencyKeysMax: words.number('keys') ?? defaults.idempotencyKeysMax,
      queuesMax: words.number('queues') ?? defaults.queuesMax,
      agentsMax: words.number('agents') ?? defaults.agentsMax,
      queueDefaults: defaults.queueDefaults,
      flowStepMax: words.number('flowStep') ?? defaults.flowStepMax,
      depthMax: words.number('depth') ?? defaults.depthMax,
      fanOutMax: words.number('fanOut') ?? defaults.fanOutMax,
      sessionMs: words.number('sessionMs') ?? SESSION_MS,
      sessionsMax: words.number('sessions') ?? SESSIONS_MAX,
    },
  };
}

function split(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + mark.length)];
}

function numberOf(text: string): number {
  const value = Number(text);
  if (text === '' || !Number.isFinite(value)) throw new Error(`a number must stand here, got ${text}`);
  return value;
}
