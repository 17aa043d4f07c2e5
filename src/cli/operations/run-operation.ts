/** Starts an operation as a command: told beforehand, confirmed, and followed to its end. */
import { setTimeout as pause } from 'node:timers/promises';
import { OrchestratorError } from '../../base/errors.ts';
import type { DryRunView, OperationBody, OperationView } from '../../contract/index.ts';
import type { CliContext } from '../cli-context.ts';
import { confirm } from './confirm.ts';
import type { Output } from '../output/output.ts';
import { Progress } from '../output/progress.ts';
import { pathOf, type ServerApi } from '../server-api.ts';
import { usageError } from '../usage-error.ts';

export interface OperationTarget {
  readonly api: ServerApi;
  readonly output: Output;
}

export interface OperationManner {
  readonly yes?: true | undefined;
  /** False to come back at once. */
  readonly wait?: boolean | undefined;
}

/** Time between two looks at how far it is, in milliseconds. */
const LOOK_MS = 200;

/**
 * Resolves with what a dry run found, or with the operation once it has ended.
 *
 * @throws OrchestratorError `NOT_CONFIRMED`, `OPERATION_FAILED`; UsageError `CONFIRMATION_MISSING`
 */
export async function runOperation(
  body: OperationBody,
  manner: OperationManner,
  ctx: CliContext,
  { api, output }: OperationTarget,
): Promise<DryRunView | OperationView> {
  if (body.dryRun === true) return api.post<DryRunView>('/operations', body);
  if (manner.yes !== true) await ask(body, ctx, api);
  const started = await api.post<OperationView>('/operations', body);
  if (manner.wait === false) return started;
  const progress = new Progress(output, 'tasks');
  let operation = started;
  while (operation.state === 'running') {
    await pause(LOOK_MS);
    operation = await api.get<OperationView>(pathOf('operations', started.id));
    const count = operation.done + operation.refused;
    const fraction = operation.matched === 0 ? null : Math.min(1, count / operation.matched);
    progress.update({ count, fraction });
  }
  progress.end();
  if (operation.state === 'completed') return operation;
  throw new OrchestratorError(
    'OPERATION_FAILED',
    `the operation must complete, it was ${operation.state}: ${operation.endedReason ?? operation.endedBy ?? 'no reason given'}`,
    { operationId: operation.id, done: operation.done },
  );
}

async function ask(body: OperationBody, ctx: CliContext, api: ServerApi): Promise<void> {
  if (!ctx.canAsk) {
    throw usageError(
      'CONFIRMATION_MISSING',
      `a ${body.action} must be confirmed with --yes where nobody can be asked`,
      'see what it would do with --dry-run',
    );
  }
  const { matched } = await api.post<DryRunView>('/operations', { ...body, dryRun: true });
  if (await confirm(`${body.action} ${matched} tasks?`, ctx)) return;
  throw new OrchestratorError('NOT_CONFIRMED', `the ${body.action} must be confirmed, got no yes`);
}
