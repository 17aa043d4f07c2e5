import { OrchestratorError } from '../base/errors.ts';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { RegisterAgent } from './agent.ts';
import { findAvailabilityFault } from './availability.ts';
import { UsageBody } from './budget.ts';
import { FlowHead } from './flow.ts';
import { findJsonFault, findPlainFault } from './json.ts';
import type { SubmitExtras } from './channel.ts';
import { NOT_OF_FIRINGS, ScheduleBody } from './schedule.ts';
import { SubmitExtrasBody, SubmitTask, TaskOptions } from './task.ts';
import { WebhookAnswer } from './webhook.ts';

/** A value from outside that breaks its schema: `code` INVALID_REQUEST, `details.path` a JSON Pointer. */
export class InvalidRequestError extends OrchestratorError {
  override readonly name = 'InvalidRequestError';

  constructor(path: string, message: string) {
    super('INVALID_REQUEST', `${path === '' ? 'the request' : path} ${message}`, { path });
  }
}

interface SchemaError {
  readonly keyword: string;
  readonly schemaPath: string;
  readonly instancePath: string;
  readonly message: string;
  readonly params?: object;
}

/** The fault to tell of among all that a validator found: the deepest, and the plainest there. */
export function describeFault(errors: readonly SchemaError[], prefix = ''): InvalidRequestError {
  const unknown = plainestUnknown(errors);
  if (unknown !== undefined) {
    const deeper = deeperThan(unknown, errors);
    if (deeper.length > 0) return describeFault(deeper, prefix);
    const path = `${prefix}${unknown.instancePath}`;
    const field = unknownFields(unknown)[0] ?? '';
    // Only schedules have a task as a part of them.
    const why = path === '/task' ? NOT_OF_FIRINGS[field] : undefined;
    const message = why === undefined ? 'is not a known field' : `cannot be scheduled: ${why}`;
    return new InvalidRequestError(`${path}/${field}`, message);
  }
  const concrete = errors.filter(
    (error) => error.keyword !== 'anyOf' && error.keyword !== 'boolean',
  );
  const literals = concrete.filter((error) => error.keyword === 'const');
  const first = concrete[0] ?? errors[0];
  if (first !== undefined && literals.length > 1 && literals.length === concrete.length) {
    const allowed = literals.map(
      (error) => (error.params as { allowedValue?: unknown }).allowedValue,
    );
    return new InvalidRequestError(
      prefix + first.instancePath,
      `must be one of ${[...new Set(allowed)].join(', ')}`,
    );
  }
  return new InvalidRequestError(
    prefix + (first?.instancePath ?? ''),
    first?.message ?? 'is not valid',
  );
}

/** A field that no schema knows; of several alternatives the one that knows most of what was given. */
function plainestUnknown(errors: readonly SchemaError[]): SchemaError | undefined {
  const unknown = errors.filter((error) => error.keyword === 'additionalProperties');
  return unknown.toSorted((a, b) => unknownFields(a).length - unknownFields(b).length)[0];
}

function unknownFields({ params = {} }: SchemaError): readonly string[] {
  const { additionalProperties, additionalProperty } = params as {
    additionalProperties?: readonly string[];
    additionalProperty?: string;
  };
  return additionalProperty === undefined ? (additionalProperties ?? []) : [additionalProperty];
}

/** Where an alternative has other faults than the unknown field, it was not meant: what else is wrong below. */
function deeperThan(
  { instancePath, schemaPath }: SchemaError,
  errors: readonly SchemaError[],
): readonly SchemaError[] {
  const others = errors.filter(
    ({ keyword }) => keyword !== 'boolean' && keyword !== 'additionalProperties',
  );
  const isMeant = !others.some((error) => error.schemaPath.startsWith(schemaPath));
  if (isMeant || !ALTERNATIVE.test(schemaPath)) return [];
  return others.filter((error) => error.instancePath.startsWith(`${instancePath}/`));
}

