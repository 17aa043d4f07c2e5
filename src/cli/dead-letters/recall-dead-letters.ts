/** Redrive and purge: named dead letters, or all that match, told beforehand and confirmed. */
import { OrchestratorError } from '../../base/errors.ts';
import type {
  BulkAnswer,
  DryRunView,
  OperationBody,
  OperationView,
  RedriveParams,
  TaskView,
} from '../../contract/index.ts';
import type { CliContext } from '../cli-context.ts';
import { confirm } from '../operations/confirm.ts';
import {
  operationBody,
  redriveParams,
  type EditOptions,
  type OperationOptions,
  type PlacementOptions,
} from '../operations/operation-options.ts';
import { runOperation, type OperationTarget } from '../operations/run-operation.ts';
import { pathOf } from '../server-api.ts';
import { usageError } from '../usage-error.ts';
import { deadLetterQuery, type DeadLetterFilter } from './dead-letter-query.ts';

export interface RecallOptions
  extends DeadLetterFilter, OperationOptions, PlacementOptions, EditOptions {
  readonly all?: true;
}

export interface Recall {
  readonly action: 'redrive' | 'purge';
  readonly ids: readonly string[];
  readonly options: RecallOptions;
}

/** Ids the server takes at once are more; smaller requests let others in between. */
const IDS_PER_REQUEST = 1000;

export async function recallDeadLetters(
  recall: Recall,
  ctx: CliContext,
  target: OperationTarget,
): Promise<void> {
  checkSelection(recall, ctx.canAsk);
  const params = recall.action === 'purge' ? null : await redriveParams(recall.options, ctx);
  const total =
    recall.ids.length > 0
      ? await recallNamed(recall, params, ctx, target)
      : await recallMatching(recall, params, ctx, target);
  target.output.object(total, [
    ['matched', total.matched],
    [recall.action === 'redrive' ? 'queued again' : 'purged', total.done],
    ['operation', total.operationId],
    ['dry run', total.dryRun ? 'yes, nothing was changed' : undefined],
  ]);
  const [first] = recall.ids;
  if (first !== undefined && total.matched === 0) throw await notDead(first, target);
}

/** What the first of the ids is, since none of them is a dead letter. */
async function notDead(id: string, { api }: OperationTarget): Promise<OrchestratorError> {
  const task = await api.get<TaskView>(pathOf('tasks', id)).catch(() => null);
  return task === null
    ? new OrchestratorError('DEAD_LETTER_NOT_FOUND', `a dead letter must be known, got ${id}`)
    : new OrchestratorError('TASK_NOT_FAILED', `a dead letter is a failed task, got ${task.state}`);
}

interface Total extends BulkAnswer {
  readonly operationId?: string;
}

async function recallMatching(
  { action, options }: Recall,
  params: RedriveParams | null,
  ctx: CliContext,
  target: OperationTarget,
): Promise<Total> {
  const body: OperationBody = {
    action,
    query: deadLetterQuery(options),
    ...operationBody(options),
    ...(params === null ? {} : { params }),
  };
  const isTold = options.all !== true && !ctx.canAsk;
  const yes = options.yes ?? (isTold ? true : undefined);
  const outcome: DryRunView | OperationView = await runOperation(
    body,
    { yes, wait: options.wait },
    ctx,
    target,
  );
  if ('dryRun' in outcome) return { matched: outcome.matched, done: 0, dryRun: true };
  const { done, id, matched } = outcome;
  return { matched, done, dryRun: false, operationId: id };
}

async function recallNamed(
  { action, ids, options }: Recall,
  params: RedriveParams | null,
  ctx: CliContext,
  { api, output }: OperationTarget,
): Promise<Total> {
  const { by, dryRun = false, reason, yes } = options;
  const asks = !dryRun && yes !== true && ctx.canAsk;
  if (asks && !(await confirm(`${action} ${ids.length} dead letters?`, ctx))) {
    throw new OrchestratorError('NOT_CONFIRMED', `the ${action} must be confirmed, got no yes`);
  }
  const total = { matched: 0, done: 0, dryRun };
  const isPlain = params === null && by === undefined && reason === undefined;
  if (!isPlain && !dryRun) {
    const who = {
      ...(by === undefined ? {} : { by }),
      ...(reason === undefined ? {} : { reason }),
    };
    for (const id of ids) {
      await api.post<TaskView>(pathOf('dead-letters', id, action), { ...params, ...who });
      total.matched += 1;
      total.done += 1;
    }
    return total;
  }
  for (let from = 0; from < ids.length; from += IDS_PER_REQUEST) {
    const some = ids.slice(from, from + IDS_PER_REQUEST);
    const answer = await api.post<BulkAnswer>(`/dead-letters/${action}`, { ids: some, dryRun });
    total.matched += answer.matched;
    total.done += answer.done;
  }
  if (ids.length > total.matched) {
    output.message(`${ids.length - total.matched} of the ids are no dead letters`);
  }
  return total;
}

/** Options that mean nothing where the dead letters are named. */
const FILTERING = ['rate', 'sample', 'seed', 'group', 'includePoison'] as const;

function checkSelection({ action, ids, options }: Recall, canAsk: boolean): void {
  const { group, query, queue, type } = options;
  const hasFilter = [group, query, queue, type].some((given) => given !== undefined);
  const isAll = options.all === true;
  if ([ids.length > 0, hasFilter, isAll].filter(Boolean).length !== 1) {
    throw usageError(
      'SELECTION_INVALID',
      `what to ${action} must be said in one way: ids, or --query, --group, --queue and --type, or --all`,
    );
  }
  const needless = FILTERING.find((name) => options[name] !== undefined);
  if (ids.length > 0 && needless !== undefined) {
    throw usageError('SELECTION_INVALID', `--${needless} is for those that match, not for ids`);
  }
  if (ids.length > 0 && action === 'purge' && (options.by ?? options.reason) !== undefined) {
    const message = '--by and --reason are kept with a purge of those that match, not of ids';
    throw usageError('SELECTION_INVALID', message, "name them by --query 'id:…' instead");
  }
  if (isAll && options.yes !== true && options.dryRun !== true && !canAsk) {
    throw usageError(
      'CONFIRMATION_MISSING',
      `--all must be confirmed with --yes where nobody can be asked`,
      'see what it would do with --dry-run',
    );
  }
}
