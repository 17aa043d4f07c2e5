import { describe, expect, test } from 'vitest';
import type { Command } from './command.ts';
import {
  answer,
  ask,
  assign,
  breakLease,
  cancel,
  complete,
  details,
  extend,
  fail,
  purge,
  release,
  retry,
  submit,
} from './testing/commands.ts';
import { isRefusal, taskOutcome } from './testing/outcome.ts';
import { rowsOf } from './testing/snapshot.ts';
import { TOKEN, worldWith, type Given } from './testing/world.ts';

/** When: the command given to each state, at 2000. */
const COMMANDS = {
  submit: submit('t1'),
  assign: assign('t1', 'a1'),
  complete: complete('t1', TOKEN),
  'complete with an older token': complete('t1', TOKEN - 1),
  'complete with a newer token': complete('t1', TOKEN + 1),
  fail: fail('t1', TOKEN),
  'fail for good': fail('t1', TOKEN, { retryable: false }),
  'fail asking for a later retry': fail('t1', TOKEN, { retryAfterMs: 5_000 }),
  'fail asking for an earlier retry': fail('t1', TOKEN, { retryAfterMs: 1 }),
  'fail with an older token': fail('t1', TOKEN - 1),
  release: release('t1', TOKEN),
  'release with an older token': release('t1', TOKEN - 1),
  break: breakLease('t1', TOKEN),
  'break with an older token': breakLease('t1', TOKEN - 1),
  extend: extend('t1', TOKEN),
  'extend with an older token': extend('t1', TOKEN - 1),
  details: details('t1', TOKEN),
  'details with an older token': details('t1', TOKEN - 1),
  ask: ask('t1', TOKEN),
  'ask something else': ask('t1', TOKEN, { key: 'other' }),
  'ask without a key': ask('t1', TOKEN, { key: null }),
  'ask with an older token': ask('t1', TOKEN - 1),
  answer: answer('t1', TOKEN),
  'answer to another key': answer('t1', TOKEN, { key: 'other' }),
  'answer to an older attempt': answer('t1', TOKEN - 1),
  cancel: cancel('t1'),
  retry: retry('t1'),
  purge: purge('t1'),
} as const satisfies Record<string, Command>;

/** Then: `t1` afterwards and the events, or the refusal's code. */
type Then = readonly string[];

/** Reports about an attempt that is not, or no longer, running. */
const WITHOUT_LEASE = {
  absent: ['TASK_NOT_FOUND'],
  scheduled: ['LEASE_FENCED'],
  blocked: ['LEASE_FENCED'],
  queued: ['LEASE_FENCED'],
  failed: ['LEASE_FENCED'],
  completed: ['TASK_NOT_FOUND'],
  canceled: ['TASK_NOT_FOUND'],
} as const;

/** Reports about the attempt, taken alike whether it runs or waits for input. */
function leased(then: Then): Record<Given, Then> {
  return { ...WITHOUT_LEASE, running: then, input_required: then };
}

/** Requests about a dead letter that is none. */
const NO_DEAD_LETTER = {
  absent: ['TASK_NOT_FOUND'],
  scheduled: ['TASK_NOT_FAILED'],
  blocked: ['TASK_NOT_FAILED'],
  queued: ['TASK_NOT_FAILED'],
  running: ['TASK_NOT_FAILED'],
  input_required: ['TASK_NOT_FAILED'],
  completed: ['TASK_NOT_FOUND'],
  canceled: ['TASK_NOT_FOUND'],
} as const;

/** Answers to a question that is not waited on. */
const NOT_ASKED = {
  absent: ['TASK_NOT_FOUND'],
  scheduled: ['INPUT_NOT_ASKED'],
  blocked: ['INPUT_NOT_ASKED'],
  queued: ['INPUT_NOT_ASKED'],
  running: ['INPUT_NOT_ASKED'],
  failed: ['TASK_FINISHED'],
  completed: ['TASK_NOT_FOUND'],
  canceled: ['TASK_NOT_FOUND'],
} as const;

const ASKING = 'input_required attempt=1 token=3 agent=a1 asks=ok';

