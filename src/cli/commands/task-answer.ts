import type { Command } from 'commander';
import type { TaskView } from '../../contract/index.ts';
import type { CliContext } from '../cli-context.ts';
import { taskIdValue } from '../option-values.ts';
import { pathOf } from '../server-api.ts';

const EXAMPLES = `Examples:
  uqo task list --state input_required                what waits for an answer?
  uqo task answer ID '{"approved":true}' --by ann
  uqo task answer ID @answer.json --key approve
`;

export function addTaskAnswer(group: Command, ctx: CliContext): void {
  group
    .command('answer')
    .description('answer the question that a task waits on')
    .argument('<id>', 'id of the task', taskIdValue)
    .argument('<json>', 'the answer: JSON, @FILE, or - for standard input')
    .option('--key <key>', 'the question; default: the one it waits on')
    .option('--by <name>', 'who answers; needed where the question names its answerers')
    .addHelpText('before', EXAMPLES)
    .action(
      async (
        id: string,
        text: string,
        options: { readonly key?: string; readonly by?: string },
        command: Command,
      ) => {
        const { readPayload } = await import('../tasks/read-payload.ts');
        const answer = await readPayload(text, ctx.streams.stdin, 'answer');
        const body = { answer, ...options };
        const task = await ctx.api(command).post<TaskView>(pathOf('tasks', id, 'input'), body);
        const { taskFields } = await import('../tasks/task-table.ts');
        ctx.output(command).object(task, taskFields(task, Date.now()));
      },
    );
}
