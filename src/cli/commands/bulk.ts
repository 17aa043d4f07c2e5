import type { Command } from 'commander';
import type { DryRunView, OperationBody, OperationView } from '../../contract/index.ts';
import type { CliContext } from '../cli-context.ts';
import {
  operationBody,
  redriveParams,
  withOperation,
  withPlacement,
  type OperationOptions,
  type PlacementOptions,
} from '../operations/operation-options.ts';
import type { Output } from '../output/output.ts';

const EXAMPLES = `Examples:
  uqo bulk cancel 'state:queued type:report.* age>1d' --dry-run
  uqo bulk cancel 'state:queued type:report.* age>1d' --yes --by ann --reason 'not needed'
  uqo bulk reprioritise 'metadata.customer=42' --to-priority 9 --yes
  uqo bulk retry 'error.code:SMTP_TIMEOUT' --rate 50 --yes
`;

const ACTIONS = {
  cancel: 'cancel all tasks that are not finished and match',
  retry: 'queue all dead letters that match again, with all their attempts',
  reprioritise: 'give all waiting tasks that match another queue, priority or requirement',
  purge: 'let all dead letters that match go to the history',
} as const;

/** Changes of many tasks at once. */
export function addBulk(program: Command, ctx: CliContext): void {
  const group = program
    .command('bulk')
    .description('change all tasks that a query means')
    .addHelpText('before', EXAMPLES);
  for (const [action, doc] of Object.entries(ACTIONS)) {
    addAction(group, ctx, action as keyof typeof ACTIONS, doc);
  }
}

function addAction(
  group: Command,
  ctx: CliContext,
  action: keyof typeof ACTIONS,
  doc: string,
): void {
  const command = withOperation(group.command(action).description(doc)).argument(
    '<query>',
    'which tasks, such as state:queued age>1d',
  );
  if (action === 'reprioritise') withPlacement(command);
  if (action === 'retry') command.option('--include-poison', 'also those that lost their agents');
  command.action(
    async (query: string, options: OperationOptions & PlacementOptions, self: Command) => {
      const { runOperation } = await import('../operations/run-operation.ts');
      const params = await redriveParams(options, ctx);
      const body: OperationBody = {
        action,
        query,
        ...operationBody(options),
        ...(params === null ? {} : { params }),
      };
      const output = ctx.output(self);
      const target = { api: ctx.api(self), output };
      await showOutcome(await runOperation(body, options, ctx, target), output);
    },
  );
}

async function showOutcome(outcome: DryRunView | OperationView, output: Output): Promise<void> {
  const { dryRunFields, operationFields } = await import('../operations/operation-table.ts');
  const fields = 'dryRun' in outcome ? dryRunFields(outcome) : operationFields(outcome);
  output.object(outcome, fields);
}
