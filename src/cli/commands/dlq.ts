import type { Command } from 'commander';
import { OrchestratorError } from '../../base/errors.ts';
import type { TaskList, TaskView } from '../../contract/index.ts';
import type { CliContext } from '../cli-context.ts';
import type { DeadLetterFilter } from '../dead-letters/dead-letter-pages.ts';
import type { RecallOptions } from '../dead-letters/recall-dead-letters.ts';
import { integerValue, taskIdsValue, taskIdValue } from '../option-values.ts';
import { pathOf, queryOf, type ServerApi } from '../server-api.ts';

const EXAMPLES = `Examples:
  uqo dlq list --queue email
  uqo dlq redrive --queue email --dry-run       how many would it be?
  uqo dlq redrive --queue email --yes
  uqo dlq export > dead.jsonl
`;

/** Dead letters read at a time while exporting. */
const READS_AT_ONCE = 8;

export function addDlq(program: Command, ctx: CliContext): void {
  const group = program
    .command('dlq')
    .description('tasks that failed for good: look, queue again, let go')
    .addHelpText('before', EXAMPLES);
  addReads(group, ctx);
  addExport(group, ctx);
  addRecall(group, ctx, {
    action: 'redrive',
    doc: 'queue dead letters again, with all their attempts',
  });
  addRecall(group, ctx, { action: 'purge', doc: 'let dead letters go to the history' });
}

function addReads(group: Command, ctx: CliContext): void {
  withFilter(group.command('list').description('list dead letters, newest first'))
    .option('-n, --limit <count>', 'dead letters on the page', integerValue(1, 1000), 50)
    .option('--cursor <cursor>', 'go on after an earlier page')
    .action(async (options: Record<string, string | number | undefined>, command: Command) => {
      const page = await ctx.api(command).get<TaskList>(`/dead-letters${queryOf(options)}`);
      const { taskColumns } = await import('../tasks/task-table.ts');
      const output = ctx.output(command);
      output.list(page, page.items, taskColumns(Date.now()));
      if (page.nextCursor !== null) output.message(`more: --cursor ${page.nextCursor}`);
    });
  group
    .command('get')
    .description('show a dead letter with its payload and failures')
    .argument('<id>', 'id of the task', taskIdValue)
    .action(async (id: string, _options: unknown, command: Command) => {
      const task = await ctx.api(command).get<TaskView>(pathOf('tasks', id));
      if (task.state !== 'failed') {
        throw new OrchestratorError(
          'DEAD_LETTER_NOT_FOUND',
          `the task must be a dead letter, got ${task.state}: ${id}`,
        );
      }
      const { taskFields } = await import('../tasks/task-table.ts');
      ctx.output(command).object(task, taskFields(task, Date.now()));
    });
}

function addExport(group: Command, ctx: CliContext): void {
  withFilter(
    group
      .command('export')
      .description('write dead letters with their payloads, as JSON lines, newest first'),
  ).action(async (filter: DeadLetterFilter, command: Command) => {
    const api = ctx.api(command);
    const output = ctx.output(command);
    const { deadLetterPages } = await import('../dead-letters/dead-letter-pages.ts');
    let count = 0;
    for await (const page of deadLetterPages(api, filter)) {
      for (let from = 0; from < page.length; from += READS_AT_ONCE) {
        const tasks = await read(api, page.slice(from, from + READS_AT_ONCE));
        for (const task of tasks) await output.lineInTurn(JSON.stringify(task));
        count += tasks.length;
      }
    }
    output.message(`${count} dead letters exported`);
  });
}

/** One that was purged between the list and now is left out. */
async function read(api: ServerApi, listed: readonly TaskView[]): Promise<TaskView[]> {
  const tasks = await Promise.all(
    listed.map(({ id }) =>
      api.get<TaskView>(pathOf('tasks', id)).catch((error: unknown) => {
        if (error instanceof OrchestratorError && error.code === 'TASK_NOT_FOUND') return null;
        throw error;
      }),
    ),
  );
  return tasks.filter((task) => task !== null);
}

function addRecall(
  group: Command,
  ctx: CliContext,
  { action, doc }: { readonly action: 'redrive' | 'purge'; readonly doc: string },
): void {
  withFilter(group.command(action).description(doc))
    .argument('[id...]', 'ids of the tasks', taskIdsValue)
    .option('--all', 'every dead letter there is')
    .option('--dry-run', 'only say how many it would be')
    .option('-y, --yes', 'do not ask')
    .action(
      async (ids: readonly string[] | undefined, options: RecallOptions, command: Command) => {
        const { recallDeadLetters } = await import('../dead-letters/recall-dead-letters.ts');
        const target = { api: ctx.api(command), output: ctx.output(command) };
        await recallDeadLetters({ action, ids: ids ?? [], options }, ctx, target);
      },
    );
}

function withFilter(command: Command): Command {
  return command
    .option('-q, --queue <name>', 'only of this queue')
    .option('--type <type>', 'only of this type');
}
