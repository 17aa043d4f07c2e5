import type { Command } from 'commander';
import type { RecoveryList, RecoveryView } from '../../contract/index.ts';
import type { CliContext } from '../cli-context.ts';
import { relativeMoment } from '../output/moment.ts';
import type { Column } from '../output/table.ts';

export function addRecoveries(program: Command, ctx: CliContext): void {
  program
    .command('recoveries')
    .description('show what went wrong by itself, what became of it, and how the checks stand')
    .action(async (_options: unknown, command: Command) => {
      const list = await ctx.api(command).get<RecoveryList>('/recoveries');
      const output = ctx.output(command);
      output.list(list, list.items, columnsAt(Date.now()));
      if (output.format !== 'table' || list.checks.length === 0) return;
      output.line('');
      output.list(list.checks, list.checks, [
        { title: 'check', value: ({ name }) => name },
        { title: 'ok', value: ({ isOk }) => (isOk ? 'yes' : 'no') },
        { title: 'looked', value: ({ at }) => relativeMoment(at, Date.now()) },
        { title: 'what was seen', value: ({ detail }) => detail, shrinks: true },
      ]);
    });
}

function columnsAt(nowMs: number): readonly Column<RecoveryView>[] {
  return [
    { title: 'last', value: ({ at }) => relativeMoment(at, nowMs) },
    { title: 'kind', value: ({ kind }) => kind },
    { title: 'subject', value: ({ subject }) => subject, shrinks: true },
    { title: 'times', value: ({ count }) => count, align: 'right' },
    { title: 'well again', value: ({ isResolved }) => (isResolved ? 'yes' : 'no') },
    { title: 'cause', value: ({ cause }) => cause, shrinks: true },
    { title: 'outcome', value: ({ outcome }) => outcome, shrinks: true },
  ];
}
