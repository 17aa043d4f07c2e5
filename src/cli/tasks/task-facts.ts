/** What a task belongs to, may take and waits behind, as lines for people. */
import type { TaskView } from '../../contract/index.ts';
import type { Fields } from '../output/output.ts';

/** Tasks that are named one by one. */
const NAMED_MAX = 5;

export function belongingFields(task: TaskView): Fields {
  const { copies, copyOf, dependsOn } = task;
  return [
    ['flow', task.flowId],
    ['parent', task.parentId],
    ['children', task.children],
    ['depends on', dependsOn === undefined ? undefined : someOf(dependsOn.map(edgeText))],
    ['copy of', copyOf?.taskId],
    ['copies', copies === undefined ? undefined : someOf(copies.taskIds)],
    ['agreed', copies?.agreed?.join(' ')],
    ['dissented', copies?.dissented?.join(' ')],
  ];
}

export function boundFields(task: TaskView): Fields {
  const { cancel, killed } = task;
  return [
    ['budget', budgetText(task)],
    ['estimate', amountsText(task.estimate)],
    ['used', amountsText(task.usage)],
    ['concurrency key', keyText(task)],
    ['fairness key', task.fairnessKey],
    ['limits', task.limits?.map(limitText).join(' ')],
    ['dedupe', task.dedupe === undefined ? undefined : `${task.dedupe.mode} ${task.dedupe.key}`],
    ['downstreams', task.downstreams?.join(' ')],
    ['keeps from', task.avoid === undefined ? undefined : avoidText(task.avoid)],
    ['critique', task.critique],
    ['asked to end', cancel === undefined ? undefined : `${cancel.reason}, until ${cancel.until}`],
    [
      'killed',
      killed === undefined ? undefined : `${killed.kind} ${killed.target}: ${killed.reason}`,
    ],
    ['progress', progressText(task)],
    ['output', task.outputChunks === undefined ? undefined : `${task.outputChunks} chunks`],
  ];
}

function edgeText({ onFailure, taskId }: NonNullable<TaskView['dependsOn']>[number]): string {
  return onFailure === 'fail' ? taskId : `${taskId} (${onFailure})`;
}

function budgetText({ budget }: TaskView): string | undefined {
  if (budget === undefined) return undefined;
  const { limits, reserved, subtasks, used } = budget;
  const counted = (
    name: string,
    limit: number | undefined,
    taken: number,
    kept: number,
  ): string[] =>
    limit === undefined
      ? []
      : [`${name} ${taken} of ${limit}${kept === 0 ? '' : ` and ${kept} reserved`}`];
  return [
    ...counted('tokens', limits.tokens, used.tokens, reserved.tokens),
    ...counted('usd', limits.costUsd, used.costUsd, reserved.costUsd),
    ...counted('subtasks', limits.subtasks, subtasks, 0),
    ...(['wallMs', 'depth', 'fanOut'] as const).flatMap((name) =>
      limits[name] === undefined ? [] : [`${name} ${limits[name]}`],
    ),
  ].join(', ');
}

function progressText({ progress }: TaskView): string | undefined {
  if (progress === undefined) return undefined;
  const { at, fraction, note = '' } = progress;
  const share = fraction === undefined ? '' : `${(100 * fraction).toFixed(0)} % `;
  return `${share}${note}`.trimEnd() + ` (at ${at})`;
}

function amountsText(
  amounts: { readonly tokens?: number; readonly costUsd?: number } | undefined,
): string | undefined {
  if (amounts === undefined) return undefined;
  const { costUsd = 0, tokens = 0 } = amounts;
  return `${tokens} tokens, ${costUsd} usd`;
}

function keyText({ concurrency, concurrencyKey }: TaskView): string | undefined {
  if (concurrencyKey === undefined) return undefined;
  const { limit = 1, policy = 'queue' } = concurrency ?? {};
  return `${concurrencyKey}, ${limit} at a time${policy === 'queue' ? '' : `, ${policy}`}`;
}

function limitText({ key, name, units = 1 }: NonNullable<TaskView['limits']>[number]): string {
  return `${name}${key === undefined ? '' : `:${key}`}=${units}`;
}

function avoidText({ agents, zones }: NonNullable<TaskView['avoid']>): string {
  return [...agents, ...zones.map((zone) => `zone=${zone}`)].join(' ');
}

function someOf(names: readonly string[]): string {
  const more = names.length - NAMED_MAX;
  const named = names.slice(0, NAMED_MAX).join(' ');
  return more > 0 ? `${named} and ${more} more` : named;
}
