/** The options of `uqo task submit`, and the task they describe. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { SubmitTask } from '../../contract/index.ts';
import { durationValue, integerValue, numberValue, pair, repeated } from '../option-values.ts';
import { usageError } from '../usage-error.ts';
import {
  dependsOnOption,
  guardOptions,
  type Dependency,
  type GuardOptions,
} from './guard-options.ts';

export interface SubmitOptions extends GuardOptions {
  readonly queue?: string;
  readonly namespace?: string;
  readonly priority?: number;
  readonly delay?: number;
  readonly runAt?: string;
  readonly deadline?: string;
  readonly idempotencyKey?: string;
  readonly dependsOn?: readonly Dependency[];
  readonly affinityKey?: string;
  readonly requireCapability?: readonly string[];
  readonly requireLabel?: Readonly<Record<string, string>>;
  readonly agent?: string;
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
  readonly concurrencyKey?: string;
  readonly concurrency?: number;
  readonly concurrencyPolicy?: string;
  readonly fairnessKey?: string;
  readonly limit?: readonly LimitUse[];
  readonly debounce?: string;
  readonly throttle?: string;
  readonly keepLast?: string;
  readonly window?: number;
  readonly windowMax?: number;
  readonly estimateTokens?: number;
  readonly estimateUsd?: number;
  readonly copies?: number;
  readonly agree?: number;
  readonly comparator?: string;
  readonly hedge?: boolean;
  readonly hedgeAfter?: number;
  readonly near?: Readonly<Record<string, string>>;
  readonly apart?: string;
  readonly agentCost?: Costs;
}

type Costs = Readonly<Record<string, Readonly<Record<string, number>>>>;

interface LimitUse {
  readonly name: string;
  readonly key?: string;
  readonly units?: number;
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
    dependsOnOption(),
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
    new Option('--agent <id>', 'the only agent that may have it'),
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
    ...guardOptions(),
    ...controlOptions(),
  ];
  for (const option of options) command.addOption(option);
  return command;
}

function controlOptions(): Option[] {
  return [
    new Option('--concurrency-key <key>', 'tasks with the same key run one at a time'),
    new Option('--concurrency <count>', 'or so many at a time (default: 1)').argParser(
      integerValue(1, 1_000_000),
    ),
    new Option('--concurrency-policy <name>', 'what happens past that (default: queue)').choices([
      'queue',
      'cancel-oldest',
      'cancel-newest',
    ]),
    new Option('--fairness-key <key>', 'tasks are dealt out fairly between keys'),
    new Option(
      '--limit <name[:key][=units]>',
      'a named limit that it passes (repeatable)',
    ).argParser(limitUse),
    new Option(
      '--debounce <key>',
      'replace what waits under the key; runs --window later',
    ).conflicts(['throttle', 'keepLast']),
    new Option(
      '--throttle <key>',
      'be a repeat of what came under the key within --window',
    ).conflicts('keepLast'),
    new Option('--keep-last <key>', 'replace what waits under the key'),
    duration('--window <duration>', 'of --debounce and --throttle'),
    duration('--window-max <duration>', 'of --debounce: at most that long after the first'),
    new Option('--estimate-tokens <count>', 'tokens of one attempt').argParser(numberValue),
    new Option('--estimate-usd <amount>', 'dollars of one attempt').argParser(numberValue),
    new Option('--copies <2-7>', 'run so many copies, each on another agent').argParser(
      integerValue(2, 7),
    ),
    new Option('--agree <count>', 'copies whose results must agree (default: most)').argParser(
      integerValue(1, 7),
    ),
    new Option('--comparator <name>', 'what counts as the same result').choices([
      'canonical',
      'numbers',
      'text',
    ]),
    new Option('--hedge', 'start a second attempt beside one that takes longer than most'),
    duration('--hedge-after <duration>', 'or that takes this long'),
    new Option('--near <name=value>', 'label an agent had best have (repeatable)').argParser(pair),
    new Option('--apart <key>', 'tasks with the same key had best be on different agents'),
    new Option(
      '--agent-cost <name=value:cost>',
      'what an agent with this label costs for it (repeatable)',
    ).argParser(agentCost),
  ];
}

/** `openai-tpm:acme=1500` */
function limitUse(text: string, before: readonly LimitUse[] | undefined): readonly LimitUse[] {
  const at = text.lastIndexOf('=');
  const [units, named] = at < 0 ? [undefined, text] : [text.slice(at + 1), text.slice(0, at)];
  const colon = named.indexOf(':');
  const use = {
    name: colon < 0 ? named : named.slice(0, colon),
    ...(colon < 0 ? {} : { key: named.slice(colon + 1) }),
    ...(units === undefined ? {} : { units: integerValue(1, 1_000_000_000)(units) }),
  };
  return [...(before ?? []), use];
}

