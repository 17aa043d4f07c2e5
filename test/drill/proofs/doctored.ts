/** A small log and journal in which everything holds, and ways to spoil them: what proofs are tried on. */
import type { TaskView } from '../../../src/contract/index.ts';
import type { ScheduleSettings, TaskSpec } from '../../../src/core/index.ts';
import type { AskedTask, Fact, FactOf, ReadLog } from '../log/fact.ts';
import type { Loose } from '../log/entry-facts.ts';
import type { JournalLine } from '../world/journal.ts';
import { writeBreakers } from './doctored-breakers.ts';
import type { Evidence } from './proof.ts';

const SPEC: TaskSpec = {
  namespace: 'default',
  queue: 'default',
  type: 'work',
  priority: 4,
  requires: { capabilities: ['work'], labels: {} },
  retry: {
    attemptsMax: 3,
    strategy: 'fixed',
    delayMs: 100,
    delayMsMax: 1_000,
    jitter: 0.5,
    nonRetryable: [],
  },
  timeouts: {},
};

const SCHEDULE = {
  timing: { type: 'every', intervalMs: 10_000, offsetMs: 0 },
  overlap: 'skip',
  catchUpMs: 3_600_000,
  catchUp: 'all',
} as ScheduleSettings;

type Item = AskedTask['item'];

interface Asked extends Item {
  readonly spec?: Partial<TaskSpec>;
  readonly dependsOn?: AskedTask['dependsOn'];
  readonly flowId?: string;
  readonly copyOf?: AskedTask['copyOf'];
}

/** Writes entries one after the other, a second apart. */
class Writer {
  readonly facts: Fact[] = [];
  readonly journal: JournalLine[] = [];
  readonly views = new Map<string, TaskView>();
  #index = 0;
  #at = 1_000_000;

