import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Rng } from '../base/rng.ts';
import { apply, type CommandResult } from './apply.ts';
import { NO_EXTRA, type TaskExtra } from './extra.ts';
import { checkInvariants } from './invariants.ts';
import { REJECTION_CODES } from './rejection.ts';
import { queueName } from './queue.ts';
import { requirementKey } from './requirement.ts';
import { createState, type CoreState } from './state.ts';
import { NO_BREAKERS } from './testing/commands.ts';
import { batchOf, histories } from './testing/histories.ts';
import { Twin, type Answer } from './testing/twin.ts';
import type { TwinTask } from './testing/twin-task.ts';

const SEED = process.env['SEED'];
const RUNS = 8_000;

/** What the twin knows: what else can be refused has models of its own, beside its tests. */
const TWIN_CODES = REJECTION_CODES.filter((code) =>
  /^(?:AGENT|IDEMPOTENCY|INPUT|LEASE|OUTPUT|QUEUE|TASK)_/.test(code),
);

test('core answers and changes exactly as its plain twin, whatever the history', () => {
  const reached = new Set<string>();
  fc.assert(
    fc.property(fc.integer(), histories(60), (seed, moves) => {
      const state = createState(seed);
      state.settings = { ...state.settings, breakers: NO_BREAKERS };
      const draws = Rng.fromSeed(seed);
      const twin = new Twin(() => draws.unit());
      for (const move of moves) {
        const batch = batchOf(state, move);
        const { results } = apply(state, state.index + 1, batch);
        const expected = twin.apply(batch);
        const answers = results.map((result, i) => answerOf(result, expected[i] ?? []));
        same(answers, expected, 'answers');
        same(pictureOf(state), twinPicture(twin), 'state');
        checkInvariants(state);
        for (const word of answers.flat()) if (/^[A-Z_]+$/.test(word)) reached.add(word);
        for (const { extra, reason } of state.tasks.values()) {
          if (reason !== null) reached.add(reason);
          for (const answer of extra?.answers ?? []) reached.add(answer.reason ?? 'answered');
        }
      }
    }),
    { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
  );
  // The histories reach every refusal and every reason, so that none goes uncompared.
  expect([...reached].toSorted()).toEqual([...TWIN_CODES, ...EVERY_REASON].toSorted());
});

const EVERY_REASON = [
  'poison',
  'agent_lost',
  'agent_removed',
  'agent_restarted',
  'answered',
  'attempts_exhausted',
  'deadline',
  'delayed',
  'expired_default',
  'heartbeat_timeout',
  'input_expired',
  'not_retryable',
  'queue_timeout',
  'redriven',
  'released',
  'retry',
  'run_timeout',
  'total_timeout',
];

/** Compares as text: thousands of small comparisons, each with a short report. */
function same(got: unknown, expected: unknown, what: string): void {
  const [one, other] = [JSON.stringify(got), JSON.stringify(expected)];
  if (one !== other) throw new Error(`${what} differ\ncore ${one}\ntwin ${other}`);
}

function answerOf(result: CommandResult, expected: Answer): Answer {
  if (result.type === 'refused') return [result.rejection.code];
  if (result.type === 'submitted') {
    const { taskIds, repeated } = result.submitted;
    return taskIds.map((id, i) => (repeated.includes(i) ? `again ${id}` : id));
  }
  return expected.map((_, i) => result.refused?.get(i)?.code ?? 'ok');
}

function pictureOf(state: CoreState): unknown {
  const tasks = [...state.tasks.values()].map((task) => [
    [task.id, task.profile.queue.name, task.profile.signature, task.profile.spec.priority],
    [task.state, task.reason, task.stateAt, task.runAt],
    [task.attempt, task.fencingToken, task.agentId, task.runUntil, task.delayMsLast],
    task.failures.map(({ attempt, agentId, error }) => `${attempt} ${agentId} ${error.code}`),
    task.error?.code ?? null,
    extraPicture(task.extra),
  ]);
  const agents = [...state.agents.values()].map((agent) => [
    [agent.id, agent.state, agent.incarnation],
    [...agent.leases].map((task) => task.id).toSorted(),
  ]);
  const queues = [...state.queues.values()].map((queue) => [
    [queue.name, queue.paused, queue.settings.depthMax],
    [queue.scheduled, queue.queued, queue.running, queue.input_required, queue.failed],
  ]);
  const keys = [...state.idempotency.values()].map(({ key, taskId }) => [key, taskId]);
  return [state.index, state.nowMs, tasks, agents, queues, keys];
}

function extraPicture(extra: TaskExtra | null): unknown {
  const { answers, details, dialogue, traceparent } = extra ?? NO_EXTRA;
  const { avoid, cancel, critique, invalid, output, totalFrom } = extra ?? NO_EXTRA;
  const question = dialogue?.question ?? null;
  return [
    [traceparent, details],
    answers.map(({ answer, by, key, reason }) => [key, answer, by, reason]),
    dialogue === null ? null : [dialogue.startedAt, dialogue.waitedMs, dialogue.asked],
    question === null ? null : [question.key, question.expiresAt, question.runLeftMs],
    [critique, invalid ?? 0, avoid, totalFrom, cancel && [cancel.reason, cancel.until], output],
  ];
}

function twinExtra(task: TwinTask): unknown {
  const { answers, asked, details, question, startedAt, trace, waited } = task;
  const { avoid, cancel, critique, invalid, output, totalFrom } = task;
  return [
    [trace, details],
    answers.map(({ answer, by, key, reason }) => [key, answer, by, reason]),
    asked.length === 0 ? null : [startedAt, waited, asked],
    question === null ? null : [question.key, question.expiresAt, question.left],
    [critique, invalid, avoid, totalFrom, cancel && [cancel.reason, cancel.until], output],
  ];
}

function twinPicture(twin: Twin): unknown {
  const tasks = twin.tasks.map((task) => [
    [
      task.id,
      queueName(task.spec.namespace, task.spec.queue),
      requirementKey(task.spec.requires),
      task.spec.priority,
    ],
    [task.state, task.reason, task.stateAt, task.runAt],
    [task.attempt, task.token, task.agentId, task.runUntil, task.delayLast],
    task.failures,
    task.error,
    twinExtra(task),
  ]);
  const agents = twin.agents.map((agent) => [
    [agent.id, agent.state, agent.incarnation],
    twin
      .leasesOf(agent.id)
      .map((task) => task.id)
      .toSorted(),
  ]);
  const queues = twin.queues.map(({ name, paused, settings }) => [
    [name, paused, settings.depthMax],
    ['scheduled', 'queued', 'running', 'input_required', 'failed'].map((state) =>
      twin.count(name, state),
    ),
  ]);
  const keys = twin.keys.map(({ key, taskId }) => [key, taskId]);
  return [twin.index, twin.now, tasks, agents, queues, keys];
}
