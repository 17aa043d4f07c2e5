import { describe, expect, test } from 'vitest';
import type { Command } from './command.ts';
import {
  ADVANCE,
  breakLease,
  fail,
  release,
  type SpecOptions,
  type TaskFields,
} from './testing/commands.ts';
import { taskOutcome } from './testing/outcome.ts';
import { TOKEN, worldWith, type Given } from './testing/world.ts';

/** `t1` afterwards and the events. */
type Then = readonly string[];

const ASKING = 'input_required attempt=1 token=3 agent=a1 asks=ok';

interface TimeCase {
  readonly name: string;
  readonly given: Given;
  readonly spec?: SpecOptions;
  readonly fields?: TaskFields;
  readonly at: number;
  readonly then: Then;
}

const LAST_ATTEMPT = { retry: { attemptsMax: 1 } };
const FAILED_DEADLINE = 'task.failed t1 (deadline)';

/** `t1` enters its state at 1000; a scheduled one is due at 9000. */
const TIME_TABLE: readonly TimeCase[] = [
  {
    name: 'a delayed task waits until its moment',
    given: 'scheduled',
    at: 8999,
    then: ['scheduled (delayed) attempt=0 token=0 runAt=9000'],
  },
  {
    name: 'a delayed task is queued at its moment',
    given: 'scheduled',
    at: 9000,
    then: ['queued (delayed) attempt=0 token=0', 'task.queued t1 (delayed)'],
  },
  {
    name: 'a deadline before the moment fails a delayed task',
    given: 'scheduled',
    fields: { deadlineAt: 3000 },
    at: 3000,
    then: ['failed (deadline) attempt=0 token=0 error=DEADLINE_EXCEEDED', FAILED_DEADLINE],
  },
  {
    name: 'a deadline at the moment fails a delayed task',
    given: 'scheduled',
    fields: { deadlineAt: 9000 },
    at: 9000,
    then: ['failed (deadline) attempt=0 token=0 error=DEADLINE_EXCEEDED', FAILED_DEADLINE],
  },
  {
    name: 'a blocked task waits for ever, whatever its queue timeout',
    given: 'blocked',
    spec: { timeouts: { queueMs: 500 } },
    at: 10 ** 12,
    then: ['blocked attempt=0 token=0 left=1'],
  },
  {
    name: 'a blocked task fails at its deadline',
    given: 'blocked',
    fields: { deadlineAt: 3000 },
    at: 3000,
    then: ['failed (deadline) attempt=0 token=0 error=DEADLINE_EXCEEDED', FAILED_DEADLINE],
  },
  {
    name: 'a queued task without bounds waits for ever',
    given: 'queued',
    at: 10 ** 12,
    then: ['queued attempt=0 token=0'],
  },
  {
    name: 'a queued task waits within its queue timeout',
    given: 'queued',
    spec: { timeouts: { queueMs: 500 } },
    at: 1499,
    then: ['queued attempt=0 token=0'],
  },
  {
    name: 'a queued task fails at its queue timeout',
    given: 'queued',
    spec: { timeouts: { queueMs: 500 } },
    at: 1500,
    then: [
      'failed (queue_timeout) attempt=0 token=0 error=QUEUE_TIMEOUT',
      'task.failed t1 (queue_timeout)',
    ],
  },
  {
    name: 'a queue timeout of nothing fails at once',
    given: 'queued',
    spec: { timeouts: { queueMs: 0 } },
    at: 1000,
    then: [
      'failed (queue_timeout) attempt=0 token=0 error=QUEUE_TIMEOUT',
      'task.failed t1 (queue_timeout)',
    ],
  },
  {
    name: 'a queued task fails at its deadline',
    given: 'queued',
    fields: { deadlineAt: 3000 },
    at: 3000,
    then: ['failed (deadline) attempt=0 token=0 error=DEADLINE_EXCEEDED', FAILED_DEADLINE],
  },
  {
    name: 'the deadline is told before a queue timeout of the same moment',
    given: 'queued',
    spec: { timeouts: { queueMs: 2000 } },
    fields: { deadlineAt: 3000 },
    at: 3000,
    then: ['failed (deadline) attempt=0 token=0 error=DEADLINE_EXCEEDED', FAILED_DEADLINE],
  },
  {
    name: 'a queue timeout does not bound the run',
    given: 'running',
    spec: { timeouts: { queueMs: 500 } },
    at: 9000,
    then: ['running attempt=1 token=3 agent=a1'],
  },
  {
    name: 'an attempt runs within its bound',
    given: 'running',
    spec: { timeouts: { runMs: 500 } },
    at: 1499,
    then: ['running attempt=1 token=3 agent=a1 runUntil=1500'],
  },
  {
    name: 'an attempt past its bound is revoked and retried at once',
    given: 'running',
    spec: { timeouts: { runMs: 500 } },
    at: 1500,
    then: [
      'queued (run_timeout) attempt=1 token=3',
      'lease.revoked t1 from a1 token=3 (run_timeout)',
      'attempt.failed t1 attempt=1 on a1: RUN_TIMEOUT',
      'task.queued t1 (run_timeout)',
    ],
  },
  {
    name: 'a last attempt past its bound ends the task',
    given: 'running',
    spec: { timeouts: { runMs: 500 }, ...LAST_ATTEMPT },
    at: 1500,
    then: [
      'failed (attempts_exhausted) attempt=1 token=3 error=RUN_TIMEOUT',
      'lease.revoked t1 from a1 token=3 (run_timeout)',
      'attempt.failed t1 attempt=1 on a1: RUN_TIMEOUT',
      'task.failed t1 (attempts_exhausted)',
    ],
  },
  {
    name: 'a run timeout that the policy names is final',
    given: 'running',
    spec: { timeouts: { runMs: 500 }, retry: { nonRetryable: ['RUN_TIMEOUT'] } },
    at: 1500,
    then: [
      'failed (not_retryable) attempt=1 token=3 error=RUN_TIMEOUT',
      'lease.revoked t1 from a1 token=3 (run_timeout)',
      'attempt.failed t1 attempt=1 on a1: RUN_TIMEOUT',
      'task.failed t1 (not_retryable)',
    ],
  },
  {
    name: 'an attempt past the deadline is revoked and the task fails',
    given: 'running',
    fields: { deadlineAt: 3000 },
    at: 3000,
    then: [
      'failed (deadline) attempt=1 token=3 error=DEADLINE_EXCEEDED',
      'lease.revoked t1 from a1 token=3 (deadline)',
      'attempt.failed t1 attempt=1 on a1: DEADLINE_EXCEEDED',
      FAILED_DEADLINE,
    ],
  },
  {
    name: 'an attempt that waits for input has no run bound',
    given: 'input_required',
    spec: { timeouts: { runMs: 500 } },
    at: 9000,
    then: ['input_required attempt=1 token=3 agent=a1 asks=ok runLeftMs=500'],
  },
  {
    name: 'a question without a bound is waited for for ever',
    given: 'input_required',
    at: 10 ** 12,
    then: [ASKING],
  },
  {
    name: 'a deadline ends an attempt that waits for input',
    given: 'input_required',
    fields: { deadlineAt: 3000 },
    at: 3000,
    then: [
      'failed (deadline) attempt=1 token=3 error=DEADLINE_EXCEEDED',
      'lease.revoked t1 from a1 token=3 (deadline)',
      'attempt.failed t1 attempt=1 on a1: DEADLINE_EXCEEDED',
      FAILED_DEADLINE,
    ],
  },
  {
    name: 'a dead letter has no bound',
    given: 'failed',
    fields: { deadlineAt: 3000 },
    at: 9000,
    then: ['failed (not_retryable) attempt=1 token=3 error=SMTP_DOWN'],
  },
];

