/** What an agent says about a task it works on. Every call names the attempt by its fencing token. */
import type { FastifyInstance } from 'fastify';
import type { Static, TSchema } from 'typebox';
import { OrchestratorError } from '../base/errors.ts';
import {
  amountsOf,
  chunkText,
  CompleteLease,
  detailsText,
  ExtendLease,
  FailLease,
  LeaseAnswer,
  ProgressLease,
  ReleaseLease,
  type Amounts,
  type UsageBody,
} from '../contract/index.ts';
import type { AttemptEnd, Runtime } from '../runtime/index.ts';
import { answers, CHANGE_CODES, json, LeaseParams } from './answers.ts';
import type { ApiContext, TaskId } from './api-context.ts';
import { COMPLETE_EXAMPLE, FAIL_EXAMPLE } from './examples.ts';

interface LeaseRoute {
  readonly action: string;
  readonly summary: string;
  readonly body: TSchema;
}

interface LeaseAnswered {
  readonly taskId: string;
  readonly state: string;
  readonly cancelRequested?: { readonly reason: string; readonly until: string };
}

export function leaseRoutes(app: FastifyInstance, ctx: ApiContext): void {
  reportRoutes(app, ctx);
  keepRoutes(app, ctx);
}

function schemaOf({ action, body, summary }: LeaseRoute): Record<string, unknown> {
  return {
    operationId: `${action}Lease`,
    tags: ['Leases'],
    summary,
    params: LeaseParams,
    body,
    response: answers({ 200: json('Done', LeaseAnswer) }, [
      ...CHANGE_CODES,
      'TASK_NOT_FOUND',
      'LEASE_FENCED',
      'RESULT_TOO_LARGE',
      'RESULT_INVALID',
      'OUTPUT_LIMIT',
    ]),
  };
}

function reportRoutes(app: FastifyInstance, { payloadBytesMax, runtime }: ApiContext): void {
  app.post<{ Params: { taskId: TaskId }; Body: Static<typeof CompleteLease> }>(
    '/api/v1/leases/:taskId/complete',
    {
      schema: schemaOf({
        action: 'complete',
        summary: 'Report that the attempt succeeded; saying it again is fine',
        body: { ...CompleteLease, examples: [COMPLETE_EXAMPLE] },
      }),
    },
    async (request) => {
      const { fencingToken, result, usage } = request.body;
      const text = resultText(result, payloadBytesMax);
      const { taskId } = request.params;
      await report(runtime, {
        taskId,
        fencingToken,
        report: { ok: true, result: text, ...usageOf(usage) },
      });
      return { taskId, state: 'completed' };
    },
  );
  app.post<{ Params: { taskId: TaskId }; Body: Static<typeof FailLease> }>(
    '/api/v1/leases/:taskId/fail',
    {
      schema: schemaOf({
        action: 'fail',
        summary: 'Report that the attempt failed',
        body: { ...FailLease, examples: [FAIL_EXAMPLE] },
      }),
    },
    async (request) => {
      const { critique, downstream, error, fencingToken, usage } = request.body;
      const rare = {
        ...(critique === undefined ? {} : { critique }),
        ...(downstream === undefined ? {} : { downstream }),
        ...usageOf(usage),
      };
      const { code, message = '', retryable = true, retryAfterMs = 0 } = error;
      const { taskId } = request.params;
      const failure = { ok: false, code, message, retryable, retryAfterMs, ...rare } as const;
      await report(runtime, { taskId, fencingToken, report: failure });
      return answerOf(runtime, taskId);
    },
  );
}

