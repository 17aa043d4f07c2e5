import { Option, type Command } from 'commander';
import type {
  BackfillAnswer,
  ScheduleList,
  ScheduleView,
  TriggerAnswer,
} from '../../contract/index.ts';
import { formatDuration } from '../../base/duration.ts';
import { OrchestratorError } from '../../base/errors.ts';
import type { CliContext } from '../cli-context.ts';
import { durationValue, integerValue, numberValue, repeated } from '../option-values.ts';
import { relativeMoment } from '../output/moment.ts';
import type { Fields } from '../output/output.ts';
import type { Column } from '../output/table.ts';
import { pathOf, queryOf } from '../server-api.ts';
import {
  OVERLAP_CHOICES,
  settingsOf,
  type ScheduleOptions,
} from '../schedules/schedule-options.ts';
import { usageError } from '../usage-error.ts';
import { addTemplateOptions } from '../tasks/submit-options.ts';

const EXAMPLES = `Examples:
  uqo schedule set nightly report.render --cron '30 2 * * *' --tz Europe/Berlin
  uqo schedule set poll feed.read --every 5m --overlap queue-one --payload '{"feed":"a"}'
  uqo schedule next '0 9 * * MON-FRI' --tz America/New_York      needs no server
  uqo schedule backfill nightly --from 2026-03-01T00:00:00Z --to 2026-03-08T00:00:00Z --dry-run
  uqo schedule pause nightly --reason 'printer is broken'
`;

export function addSchedule(program: Command, ctx: CliContext): void {
  const group = program
    .command('schedule')
    .description('tasks that are made again and again')
    .addHelpText('before', EXAMPLES);
  addSet(group, ctx);
  addList(group, ctx);
  addGet(group, ctx);
  addSwitches(group, ctx);
  addTrigger(group, ctx);
  addBackfill(group, ctx);
  addNext(group, ctx);
}

function addSet(group: Command, ctx: CliContext): void {
  const duration = (flags: string, doc: string): Option =>
    new Option(flags, doc).argParser(durationValue);
  const command = group
    .command('set')
    .description('make a schedule, or replace its settings; a paused one stays paused')
    .argument('<name>', 'the schedule, or namespace/name')
    .argument('<type>', 'type of its tasks')
    .option(
      '--cron <expression>',
      'minute hour day month weekday, or six fields with seconds first',
    )
    .option('--tz <zone>', 'time zone of --cron (default: UTC)')
    .addOption(duration('--every <duration>', 'instead of --cron: at whole multiples of it'))
    .addOption(duration('--offset <duration>', 'of --every: that much later'))
    .addOption(
      new Option('--at <moment>', 'instead of --cron: at this moment (repeatable)').argParser(
        repeated,
      ),
    )
    .addOption(
      new Option(
        '--overlap <policy>',
        'while an earlier one is not finished (default: skip)',
      ).choices(OVERLAP_CHOICES),
    )
    .addOption(
      new Option('--catch-up <which>', 'of firings due together (default: latest)').choices([
        'latest',
        'all',
      ]),
    )
    .addOption(
      duration('--catch-up-window <duration>', 'how late one is made up for (default: 1h)'),
    )
    .addOption(duration('--jitter <duration>', 'comes up to this much later'))
    .option('--start-at <moment>', 'no firing before it')
    .option('--end-at <moment>', 'no firing after it')
    .addOption(
      new Option('--runs-max <count>', 'tasks in all').argParser(integerValue(1, 1_000_000_000)),
    )
    .option('-p, --payload <json>', 'JSON, @file, or - for standard input');
  addTemplateOptions(command).action(
    async (name: string, type: string, options: ScheduleOptions, self: Command) => {
      const settings = await settingsOf(type, options, ctx.streams.stdin);
      const schedule = await ctx.api(self).put<ScheduleView>(pathOf('schedules', name), settings);
      ctx.output(self).object(schedule, fieldsOf(schedule));
    },
  );
}

