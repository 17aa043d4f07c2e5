import { Option, type Command } from 'commander';
import type { FairnessView } from '../../contract/index.ts';
import type { CliContext } from '../cli-context.ts';
import { numberValue, pair } from '../option-values.ts';
import type { Column } from '../output/table.ts';
import { usageError } from '../usage-error.ts';

const EXAMPLES = `Examples:
  uqo fairness get
  uqo fairness set --weight team-a=3 --weight team-b=1
  uqo fairness set --weight team-a=default
`;

const COLUMNS: readonly Column<FairnessView['namespaces'][number]>[] = [
  { title: 'namespace', value: (share) => share.name },
  { title: 'weight', value: (share) => share.weight, align: 'right' },
  { title: 'running', value: (share) => share.running, align: 'right' },
  { title: 'cost', value: (share) => share.cost, align: 'right' },
  { title: 'waiting', value: (share) => share.waiting, align: 'right' },
];

interface SetOptions {
  readonly weight?: Readonly<Record<string, string>>;
  readonly tokensPerSlot?: number;
  readonly usdPerSlot?: number;
}

export function addFairness(program: Command, ctx: CliContext): void {
  const group = program
    .command('fairness')
    .description('see and set how work is shared between namespaces')
    .addHelpText('before', EXAMPLES);
  group
    .command('get')
    .description('show weights, and what runs and waits of each namespace')
    .action(async (_options: unknown, command: Command) => {
      const view = await ctx.api(command).get<FairnessView>('/fairness');
      ctx.output(command).list(view, view.namespaces, COLUMNS);
    });
  group
    .command('set')
    .description('change weights and costs')
    .addOption(
      new Option(
        '--weight <namespace=weight>',
        'share against the others, `default` for 1 (repeatable)',
      ).argParser(pair),
    )
    .addOption(
      new Option('--tokens-per-slot <count>', 'tokens that count as one slot').argParser(
        numberValue,
      ),
    )
    .addOption(
      new Option('--usd-per-slot <amount>', 'dollars that count as one slot').argParser(
        numberValue,
      ),
    )
    .action(async (options: SetOptions, command: Command) => {
      if (Object.keys(options).length === 0) {
        throw usageError(
          'SETTING_MISSING',
          'a setting must be given: --weight NAMESPACE=WEIGHT, …',
        );
      }
      const { weight, ...rest } = options;
      const body = weight === undefined ? rest : { ...rest, weights: weightsOf(weight) };
      const view = await ctx.api(command).put<FairnessView>('/fairness', body);
      ctx.output(command).list(view, view.namespaces, COLUMNS);
    });
}

function weightsOf(texts: Readonly<Record<string, string>>): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [
      name,
      text === 'default' ? null : numberValue(text),
    ]),
  );
}
