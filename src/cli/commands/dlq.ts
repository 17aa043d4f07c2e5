import type { Command } from 'commander';
import type { DeadLetterView, TaskList } from '../../contract/index.ts';
import type { CliContext } from '../cli-context.ts';
import type { RecallOptions } from '../dead-letters/recall-dead-letters.ts';
import { integerValue, taskIdsValue, taskIdValue } from '../option-values.ts';
import { pathOf, queryOf } from '../server-api.ts';
import { withEdit, withOperation, withPlacement } from '../operations/operation-options.ts';
import { addDlqExport } from './dlq-export.ts';
import { addDlqGroups } from './dlq-groups.ts';

const EXAMPLES = `Examples:
  uqo dlq list --queue email
  uqo dlq redrive --queue email --dry-run       how many would it be?
  uqo dlq redrive --queue email --yes
  uqo dlq redrive --group 3f1c9a… --patch '{"server":"smtp2"}' --rate 50 --yes
  uqo dlq groups                                what goes wrong, and how often?
  uqo dlq export dead.jsonl
`;

export function addDlq(program: Command, ctx: CliContext): void {
  const group = program
    .command('dlq')
    .description('tasks that failed for good: look, queue again, let go')
    .addHelpText('before', EXAMPLES);
  addReads(group, ctx);
  addDlqGroups(group, ctx);
  addDlqExport(group, ctx, withFilter);
  addRecall(group, ctx, {
    action: 'redrive',
    doc: 'queue dead letters again, with all their attempts',
  });
  addRecall(group, ctx, { action: 'purge', doc: 'let dead letters go to the history' });
}

function addReads(group: Command, ctx: CliContext): void {
  group
    .command('list')
    .description('list dead letters, newest first')
    .option('-q, --queue <name>', 'only of this queue')
    .option('--type <type>', 'only of this type')
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
      const task = await ctx.api(command).get<DeadLetterView>(pathOf('dead-letters', id));
      const { taskFields } = await import('../tasks/task-table.ts');
      const { group: alike, isPoison } = task;
      ctx
        .output(command)
        .object(task, [
          ...taskFields(task, Date.now()),
          ['group', alike === undefined ? undefined : `${alike.key} (${alike.live} alike)`],
          ['poison', isPoison ? 'yes, it lost too many agents' : undefined],
        ]);
    });
}

function addRecall(
  group: Command,
  ctx: CliContext,
  { action, doc }: { readonly action: 'redrive' | 'purge'; readonly doc: string },
): void {
  const recall = withOperation(withFilter(group.command(action).description(doc)))
    .argument('[id...]', 'ids of the tasks', taskIdsValue)
    .option('--group <key>', 'only of this group of failures')
    .option('--all', 'every dead letter there is');
  if (action === 'redrive') {
    withEdit(withPlacement(recall)).option('--include-poison', 'also those that lost their agents');
  }
  recall.action(
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
    .option('--type <type>', 'only of this type')
    .option('--query <query>', 'only those that it means');
}
