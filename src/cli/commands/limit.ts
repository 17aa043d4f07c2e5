import { Option, type Command } from 'commander';
import type { LimitList, LimitView } from '../../contract/index.ts';
import type { CliContext } from '../cli-context.ts';
import { integerValue } from '../option-values.ts';
import type { Column } from '../output/table.ts';
import { rateOf, rateText, type RateOptions } from '../rate-options.ts';
import { pathOf } from '../server-api.ts';
import { usageError } from '../usage-error.ts';

const EXAMPLES = `Examples:
  uqo limit list
  uqo limit set openai-tpm --rate 100000 --per 1m --count-tokens   tokens a minute, for each key of tasks
  uqo limit set license --concurrency 5               five attempts at once
  uqo limit remove license
`;

const COLUMNS: readonly Column<LimitView>[] = [
  { title: 'name', value: (limit) => limit.name },
  { title: 'at once', value: (limit) => limit.concurrencyMax ?? null, align: 'right' },
  { title: 'rate', value: (limit) => rateText(limit), align: 'right' },
  {
    title: 'burst',
    value: (limit) => limit.rate?.burst ?? limit.rate?.units ?? null,
    align: 'right',
  },
  { title: 'keys', value: (limit) => limit.keys, align: 'right' },
  {
    title: 'running',
    value: (limit) => limit.inUse.reduce((sum, { running }) => sum + running, 0),
    align: 'right',
  },
];

export function addLimit(program: Command, ctx: CliContext): void {
  const group = program
    .command('limit')
    .description('see and set the limits that tasks can name')
    .addHelpText('before', EXAMPLES);
  group
    .command('list')
    .description('list named limits')
    .action(async (_options: unknown, command: Command) => {
      const limits = await ctx.api(command).get<LimitList>('/limits');
      ctx.output(command).list(limits, limits.items, COLUMNS);
    });
  group
    .command('get')
    .description('show one limit')
    .argument('<name>', 'the limit')
    .action(async (name: string, _options: unknown, command: Command) => {
      const limit = await ctx.api(command).get<LimitView>(pathOf('limits', name));
      ctx.output(command).list(limit, [limit], COLUMNS);
    });
  addSet(group, ctx);
  group
    .command('remove')
    .description('forget a limit; tasks that wait for it pass freely')
    .argument('<name>', 'the limit')
    .action(async (name: string, _options: unknown, command: Command) => {
      await ctx.api(command).delete(pathOf('limits', name));
      ctx
        .output(command)
        .list(
          { removed: name },
          [{ removed: name }],
          [{ title: 'removed', value: ({ removed }) => removed }],
        );
    });
}

interface SetOptions extends RateOptions {
  readonly concurrency?: number;
  readonly countTokens?: boolean;
}

function addSet(group: Command, ctx: CliContext): void {
  group
    .command('set')
    .description('make a limit, or replace its settings')
    .argument('<name>', 'the limit')
    .addOption(
      new Option('--concurrency <count>', 'attempts at once, at most').argParser(
        integerValue(1, 1_000_000_000),
      ),
    )
    .addOption(
      new Option('--rate <units>', 'units that may be taken in --per').argParser(
        integerValue(1, 1_000_000_000),
      ),
    )
    .addOption(new Option('--per <duration>', 'time in which they refill (default: 1s)'))
    .addOption(
      new Option('--burst <units>', 'units at once, at most (default: --rate)').argParser(
        integerValue(1, 1_000_000_000),
      ),
    )
    .addOption(
      new Option(
        '--count-tokens',
        'units are tokens: those that attempts report take the place of those they declared',
      ),
    )
    .action(async (name: string, options: SetOptions, command: Command) => {
      const rate = rateOf(options);
      if (options.countTokens === true && rate === undefined)
        throw usageError('SETTING_MISSING', '--count-tokens must come with --rate');
      if (rate === undefined && options.concurrency === undefined) {
        throw usageError('SETTING_MISSING', 'a limit must have --concurrency, --rate or both');
      }
      const counts = options.countTokens === true ? { counts: 'tokens' } : {};
      const settings = {
        ...(options.concurrency === undefined ? {} : { concurrencyMax: options.concurrency }),
        ...(rate === undefined ? {} : { rate: { ...rate, ...counts } }),
      };
      const limit = await ctx.api(command).put<LimitView>(pathOf('limits', name), settings);
      ctx.output(command).list(limit, [limit], COLUMNS);
    });
}
