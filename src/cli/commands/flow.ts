import type { Command } from 'commander';
import type { FlowList, FlowSummary, FlowView, SubmittedFlow } from '../../contract/index.ts';
import type { CliContext } from '../cli-context.ts';
import { integerValue, taskIdValue } from '../option-values.ts';
import { relativeMoment } from '../output/moment.ts';
import type { Column } from '../output/table.ts';
import { pathOf, queryOf } from '../server-api.ts';

const EXAMPLES = `Examples:
  uqo flow submit nightly.json                        {"tasks": [{"ref", "type", "dependsOn"}, …]}
  uqo flow get ID --graph                             draw it, with the state of each task
  uqo flow cancel ID
`;

/** Tasks drawn of a flow, at most. */
const DRAWN_MAX = 1000;

export function addFlow(program: Command, ctx: CliContext): void {
  const group = program
    .command('flow')
    .description('submit tasks that depend on each other')
    .addHelpText('before', EXAMPLES);
  addSubmit(group, ctx);
  addGet(group, ctx);
  addList(group, ctx);
  addCancel(group, ctx);
}

function addSubmit(group: Command, ctx: CliContext): void {
  group
    .command('submit')
    .description('submit the flow of a file, all of it or nothing')
    .argument(
      '<file>',
      'JSON: {"name", "budget", "tasks"} or a list of tasks; - for standard input',
    )
    .action(async (file: string, _options: unknown, command: Command) => {
      const { readPayload } = await import('../tasks/read-payload.ts');
      const given = await readPayload(file === '-' ? '-' : `@${file}`, ctx.streams.stdin, 'flow');
      const body = Array.isArray(given) ? { tasks: given as readonly unknown[] } : given;
      const flow = await ctx.api(command).post<SubmittedFlow>('/flows', body);
      ctx.output(command).object(flow, [
        ['flow', flow.id],
        ['tasks', flow.tasks.length],
      ]);
    });
}

function addGet(group: Command, ctx: CliContext): void {
  group
    .command('get')
    .description('show how a flow stands')
    .argument('<id>', 'id of the flow', taskIdValue)
    .option('--graph', 'draw its tasks, those that wait below those that they wait for')
    .action(async (id: string, { graph }: { readonly graph?: boolean }, command: Command) => {
      const flow = await ctx
        .api(command)
        .get<FlowView>(`${pathOf('flows', id)}${queryOf({ limit: DRAWN_MAX })}`);
      await show(flow, command, { ctx, isDrawn: graph === true });
    });
}

interface Shown {
  readonly ctx: CliContext;
  readonly isDrawn: boolean;
}

async function show(flow: FlowView, command: Command, { ctx, isDrawn }: Shown): Promise<void> {
  const output = ctx.output(command);
  const { flowFields } = await import('../flows/flow-fields.ts');
  output.object(flow, flowFields(flow, Date.now()));
  if (output.format !== 'table' || !isDrawn) return;
  const { drawFlow } = await import('../flows/draw-flow.ts');
  output.line('');
  for (const line of drawFlow(flow.tasks.items)) output.line(line);
  if (flow.tasks.nextCursor !== null) output.message(`drawn: the newest ${DRAWN_MAX} tasks`);
}

function addList(group: Command, ctx: CliContext): void {
  group
    .command('list')
    .description('list flows, newest first')
    .option('-n, --limit <count>', 'flows on the page', integerValue(1, 1000), 50)
    .option('--cursor <cursor>', 'go on after an earlier page')
    .action(async (options: Record<string, string | number | undefined>, command: Command) => {
      const page = await ctx.api(command).get<FlowList>(`/flows${queryOf(options)}`);
      const output = ctx.output(command);
      output.list(page, page.items, flowColumns(Date.now()));
      if (page.nextCursor !== null) output.message(`more: --cursor ${page.nextCursor}`);
    });
}

function flowColumns(nowMs: number): readonly Column<FlowSummary>[] {
  const count = (title: string, of: (counts: FlowSummary['counts']) => number) => ({
    title,
    value: (flow: FlowSummary) => of(flow.counts),
    align: 'right' as const,
  });
  return [
    { title: 'id', value: (flow) => flow.id },
    { title: 'name', value: (flow) => flow.name, shrinks: true },
    { title: 'made', value: (flow) => relativeMoment(flow.createdAt, nowMs) },
    count('waiting', ({ blocked, queued, scheduled }) => blocked + queued + scheduled),
    count('running', ({ input_required, running }) => input_required + running),
    count('completed', ({ completed }) => completed),
    count('failed', ({ failed }) => failed),
    count('canceled', ({ canceled }) => canceled),
  ];
}

function addCancel(group: Command, ctx: CliContext): void {
  group
    .command('cancel')
    .description('cancel all of a flow that has not ended')
    .argument('<id>', 'id of the flow', taskIdValue)
    .option('--reason <text>', 'kept with its tasks')
    .action(async (id: string, body: { readonly reason?: string }, command: Command) => {
      const flow = await ctx.api(command).post<FlowView>(pathOf('flows', id, 'cancel'), body);
      await show(flow, command, { ctx, isDrawn: false });
    });
}
