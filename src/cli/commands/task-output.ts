import type { Command } from 'commander';
import type { OutputItem, OutputList } from '../../contract/index.ts';
import type { CliContext } from '../cli-context.ts';
import { taskIdValue } from '../option-values.ts';
import type { Output } from '../output/output.ts';
import { pathOf } from '../server-api.ts';

interface OutputFlags {
  readonly follow?: boolean;
  readonly cursor?: string;
}

export function addTaskOutput(group: Command, ctx: CliContext): void {
  group
    .command('output')
    .description('what a task handed out while it ran; with json each chunk is one line')
    .argument('<id>', 'id of the task', taskIdValue)
    .option('--follow', 'go on until the task has finished')
    .option('--cursor <cursor>', 'begin after the chunk that came with it')
    .action(async (id: string, { cursor, follow = false }: OutputFlags, command: Command) => {
      const api = ctx.api(command);
      const output = ctx.output(command);
      let next = cursor;
      for (;;) {
        const query = next === undefined ? '' : `?cursor=${encodeURIComponent(next)}&limit=1000`;
        const page = await api.get<OutputList>(`${pathOf('tasks', id, 'output')}${query}`);
        for (const item of page.items) await showItem(output, item);
        next = page.nextCursor;
        if (page.done) return;
        if (page.items.length === 0) break;
      }
      if (!follow) return;
      const { followOutput } = await import('../../client/follow-output.ts');
      for await (const item of followOutput(api.http, id, { cursor: next })) {
        await showItem(output, item);
      }
    });
}

/** A text is shown as it is, whatever else as JSON; only `json` says where it came from. */
async function showItem(output: Output, item: OutputItem): Promise<void> {
  if (output.format !== 'table') {
    await output.lineInTurn(JSON.stringify(item));
    return;
  }
  const { printable } = await import('../output/text-width.ts');
  const { chunk } = item;
  await output.lineInTurn(printable(typeof chunk === 'string' ? chunk : JSON.stringify(chunk)));
}
