import type { Command } from 'commander';
import { formatBytes } from '../../base/byte-size.ts';
import type { AdmissionView, StatusView } from '../../contract/index.ts';
import type { CliContext } from '../cli-context.ts';
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

function admissionText({
  cause,
  enabled,
  floor,
  held,
  level,
  shed,
  since,
  signals,
}: AdmissionView): string {
  if (!enabled) return 'not controlled: admission is switched off';
  const refused = shed.byPriority.reduce((sum, tasks) => sum + tasks, 0);
  const past = refused === 0 ? '' : `; ${refused.toLocaleString('en')} tasks refused so far`;
  if (level === 'normal') return `normal, submits wait ${signals.delayMs} ms${past}`;
  const below = Math.ceil(floor);
  const waiting =
    held.tasks + held.resting === 0
      ? ''
      : `; ${held.tasks.toLocaleString('en')} tasks wait for room, ${held.resting} channels are left unread`;
  return `${level} since ${since} (${cause}), priorities below ${below} are refused, submits wait ${signals.delayMs} ms${waiting}${past}`;
}

/** Of those that the server names. */
const RECOVERIES_SHOWN_MAX = 3;

function recoveryField(recovery: StatusView['recoveries'][number]): Fields[number] {
  const { at, cause, count, isResolved, kind, outcome, subject } = recovery;
  const often = count === 1 ? '' : ` (${count} times)`;
  const name = isResolved ? 'recovered' : 'trouble';
  return [name, `${at} ${kind}, ${subject}: ${cause}; ${outcome}${often}`];
}

function breakersText({ breakers }: StatusView): string | undefined {
  const { halfOpen, open } = breakers;
  return open + halfOpen === 0 ? undefined : `${open} open, ${halfOpen} half-open`;
}

function statusFields(status: StatusView): Fields {
  const { admission, agents, log, store, tasks } = status;
  return [
    ['version', `${status.version} on Node ${status.node}`],
    ['ready', status.ready ? 'yes' : 'no: it is stopping or has failed'],
    ['up', `${showSpan(status.uptimeMs)}, since ${status.startedAt}`],
    [
      'tasks',
      `${tasks.blocked} blocked, ${tasks.queued} queued, ${tasks.running} running, ${tasks.input_required} waiting for input, ${tasks.scheduled} scheduled, ${tasks.failed} dead letters`,
    ],
    [
      'agents',
      `${agents.ready} ready, ${agents.asleep} asleep, ${agents.draining} draining, ${agents.lost} lost`,
    ],
    ['slots', `${agents.slotsUsed} of ${agents.slots} in use`],
    ['queues', status.queues],
    ['stopped', stoppedText(status)],
    ['log', `${log.kind}, entry ${log.lastIndex}, checkpoint at ${log.checkpointIndex}`],
    ['load', admissionText(admission)],
    ['breakers', breakersText(status)],
    ['stuck tasks', status.stuck === 0 ? undefined : status.stuck],
    ...status.recoveries.slice(0, RECOVERIES_SHOWN_MAX).map(recoveryField),
    ['store', `${formatBytes(store.bytes)}, ${store.backlog} records to be written`],
  ];
}