describe('given a task, when time passes', () => {
  test.each(TIME_TABLE)('$name', ({ given, spec, fields, at, then }) => {
    const world = worldWith(given, spec, fields);
    expect(taskOutcome(world, world.run(at, ADVANCE))).toEqual(then);
  });
});

describe('given a running task, when an attempt ends otherwise', () => {
  test.each<[string, SpecOptions, Command, Then]>([
    [
      'a failure of the last attempt makes a dead letter',
      LAST_ATTEMPT,
      fail('t1', TOKEN),
      [
        'failed (attempts_exhausted) attempt=1 token=3 error=SMTP_DOWN',
        'attempt.failed t1 attempt=1 on a1: SMTP_DOWN',
        'task.failed t1 (attempts_exhausted)',
      ],
    ],
    [
      'a failure with a code the policy names is final',
      { retry: { nonRetryable: ['BAD_ADDRESS', 'SMTP_DOWN'] } },
      fail('t1', TOKEN),
      [
        'failed (not_retryable) attempt=1 token=3 error=SMTP_DOWN',
        'attempt.failed t1 attempt=1 on a1: SMTP_DOWN',
        'task.failed t1 (not_retryable)',
      ],
    ],
    [
      'a failure without a delay is queued at once',
      { retry: { delayMs: 0 } },
      fail('t1', TOKEN),
      [
        'queued (retry) attempt=1 token=3',
        'attempt.failed t1 attempt=1 on a1: SMTP_DOWN',
        'task.queued t1 (retry)',
      ],
    ],
    [
      'an agent cannot ask to skip the delay',
      {},
      fail('t1', TOKEN, { retryAfterMs: -1 }),
      [
        'scheduled (retry) attempt=1 token=3 runAt=2100',
        'attempt.failed t1 attempt=1 on a1: SMTP_DOWN',
        'task.scheduled t1 (retry) for 2100',
      ],
    ],
    [
      'a broken last attempt makes a dead letter',
      LAST_ATTEMPT,
      breakLease('t1', TOKEN),
      [
        'failed (attempts_exhausted) attempt=1 token=3 error=HEARTBEAT_TIMEOUT',
        'lease.revoked t1 from a1 token=3 (heartbeat_timeout)',
        'attempt.failed t1 attempt=1 on a1: HEARTBEAT_TIMEOUT',
        'task.failed t1 (attempts_exhausted)',
      ],
    ],
    [
      'a release of the last attempt leaves it for another agent',
      LAST_ATTEMPT,
      release('t1', TOKEN),
      ['queued (released) attempt=0 token=3', 'task.queued t1 (released)'],
    ],
  ])('%s', (_, spec, command, then) => {
    const world = worldWith('running', spec);
    expect(taskOutcome(world, world.run(2000, command))).toEqual(then);
  });
});
