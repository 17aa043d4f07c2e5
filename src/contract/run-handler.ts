import { messageOf } from '../base/errors.ts';
import type { Amounts } from './budget.ts';
import { isName } from './names.ts';
import type { AgentHandler, HandlerContext, HandlerTask } from './handler.ts';

/** How an attempt ended, ready to be reported: the result as JSON text, or what failed. */
export type AttemptReport =
  | { readonly ok: true; readonly result: string; readonly usage?: Amounts }
  | {
      readonly ok: false;
      readonly code: string;
      readonly message: string;
      readonly retryable: boolean;
      readonly retryAfterMs: number;
      readonly usage?: Amounts;
      /** What the next attempt should know to do better. */
      readonly critique?: string;
      /** The service whose fault it was. */
      readonly downstream?: string;
    };

/**
 * Runs a handler to its end and turns whatever it does into a report. Never rejects.
 *
 * A thrown error's `code`, `retryable` and `retryAfterMs` are taken over where they make sense. A
 * result that JSON cannot carry fails the attempt for good: trying again would give it again.
 */
export async function runHandler(
  handler: AgentHandler,
  task: HandlerTask,
  context: HandlerContext,
): Promise<AttemptReport> {
  let result: unknown;
  try {
    result = await (handler as AgentHandler<unknown>)(task, context);
  } catch (error) {
    return reportOf(error);
  }
  try {
    // A function or symbol serialises to undefined: refused like everything else JSON cannot carry.
    const text = result === undefined ? 'null' : (JSON.stringify(result) as string | undefined);
    if (text !== undefined) return { ok: true, result: text };
    return failure(
      'RESULT_NOT_SERIALISABLE',
      `a result must be JSON, got a ${typeof result}`,
      false,
    );
  } catch (error) {
    const { message } = reportOf(error) as { message: string };
    return failure('RESULT_NOT_SERIALISABLE', `a result must be JSON: ${message}`, false);
  }
}

/** What was thrown may be anything: its fields may be of any type, or throw when they are read. */
function reportOf(error: unknown): AttemptReport {
  try {
    return reportOfFacts(error);
  } catch {
    // The thrown thing throws when looked at: that it was thrown is all there is to say.
    return failure('HANDLER_ERROR', 'the handler threw something that cannot be read', true);
  }
}

function reportOfFacts(error: unknown): AttemptReport {
  const facts = (typeof error === 'object' && error !== null ? error : {}) as {
    readonly code?: unknown;
    readonly retryable?: unknown;
    readonly retryAfterMs?: unknown;
    readonly critique?: unknown;
    readonly downstream?: unknown;
  };
  const code =
    typeof facts.code === 'string' && facts.code !== ''
      ? facts.code.slice(0, 100)
      : 'HANDLER_ERROR';
  const retryable = typeof facts.retryable === 'boolean' ? facts.retryable : true;
  const wait = facts.retryAfterMs;
  const retryAfterMs =
    typeof wait === 'number' && wait > 0 ? Math.min(Math.round(wait), RETRY_AFTER_MS_MAX) : 0;
  const critique =
    typeof facts.critique === 'string' ? { critique: facts.critique.slice(0, CRITIQUE_MAX) } : {};
  // A name that the server would refuse would lose the whole report.
  const { downstream } = facts;
  const blame = typeof downstream === 'string' && isName(downstream) ? { downstream } : {};
  const rare = { ...critique, ...blame };
  return { ok: false, code, message: cutMessage(error), retryable, retryAfterMs, ...rare };
}

/** Longest message of a failure that is sent, in UTF-16 units; core keeps as much. */
const MESSAGE_MAX = 4_096;

function cutMessage(error: unknown): string {
  // An error's message is what its class makes of it, and need not be text.
  const message: unknown = messageOf(error);
  return String(message).slice(0, MESSAGE_MAX);
}

/** Longest critique that is sent, in UTF-16 units; core keeps as much. */
const CRITIQUE_MAX = 65_536;

const RETRY_AFTER_MS_MAX = 2_592_000_000;

function failure(code: string, message: string, retryable: boolean): AttemptReport {
  return { ok: false, code, message, retryable, retryAfterMs: 0 };
}