  /** One entry of the log; returns its index. */
  entry(...facts: readonly Loose[]): number {
    this.#index += 1;
    this.#at += 1_000;
    for (const fact of facts)
      this.facts.push({ ...fact, index: this.#index, at: this.#at } as Fact);
    return this.#index;
  }

  get at(): number {
    return this.#at;
  }

  wait(ms: number): void {
    this.#at += ms;
  }

  submit(id: string, asked: Asked = {}, feature = 'other'): void {
    const { copyOf = null, dependsOn = [], flowId = null, spec = {}, ...item } = asked;
    this.entry({
      type: 'submitted',
      task: { id, spec: { ...SPEC, ...spec }, item, flowId, dependsOn, copyOf },
    });
    const { idempotencyKey } = item;
    const key = idempotencyKey === undefined ? {} : { key: `default\n${idempotencyKey}` };
    this.journal.push({ type: 'submitted', feature, id, ...key });
  }

  start(taskId: string, { agentId = 'a', queue = 'default' } = {}): number {
    const token = this.#index + 1;
    const capabilities = ['work'];
    this.entry({ type: 'started', taskId, token, agentId, queue, capabilities });
    this.journal.push({ type: 'ran', id: taskId, token, agentId });
    return token;
  }

  complete(taskId: string, token: number): void {
    const report = {
      type: 'reported',
      what: 'task.complete',
      taskId,
      token,
      isTaken: true,
    } as const;
    const result = { token };
    const text = JSON.stringify(result);
    const end = { type: 'ended', taskId, token, agentId: 'a', code: null, taken: null } as const;
    this.entry(
      report,
      { ...end, how: 'completed' },
      { type: 'settled', taskId, state: 'completed', reason: null, code: null, result: text },
    );
    this.journal.push({ type: 'completed', id: taskId, token, result });
    this.views.set(taskId, { state: 'completed', result } as unknown as TaskView);
  }

  /** @param isFinal - the task is a dead letter then */
  fail(taskId: string, token: number, code: string, isFinal: boolean): void {
    const report = { type: 'reported', what: 'task.fail', taskId, token, isTaken: true } as const;
    this.entry(report, {
      type: 'ended',
      taskId,
      token,
      agentId: 'a',
      how: 'failed',
      code,
      taken: null,
    });
    if (isFinal) this.settle(taskId, 'failed', { code });
  }

  settle(
    taskId: string,
    state: 'failed' | 'canceled',
    {
      code = null,
      reason = null,
    }: { readonly code?: string | null; readonly reason?: string | null },
  ): void {
    this.entry({ type: 'settled', taskId, state, reason, code, result: null });
    this.views.set(taskId, { state } as TaskView);
  }

  run(id: string, asked: Asked = {}, where: { agentId?: string; queue?: string } = {}): void {
    this.submit(id, asked, 'plain');
    this.complete(id, this.start(id, where));
  }
}

/** Something of each feature, all of it as it should be. */
export function soundEvidence(): Evidence {
  const writer = new Writer();
  const capabilities = ['work', 'hard'];
  writer.entry({ type: 'agent', agentId: 'a', slots: 2, capabilities });
  writeLimits(writer);
  writer.run('keyed', { idempotencyKey: 'k' });
  writer.run('throttled', { dedupe: { key: 't', mode: 'throttle', windowMs: 5_000 } });
  writer.run('debounced', { dedupe: { key: 'd', mode: 'debounce', windowMs: 1_000 } });
  writeSchedule(writer);
  writeFlow(writer);
  writeFailures(writer);
  writeTalk(writer);
  writeKill(writer);
  writeCopies(writer);
  writeBreakers(writer);
  const log: ReadLog = {
    facts: writer.facts,
    entries: writer.facts.at(-1)?.index ?? 0,
    pending: new Map(),
    endedAt: writer.at,
    digest: 'same',
    storeDigest: 'same',
  };
  const group = { type: 'letter', code: 'LETTER_A', count: 1, live: 0 };
  const others = [
    { type: 'work', code: 'DRILL_NODE', count: 1, live: 1 },
    { type: 'work', code: 'DRILL_FINAL', count: 1, live: 1 },
    { type: 'work', code: 'DEPENDENCY_FAILED', count: 1, live: 1 },
  ];
  const groups = [group, ...others] as unknown as Evidence['groups'];
  return { log, journal: writer.journal, views: writer.views, groups };
}

function writeLimits(writer: Writer): void {
  const rate = { units: 1, perMs: 1_000, burst: 2 };
  writer.entry({ type: 'limit', name: 'slots', settings: { concurrencyMax: 1 } });
  writer.entry({ type: 'limit', name: 'rate', settings: { rate } });
  const settings = { concurrencyMax: 1, rate: null, isPaused: false };
  writer.entry({ type: 'queue', name: 'narrow', settings });
  writer.run('one-of-key', { concurrencyKey: 'user' });
  writer.run('two-of-key', { concurrencyKey: 'user' });
  writer.run('one-slot', { limits: [{ name: 'slots' }] });
  writer.run('one-rate', { limits: [{ name: 'rate', units: 2 }] });
  writer.run('two-rate', { limits: [{ name: 'rate', units: 2 }] });
  writer.run('one-narrow', {}, { queue: 'narrow' });
  writer.entry({ type: 'queue', name: 'narrow', settings: { ...settings, isPaused: true } });
  writer.entry({ type: 'queue', name: 'narrow', settings });
}

function writeSchedule(writer: Writer): void {
  const key = 'every-ten-seconds';
  const first = Math.ceil(writer.at / 10_000) * 10_000;
  writer.entry({ type: 'schedule', key, settings: SCHEDULE, nextAt: first });
  for (const nominalAt of [first, first + 10_000]) {
    writer.wait(Math.max(0, nominalAt - writer.at));
    const taskId = `fired-${nominalAt - first}`;
    const moment = {
      type: 'moment',
      key,
      nominalAt,
      nextAt: nominalAt + 10_000,
      taskId,
      missed: 0,
    } as const;
    const task = { id: taskId, spec: SPEC, item: {}, flowId: null, dependsOn: [], copyOf: null };
    const fired = { type: 'fired', key, nominalAt, taskId, outcome: 'scheduled' } as const;
    writer.entry(moment, fired, { type: 'submitted', task });
    writer.complete(taskId, writer.start(taskId));
  }
  writer.entry({ type: 'schedule-paused', key });
}

function writeFlow(writer: Writer): void {
  writer.entry({ type: 'flow', flowId: 'flow', budget: { tokens: 100, subtasks: 9 } });
  const estimate = { tokens: 40 };
  writer.run('parent', { flowId: 'flow', estimate });
  writer.run('child', { flowId: 'flow', estimate, dependsOn: [{ taskId: 'parent' as never }] });
  writer.submit('bad', { flowId: 'flow' });
  writer.fail('bad', writer.start('bad'), 'DRILL_NODE', true);
  const bad = { taskId: 'bad' as never };
  writer.submit('fails', { flowId: 'flow', dependsOn: [bad] });
  writer.settle('fails', 'failed', { code: 'DEPENDENCY_FAILED' });
  writer.submit('skips', { flowId: 'flow', dependsOn: [{ ...bad, onFailure: 'skip' }] });
  writer.settle('skips', 'canceled', { reason: 'skipped' });
  writer.run('goes-on', { flowId: 'flow', dependsOn: [{ ...bad, onFailure: 'continue' }] });
  writer.submit('cut', {});
  writer.submit('cut-child', { parentId: 'cut' as never });
  const token = writer.start('cut-child');
  const end = { how: 'canceled', code: null, taken: null } as const;
  const settled = {
    type: 'settled',
    state: 'canceled',
    reason: 'drill',
    code: null,
    result: null,
  } as const;
  writer.entry(
    { type: 'cut', target: 'cut' },
    { type: 'ended', taskId: 'cut-child', token, agentId: 'a', ...end },
    { ...settled, taskId: 'cut' },
    { ...settled, taskId: 'cut-child' },
  );
  for (const id of ['cut', 'cut-child']) writer.views.set(id, { state: 'canceled' } as TaskView);
  writer.journal.push({ type: 'cut', target: 'cut' });
  writer.journal.push({ type: 'ended', id: 'cut', code: 'TASK_CANCELED' });
}

function writeFailures(writer: Writer): void {
  const metadata = { drill: 'retries', isEscalated: true };
  writer.submit('retried', { metadata });
  writer.fail('retried', writer.start('retried'), 'DRILL_FAILED', false);
  writer.complete('retried', writer.start('retried'));
  writer.submit('final', { metadata: { drill: 'retries' } });
  writer.fail('final', writer.start('final'), 'DRILL_FINAL', true);
  writer.submit('letter', { spec: { type: 'letter' } });
  writer.fail('letter', writer.start('letter'), 'LETTER_A', true);
  writer.entry({ type: 'redriven', taskId: 'letter', by: 'drill', why: 'drill 1' });
  writer.journal.push({ type: 'redriven', id: 'letter', why: 'drill 1' });
  writer.complete('letter', writer.start('letter'));
  writer.entry({ type: 'operated', operationId: 'bulk', taskId: 'letter' });
  writer.journal.push({ type: 'operated', operationId: 'bulk', done: 1 });
}

function writeTalk(writer: Writer): void {
  writer.submit('talk');
  const token = writer.start('talk');
  writer.entry({ type: 'output', taskId: 'talk', token, from: 0, chunks: ['"a"', '"b"'] });
  writer.entry({ type: 'asked', taskId: 'talk', token });
  writer.entry({ type: 'answer', taskId: 'talk', key: 'go', answer: '"yes"' });
  writer.entry({ type: 'answered', taskId: 'talk', token });
  writer.complete('talk', token);
  writer.journal.push({ type: 'followed', id: 'talk', chunks: ['a', 'b'] });
  writer.journal.push({ type: 'answered', id: 'talk', key: 'go', answer: '"yes"' });
}

function writeKill(writer: Writer): void {
  const stop = { kind: 'namespace', target: 'risky' } as const;
  writer.submit('stopped', { spec: { namespace: 'risky' } });
  const token = writer.start('stopped');
  const end = {
    type: 'ended',
    taskId: 'stopped',
    token,
    agentId: 'a',
    code: null,
    taken: null,
  } as const;
  writer.entry({ type: 'killed', ...stop }, { ...end, how: 'released' });
  writer.entry({ type: 'restored', ...stop });
  writer.complete('stopped', writer.start('stopped'));
}

/** Two copies that agree, on two agents, and the task that has their result. */
function writeCopies(writer: Writer): void {
  const redundancy = { copies: 2, agree: 2 };
  writer.submit('copied', { spec: { rules: { redundancy } } });
  const copyOf = { taskId: 'copied', kind: 'redundant' } as const;
  const asked = { type: 'submitted' } as const;
  const copy = { spec: SPEC, item: {}, flowId: null, dependsOn: [], copyOf };
  for (const id of ['copy-1', 'copy-2']) writer.entry({ ...asked, task: { ...copy, id } });
  writer.entry({ type: 'agent', agentId: 'b', slots: 2, capabilities: ['work', 'hard'] });
  const settled = { type: 'settled', state: 'completed', reason: null, code: null } as const;
  const result = '"same"';
  for (const [taskId, agentId] of [
    ['copy-1', 'a'],
    ['copy-2', 'b'],
  ] as const) {
    const token = writer.start(taskId, { agentId });
    const end = { type: 'ended', taskId, token, agentId, how: 'completed' } as const;
    const facts: Loose[] = [
      { ...end, code: null, taken: null },
      { ...settled, taskId, result },
    ];
    if (taskId === 'copy-2') facts.push({ ...settled, taskId: 'copied', result });
    writer.entry(...facts);
  }
  writer.views.set('copied', { state: 'completed', result: 'same' } as unknown as TaskView);
}

/** Evidence with other facts. */
export function withFacts(
  evidence: Evidence,
  change: (facts: readonly Fact[]) => readonly Fact[],
): Evidence {
  return { ...evidence, log: { ...evidence.log, facts: change(evidence.log.facts) } };
}

/** Changes the one fact of a type that is meant. */
export function changed<Type extends Fact['type']>(
  facts: readonly Fact[],
  type: Type,
  change: (fact: FactOf<Type>) => Partial<FactOf<Type>> | null,
): Fact[] {
  return facts.map((fact) => {
    if (fact.type !== type) return fact;
    return { ...fact, ...change(fact as FactOf<Type>) };
  });
}
