import type { Command } from 'commander';
import type { TopView } from '../../contract/index.ts';
import type { CliContext } from '../cli-context.ts';
import { integerValue } from '../option-values.ts';
import { showSpan } from '../output/moment.ts';
import type { Output } from '../output/output.ts';
import type { Column } from '../output/table.ts';
import { queryOf } from '../server-api.ts';

type Item = TopView['busy']['types'][number];

export function addTop(program: Command, ctx: CliContext): void {
  program
    .command('top')
    .description('show who has most of the work of the last minutes, and of the failures')
    .option('-n, --limit <count>', 'names in each list', integerValue(1, 100), 10)
    .action(async (options: Record<string, number | undefined>, command: Command) => {
      const view = await ctx.api(command).get<TopView>(`/top${queryOf(options)}`);
      show(view, ctx.output(command));
    });
}

function show(view: TopView, output: Output): void {
  const { busy, distinct, failures, since, submitted } = view;
  output.object(view, [
    ['since', since],
    ['submitted', `${submitted.tasks} tasks`],
    ['busy', showSpan(busy.ms)],
    ['failed', `${failures.attempts} attempts`],
    [
      'different',
      `${distinct.types} types, ${distinct.namespaces} namespaces, ${distinct.agents} agents, ${distinct.keys} keys`,
    ],
  ]);
  if (output.format !== 'table') return;
  const sections: readonly Section[] = [
    { title: 'types by tasks submitted', items: submitted.types, sum: submitted.tasks },
    { title: 'namespaces by tasks submitted', items: submitted.namespaces, sum: submitted.tasks },
    { title: 'types by run time', items: busy.types, sum: busy.ms, show: showSpan },
    { title: 'namespaces by run time', items: busy.namespaces, sum: busy.ms, show: showSpan },
    { title: 'agents by run time', items: busy.agents, sum: busy.ms, show: showSpan },
    { title: 'types by failed attempts', items: failures.types, sum: failures.attempts },
    { title: 'agents by failed attempts', items: failures.agents, sum: failures.attempts },
    { title: 'codes of failed attempts', items: failures.codes, sum: failures.attempts },
  ];
  for (const each of sections) section(output, each);
}

/** What a list is a list of, and how its counts are written. */
interface Section {
  readonly title: string;
  readonly items: readonly Item[];
  readonly sum: number;
  readonly show?: (count: number) => string;
}

function section(output: Output, { items, show = String, sum, title }: Section): void {
  if (items.length === 0) return;
  output.line(`\n${title}`);
  const columns: readonly Column<Item>[] = [
    { title: 'name', value: ({ name }) => name, shrinks: true },
    { title: 'count', value: ({ count }) => show(count), align: 'right' },
    {
      title: 'share',
      value: ({ count }) => `${Math.round((100 * count) / sum)} %`,
      align: 'right',
    },
    {
      title: 'over by at most',
      value: ({ overBy }) => (overBy === 0 ? null : show(overBy)),
      align: 'right',
    },
  ];
  output.list(items, items, columns);
}
