import type { Command } from 'commander';
import { OrchestratorError } from '../../base/errors.ts';
import type { ExplanationView, TaskList, TaskView } from '../../contract/index.ts';
import type { CliContext } from '../cli-context.ts';
import { integerValue, taskIdsValue, taskIdValue } from '../option-values.ts';
import { pathOf, queryOf } from '../server-api.ts';
import { addTaskAnswer } from './task-answer.ts';
import { addTaskEvents } from './task-events.ts';
import { addTaskSubmit } from './task-submit.ts';

const EXAMPLES = `Examples:
  uqo task submit data.analyze --payload @table.json --wait
  uqo task list --state failed --queue email
  uqo task explain ID                                 why is it not running?
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
    .option('-s, --state <states>', 'states, joined by commas')
    .option('-q, --queue <name>', 'only of this queue')
    .option('--type <type>', 'only of this type')
    .option('--namespace <name>', 'only of this namespace')
    .option('-n, --limit <count>', 'tasks on the page', integerValue(1, PAGE_MAX), 50)
    .option('--cursor <cursor>', 'go on after an earlier page')
    .action(async (options: Record<string, string | number | undefined>, command: Command) => {
      const { state, ...rest } = options;
      const query = queryOf({ states: state, ...rest });
      const page = await ctx.api(command).get<TaskList>(`/tasks${query}`);
      const { taskColumns } = await import('../tasks/task-table.ts');
      const output = ctx.output(command);
      output.list(page, page.items, taskColumns(Date.now()));
      if (page.nextCursor !== null) output.message(`more: --cursor ${page.nextCursor}`);
    });
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
    .option('--tree', 'also all that came from them')
    .action(
      async (
        ids: readonly string[],
        body: { readonly reason?: string; readonly tree?: boolean },
        command: Command,
      ) => {
        await each(ids, command, { ctx, action: 'cancel', body });
      },
    );
  group
    .command('retry')
    .description('queue dead letters again, with all their attempts')
    .argument('<id...>', 'ids of the tasks', taskIdsValue)
    .action(async (ids: readonly string[], _options: unknown, command: Command) => {
      await each(ids, command, { ctx, action: 'retry', body: {} });
    });
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