function addList(group: Command, ctx: CliContext): void {
  group
    .command('list')
    .description('list schedules, in the order they were made')
    .option('--namespace <name>', 'only of this namespace')
    .addOption(
      new Option('--limit <count>', 'schedules on the page (default: 100)').argParser(
        integerValue(1, 1000),
      ),
    )
    .option('--cursor <cursor>', 'nextCursor of the page before')
    .action(
      async (
        options: { namespace?: string; limit?: number; cursor?: string },
        command: Command,
      ) => {
        const path = `/schedules${queryOf({ ...options })}`;
        const page = await ctx.api(command).get<ScheduleList>(path);
        const output = ctx.output(command);
        output.list(page, page.items, columns(Date.now()));
        if (output.format === 'table' && page.nextCursor !== null) {
          output.message(`more with --cursor ${page.nextCursor}`);
        }
      },
    );
}

function addGet(group: Command, ctx: CliContext): void {
  group
    .command('get')
    .description('show a schedule and its newest firings')
    .argument('<name>', 'the schedule, or namespace/name')
    .action(async (name: string, _options: unknown, command: Command) => {
      const schedule = await ctx.api(command).get<ScheduleView>(pathOf('schedules', name));
      ctx.output(command).object(schedule, fieldsOf(schedule));
    });
  group
    .command('remove')
    .description('remove a schedule; its tasks go on')
    .argument('<name>', 'the schedule, or namespace/name')
    .action(async (name: string, _options: unknown, command: Command) => {
      await ctx.api(command).delete(pathOf('schedules', name));
      ctx.output(command).message(`removed ${name}`);
    });
}

function addSwitches(group: Command, ctx: CliContext): void {
  group
    .command('pause')
    .description('let a schedule fire no more by itself')
    .argument('<name>', 'the schedule, or namespace/name')
    .option('--reason <text>', 'kept with it')
    .option('--by <who>', 'kept with it')
    .action(async (name: string, why: { reason?: string; by?: string }, command: Command) => {
      const path = pathOf('schedules', name, 'pause');
      const schedule = await ctx.api(command).post<ScheduleView>(path, why);
      ctx.output(command).object(schedule, fieldsOf(schedule));
    });
  group
    .command('resume')
    .description('let a paused schedule fire again, from now on')
    .argument('<name>', 'the schedule, or namespace/name')
    .action(async (name: string, _options: unknown, command: Command) => {
      const path = pathOf('schedules', name, 'resume');
      const schedule = await ctx.api(command).post<ScheduleView>(path);
      ctx.output(command).object(schedule, fieldsOf(schedule));
    });
}

function addTrigger(group: Command, ctx: CliContext): void {
  group
    .command('trigger')
    .description('fire now, paused or not')
    .argument('<name>', 'the schedule, or namespace/name')
    .addOption(new Option('--overlap <policy>', 'instead of its own').choices(OVERLAP_CHOICES))
    .action(async (name: string, options: { overlap?: string }, command: Command) => {
      const path = pathOf('schedules', name, 'trigger');
      const answer = await ctx.api(command).post<TriggerAnswer>(path, options);
      ctx.output(command).object(answer, [
        ['task', answer.taskId],
        ['waits', answer.isWaiting ? 'for the end of an earlier one' : undefined],
      ]);
    });
}

function addBackfill(group: Command, ctx: CliContext): void {
  group
    .command('backfill')
    .description('fire for all moments of a range of time, both ends included')
    .argument('<name>', 'the schedule, or namespace/name')
    .requiredOption('--from <moment>', 'such as 2026-03-01T00:00:00Z')
    .requiredOption('--to <moment>', 'such as 2026-03-08T00:00:00Z')
    .addOption(new Option('--overlap <policy>', 'default: allow').choices(OVERLAP_CHOICES))
    .addOption(
      new Option('--per-second <rate>', 'start the tasks at this rate').argParser(numberValue),
    )
    .option('--dry-run', 'count only')
    .action(async (name: string, options: Record<string, unknown>, command: Command) => {
      const path = pathOf('schedules', name, 'backfill');
      const answer = await ctx.api(command).post<BackfillAnswer>(path, options);
      ctx.output(command).object(answer, [
        ['moments', answer.count],
        ['first', answer.first],
        ['last', answer.last],
        ['tasks made', answer.dryRun ? 'none (dry run)' : answer.made],
      ]);
    });
}

