/** Every proof holds of what is sound, and goes red when that is doctored. */
import { expect, test } from 'vitest';
import { ALL_FEATURES } from '../features/all-features.ts';
import type { Fact } from '../log/fact.ts';
import { proveAcknowledged } from './acknowledged.ts';
import { BREAKER_CASES } from './breaker-cases.ts';
import { changed, soundEvidence } from './doctored.ts';
import {
  everyTask,
  facts,
  isStartOf,
  journal,
  startsWith,
  twice,
  without,
  type DoctoredCase,
} from './doctors.ts';
import { proveOnce } from './once.ts';
import { holds, type Evidence, type Proof } from './proof.ts';
import { proveSlots } from './slots.ts';

function allProofs(evidence: Evidence): Proof[] {
  return [
    ...proveAcknowledged(evidence),
    ...proveOnce(evidence),
    ...proveSlots(evidence),
    ...ALL_FEATURES.flatMap(({ prove }) => prove(evidence)),
  ];
}

const DOCTORED: readonly DoctoredCase[] = [
  [
    'every acknowledged task was taken',
    'an acknowledged task is not in the log',
    without((fact) => fact.type === 'submitted' && fact.task.id === 'keyed'),
  ],
  [
    'every acknowledged task was taken',
    'an acknowledged task never ends',
    (evidence) => ({
      ...evidence,
      log: { ...evidence.log, pending: new Map([['keyed', 'queued']]) },
    }),
  ],
  [
    'every acknowledged task was taken',
    'users do not see it any more',
    (evidence) => ({
      ...evidence,
      views: new Map([...evidence.views].filter(([id]) => id !== 'keyed')),
    }),
  ],
  [
    'every acknowledged completion',
    'a completion was told with another result',
    journal((line) => (line.type === 'completed' ? { ...line, result: 'other' } : line)),
  ],
  [
    'every acknowledged completion',
    'a completion is not in the log',
    without((fact) => fact.type === 'settled' && fact.taskId === 'keyed'),
  ],
  [
    'every end that was told',
    'an end was told that never happened',
    journal((line) => (line.type === 'ended' ? { ...line, id: 'keyed' } : line)),
  ],
  [
    'the log replayed',
    'the store kept another state',
    (evidence) => ({ ...evidence, log: { ...evidence.log, storeDigest: 'other' } }),
  ],
  [
    'no task completed twice',
    'a task completes again',
    twice((fact) => fact.type === 'settled' && fact.taskId === 'keyed'),
  ],
  [
    'no task completed twice',
    'somebody else was told another result',
    (evidence) => ({
      ...evidence,
      journal: [...evidence.journal, { type: 'result', id: 'keyed', result: 'other' }],
    }),
  ],
  [
    'no report of an attempt that was over',
    'a stale token is taken',
    facts((all) =>
      changed(all, 'reported', ({ taskId }) => (taskId === 'keyed' ? { token: 1 } : null)),
    ),
  ],
  [
    'no attempt was run by an agent',
    'another agent runs it',
    journal((line) => (line.type === 'ran' ? { ...line, agentId: 'b' } : line)),
  ],
  ['no task was given to two agents', 'a task is given out twice', twice(isStartOf('keyed'))],
  [
    'no task was given to two agents',
    'a token goes back',
    facts((all) =>
      changed(all, 'started', ({ taskId, token }) =>
        taskId === 'retried' && token > 50 ? { token: 1 } : null,
      ),
    ),
  ],
  [
    'given more at once than it has slots',
    'an agent has fewer slots',
    facts((all) => changed(all, 'agent', () => ({ slots: 0 }))),
  ],
  [
    'given what it does not offer',
    'an agent offers something else',
    facts((all) => changed(all, 'agent', () => ({ capabilities: ['hard'] }))),
  ],
  [
    'every plain task completed',
    'a plain task fails',
    facts((all) =>
      changed(all, 'settled', ({ taskId }) => (taskId === 'keyed' ? { state: 'failed' } : null)),
    ),
  ],
  ['every idempotency key', 'a key makes two tasks', everyTask({ idempotencyKey: 'k' })],
  [
    'every idempotency key',
    'two were told of two tasks for one key',
    journal((line) => (line.type === 'submitted' ? { ...line, key: 'default\nk' } : line)),
  ],
  [
    'no throttled key',
    'a window makes two tasks',
    everyTask({ dedupe: { key: 't', mode: 'throttle', windowMs: 60_000 } }),
  ],
  [
    'at most one task waited to start',
    'two wait for one key',
    (evidence) =>
      everyTask({ dedupe: { key: 'd', mode: 'keep-last' } })(
        without((fact) => fact.type === 'started' || fact.type === 'settled')(evidence),
      ),
  ],
  [
    'no debounced task started before',
    'one starts within its window',
    everyTask({ dedupe: { key: 'd', mode: 'debounce', windowMs: 60_000 } }, 'debounced'),
  ],
  ['no concurrency key', 'two of a key run at once', startsWith('two-of-key', 'one-of-key')],
  [
    'no limit and no queue had more running',
    'two hold a limit of one',
    (evidence) =>
      startsWith('two-of-key', 'one-slot')(everyTask({ limits: [{ name: 'slots' }] })(evidence)),
  ],
  [
    'no limit and no queue had more running',
    'two run from a queue with room for one',
    (evidence) =>
      startsWith(
        'one-rate',
        'one-narrow',
      )(facts((all) => changed(all, 'started', () => ({ queue: 'narrow' })))(evidence)),
  ],
  [
    'than burst and rate allow',
    'more is taken from a bucket',
    everyTask({ limits: [{ name: 'rate', units: 9 }] }, 'two-rate'),
  ],
  [
    'while it was paused',
    'a task starts from a paused queue',
    facts((all) =>
      changed(all, 'queue', ({ settings }) => ({ settings: { ...settings, isPaused: true } })).map(
        (fact) =>
          fact.type === 'started' && fact.taskId === 'keyed' ? { ...fact, queue: 'narrow' } : fact,
      ),
    ),
  ],
  [
    'each of its moments once',
    'a moment is left out',
    without((fact) => fact.type === 'moment' && fact.taskId === 'fired-0'),
  ],
  ['each of its moments once', 'a moment comes twice', twice((fact) => fact.type === 'moment')],
  [
    'each of its moments once',
    'a moment comes too early',
    facts((all) =>
      changed(all, 'moment', () => null).map((fact) =>
        fact.type === 'moment' ? { ...fact, at: fact.nominalAt - 1 } : fact,
      ),
    ),
  ],
  [
    'each of its moments once',
    'the one after is another',
    facts((all) => changed(all, 'moment', ({ nextAt }) => ({ nextAt: nextAt + 1_000 }))),
  ],
  [
    'every moment taken made one task',
    'a moment makes no task',
    without((fact) => fact.type === 'fired' && fact.taskId === 'fired-0'),
  ],
  [
    'every moment taken made one task',
    'a moment makes two',
    twice((fact) => fact.type === 'fired' && fact.taskId === 'fired-0'),
  ],
  [
    'passed over only where',
    'a moment is passed over in time',
    facts((all) => changed(all, 'moment', () => ({ taskId: null, missed: 1 }))),
  ],
  [
    'kept to the overlap policy',
    'a firing comes while another one runs',
    without((fact) => fact.type === 'settled' && fact.taskId === 'fired-0'),
  ],
  [
    'kept to the overlap policy',
    'a firing is skipped for nothing',
    facts((all) =>
      all.map((fact) =>
        fact.type === 'fired' ? ({ ...fact, type: 'skipped', reason: 'overlap' } as Fact) : fact,
      ),
    ),
  ],
  [
    'no schedule was behind',
    'the last moments are left out',
    without((fact) => fact.type === 'moment' || fact.type === 'schedule-paused'),
  ],
  [
    'before all that it depends on',
    'a child starts before its parent has ended',
    without((fact) => fact.type === 'settled' && fact.taskId === 'parent'),
  ],
  [
    'each edge did as it says',
    'a task fails although its parent completed',
    facts((all) =>
      changed(all, 'settled', ({ taskId }) =>
        taskId === 'child' ? { state: 'failed', code: 'DEPENDENCY_FAILED' } : null,
      ),
    ),
  ],
  [
    'each edge did as it says',
    'one that should have been skipped completes',
    facts((all) =>
      changed(all, 'settled', ({ taskId }) => (taskId === 'skips' ? { state: 'completed' } : null)),
    ),
  ],
  [
    'of a canceled or killed tree',
    'a member runs on',
    without((fact) => fact.type === 'ended' && fact.taskId === 'cut-child'),
  ],
  [
    'of a canceled or killed tree',
    'a member starts again',
    facts((all) =>
      all.flatMap((fact) =>
        fact.type === 'settled' && fact.taskId === 'cut-child'
          ? [fact, { ...(all.find(isStartOf('cut-child')) as Fact), index: fact.index + 1 }]
          : [fact],
      ),
    ),
  ],
  ['cancel of a tree is in the log', 'a cancel is lost', without((fact) => fact.type === 'cut')],
  [
    'did not fit each budget',
    'an attempt took more before',
    facts((all) =>
      changed(all, 'ended', ({ taskId }) =>
        taskId === 'parent' ? { taken: { tokens: 90, micros: 0 } } : null,
      ),
    ),
  ],
  [
    'more tasks below it',
    'a flow has more tasks than it may',
    facts((all) => changed(all, 'flow', () => ({ budget: { subtasks: 2 } }))),
  ],
  [
    'tried more often',
    'an attempt follows a final failure',
    facts((all) =>
      changed(all, 'ended', ({ taskId }) =>
        taskId === 'retried' ? { code: 'DRILL_FINAL' } : null,
      ),
    ),
  ],
  [
    'no retry came before its delay',
    'the agent asked for a longer wait',
    everyTask({ metadata: { drill: 'retries', retryAfterMs: 60_000 } }, 'retried'),
  ],
  [
    'ran on the agents it asks for',
    'the agent does not offer it',
    facts((all) => changed(all, 'agent', () => ({ capabilities: ['work'] }))),
  ],
  [
    'groups of failures count',
    'a group forgets one',
    (evidence) => ({
      ...evidence,
      groups: evidence.groups.map((group) => ({ ...group, count: 0 })),
    }),
  ],
  [
    'groups of failures count',
    'a group still counts one that was redriven',
    (evidence) => ({
      ...evidence,
      groups: evidence.groups.map((group) => ({ ...group, live: 1 })),
    }),
  ],
  [
    'every redrive was made once',
    'a redrive is made twice',
    twice((fact) => fact.type === 'redriven'),
  ],
  [
    'every redrive was made once',
    'an acknowledged redrive is lost',
    without((fact) => fact.type === 'redriven'),
  ],
  [
    'every bulk operation',
    'an operation deals twice with a task',
    twice((fact) => fact.type === 'operated'),
  ],
  [
    'only dead letters were redriven',
    'a live task is redriven',
    without((fact) => fact.type === 'settled' && fact.taskId === 'letter'),
  ],
  [
    'every chunk that was taken',
    'a follower misses a chunk',
    journal((line) => (line.type === 'followed' ? { ...line, chunks: ['a'] } : line)),
  ],
  [
    'every chunk that was taken',
    'a follower is given a chunk twice',
    journal((line) => (line.type === 'followed' ? { ...line, chunks: ['a', 'b', 'b'] } : line)),
  ],
  ['every acknowledged answer', 'an answer is lost', without((fact) => fact.type === 'answer')],
  [
    'nothing of a killed namespace',
    'a task of a killed namespace starts',
    without((fact) => fact.type === 'restored'),
  ],
  [
    'a kill ended all that ran',
    'what ran goes on',
    without((fact) => fact.type === 'ended' && fact.taskId === 'stopped'),
  ],
  [
    'no agent had two copies',
    'one agent brings both results',
    facts((all) =>
      changed(all, 'started', ({ taskId }) => (taskId === 'copy-2' ? { agentId: 'a' } : null)),
    ),
  ],
  [
    'no agent had two copies',
    'one agent runs both at once',
    (evidence) =>
      startsWith(
        'copy-2',
        'copy-1',
      )(facts((all) => changed(all, 'started', () => ({ agentId: 'a' })))(evidence)),
  ],
  [
    'redundant tasks have a result',
    'the other copy says something else',
    facts((all) =>
      changed(all, 'settled', ({ taskId }) => (taskId === 'copy-1' ? { result: '"other"' } : null)),
    ),
  ],
  [
    'redundant tasks have a result',
    'a task fails although its copies agree',
    facts((all) =>
      changed(all, 'settled', ({ taskId }) =>
        taskId === 'copied' ? { state: 'failed', code: 'REDUNDANCY_DISAGREED' } : null,
      ),
    ),
  ],
  [
    'none of its copies ran or started',
    'a copy runs on',
    without((fact) => fact.type === 'ended' && fact.taskId === 'copy-1'),
  ],
  [
    'more copies than it asked for',
    'a copy is made twice',
    twice((fact) => fact.type === 'submitted' && fact.task.id === 'copy-1'),
  ],
  ...BREAKER_CASES,
];

test('all proofs hold of a sound log, and none of them looks at nothing', () => {
  expect(allProofs(soundEvidence()).filter((proof) => !holds(proof))).toEqual([]);
});

test.each(DOCTORED)('"%s …" fails where %s', (name, _what, doctor) => {
  const proofs = allProofs(doctor(soundEvidence())).filter((proof) => proof.name.includes(name));
  expect(proofs).toHaveLength(1);
  expect(proofs[0]?.offences).not.toEqual([]);
});

test('every proof is tried on something doctored', () => {
  const untried = allProofs(soundEvidence()).filter(
    (proof) => !DOCTORED.some(([name]) => proof.name.includes(name)),
  );
  expect(untried.map(({ name }) => name)).toEqual([]);
});