const ALTERNATIVE = /\/anyOf\/\d+$/;

interface Checker {
  Check(value: unknown): boolean;
  Errors(value: unknown): readonly SchemaError[];
}

const submitTask: Checker = Compile(SubmitTask);
const taskOptions: Checker = Compile(TaskOptions);
const submitExtras: Checker = Compile(SubmitExtrasBody);
const usageBody: Checker = Compile(UsageBody);
const webhookAnswer: Checker = Compile(WebhookAnswer);
const flowHead: Checker = Compile(FlowHead);
const schedule: Checker = Compile(ScheduleBody);
const registerAgents: Checker = Compile(Type.Array(RegisterAgent, { maxItems: 10_000 }));

/** Checks one task of a submit; `path` is where it stands in the request. */
export function checkSubmitTask(value: unknown, path = ''): asserts value is SubmitTask {
  check(submitTask, value, path);
  checkMetadata(value as SubmitTask, path);
  checkConcurrency(value as SubmitTask, path);
}

/** Checks a schedule but for its name. */
export function checkSchedule(value: unknown, path = ''): asserts value is ScheduleBody {
  check(schedule, value, path);
  const { task } = value as ScheduleBody;
  checkMetadata(task, `${path}/task`);
  checkConcurrency(task, `${path}/task`);
}

export function checkTaskOptions(value: unknown, path = ''): asserts value is TaskOptions {
  check(taskOptions, value, path);
}

export function checkSubmitExtras(value: unknown, path = ''): asserts value is SubmitExtras {
  check(submitExtras, value, path);
  checkMetadata(value as SubmitExtras, path);
}

export function checkUsage(value: unknown, path = ''): asserts value is UsageBody {
  check(usageBody, value, path);
}

/** What an agent that was called answered. */
export function checkWebhookAnswer(value: unknown): asserts value is WebhookAnswer {
  checkJson(value);
  check(webhookAnswer, value, '');
}

/** What a flow is besides its tasks. */
export function checkFlowHead(value: unknown, path = ''): asserts value is FlowHead {
  check(flowHead, value, path);
}

export function checkRegisterAgents(value: unknown, path = ''): asserts value is RegisterAgent[] {
  check(registerAgents, value, path);
  for (const [index, agent] of (value as RegisterAgent[]).entries()) {
    if (agent.availability !== undefined) checkAvailability(agent, `${path}/${index}`);
  }
}

/** Checks what the schema of an agent cannot say. */
export function checkAvailability({ availability }: RegisterAgent, path = ''): void {
  const fault = availability === undefined ? null : findAvailabilityFault(availability);
  if (fault !== null)
    throw new InvalidRequestError(`${path}/availability${fault.path}`, fault.message);
}

function check(checker: Checker, value: unknown, path: string): void {
  if (checker.Check(value)) return;
  throw describeFault(checker.Errors(value), path);
}

/** A rule without a key would hold nothing back, against what its writer meant. */
function checkConcurrency(
  { concurrency, concurrencyKey }: Pick<SubmitTask, 'concurrency' | 'concurrencyKey'>,
  path: string,
): void {
  if (concurrency === undefined || concurrencyKey !== undefined) return;
  throw new InvalidRequestError(`${path}/concurrency`, 'must come with a concurrencyKey');
}

/** Metadata goes into the log as it is: whatever is not JSON would not come back as it went. */
function checkMetadata({ metadata }: Pick<SubmitExtras, 'metadata'>, path: string): void {
  if (metadata === undefined) return;
  const fault = findPlainFault(metadata);
  if (fault !== null) throw new InvalidRequestError(`${path}/metadata${fault.path}`, fault.message);
}

/** Refuses JSON that is too deep, too wide, or has `__proto__` for a key. */
export function checkJson(value: unknown, path = ''): void {
  const fault = findJsonFault(value);
  if (fault !== null) throw new InvalidRequestError(path + fault.path, fault.message);
}
