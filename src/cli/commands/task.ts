import type { Command } from 'commander';
import { OrchestratorError } from '../../base/errors.ts';
import type { ExplanationView, TaskView } from '../../contract/index.ts';
// Not by way of the index: it would compile every schema at each start of the command line.
import { QUERY_FIELD_NAMES } from '../../contract/query/query-fields.ts';
import type { CliContext } from '../cli-context.ts';
import { durationValue, integerValue, taskIdsValue, taskIdValue } from '../option-values.ts';
import { pathOf } from '../server-api.ts';
import { usageError } from '../usage-error.ts';
import { addTaskArtifacts } from './task-artifacts.ts';
import { addTaskAnswer } from './task-answer.ts';
import { addTaskEvents } from './task-events.ts';
import { addTaskOutput } from './task-output.ts';
import { addTaskSubmit } from './task-submit.ts';

const EXAMPLES = `Examples:
  uqo task submit data.analyze --payload @table.json --wait
  uqo task list 'state:failed queue:email age>10m error~timeout'
  uqo task explain ID                                 why is it not running?
`;

const LIST_EXAMPLES = `Examples:
  uqo task list state:failed type:mail.send
  uqo task list 'state:queued age>10m or state:running duration>1h'
  uqo task list 'not state:completed metadata.customer=42'
  uqo task list 'state:failed error~"timed out" created>=2026-01-31'
`;

const LIST_FIELDS = `
Query:
  FIELD:VALUE equals (* for anything), = exactly, != not, ~ contains, < <= > >= in order;
  VALUE,VALUE any of them; side by side both; or, not, brackets.
  Fields: ${QUERY_FIELD_NAMES.join(', ')}.
`;

/** Largest page the server gives. */
const PAGE_MAX = 1000;

export function addTask(program: Command, ctx: CliContext): void {
  const group = program
    .command('task')
    .description('submit tasks and see what becomes of them')
    .addHelpText('before', EXAMPLES);
  addTaskSubmit(group, ctx);
  addReads(group, ctx);
  addList(group, ctx);
  addWait(group, ctx);
  addRecalls(group, ctx);
  addTaskAnswer(group, ctx);
  addTaskEvents(group, ctx);
  addTaskOutput(group, ctx);
  addTaskArtifacts(group, ctx);
}

function addReads(group: Command, ctx: CliContext): void {
  group
    .command('get')
    .description('show a task with its payload and result')
    .argument('<id>', 'id of the task', taskIdValue)
    .action(async (id: string, _options: unknown, command: Command) => {
      const task = await ctx.api(command).get<TaskView>(pathOf('tasks', id));
      await show(task, command, ctx);
    });
  group
    .command('explain')
    .description('say why a task is where it is')
    .argument('<id>', 'id of the task', taskIdValue)
    .action(async (id: string, _options: unknown, command: Command) => {
      const found = await ctx.api(command).get<ExplanationView>(pathOf('tasks', id, 'explain'));
      const { explanationFields } = await import('../tasks/explanation-fields.ts');
      ctx.output(command).object(found, explanationFields(found));
    });
}

function addList(group: Command, ctx: CliContext): void {
  group
    .command('list')
    .description('list tasks, newest first')
    .argument(
      '[query...]',
      'what to look for; in single quotes, for shells read < > * and brackets',
    )
    .addHelpText('before', LIST_EXAMPLES)
    .addHelpText('after', LIST_FIELDS)
    .option('--query <query>', 'the same as the argument')
    .option('-s, --state <states>', 'states, joined by commas')
    .option('-q, --queue <name>', 'only of this queue')
    .option('--type <type>', 'only of this type')
    .option('--namespace <name>', 'only of this namespace')
    .option('-n, --limit <count>', 'tasks on the page', integerValue(1, PAGE_MAX), 50)
    .option('--cursor <cursor>', 'go on after an earlier page')
    .action(async (words: readonly string[], options: ListArguments, command: Command) => {
      const { query, state, ...rest } = options;
      if (query !== undefined && words.length > 0) {
        throw usageError('OPTION_CONFLICT', '--query must be alone, got a query beside it');
      }
      const q = query ?? (words.length === 0 ? undefined : words.join(' '));
      const { listTasks } = await import('../tasks/list-tasks.ts');
      const page = await listTasks(ctx.api(command), { ...rest, states: state, q });
      const { taskColumns } = await import('../tasks/task-table.ts');
      const output = ctx.output(command);
      output.list(page, page.items, taskColumns(Date.now()));
      if (page.nextCursor !== null) output.message(`more: --cursor ${page.nextCursor}`);
    });
}

