/** What the answer of a called agent means for the attempt. */
import { isOrchestratorError, messageOf } from '../../base/errors.ts';
import {
  amountsOf,
  checkWebhookAnswer,
  type AttemptReport,
  type WebhookAnswer,
} from '../../contract/index.ts';
import type { WebhookResponse } from './post-webhook.ts';

export type CallOutcome =
  /** The agent answered how the attempt ended. */
  | { readonly type: 'answered'; readonly report: AttemptReport }
  /** It took the lease and reports by itself. */
  | { readonly type: 'taken' }
  /** It did not begin: the task is not harmed, and the agent is left alone for a while. */
  | { readonly type: 'away'; readonly reason: string; readonly retryAfterMs: number | null }
  /** Whether it began is not known, or it failed. */
  | { readonly type: 'failed'; readonly report: AttemptReport };

/** Answers that say "not now": nothing was begun. */
const AWAY_STATUSES = new Set([425, 429, 503]);
/** Errors of a call that reached nobody. */
const AWAY_CODES = new Set(['WEBHOOK_UNREACHABLE', 'WEBHOOK_ADDRESS_REFUSED']);
/** Shown of a body that is no answer, in UTF-16 units. */
const SHOWN_MAX = 200;

export function outcomeOfResponse({ body, retryAfterMs, status }: WebhookResponse): CallOutcome {
  if (status === 202) return { type: 'taken' };
  if (status === 204) return { type: 'answered', report: { ok: true, result: 'null' } };
  if (status === 200) return outcomeOfAnswer(body);
  if (AWAY_STATUSES.has(status)) {
    return { type: 'away', reason: `it answered ${status}`, retryAfterMs };
  }
  return failed('WEBHOOK_FAILED', `the agent answered ${status}: ${body.slice(0, SHOWN_MAX)}`);
}

/** @param isLate - the agent was given up because it took too long */
export function outcomeOfError(error: unknown, timeoutMs: number, isLate: boolean): CallOutcome {
  if (isLate) return failed('WEBHOOK_TIMEOUT', `the agent did not answer within ${timeoutMs} ms`);
  const code = isOrchestratorError(error) ? error.code : 'WEBHOOK_BROKEN';
  if (AWAY_CODES.has(code)) return { type: 'away', reason: messageOf(error), retryAfterMs: null };
  return failed(code, messageOf(error));
}

function outcomeOfAnswer(body: string): CallOutcome {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
    checkWebhookAnswer(answer);
  } catch (error) {
    return failed(
      'WEBHOOK_ANSWER_INVALID',
      `the agent must answer with {"result"} or {"error"}: ${messageOf(error)}`,
    );
  }
  return { type: 'answered', report: reportOf(answer) };
}

function reportOf(answer: WebhookAnswer): AttemptReport {
  const usage = answer.usage === undefined ? {} : { usage: amountsOf(answer.usage) };
  if (!('error' in answer)) {
    return { ok: true, result: JSON.stringify(answer.result ?? null), ...usage };
  }
  const { critique, downstream, error } = answer;
  const { code, message = '', retryable = true, retryAfterMs = 0 } = error;
  return {
    ok: false,
    code,
    message,
    retryable,
    retryAfterMs,
    ...(critique === undefined ? {} : { critique }),
    ...(downstream === undefined ? {} : { downstream }),
    ...usage,
  };
}

function failed(code: string, message: string): CallOutcome {
  return {
    type: 'failed',
    report: { ok: false, code, message, retryable: true, retryAfterMs: 0 },
  };
}
