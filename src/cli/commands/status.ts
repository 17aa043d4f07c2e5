import type { Command } from 'commander';
import type { StatusView } from '../../contract/index.ts';
import type { CliContext } from '../cli-context.ts';
import { formatBytes } from '../config/duration.ts';
import { showSpan } from '../output/moment.ts';
import type { Fields } from '../output/output.ts';

export function addStatus(program: Command, ctx: CliContext): void {
  program
    .command('status')
    .description('show how the server is')
    .action(async (_options: unknown, command: Command) => {
      const status = await ctx.api(command).get<StatusView>('/status');
      ctx.output(command).object(status, statusFields(status));
    });
}

function stoppedText({ killed }: StatusView): string | undefined {
  if (killed.length === 0) return undefined;
  return killed.map(({ kind, reason, target }) => `${kind} ${target}: ${reason}`).join('; ');
}

function statusFields(status: StatusView): Fields {
  const { agents, log, store, tasks } = status;
  return [
    ['version', `${status.version} on Node ${status.node}`],
    ['ready', status.ready ? 'yes' : 'no: it is stopping or has failed'],
    ['up', `${showSpan(status.uptimeMs)}, since ${status.startedAt}`],
    [
      'tasks',
      `${tasks.blocked} blocked, ${tasks.queued} queued, ${tasks.running} running, ${tasks.input_required} waiting for input, ${tasks.scheduled} scheduled, ${tasks.failed} dead letters`,
    ],
    ['agents', `${agents.ready} ready, ${agents.draining} draining, ${agents.lost} lost`],
    ['slots', `${agents.slotsUsed} of ${agents.slots} in use`],
    ['queues', status.queues],
    ['stopped', stoppedText(status)],
    ['log', `${log.kind}, entry ${log.lastIndex}, checkpoint at ${log.checkpointIndex}`],
    ['store', `${formatBytes(store.bytes)}, ${store.backlog} records to be written`],
  ];
}
