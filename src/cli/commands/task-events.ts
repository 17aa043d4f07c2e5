import type { Command } from 'commander';
import type { ClientEvent } from '../../client/index.ts';
import type { TaskView } from '../../contract/index.ts';
import type { CliContext } from '../cli-context.ts';
import { taskIdValue } from '../option-values.ts';
import type { Output } from '../output/output.ts';
import { pathOf } from '../server-api.ts';

export function addTaskEvents(group: Command, ctx: CliContext): void {
  group
    .command('events')
    .description('follow a task until it has finished; with json each event is one line')
    .argument('<id>', 'id of the task', taskIdValue)
    .action(async (id: string, _options: unknown, command: Command) => {
      const api = ctx.api(command);
      const output = ctx.output(command);
      // The stream waits for a server that is away; a first request says whether there is one.
      await api.get<TaskView>(pathOf('tasks', id));
      for await (const event of api.http.events({ taskId: id })) {
        await showEvent(output, event);
      }
    });
}

async function showEvent(output: Output, { data, id, type }: ClientEvent): Promise<void> {
  // Named apart: a task's own type is a field of some events.
  const whole = { ...(id === '' ? {} : { id }), event: type, data };
  if (output.format === 'yaml') {
    const { stringify } = await import('yaml');
    await output.lineInTurn(`---\n${stringify(whole).trimEnd()}`);
    return;
  }
  if (output.format !== 'table') {
    await output.lineInTurn(JSON.stringify(whole));
    return;
  }
  const { printable } = await import('../output/text-width.ts');
  const shown = type === 'snapshot' ? pick(data, ['stateAt', 'state', 'attempt']) : data;
  const { at = shown['stateAt'], stateAt: _stateAt, taskId: _taskId, type: _type, ...rest } = shown;
  const facts = Object.entries(rest).map(([name, value]) => `${name}=${asText(value)}`);
  const moment = typeof at === 'string' ? at : '-';
  await output.lineInTurn(printable(`${moment}  ${type.padEnd(14)}  ${facts.join('  ')}`));
}

function pick(
  data: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(names.map((name) => [name, data[name]]));
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
