import { CommanderError } from 'commander';
import { isOrchestratorError, messageOf } from '../base/errors.ts';
import { exitCodeOf } from './exit-codes.ts';
import { createPaint, hasColor } from './output/color.ts';
import { UsageError } from './usage-error.ts';
import type { CliStreams } from './cli-context.ts';

const HINTS: Readonly<Record<string, string>> = {
  SERVER_UNREACHABLE: 'start one with `uqo start`, or name it with --url or UQO_URL',
  NOT_A_SERVER: 'name the right address with --url or UQO_URL',
  REQUEST_TIMEOUT: 'try again with a longer --timeout',
  QUERY_INVALID: 'fields and operators are in `uqo task list --help`',
  TASK_NOT_FOUND: 'list tasks with `uqo task list`; finished ones are kept for a time only',
  AGENT_NOT_FOUND: 'list agents with `uqo agent list`',
  QUEUE_NOT_FOUND: 'list queues with `uqo queue list`',
  DEAD_LETTER_NOT_FOUND: 'list dead letters with `uqo dlq list`',
  DATA_DIR_LOCKED:
    'the process that holds it is named in its uqo.pid; give another folder with --data',
  DATA_DIR_UNUSABLE: 'give another folder with --data or UQO_DATA_DIR',
  LOG_FULL: 'free space on the disk, or give another folder with --data',
  ADDRESS_UNUSABLE: 'give another with --port (0 takes a free one) or --host',
  INSECURE_BIND:
    'listen on 127.0.0.1 behind a proxy that authenticates, or accept it with --insecure-public',
  WAIT_TIMEOUT:
    'the task goes on; wait longer with --timeout, or see why with `uqo task explain ID`',
};

/** Says on standard error what went wrong and what to do; returns the exit code. */
export function reportError(error: unknown, streams: CliStreams, isJson: boolean): number {
  const exitCode = exitCodeOf(error);
  // Commander has said it already.
  if (error instanceof CommanderError) return exitCode;
  const { environment, stderr } = streams;
  const code = isOrchestratorError(error) ? error.code : 'INTERNAL';
  const message = messageOf(error);
  const hint = hintOf(error, code);
  if (isJson) {
    const body = { code, message, ...(hint === null ? {} : { hint }), exitCode };
    stderr.write(`${JSON.stringify({ error: body })}\n`);
    return exitCode;
  }
  const paint = createPaint(hasColor({ environment, isTerminal: stderr.isTTY === true }));
  stderr.write(`${paint.red('error:')} ${message} (${code})\n`);
  if (hint !== null) stderr.write(`  ${paint.dim(hint)}\n`);
  // A bug: the trace is all there is to go by.
  if (code === 'INTERNAL' && error instanceof Error) stderr.write(`${error.stack ?? ''}\n`);
  return exitCode;
}

function hintOf(error: unknown, code: string): string | null {
  if (error instanceof UsageError && error.hint !== null) return error.hint;
  if (Object.hasOwn(HINTS, code)) return HINTS[code] ?? null;
  const path = isOrchestratorError(error) ? error.details['path'] : undefined;
  return typeof path === 'string' && path !== '' ? `at ${path} of the request` : null;
}
