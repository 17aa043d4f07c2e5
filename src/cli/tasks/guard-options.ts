/** Options of what guards a task: its bounds, the shape of its result, and what follows when it fails. */
import { readFileSync } from 'node:fs';
import { InvalidArgumentError, Option } from 'commander';
import type { BudgetBody } from '../../contract/index.ts';
import { messageOf } from '../../base/errors.ts';
import {
  durationValue,
  integerValue,
  numberValue,
  repeated,
  taskIdValue,
} from '../option-values.ts';

export interface GuardOptions {
  readonly totalTimeout?: number;
  readonly budget?: BudgetBody;
  readonly resultSchema?: unknown;
  readonly invalidAttempts?: number;
  readonly retryAvoid?: string;
  readonly escalate?: readonly Escalation[];
  readonly downstream?: readonly string[];
}

/** A task that must end first, as a submit names it. */
export interface Dependency {
  readonly taskId: string;
  readonly onFailure?: string;
}

interface Escalation {
  readonly afterAttempt: number;
  readonly capabilities?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly queue?: string;
  readonly priority?: number;
}

export function guardOptions(): Option[] {
  return [
    new Option('--total-timeout <duration>', 'longest time from submit to end').argParser(
      durationValue,
    ),
    new Option(
      '--budget <name=amount>',
      'bound of it and all that comes from it: tokens, usd, wall, subtasks, depth, fan-out (repeatable)',
    ).argParser(budgetValue),
    new Option(
      '--result-schema <json>',
      'JSON Schema that its result must meet, or @file',
    ).argParser(schemaValue),
    new Option(
      '--invalid-attempts <count>',
      'attempts whose result does not meet it (default: 3)',
    ).argParser(integerValue(1, 1_000)),
    new Option('--retry-avoid <whom>', 'whom a retry keeps from, where others are ready').choices([
      'none',
      'agent',
      'zone',
    ]),
    new Option(
      '--escalate <after:name=value,…>',
      'what is asked for after so many attempts: capability, label.NAME, queue, priority (repeatable)',
    ).argParser(escalationValue),
    new Option(
      '--downstream <name>',
      'a service that it calls, which a breaker may guard (repeatable)',
    ).argParser(repeated),
  ];
}

export function dependsOnOption(): Option {
  return new Option(
    '--depends-on <id[:policy]>',
    'a task that must end first; where it fails: fail, skip or continue (repeatable)',
  ).argParser(dependencyValue);
}

const AMOUNTS: Readonly<Record<string, readonly [keyof BudgetBody, (text: string) => number]>> = {
  tokens: ['tokens', integerValue(1, 1e12)],
  usd: ['costUsd', numberValue],
  wall: ['wallMs', durationValue],
  subtasks: ['subtasks', integerValue(0, 1e9)],
  depth: ['depth', integerValue(0, 1_000)],
  'fan-out': ['fanOut', integerValue(0, 1_000_000)],
};

/** `tokens=100_000` */
function budgetValue(text: string, before: BudgetBody | undefined): BudgetBody {
  const [name, amount = ''] = halves(text, '=');
  const known = AMOUNTS[name];
  if (known === undefined) {
    throw new InvalidArgumentError(
      `It must be NAME=AMOUNT, with a NAME of ${Object.keys(AMOUNTS).join(', ')}.`,
    );
  }
  return { ...before, [known[0]]: known[1](amount) };
}

/** `2:capability=solve-hard,priority=7` */
function escalationValue(
  text: string,
  before: readonly Escalation[] | undefined,
): readonly Escalation[] {
  const [after, changes = ''] = halves(text, ':');
  const capabilities: string[] = [];
  const labels: Record<string, string> = {};
  const step: { queue?: string; priority?: number } = {};
  for (const change of changes.split(',')) {
    const [name, value = ''] = halves(change, '=');
    if (value === '') throw new InvalidArgumentError(ESCALATION);
    if (name === 'capability') capabilities.push(value);
    else if (name === 'queue') step.queue = value;
    else if (name === 'priority') step.priority = integerValue(0, 9)(value);
    else if (name.startsWith('label.')) labels[name.slice('label.'.length)] = value;
    else throw new InvalidArgumentError(ESCALATION);
  }
  const afterAttempt = integerValue(1, 2_000)(after);
  const escalation = {
    afterAttempt,
    ...(capabilities.length === 0 ? {} : { capabilities }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...step,
  };
  return [...(before ?? []), escalation];
}

const ESCALATION =
  'It must be ATTEMPTS:NAME=VALUE,… with a NAME of capability, label.NAME, queue, priority, such as 2:capability=solve-hard,priority=7.';

/** `0198…:skip` */
function dependencyValue(
  text: string,
  before: readonly Dependency[] | undefined,
): readonly Dependency[] {
  const [id = '', onFailure] = text.split(':');
  if (onFailure !== undefined && !['fail', 'skip', 'continue'].includes(onFailure)) {
    throw new InvalidArgumentError('After the colon must be fail, skip or continue.');
  }
  const taskId = taskIdValue(id);
  return [...(before ?? []), { taskId, ...(onFailure === undefined ? {} : { onFailure }) }];
}

/** JSON, or `@file`. */
function schemaValue(text: string): unknown {
  try {
    return JSON.parse(text.startsWith('@') ? readFileSync(text.slice(1), 'utf8') : text) as unknown;
  } catch (error) {
    throw new InvalidArgumentError(`It must be JSON or @file: ${messageOf(error)}.`);
  }
}

/** What is before the first separator, and after it; the second is absent without one. */
function halves(text: string, separator: string): readonly [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
