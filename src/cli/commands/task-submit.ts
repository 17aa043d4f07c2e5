import type { Command } from 'commander';
import type { SubmitTask, TaskView } from '../../contract/index.ts';
import type { CliContext } from '../cli-context.ts';
import type { Output } from '../output/output.ts';
import type { ServerApi } from '../server-api.ts';
import { addSubmitOptions, taskOfOptions, type SubmitOptions } from '../tasks/submit-options.ts';
import { usageError } from '../usage-error.ts';

interface Options extends SubmitOptions {
  readonly payload?: string;
  readonly file?: string;
  readonly wait?: true;
}

const EXAMPLES = `Examples:
  uqo task submit email.send --payload '{"to":"ann@example.com"}' --queue email
  uqo task submit data.analyze --payload @table.json --wait
  jq -c . request.json | uqo task submit report.build --payload - --delay 30s
  uqo task submit --file tasks.jsonl                 one task as JSON a line
  uqo task submit email.send --file mails.jsonl      the same, all of one type
`;

export function addTaskSubmit(group: Command, ctx: CliContext): void {
  const command = group
    .command('submit')
    .description('submit a task, or a file of tasks')
    .argument('[type]', 'what is to be done; agents with that capability take it')
    .addHelpText('before', EXAMPLES)
    .option('--payload <json>', 'JSON, @file, or - for standard input')
    .option('-f, --file <file>', 'tasks as JSON lines, - for standard input');
  addSubmitOptions(command)
    .option('-w, --wait', 'wait for the result, at most --timeout; exits 5 if the task fails')
    .action(async (type: string | undefined, options: Options) => {
      if (options.file !== undefined) await submitMany(type, options, { ctx, command });
      else await submitOne(type, options, { ctx, command });
    });
}

interface Ground {
  readonly ctx: CliContext;
  readonly command: Command;
}

async function submitMany(
  type: string | undefined,
  options: Options,
  ground: Ground,
): Promise<void> {
  const { command, ctx } = ground;
  if (
    options.payload !== undefined ||
    options.wait === true ||
    options.idempotencyKey !== undefined
  ) {
    throw usageError(
      'OPTION_CONFLICT',
      '--file must be alone: payload and idempotency key are fields of each line, and results are waited for with `uqo task wait`',
    );
  }
  const { submitFile } = await import('../tasks/submit-file.ts');
  const defaults = { ...taskOfOptions(options), ...(type === undefined ? {} : { type }) };
  const submission = { file: options.file ?? '-', stdin: ctx.streams.stdin, defaults };
  await submitFile(submission, ctx.api(command), ctx.output(command));
}

async function submitOne(
  type: string | undefined,
  options: Options,
  ground: Ground,
): Promise<void> {
  const { command, ctx } = ground;
  if (type === undefined) {
    throw usageError(
      'TYPE_MISSING',
      'a task must have a type: uqo task submit TYPE, or --file FILE',
    );
  }
  const { readPayload } = await import('../tasks/read-payload.ts');
  const task: SubmitTask = { ...taskOfOptions(options), type };
  if (options.payload !== undefined) {
    task.payload = await readPayload(options.payload, ctx.streams.stdin);
  }
  const output = ctx.output(command);
  const isWaiting = options.wait === true;
  const api = isWaiting ? ctx.waitingApi(command) : ctx.api(command);
  const taken = await api.post<TaskView>('/tasks', task);
  if (isWaiting) await showResult(taken, api, output, ctx.waitMs(command));
  else await showTaken(taken, output);
}

async function showTaken(task: TaskView, output: Output): Promise<void> {
  const { taskColumns } = await import('../tasks/task-table.ts');
  output.list(task, [task], taskColumns(Date.now()));
  if (output.isTerminal) output.message(`wait for it: uqo task wait ${task.id}`);
}

async function showResult(
  task: TaskView,
  api: ServerApi,
  output: Output,
  waitMs: number,
): Promise<void> {
  const { endedBadly, waitForTask } = await import('../tasks/wait-for-task.ts');
  if (output.isTerminal) output.message(`submitted ${task.id}, waiting`);
  const outcome = await waitForTask(api, task.id, waitMs);
  const { showOutcomes } = await import('../tasks/show-outcomes.ts');
  showOutcomes(output, [outcome]);
  if (outcome.state !== 'completed') throw endedBadly(outcome);
}
