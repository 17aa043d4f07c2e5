import { InvalidArgumentError, Option, type Command } from 'commander';
import type {
  BreakerKindView,
  BreakerList,
  BreakerSettingsBody,
  BreakerView,
} from '../../contract/index.ts';
import type { CliContext } from '../cli-context.ts';
import { durationValue, integerValue, numberValue } from '../option-values.ts';
import { relativeMoment, showSpan } from '../output/moment.ts';
import type { Fields } from '../output/output.ts';
import type { Column } from '../output/table.ts';
import { pathOf, queryOf } from '../server-api.ts';

const EXAMPLES = `Examples:
  uqo breaker list --state open
  uqo breaker get downstream openai
  uqo breaker open downstream openai --reason "their status page says so" --by ann
  uqo breaker reset downstream openai
  uqo breaker set downstream openai --failure-rate 0.3 --calls 50 --open-for 30s
  uqo breaker set agent --off
`;

const KINDS = ['agent', 'capability', 'downstream'];

export function addBreaker(program: Command, ctx: CliContext): void {
  const group = program
    .command('breaker')
    .description('see and steer what keeps work from agents and services that fail')
    .addHelpText('before', EXAMPLES);
  addList(group, ctx);
  group
    .command('get')
    .description('show one breaker')
    .argument('<kind>', KINDS.join(', '), kindValue)
    .argument('<name>', 'the agent, capability or service')
    .action(async (kind: string, name: string, _options: unknown, command: Command) => {
      show(await ctx.api(command).get<BreakerView>(pathOf('breakers', kind, name)), command, ctx);
    });
  addForce(group, ctx, ['open', 'hold it open: nothing starts there']);
  addForce(group, ctx, ['close', 'hold it closed, whatever its calls say']);
  addForce(group, ctx, ['reset', 'let it go by its calls again, closed at first']);
  addSet(group, ctx);
}

function addList(group: Command, ctx: CliContext): void {
  group
    .command('list')
    .description('list breakers that counted a failure of late or were set')
    .addOption(new Option('--kind <kind>', 'only these').choices(KINDS))
    .addOption(new Option('--state <state>', 'only these').choices(['closed', 'open', 'half-open']))
    .action(async (options: Record<string, string | undefined>, command: Command) => {
      const list = await ctx.api(command).get<BreakerList>(`/breakers${queryOf(options)}`);
      ctx.output(command).list(list, list.items, columns(Date.now()));
    });
}

function addForce(group: Command, ctx: CliContext, [action, doc]: readonly [string, string]): void {
  group
    .command(action)
    .description(doc)
    .argument('<kind>', KINDS.join(', '), kindValue)
    .argument('<name>', 'the agent, capability or service')
    .option('--reason <text>', 'why; kept and shown')
    .option('--by <name>', 'who does it')
    .action(
      async (
        kind: string,
        name: string,
        body: { reason?: string; by?: string },
        command: Command,
      ) => {
        const path = pathOf('breakers', kind, name, action);
        show(await ctx.api(command).post<BreakerView>(path, body), command, ctx);
      },
    );
}

interface SetOptions {
  readonly off?: boolean;
  readonly failureRate?: number;
  readonly calls?: number;
  readonly window?: number;
  readonly slow?: number;
  readonly slowRate?: number;
  readonly openFor?: number;
  readonly openForMax?: number;
  readonly probes?: number;
  readonly successes?: number;
}

