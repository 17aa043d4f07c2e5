import { Option, type Command } from 'commander';
import type { OperationItemList, OperationList, OperationView } from '../../contract/index.ts';
import type { CliContext } from '../cli-context.ts';
import { withPeople } from '../operations/operation-options.ts';
import { integerValue, taskIdValue } from '../option-values.ts';
import { pathOf, queryOf } from '../server-api.ts';

const EXAMPLES = `Examples:
  uqo operation list --state running
  uqo operation get ID
  uqo operation abort ID --by ann --reason 'wrong query'
  uqo operation items ID -o jsonl
`;

/** Bulk operations that are under way or have ended. */
export function addOperation(program: Command, ctx: CliContext): void {
  const group = program
    .command('operation')
    .description('see and stop bulk operations')
    .addHelpText('before', EXAMPLES);
  addList(group, ctx);
  addGet(group, ctx);
  addItems(group, ctx);
  addAbort(group, ctx);
}

function addList(group: Command, ctx: CliContext): void {
  const states = ['running', 'completed', 'aborted', 'failed'];
  group
    .command('list')
    .description('list operations, newest first')
    .addOption(new Option('--state <state>', 'only in this state').choices(states))
    .action(async (options: { state?: string }, command: Command) => {
      const list = await ctx.api(command).get<OperationList>(`/operations${queryOf(options)}`);
      const { OPERATION_COLUMNS } = await import('../operations/operation-table.ts');
      ctx.output(command).list(list, list.items, OPERATION_COLUMNS);
    });
}

function addGet(group: Command, ctx: CliContext): void {
  group
    .command('get')
    .description('show how far an operation is')
    .argument('<id>', 'id of the operation', taskIdValue)
    .action(async (id: string, _options: unknown, command: Command) => {
      const operation = await ctx.api(command).get<OperationView>(pathOf('operations', id));
      await show(operation, command, ctx);
    });
}

function addItems(group: Command, ctx: CliContext): void {
  group
    .command('items')
    .description('show what became of each task, newest first')
    .argument('<id>', 'id of the operation', taskIdValue)
    .option('-n, --limit <count>', 'tasks on the page', integerValue(1, 1000), 50)
    .option('--cursor <cursor>', 'go on after an earlier page')
    .action(async (id: string, options: { limit: number; cursor?: string }, command: Command) => {
      const path = `${pathOf('operations', id, 'items')}${queryOf({ ...options })}`;
      const page = await ctx.api(command).get<OperationItemList>(path);
      const { ITEM_COLUMNS } = await import('../operations/operation-table.ts');
      const output = ctx.output(command);
      output.list(page, page.items, ITEM_COLUMNS);
      if (page.nextCursor !== null) output.message(`more: --cursor ${page.nextCursor}`);
    });
}

function addAbort(group: Command, ctx: CliContext): void {
  withPeople(group.command('abort').description('stop an operation; what it has done stays done'))
    .argument('<id>', 'id of the operation', taskIdValue)
    .action(async (id: string, who: { by?: string; reason?: string }, command: Command) => {
      const path = pathOf('operations', id, 'abort');
      await show(await ctx.api(command).post<OperationView>(path, who), command, ctx);
    });
}

async function show(operation: OperationView, command: Command, ctx: CliContext): Promise<void> {
  const { operationFields } = await import('../operations/operation-table.ts');
  ctx.output(command).object(operation, operationFields(operation));
}