/** `gpu=a100:4` */
function agentCost(text: string, before: Costs | undefined): Costs {
  const at = text.indexOf('=');
  const colon = text.lastIndexOf(':');
  if (at < 1 || colon <= at) throw new InvalidArgumentError('It must be NAME=VALUE:COST.');
  const name = text.slice(0, at);
  const cost = { [text.slice(at + 1, colon)]: numberValue(text.slice(colon + 1)) };
  return { ...before, [name]: { ...before?.[name], ...cost } };
}

function dedupeOf(options: SubmitOptions): Record<string, unknown> | undefined {
  const { debounce, keepLast, throttle, window, windowMax } = options;
  const hasWindow = debounce !== undefined || throttle !== undefined;
  if (hasWindow !== (window !== undefined) || (windowMax !== undefined && debounce === undefined)) {
    throw usageError(
      'SETTING_MISSING',
      '--debounce and --throttle must come with --window, which is of no use without them; --window-max is of --debounce',
    );
  }
  if (debounce !== undefined) {
    const maxMs = windowMax === undefined ? {} : { maxMs: windowMax };
    return { key: debounce, mode: 'debounce', windowMs: window, ...maxMs };
  }
  if (throttle !== undefined) return { key: throttle, mode: 'throttle', windowMs: window };
  return keepLast === undefined ? undefined : { key: keepLast, mode: 'keep-last' };
}

function hedgeOf({ hedge, hedgeAfter }: SubmitOptions): Record<string, unknown> | undefined {
  if (hedgeAfter !== undefined) return { afterMs: hedgeAfter };
  return hedge === true ? {} : undefined;
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
    dependsOn: options.dependsOn,
    affinityKey: options.affinityKey,
    metadata: options.metadata,
    concurrencyKey: options.concurrencyKey,
    concurrency: group({ limit: options.concurrency, policy: options.concurrencyPolicy }),
    fairnessKey: options.fairnessKey,
    limits: options.limit,
    dedupe: dedupeOf(options),
    estimate: group({ tokens: options.estimateTokens, costUsd: options.estimateUsd }),
    redundancy: group({
      copies: options.copies,
      agree: options.agree,
      comparator: options.comparator,
    }),
    hedge: hedgeOf(options),
    budget: options.budget,
    resultSchema: options.resultSchema,
    downstreams: options.downstream,
    placement: group({ near: options.near, apart: options.apart, costs: options.agentCost }),
    requires: group({
      capabilities: options.requireCapability,
      labels: options.requireLabel,
      agent: options.agent,
    }),
    retry: group({
      attemptsMax: options.retryAttempts,
      strategy: options.retryStrategy,
      delayMs: options.retryDelay,
      delayMsMax: options.retryDelayMax,
      jitter: options.retryJitter,
      nonRetryable: options.nonRetryable,
      avoid: options.retryAvoid,
      escalate: options.escalate,
      invalid: group({ attemptsMax: options.invalidAttempts }),
    }),
    timeouts: group({
      queueMs: options.queueTimeout,
      runMs: options.runTimeout,
      heartbeatMs: options.heartbeatTimeout,
      totalMs: options.totalTimeout,
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