const TABLE: Record<keyof typeof COMMANDS, Record<Given, Then>> = {
  submit: {
    absent: ['queued attempt=0 token=0', 'task.submitted t1'],
    scheduled: ['TASK_EXISTS'],
    blocked: ['TASK_EXISTS'],
    queued: ['TASK_EXISTS'],
    running: ['TASK_EXISTS'],
    input_required: ['TASK_EXISTS'],
    failed: ['TASK_EXISTS'],
    completed: ['queued attempt=0 token=0', 'task.submitted t1'],
    canceled: ['queued attempt=0 token=0', 'task.submitted t1'],
  },
  assign: {
    absent: ['TASK_NOT_FOUND', 'assignment.refused t1 to a1'],
    scheduled: ['TASK_NOT_QUEUED', 'assignment.refused t1 to a1'],
    blocked: ['TASK_NOT_QUEUED', 'assignment.refused t1 to a1'],
    queued: ['running attempt=1 token=3 agent=a1', 'task.assigned t1 to a1 token=3'],
    running: ['TASK_NOT_QUEUED', 'assignment.refused t1 to a1'],
    input_required: ['TASK_NOT_QUEUED', 'assignment.refused t1 to a1'],
    failed: ['TASK_NOT_QUEUED', 'assignment.refused t1 to a1'],
    completed: ['TASK_NOT_FOUND', 'assignment.refused t1 to a1'],
    canceled: ['TASK_NOT_FOUND', 'assignment.refused t1 to a1'],
  },
  complete: leased(['gone', 'task.completed t1 by a1 since 1000']),
  'complete with an older token': leased(['LEASE_FENCED']),
  'complete with a newer token': leased(['LEASE_FENCED']),
  fail: leased([
    'scheduled (retry) attempt=1 token=3 runAt=2100',
    'attempt.failed t1 attempt=1 on a1: SMTP_DOWN',
    'task.scheduled t1 (retry) for 2100',
  ]),
  'fail for good': leased([
    'failed (not_retryable) attempt=1 token=3 error=SMTP_DOWN',
    'attempt.failed t1 attempt=1 on a1: SMTP_DOWN',
    'task.failed t1 (not_retryable)',
  ]),
  'fail asking for a later retry': leased([
    'scheduled (retry) attempt=1 token=3 runAt=7000',
    'attempt.failed t1 attempt=1 on a1: SMTP_DOWN',
    'task.scheduled t1 (retry) for 7000',
  ]),
  'fail asking for an earlier retry': leased([
    'scheduled (retry) attempt=1 token=3 runAt=2100',
    'attempt.failed t1 attempt=1 on a1: SMTP_DOWN',
    'task.scheduled t1 (retry) for 2100',
  ]),
  'fail with an older token': leased(['LEASE_FENCED']),
  release: leased(['queued (released) attempt=0 token=3', 'task.queued t1 (released)']),
  'release with an older token': leased(['LEASE_FENCED']),
  break: leased([
    'queued (heartbeat_timeout) attempt=1 token=3',
    'lease.revoked t1 from a1 token=3 (heartbeat_timeout)',
    'attempt.failed t1 attempt=1 on a1: HEARTBEAT_TIMEOUT',
    'task.queued t1 (heartbeat_timeout)',
  ]),
  'break with an older token': leased(['LEASE_FENCED']),
  extend: {
    ...WITHOUT_LEASE,
    running: ['running attempt=1 token=3 agent=a1 runUntil=7000', 'task.extended t1 until 7000'],
    input_required: [
      'input_required attempt=1 token=3 agent=a1 asks=ok runLeftMs=5000',
      'task.extended t1 until 0',
    ],
  },
  'extend with an older token': leased(['LEASE_FENCED']),
  details: {
    ...WITHOUT_LEASE,
    running: ['running attempt=1 token=3 agent=a1 details={"page":7}'],
    input_required: ['input_required attempt=1 token=3 agent=a1 asks=ok details={"page":7}'],
  },
  'details with an older token': leased(['LEASE_FENCED']),
  ask: {
    ...WITHOUT_LEASE,
    running: [ASKING, 'task.input_required t1 on a1: ok'],
    input_required: [ASKING],
  },
  'ask something else': {
    ...WITHOUT_LEASE,
    running: [
      'input_required attempt=1 token=3 agent=a1 asks=other',
      'task.input_required t1 on a1: other',
    ],
    input_required: ['INPUT_PENDING'],
  },
  'ask without a key': {
    ...WITHOUT_LEASE,
    running: [
      'input_required attempt=1 token=3 agent=a1 asks=1',
      'task.input_required t1 on a1: 1',
    ],
    input_required: [ASKING],
  },
  'ask with an older token': leased(['LEASE_FENCED']),
  answer: {
    ...NOT_ASKED,
    input_required: [
      'running attempt=1 token=3 agent=a1 ok=true by ann',
      'task.input_answered t1 on a1: ok by ann',
    ],
  },
  'answer to another key': { ...NOT_ASKED, input_required: ['INPUT_KEY_MISMATCH'] },
  'answer to an older attempt': { ...NOT_ASKED, input_required: ['INPUT_NOT_ASKED'] },
  cancel: {
    absent: ['TASK_NOT_FOUND'],
    scheduled: ['gone', 'task.canceled t1 (unwanted)'],
    blocked: ['gone', 'task.canceled t1 (unwanted)'],
    queued: ['gone', 'task.canceled t1 (unwanted)'],
    running: ['gone', 'lease.revoked t1 from a1 token=3 (canceled)', 'task.canceled t1 (unwanted)'],
    input_required: [
      'gone',
      'lease.revoked t1 from a1 token=3 (canceled)',
      'task.canceled t1 (unwanted)',
    ],
    failed: ['TASK_FINISHED'],
    completed: ['TASK_NOT_FOUND'],
    canceled: ['TASK_NOT_FOUND'],
  },
  retry: {
    ...NO_DEAD_LETTER,
    failed: ['queued (redriven) attempt=0 token=3', 'task.queued t1 (redriven)'],
  },
  purge: { ...NO_DEAD_LETTER, failed: ['gone', 'task.purged t1'] },
};

const CASES = Object.entries(TABLE).flatMap(([when, row]) =>
  Object.entries(row).map(([given, then]) => ({ given, when, then })),
);

describe('given a task, when a command comes', () => {
  test.each(CASES)('$given, $when: $then', ({ given, when, then }) => {
    const world = worldWith(given as Given);
    const before = rowsOf(world.state);
    const applied = world.run(2000, COMMANDS[when as keyof typeof COMMANDS]);
    expect(taskOutcome(world, applied)).toEqual(then);
    if (!isRefusal(then)) return;
    // Nothing but the clock and the index moves.
    expect({ ...rowsOf(world.state), head: null }).toEqual({ ...before, head: null });
  });
});
