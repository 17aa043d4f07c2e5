/** Redrive and purge: named dead letters, or all that match, told beforehand and confirmed. */
import { createInterface } from 'node:readline/promises';
import { OrchestratorError } from '../../base/errors.ts';
import type { BulkAnswer } from '../../contract/index.ts';
import type { CliContext } from '../cli-context.ts';
import type { Output } from '../output/output.ts';
import { Progress } from '../output/progress.ts';
import type { ServerApi } from '../server-api.ts';
import { usageError } from '../usage-error.ts';
import { deadLetterPages, type DeadLetterFilter } from './dead-letter-pages.ts';

export interface RecallOptions extends DeadLetterFilter {
  readonly all?: true;
  readonly dryRun?: true;
  readonly yes?: true;
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
  { api, output }: { readonly api: ServerApi; readonly output: Output },
): Promise<void> {
  checkSelection(recall, ctx.canAsk);
  const { dryRun = false, yes } = recall.options;
  if (!dryRun && yes !== true && ctx.canAsk && !(await confirm(recall, ctx))) {
    throw new OrchestratorError(
      'NOT_CONFIRMED',
      `the ${recall.action} must be confirmed, got no yes`,
    );
  }
  const total = { matched: 0, done: 0, dryRun };
  const progress = new Progress(output, 'dead letters');
  for await (const ids of idChunks(recall, api)) {
    const answer = await api.post<BulkAnswer>(`/dead-letters/${recall.action}`, { ids, dryRun });
    total.matched += answer.matched;
    total.done += answer.done;
    progress.update({ count: total.matched, fraction: null });
  }
  progress.end();
  if (recall.ids.length > total.matched) {
    output.message(`${recall.ids.length - total.matched} of the ids are no dead letters`);
  }
  output.object(total, [
    ['matched', total.matched],
    [recall.action === 'redrive' ? 'queued again' : 'purged', total.done],
    ['dry run', dryRun ? 'yes, nothing was changed' : undefined],
  ]);
  if (recall.ids.length > 0 && total.matched === 0) {
    throw new OrchestratorError(
      'DEAD_LETTER_NOT_FOUND',
      'the ids must be of dead letters, got none',
    );
  }
}

function checkSelection({ action, ids, options }: Recall, canAsk: boolean): void {
  const hasFilter = options.queue !== undefined || options.type !== undefined;
  const isAll = options.all === true;
  if ([ids.length > 0, hasFilter, isAll].filter(Boolean).length !== 1) {
    throw usageError(
      'SELECTION_INVALID',
      `what to ${action} must be said in one way: ids, or --queue and --type, or --all`,
    );
  }
  if (isAll && options.yes !== true && options.dryRun !== true && !canAsk) {
    throw usageError(
      'CONFIRMATION_MISSING',
      `--all must be confirmed with --yes where nobody can be asked`,
      'see what it would do with --dry-run',
    );
  }
}

async function confirm({ action, ids, options }: Recall, ctx: CliContext): Promise<boolean> {
  const { stderr, stdin } = ctx.streams;
  const of = [
    options.queue === undefined ? '' : ` of queue ${options.queue}`,
    options.type === undefined ? '' : ` of type ${options.type}`,
  ].join('');
  const what = ids.length > 0 ? `${ids.length} dead letters` : `all dead letters${of}`;
  const asking = createInterface({ input: stdin, output: stderr });
  const answer = await asking.question(`${action} ${what}? [y/N] `);
  asking.close();
  return /^y(es)?$/i.test(answer.trim());
}

async function* idChunks(
  { ids, options }: Recall,
  api: ServerApi,
): AsyncGenerator<readonly string[]> {
  for (let from = 0; from < ids.length; from += IDS_PER_REQUEST) {
    yield ids.slice(from, from + IDS_PER_REQUEST);
  }
  if (ids.length > 0) return;
  const { queue, type } = options;
  const filter = {
    ...(queue === undefined ? {} : { queue }),
    ...(type === undefined ? {} : { type }),
  };
  for await (const page of deadLetterPages(api, filter)) yield page.map(({ id }) => id);
}
