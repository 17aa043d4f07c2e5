/** Schedules, bulk operations and kill switches in a scenario file. */
import type { Command } from '../../src/core/command.ts';
import type { TaskId } from '../../src/core/ids.ts';
import type { OperationAction, Placement } from '../../src/core/operation.ts';
import type { OverlapPolicy } from '../../src/core/schedule.ts';
import { fire, setSchedule } from '../../src/core/testing/commands.ts';
import type { Words } from './script-words.ts';

export function parseSchedule(verb: string, key: string, words: Words): Command | null {
  const taskId = words.text('task') as TaskId | undefined;
  const overlap = words.text('overlap') as OverlapPolicy | undefined;
  switch (verb) {
    case 'schedule':
      return setSchedule(key, words.number('next') ?? 0, {
        overlap: overlap ?? 'allow',
        runsMax: words.number('runs') ?? 0,
      });
    case 'unschedule':
      return { type: 'schedule.remove', key };
    case 'hold':
      return { type: 'schedule.pause', key, reason: null, by: words.text('by') ?? null };
    case 'unhold':
      return { type: 'schedule.resume', key, nextAt: words.number('next') ?? 0 };
    case 'fire':
      return fire(key, words.number('at') ?? 0, words.number('next') ?? 0, taskId);
    case 'trigger':
      return {
        type: 'schedule.trigger',
        key,
        taskId: taskId as TaskId,
        overlap: overlap ?? null,
      };
    case 'backfill': {
      const items = (words.list('at') ?? []).map((at) => ({
        nominalAt: Number(at),
        taskId: `${taskId}${at}` as TaskId,
      }));
      return { type: 'schedule.backfill', key, overlap: overlap ?? 'allow', items };
    }
    default:
      return null;
  }
}

export function parsePlacement(words: Words): Placement {
  const [priority, queue] = [words.number('priority'), words.text('queue')];
  return { ...(queue === undefined ? {} : { queue }), ...(priority === undefined ? {} : { priority }) };
}

export function parseOperation(verb: string, words: Words): Command {
  const [id = '', second = ''] = words.plain;
  if (verb === 'abort') {
    return { type: 'operation.end', operationId: id, state: 'aborted', by: 'bob', reason: null };
  }
  if (verb === 'act') {
    const [from, to] = [words.text('from') ?? '', words.text('to') ?? ''];
    const taskIds = second.split(',') as TaskId[];
    return { type: 'operation.act', operationId: id, from, to, taskIds };
  }
  const scope = { query: 'state:*', group: null, includePoison: false, hashMax: null, seed: 0 };
  const rest = { itemsMax: null, rate: 0, by: 'ann', reason: null, matched: 0 };
  const before = words.text('before') ?? 'z';
  const action = second as OperationAction;
  const operation = { id, action, params: parsePlacement(words), before, ...scope, ...rest };
  return { type: 'operation.start', operation };
}

/** `kill namespace team`, `restore agent a1` */
export function parseKill(verb: 'kill' | 'restore', { plain: [kind = '', target = ''] }: Words): Command {
  const type = `${kind}.${verb}` as 'tree.kill' | 'agent.restore';
  return type === 'tree.kill' || verb === 'kill'
    ? { type: type as 'tree.kill', target, reason: 'enough', by: 'ann' }
    : { type, target };
}