function addNext(group: Command, ctx: CliContext): void {
  group
    .command('next')
    .description('print when an expression fires next; needs no server')
    .argument('<expression>', 'cron expression, quoted')
    .option('--tz <zone>', 'time zone', 'UTC')
    .addOption(
      new Option('-n, --count <count>', 'how many').argParser(integerValue(1, 1000)).default(5),
    )
    .option('--from <moment>', 'after this moment instead of now')
    .action(
      async (
        expression: string,
        options: { tz: string; count: number; from?: string },
        command: Command,
      ) => {
        const rows = await nextRows(expression, options);
        ctx.output(command).list(rows, rows, [
          { title: 'utc', value: (row) => row.at },
          { title: options.tz, value: (row) => row.local },
          { title: 'when', value: (row) => relativeMoment(row.at, Date.now()) },
        ]);
      },
    );
}

interface NextRow {
  readonly at: string;
  readonly local: string;
}

async function nextRows(
  expression: string,
  { count, from, tz }: { readonly tz: string; readonly count: number; readonly from?: string },
): Promise<NextRow[]> {
  const { cronTimes } = await import('../../runtime/index.ts');
  const times = cronTimes(expression, tz);
  const fromMs = from === undefined ? Date.now() : Date.parse(from);
  if (Number.isNaN(fromMs)) {
    throw usageError('MOMENT_INVALID', `--from must be ISO 8601 text, got ${from}`);
  }
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: tz,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  const rows: NextRow[] = [];
  let at = times.next(fromMs + 1);
  for (; at !== null && rows.length < count; at = times.next(at + 1)) {
    rows.push({ at: new Date(at).toISOString(), local: format.format(at) });
  }
  if (rows.length > 0) return rows;
  throw new OrchestratorError(
    'SCHEDULE_NEVER_FIRES',
    `an expression must have a moment to come, got none for "${expression}"`,
  );
}

function columns(nowMs: number): readonly Column<ScheduleView>[] {
  return [
    { title: 'name', value: nameOf },
    { title: 'state', value: (schedule) => schedule.state },
    { title: 'when', value: timingOf, shrinks: true },
    { title: 'next', value: (schedule) => relativeMoment(schedule.nextAt, nowMs) },
    { title: 'last', value: (schedule) => relativeMoment(schedule.lastAt, nowMs) },
    { title: 'runs', value: (schedule) => schedule.runs, align: 'right' },
    { title: 'live', value: (schedule) => schedule.live, align: 'right' },
    { title: 'skipped', value: (schedule) => schedule.skipped, align: 'right' },
    { title: 'missed', value: (schedule) => schedule.missed, align: 'right' },
  ];
}

function fieldsOf(schedule: ScheduleView): Fields {
  const { missed, paused, recent, runs, runsMax, skipped, waiting } = schedule;
  const because = [paused?.by, paused?.reason].filter(Boolean).join(': ');
  const why = because === '' ? '' : ` ${because}`;
  return [
    ['name', nameOf(schedule)],
    ['state', paused === null ? schedule.state : `paused since ${paused.at}${why}`],
    ['when', timingOf(schedule)],
    ['next', schedule.nextAt],
    ['last', schedule.lastAt],
    ['runs', runsMax === undefined ? runs : `${runs} of ${runsMax}`],
    ['skipped', skipped],
    ['missed', missed],
    ['overlap', schedule.overlap],
    ['under way', schedule.liveTaskIds.join(' ') || 'nothing'],
    ['waits', waiting === null ? undefined : `${waiting.taskId} for ${waiting.nominalAt}`],
    ['task', JSON.stringify(schedule.task)],
    ...recent.map(
      ({ nominalAt, outcome, taskId }) => [nominalAt, `${outcome} ${taskId ?? ''}`.trim()] as const,
    ),
  ];
}

function nameOf({ name, namespace }: ScheduleView): string {
  return namespace === 'default' ? name : `${namespace}/${name}`;
}

function timingOf({ at, cron, everyMs, offsetMs, timezone }: ScheduleView): string {
  if (cron !== undefined) return `${cron} (${timezone})`;
  if (everyMs === undefined) return `at ${at?.length ?? 0} moments`;
  const offset = offsetMs === undefined ? '' : ` + ${formatDuration(offsetMs)}`;
  return `every ${formatDuration(everyMs)}${offset}`;
}