interface ListArguments {
  readonly query?: string;
  readonly state?: string;
  readonly queue?: string;
  readonly type?: string;
  readonly namespace?: string;
  readonly limit: number;
  readonly cursor?: string;
}

function addWait(group: Command, ctx: CliContext): void {
  group
    .command('wait')
    .description('wait until tasks have finished, at most --timeout; exits 5 unless all completed')
    .argument('<id...>', 'ids of the tasks', taskIdsValue)
    .action(async (ids: readonly string[], _options: unknown, command: Command) => {
      const api = ctx.waitingApi(command);
      const { endedBadly, waitForTask } = await import('../tasks/wait-for-task.ts');
      const until = performance.now() + ctx.waitMs(command);
      const outcomes = [];
      // One after the other takes no longer than the slowest: they run meanwhile.
      for (const id of ids) {
        outcomes.push(
          await waitForTask(api, id, Math.max(0, Math.ceil(until - performance.now()))),
        );
      }
      const { showOutcomes } = await import('../tasks/show-outcomes.ts');
      showOutcomes(ctx.output(command), outcomes);
      const bad = outcomes.find(({ state }) => state !== 'completed');
      if (bad !== undefined) throw endedBadly(bad);
    });
}

function addRecalls(group: Command, ctx: CliContext): void {
  group
    .command('cancel')
    .description('cancel tasks; a running attempt is told to stop')
    .argument('<id...>', 'ids of the tasks', taskIdsValue)
    .option('--reason <text>', 'kept with the task')
    .option('--tree', 'also all that came from them, without grace')
    .option('--grace <duration>', 'let a running attempt end by itself for so long', durationValue)
    .action(async (ids: readonly string[], flags: CancelFlags, command: Command) => {
      const { grace, reason, tree } = flags;
      const body = {
        ...(reason === undefined ? {} : { reason }),
        ...(grace === undefined ? {} : { graceMs: grace }),
        ...(tree === undefined ? {} : { tree }),
      };
      await each(ids, command, { ctx, action: 'cancel', body });
    });
  group
    .command('retry')
    .description('queue dead letters again, with all their attempts')
    .argument('<id...>', 'ids of the tasks', taskIdsValue)
    .action(async (ids: readonly string[], _options: unknown, command: Command) => {
      await each(ids, command, { ctx, action: 'retry', body: {} });
    });
}

interface CancelFlags {
  readonly tree?: boolean;
  readonly reason?: string;
  /** In milliseconds. */
  readonly grace?: number;
}

interface Action {
  readonly ctx: CliContext;
  readonly action: string;
  readonly body: unknown;
}

/** Does something to each task; what was refused is told at the end, the others are done. */
async function each(ids: readonly string[], command: Command, action: Action): Promise<void> {
  const { ctx } = action;
  const api = ctx.api(command);
  const output = ctx.output(command);
  const done: TaskView[] = [];
  let refusal: OrchestratorError | null = null;
  for (const id of ids) {
    try {
      done.push(await api.post<TaskView>(pathOf('tasks', id, action.action), action.body));
    } catch (error) {
      if (!(error instanceof OrchestratorError) || ids.length === 1) throw error;
      output.message(`${id}: ${error.message} (${error.code})`);
      refusal ??= error;
    }
  }
  const { taskColumns } = await import('../tasks/task-table.ts');
  output.list(ids.length === 1 ? done[0] : { items: done }, done, taskColumns(Date.now()));
  if (refusal !== null) throw refusal;
}

async function show(task: TaskView, command: Command, ctx: CliContext): Promise<void> {
  const { taskFields } = await import('../tasks/task-table.ts');
  ctx.output(command).object(task, taskFields(task, Date.now()));
}
