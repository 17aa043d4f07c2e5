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

/** What strategies that draw by Born's rule learned; nothing where no queue uses one. */
function quantumFields({ quantum }: StatusView): Fields {
  const { dispatchFidelity, entropyBits, pools, states, targetFidelity } = quantum;
  if (pools === 0 || targetFidelity === null || entropyBits === null) return [];
  const dispatch =
    dispatchFidelity === null
      ? ''
      : `, dispatch fidelity ${dispatchFidelity.value.toFixed(3)} (alarm below ${dispatchFidelity.alarmBelow.toFixed(3)})`;
  const lowest = `target fidelity ${targetFidelity.toFixed(3)}, entropy ${entropyBits.toFixed(2)} bits`;
  const fields: Fields[number][] = [
    ['born', `${pools} ${pools === 1 ? 'pool' : 'pools'}, lowest: ${lowest}${dispatch}`],
  ];
  if (quantum.alarms.includes('dispatchFidelity'))
    fields.push(['born alarm', 'dispatch fidelity: something overrides the draws']);
  for (const { entropyBits: entropy, pool, strategy, targetFidelity: target } of states) {
    if (target.alarmBelow !== null && target.value < target.alarmBelow)
      fields.push([
        'born alarm',
        `agents of ${pool} serve unlike their slots and weights under ${strategy}: target fidelity ${target.value.toFixed(3)}, by chance not below ${target.alarmBelow.toFixed(3)}`,
      ]);
    if (entropy.alarmBelow !== null && entropy.value < entropy.alarmBelow)
      fields.push([
        'born alarm',
        `few agents of ${pool} get the work under ${strategy}: ${entropy.value.toFixed(2)} bits, by chance not below ${entropy.alarmBelow.toFixed(2)}`,
      ]);
  }
  return fields.slice(0, 1 + ALARMS_SHOWN_MAX);
}

/** As recoveries: the rest is in the JSON. */
const ALARMS_SHOWN_MAX = 4;

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
    ...quantumFields(status),
    ['stuck tasks', status.stuck === 0 ? undefined : status.stuck],
    ...status.recoveries.slice(0, RECOVERIES_SHOWN_MAX).map(recoveryField),
    ['store', `${formatBytes(store.bytes)}, ${store.backlog} records to be written`],
  ];
}
