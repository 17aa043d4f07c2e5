/** The options of `uqo task submit`, and the task they describe. */
import { Option, type Command } from 'commander';
import type { SubmitTask } from '../../contract/index.ts';
import { durationValue, integerValue, numberValue, pair, repeated } from '../option-values.ts';

export interface SubmitOptions {
  readonly queue?: string;
  readonly namespace?: string;
  readonly priority?: number;
  readonly delay?: number;
  readonly runAt?: string;
  readonly deadline?: string;
  readonly idempotencyKey?: string;
  readonly affinityKey?: string;
  readonly requireCapability?: readonly string[];
  readonly requireLabel?: Readonly<Record<string, string>>;
  readonly retryAttempts?: number;
  readonly retryStrategy?: string;
  readonly retryDelay?: number;
  readonly retryDelayMax?: number;
  readonly retryJitter?: number;
  readonly nonRetryable?: readonly string[];
  readonly queueTimeout?: number;
  readonly runTimeout?: number;
  readonly heartbeatTimeout?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

const RETRY_STRATEGIES = ['exponential', 'linear', 'fixed', 'fibonacci', 'decorrelated-jitter'];

const duration = (flags: string, doc: string): Option =>
  new Option(flags, doc).argParser(durationValue);

/** What says when and whether one task runs. */
export function addSubmitOptions(command: Command): Command {
  const options = [
    new Option('--namespace <name>', 'namespace (default: default)'),
    duration('--delay <duration>', 'earliest start, from now').conflicts('runAt'),
    new Option('--run-at <moment>', 'earliest start, such as 2030-01-31T09:00:00Z'),
    new Option('--deadline <moment>', 'moment after which it is given up'),
    new Option('--idempotency-key <key>', 'a repeat with the same key makes no second task'),
  ];
  for (const option of options) command.addOption(option);
  return addTemplateOptions(command);
}

/** What tasks that are made again and again can have, too. */
export function addTemplateOptions(command: Command): Command {
  const options = [
    new Option('-q, --queue <name>', 'queue (default: default)'),
    new Option('--priority <0-9>', '9 goes first (default: 4)').argParser(integerValue(0, 9)),
    new Option('--affinity-key <key>', 'tasks with the same key go to the same agent'),
    new Option(
      '--require-capability <name>',
      'what an agent must be able to do (repeatable)',
    ).argParser(repeated),
    new Option('--require-label <name=value>', 'label an agent must have (repeatable)').argParser(
      pair,
    ),
    new Option('--retry-attempts <count>', 'attempts in all (default: 3)').argParser(
      integerValue(1, 1000),
    ),
    new Option('--retry-strategy <name>', 'how delays grow').choices(RETRY_STRATEGIES),
    duration('--retry-delay <duration>', 'delay before the second attempt (default: 1s)'),
    duration('--retry-delay-max <duration>', 'longest delay between attempts (default: 1m)'),
    new Option('--retry-jitter <0-1>', 'share of the delay left to chance').argParser(numberValue),
    new Option(
      '--non-retryable <code>',
      'error code that ends the task at once (repeatable)',
    ).argParser(repeated),
    duration('--queue-timeout <duration>', 'longest wait for an agent'),
    duration('--run-timeout <duration>', 'longest run of one attempt'),
    duration('--heartbeat-timeout <duration>', 'longest silence about a running attempt'),
    new Option('--metadata <name=value>', 'kept with the task (repeatable)').argParser(pair),
  ];
  for (const option of options) command.addOption(option);
  return command;
}

/** What the options say of a task, without its type and payload. */
export function taskOfOptions(options: SubmitOptions): Omit<SubmitTask, 'type' | 'payload'> {
  return dropAbsent({
    queue: options.queue,
    namespace: options.namespace,
    priority: options.priority,
    delayMs: options.delay,
    runAt: options.runAt,
    deadlineAt: options.deadline,
    idempotencyKey: options.idempotencyKey,
    affinityKey: options.affinityKey,
    metadata: options.metadata,
    requires: group({ capabilities: options.requireCapability, labels: options.requireLabel }),
    retry: group({
      attemptsMax: options.retryAttempts,
      strategy: options.retryStrategy,
      delayMs: options.retryDelay,
      delayMsMax: options.retryDelayMax,
      jitter: options.retryJitter,
      nonRetryable: options.nonRetryable,
    }),
    timeouts: group({
      queueMs: options.queueTimeout,
      runMs: options.runTimeout,
      heartbeatMs: options.heartbeatTimeout,
    }),
  });
}

function dropAbsent(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function group(fields: Readonly<Record<string, unknown>>): Record<string, unknown> | undefined {
  const given = dropAbsent(fields);
  return Object.keys(given).length === 0 ? undefined : given;
}