function addSet(group: Command, ctx: CliContext): void {
  const many = integerValue(1, 10_000);
  group
    .command('set')
    .description('replace what is set for a breaker, or without a name for all of its kind')
    .argument('<kind>', KINDS.join(', '), kindValue)
    .argument('[name]', 'the agent, capability or service; all of the kind when absent')
    .option('--off', 'never open it')
    .option('--failure-rate <part>', 'part of the calls that must fail, 0 to 1', numberValue)
    .option('--calls <count>', 'calls before it judges', integerValue(1, 1_000_000))
    .option('--window <duration>', 'time over which it counts', durationValue)
    .option('--slow <duration>', 'attempts that ran so long count as slow', durationValue)
    .option('--slow-rate <part>', 'part of the calls that must be slow, 0 to 1', numberValue)
    .option('--open-for <duration>', 'time until the first probes; doubles', durationValue)
    .option('--open-for-max <duration>', 'most that it grows to', durationValue)
    .option('--probes <count>', 'probes at once', many)
    .option('--successes <count>', 'probes that must succeed', many)
    .action(
      async (kind: string, name: string | undefined, options: SetOptions, command: Command) => {
        const api = ctx.api(command);
        const settings = settingsOf(options);
        if (name !== undefined) {
          show(await api.put<BreakerView>(pathOf('breakers', kind, name), settings), command, ctx);
          return;
        }
        const all = await api.put<BreakerKindView>(pathOf('breakers', kind), settings);
        ctx.output(command).object(all, [['kind', all.kind], ...settingsFields(all.settings)]);
      },
    );
}

function settingsOf(options: SetOptions): BreakerSettingsBody {
  const { calls, failureRate, off, openFor, openForMax, probes, slow, slowRate, successes } =
    options;
  return {
    ...(off === true ? { enabled: false } : {}),
    ...(failureRate === undefined ? {} : { failureRate }),
    ...(calls === undefined ? {} : { callsMin: calls }),
    ...(options.window === undefined ? {} : { windowMs: options.window }),
    ...(slow === undefined ? {} : { slowMs: slow }),
    ...(slowRate === undefined ? {} : { slowRate }),
    ...(openFor === undefined ? {} : { openMs: openFor }),
    ...(openForMax === undefined ? {} : { openMsMax: openForMax }),
    ...(probes === undefined ? {} : { probesMax: probes }),
    ...(successes === undefined ? {} : { successesMin: successes }),
  };
}

function kindValue(text: string): string {
  if (KINDS.includes(text)) return text;
  throw new InvalidArgumentError(`It must be one of ${KINDS.join(', ')}.`);
}

function columns(nowMs: number): readonly Column<BreakerView>[] {
  return [
    { title: 'kind', value: (one) => one.kind },
    { title: 'name', value: (one) => one.name },
    { title: 'state', value: (one) => (one.forced === null ? one.state : `${one.state} (held)`) },
    { title: 'since', value: (one) => relativeMoment(one.stateAt, nowMs) },
    { title: 'failed', value: (one) => `${one.failed}/${one.calls}`, align: 'right' },
    { title: 'trips', value: (one) => one.trips, align: 'right' },
    { title: 'probes at', value: (one) => relativeMoment(one.openUntil, nowMs) },
    { title: 'why', value: (one) => one.reason, shrinks: true },
  ];
}

function show(breaker: BreakerView, command: Command, ctx: CliContext): void {
  const { by, calls, failed, kind, name, slow, summary, trips } = breaker;
  ctx
    .output(command)
    .object(breaker, [
      ['breaker', `${kind} ${name}`],
      ['state', summary],
      ['why', breaker.reason],
      ['by', by],
      ['calls', `${calls} in the window, ${failed} failed, ${slow} slow`],
      ['opened', `${trips} times`],
      ...settingsFields(breaker.settings),
    ]);
}

function settingsFields(settings: BreakerView['settings']): Fields {
  const { callsMin, enabled, failureRate, openMs, openMsMax, slowMs, slowRate } = settings;
  const { probesMax, successesMin, windowMs } = settings;
  const slow = slowMs === 0 ? '' : `, or ${slowRate * 100} % took ${showSpan(slowMs)} or more`;
  const window = showSpan(windowMs);
  return [
    [
      'opens',
      enabled
        ? `at ${failureRate * 100} % of ${callsMin} calls or more in ${window}${slow}`
        : 'never',
    ],
    ['stays open', `${showSpan(openMs)}, up to ${showSpan(openMsMax)}`],
    ['closes', `after ${successesMin} probes, ${probesMax} at once`],
  ];
}