function keepRoutes(app: FastifyInstance, { runtime }: ApiContext): void {
  app.post<{ Params: { taskId: TaskId }; Body: Static<typeof ExtendLease> }>(
    '/api/v1/leases/:taskId/extend',
    {
      schema: schemaOf({
        action: 'extend',
        summary: 'Let the attempt run that long from now',
        body: ExtendLease,
      }),
    },
    async (request) => {
      const { taskId } = request.params;
      const { details, fencingToken, runMs } = request.body;
      const text = details === undefined ? null : detailsText(details);
      await runtime.agents.extend({ taskId, fencingToken }, runMs).catch((error: unknown) => {
        throw fencedIfFinished(runtime, taskId, error);
      });
      if (text !== null) runtime.agents.details({ taskId, fencingToken }, text);
      return answerOf(runtime, taskId);
    },
  );
  app.post<{ Params: { taskId: TaskId }; Body: Static<typeof ProgressLease> }>(
    '/api/v1/leases/:taskId/progress',
    {
      schema: schemaOf({
        action: 'progress',
        summary: 'Say how far the attempt is; counts as its heartbeat',
        body: ProgressLease,
      }),
    },
    async (request) => {
      const { taskId } = request.params;
      const { chunk, details, fencingToken, fraction = null, note = null } = request.body;
      const ref = { taskId, fencingToken };
      const text = chunk === undefined ? null : chunkText(chunk);
      const kept = details === undefined ? null : detailsText(details);
      if (!runtime.agents.progress(ref, fraction, note)) {
        throw notRunning(runtime, taskId, fencingToken);
      }
      if (text !== null) await emit(runtime, ref, text);
      if (kept !== null) runtime.agents.details(ref, kept);
      return answerOf(runtime, taskId);
    },
  );
  app.post<{ Params: { taskId: TaskId }; Body: Static<typeof ReleaseLease> }>(
    '/api/v1/leases/:taskId/release',
    {
      schema: schemaOf({
        action: 'release',
        summary: 'Give the task back unstarted; it does not count as an attempt',
        body: ReleaseLease,
      }),
    },
    async (request) => {
      const { taskId } = request.params;
      const { fencingToken, reason = 'released' } = request.body;
      if (!runtime.agents.leaseSeen(taskId, fencingToken)) {
        throw notRunning(runtime, taskId, fencingToken);
      }
      await runtime.agents.release([{ taskId, fencingToken }], reason);
      return answerOf(runtime, taskId);
    },
  );
}

/** Hands a chunk out; resolves once it is durable. */
async function emit(runtime: Runtime, ref: LeaseName, text: string): Promise<void> {
  let refusal: OrchestratorError | null = null;
  const source = {
    taken: () => undefined,
    refused: (_: unknown, error: OrchestratorError) => {
      refusal = error;
    },
  };
  runtime.agents.emit(ref, text, null, source);
  await runtime.output.settled();
  if (refusal !== null) throw fencedIfFinished(runtime, ref.taskId, refusal);
}

type LeaseName = Pick<AttemptEnd, 'taskId' | 'fencingToken'>;

async function report(runtime: Runtime, end: AttemptEnd): Promise<void> {
  const [refusal] = await runtime.agents.report([end]);
  if (refusal != null) throw fencedIfFinished(runtime, end.taskId, refusal);
}

/** Core has let a finished task go, but the caller's attempt is fenced rather than unknown. */
export function fencedIfFinished(runtime: Runtime, taskId: TaskId, error: unknown): unknown {
  const isUnknown = error instanceof OrchestratorError && error.code === 'TASK_NOT_FOUND';
  const outcome = isUnknown ? runtime.tasks.outcome(taskId) : null;
  return outcome === null ? error : fenced(taskId, outcome.state);
}

function notRunning(runtime: Runtime, taskId: TaskId, fencingToken: number): OrchestratorError {
  const outcome = runtime.tasks.outcome(taskId);
  if (outcome !== null) return fenced(taskId, outcome.state, fencingToken);
  return new OrchestratorError('TASK_NOT_FOUND', `a task must be known, got ${taskId}`, { taskId });
}

function fenced(taskId: TaskId, state: string, fencingToken?: number): OrchestratorError {
  const got = fencingToken === undefined ? '' : ` and token ${fencingToken}`;
  return new OrchestratorError(
    'LEASE_FENCED',
    `the attempt must still be the newest and running, got a ${state} task${got}`,
    { taskId, state },
  );
}

function answerOf(runtime: Runtime, taskId: TaskId): LeaseAnswered {
  const state = runtime.tasks.outcome(taskId)?.state ?? 'completed';
  const cancel = runtime.tasks.cancelOf(taskId);
  if (cancel === null) return { taskId, state };
  const { reason, until } = cancel;
  return { taskId, state, cancelRequested: { reason, until: new Date(until).toISOString() } };
}

function usageOf(usage: UsageBody | undefined): { readonly usage?: Amounts } {
  return usage === undefined ? {} : { usage: amountsOf(usage) };
}

function resultText(result: unknown, bytesMax: number): string {
  const text = JSON.stringify(result ?? null);
  if (text.length * 3 <= bytesMax) return text;
  const bytes = Buffer.byteLength(text);
  if (bytes <= bytesMax) return text;
  throw new OrchestratorError(
    'RESULT_TOO_LARGE',
    `a result must have at most ${bytesMax} bytes as JSON, got ${bytes}`,
    { path: '/result', bytes, bytesMax },
  );
}
