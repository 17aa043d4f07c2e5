/** What a scenario file says of attempts: how they end, what they ask and give out. */
import type { Command, LeaseRef } from '../../src/core/command.ts';
import type { TaskId } from '../../src/core/ids.ts';
import { type Words, numberOf } from './script-words.ts';

export function usageOf(words: Words): { usage?: { tokens: number; costUsd: number } } {
  const tokens = words.number('tokens');
  return tokens === undefined ? {} : { usage: { tokens, costUsd: 0 } };
}

export function hashOf(words: Words): { hash?: string } {
  const hash = words.text('hash');
  return hash === undefined ? {} : { hash };
}

/** Without `key=` it gets its ordinal. */
export function parseAsk(words: Words, leases: readonly LeaseRef[]): Command {
  const question = {
    key: words.text('key') ?? null,
    message: 'all right?',
    schema: null,
    default: jsonOf(words.text('default')),
    answerers: words.list('answerers') ?? null,
    expiresMs: words.number('expires') ?? 0,
  };
  return { type: 'task.ask', items: leases.map((ref) => ({ ...ref, ...question })) };
}

export function parseAnswer(words: Words, leases: readonly LeaseRef[]): Command {
  const given = {
    key: words.text('key') ?? '1',
    answer: jsonOf(words.text('with')) ?? 'null',
    by: words.text('by') ?? null,
  };
  return { type: 'task.answer', items: leases.map((ref) => ({ ...ref, ...given })) };
}

function jsonOf(text: string | undefined): string | null {
  return text === undefined ? null : JSON.stringify(text);
}

export function parseCancel(words: Words, taskIds: readonly TaskId[]): Command {
  const graceMs = words.number('grace');
  const grace = graceMs === undefined ? {} : { graceMs };
  return { type: 'task.cancel', taskIds, reason: words.text('reason') ?? 'unwanted', ...grace };
}

/** `output t1 token=2 lengths=5,7 from=0` */
export function parseOutput(words: Words, leases: readonly LeaseRef[]): Command {
  const lengths = (words.list('lengths') ?? []).map(numberOf);
  const from = words.number('from') ?? null;
  return { type: 'task.output', items: leases.map((ref) => ({ ...ref, from, lengths })) };
}

export function parseFail(words: Words, leases: readonly LeaseRef[]): Command {
  const error = { code: words.text('code') ?? 'SMTP_DOWN', message: 'no route' };
  const retryAfterMs = words.number('retryAfter');
  const downstream = words.text('downstream');
  const wish = {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(downstream === undefined ? {} : { downstream }),
  };
  const retryable = !words.has('final');
  return {
    type: 'task.fail',
    items: leases.map((ref) => ({ ...ref, error, retryable, ...wish })),
  };
}
