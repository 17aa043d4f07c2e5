import { Option, type Command } from 'commander';
import type { FailureGroupList, FailureGroupView } from '../../contract/index.ts';
import type { CliContext } from '../cli-context.ts';
import { integerValue } from '../option-values.ts';
import { pathOf, queryOf } from '../server-api.ts';

const CHANGES = {
  resolve: ['resolved', 'say that the cause is mended: a new failure opens the group again'],
  ignore: ['ignored', 'leave a group out of metrics and alerts, also when it goes on failing'],
  reopen: ['open', 'say that a group needs somebody after all'],
} as const;

interface GroupsOptions {
  readonly state?: string;
  readonly sort?: string;
  readonly limit: number;
}

/** Dead letters that failed alike. */
export function addDlqGroups(group: Command, ctx: CliContext): void {
  group
    .command('groups')
    .description('count dead letters that failed alike')
    .addOption(
      new Option('--state <state>', 'only in this state').choices(['open', 'resolved', 'ignored']),
    )
    .addOption(new Option('--sort <by>', 'largest or newest first').choices(['live', 'lastAt']))
    .option('-n, --limit <count>', 'groups shown', integerValue(1, 1000), 50)
    .action(async (options: GroupsOptions, command: Command) => {
      const path = `/dead-letters/groups${queryOf({ ...options })}`;
      const list = await ctx.api(command).get<FailureGroupList>(path);
      const { GROUP_COLUMNS } = await import('../operations/operation-table.ts');
      const output = ctx.output(command);
      output.list(list, list.items, GROUP_COLUMNS);
      if (list.total > list.items.length) output.message(`${list.total} groups in all`);
    });
  for (const [name, [state, doc]] of Object.entries(CHANGES)) {
    group
      .command(name)
      .description(doc)
      .argument('<key>', 'key of the group, as in `dlq groups`')
      .option('--by <name>', 'who says so')
      .option('--note <text>', 'what is known of it')
      .action(async (key: string, said: { by?: string; note?: string }, command: Command) => {
        const path = pathOf('dead-letters', 'groups', key);
        const changed = await ctx.api(command).post<FailureGroupView>(path, { state, ...said });
        const { GROUP_COLUMNS } = await import('../operations/operation-table.ts');
        ctx.output(command).list(changed, [changed], GROUP_COLUMNS);
      });
  }
}
