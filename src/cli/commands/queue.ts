import { Option, type Command } from 'commander';
import type { QueueList, QueueView } from '../../contract/index.ts';
import type { CliContext } from '../cli-context.ts';
import { integerValue } from '../option-values.ts';
import { showSpan } from '../output/moment.ts';
import type { Column } from '../output/table.ts';
import { rateOf, rateText, type RateOptions } from '../rate-options.ts';
import { pathOf } from '../server-api.ts';
import { usageError } from '../usage-error.ts';

const EXAMPLES = `Examples:
  uqo queue list
  uqo queue pause email                              start nothing more of it
  uqo queue rm email                                 forget it, where nothing is in it
  uqo queue set email --strategy least-loaded --depth-max 10000
`;

/** As in the contract; a test keeps the two equal. */
export const STRATEGY_CHOICES: readonly string[] = [
  'round-robin',
  'weighted-round-robin',
  'least-loaded',
  'shortest-expected-delay',
  'power-of-two-choices',
  'consistent-hash',
  'latency-aware',
  'born',
  'born+p2c',
  'born+zones',
  'born+zones+p2c',
];

const COLUMNS: readonly Column<QueueView>[] = [
  { title: 'name', value: (queue) => queue.name },
  { title: 'state', value: (queue) => (queue.paused ? 'paused' : 'open') },
  { title: 'scheduled', value: (queue) => queue.scheduled, align: 'right' },
  { title: 'queued', value: (queue) => queue.queued, align: 'right' },
  { title: 'running', value: (queue) => queue.running, align: 'right' },
  { title: 'blocked', value: (queue) => queue.blocked, align: 'right' },
  { title: 'input', value: (queue) => queue.input_required, align: 'right' },
  { title: 'dead', value: (queue) => queue.failed, align: 'right' },
  {
    title: 'oldest',
    value: (queue) => (queue.oldestReadyAgeMs === 0 ? null : showSpan(queue.oldestReadyAgeMs)),
    align: 'right',
  },
  { title: 'at once', value: (queue) => queue.concurrencyMax ?? null, align: 'right' },
  { title: 'rate', value: (queue) => rateText(queue), align: 'right' },
  { title: 'strategy', value: (queue) => queue.strategy },
  { title: 'depth max', value: (queue) => queue.depthMax || 'none', align: 'right' },
];

export function addQueue(program: Command, ctx: CliContext): void {
  const group = program
    .command('queue')
    .description('see and steer the queues')
    .addHelpText('before', EXAMPLES);
  group
    .command('list')
    .description('list queues and what is in them')
    .action(async (_options: unknown, command: Command) => {
      const queues = await ctx.api(command).get<QueueList>('/queues');
      ctx.output(command).list(queues, queues.items, COLUMNS);
    });
  group
    .command('get')
    .description('show a queue')
    .argument('<queue>', 'the queue, or namespace/queue')
    .action(async (name: string, _options: unknown, command: Command) => {
      const queue = await ctx.api(command).get<QueueView>(pathOf('queues', name));
      ctx.output(command).list(queue, [queue], COLUMNS);
    });
  addSwitch(group, ctx, { name: 'pause', doc: 'start nothing more of a queue; what runs goes on' });
  addSwitch(group, ctx, { name: 'resume', doc: 'start tasks of a paused queue again' });
  addSet(group, ctx);
  addRemove(group, ctx);
}

function addSwitch(
  group: Command,
  ctx: CliContext,
  { doc, name }: { readonly name: string; readonly doc: string },
): void {
  group
    .command(name)
    .description(doc)
    .argument('<queue>', 'the queue, or namespace/queue')
    .action(async (queueName: string, _options: unknown, command: Command) => {
      const queue = await ctx.api(command).post<QueueView>(pathOf('queues', queueName, name));
      ctx.output(command).list(queue, [queue], COLUMNS);
    });
}

function addRemove(group: Command, ctx: CliContext): void {
  group
    .command('remove')
    .alias('rm')
    .description('forget an empty queue and its settings')
    .argument('<queue>', 'the queue, or namespace/queue')
    .action(async (name: string, _options: unknown, command: Command) => {
      await ctx.api(command).delete(pathOf('queues', name));
      const removed = { removed: name };
      const columns = [{ title: 'removed', value: () => name }];
      ctx.output(command).list(removed, [removed], columns);
    });
}

function addSet(group: Command, ctx: CliContext): void {
  group
    .command('set')
    .description('make a queue, or change its settings')
    .argument('<queue>', 'the queue, or namespace/queue')
    .addOption(new Option('--strategy <name>', 'who gets the next task').choices(STRATEGY_CHOICES))
    .addOption(
      new Option('--depth-max <count>', 'tasks it may hold, 0 for no bound').argParser(
        integerValue(0, 1_000_000_000),
      ),
    )
    .addOption(
      new Option('--concurrency <count>', 'attempts at once, at most; 0 for no bound').argParser(
        integerValue(0, 1_000_000_000),
      ),
    )
    .addOption(
      new Option('--rate <count>', 'starts in --per, at most; 0 for no bound').argParser(
        integerValue(0, 1_000_000_000),
      ),
    )
    .addOption(new Option('--per <duration>', 'time of --rate (default: 1s)'))
    .addOption(
      new Option('--burst <count>', 'starts at once, at most (default: --rate)').argParser(
        integerValue(1, 1_000_000_000),
      ),
    )
    .action(
      async (
        queueName: string,
        options: { strategy?: string; depthMax?: number; concurrency?: number } & RateOptions,
        command: Command,
      ) => {
        const settings = settingsOf(options);
        if (Object.keys(settings).length === 0) {
          throw usageError(
            'SETTING_MISSING',
            'a setting must be given: --strategy, --depth-max, --concurrency or --rate',
          );
        }
        const queue = await ctx.api(command).put<QueueView>(pathOf('queues', queueName), settings);
        ctx.output(command).list(queue, [queue], COLUMNS);
      },
    );
}

function settingsOf(
  options: { strategy?: string; depthMax?: number; concurrency?: number } & RateOptions,
): Record<string, unknown> {
  const { concurrency, depthMax, strategy } = options;
  const rate = options.rate === 0 ? null : rateOf(options);
  return {
    ...(strategy === undefined ? {} : { strategy }),
    ...(depthMax === undefined ? {} : { depthMax }),
    ...(concurrency === undefined
      ? {}
      : { concurrencyMax: concurrency === 0 ? null : concurrency }),
    ...(rate === undefined ? {} : { rate }),
  };
}
