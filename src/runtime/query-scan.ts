/** Where the tasks of a query can be, as far as its terms tell. */
import type { IndexHints } from '../contract/index.ts';
import type { TaskId } from '../core/index.ts';
import type { TaskScan } from '../store/index.ts';

/** How far an id's own time may be from when its task was created: clocks step, submits wait. */
const ID_TIME_SLACK_MS = 600_000;
const TASK_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Where tasks with those hints can be. */
export function scanOf({
  created,
  ids,
  namespaces,
  queues,
  states,
  types,
}: IndexHints): Partial<TaskScan> {
  const known = ids?.filter((id) => TASK_ID.test(id)).sort();
  // No task has another kind of id: a state that none is in finds none.
  if (known?.length === 0) return { states: [] };
  const oldest = known?.[0] as TaskId | undefined;
  const newest = known?.at(-1);
  const fromMs = created?.fromMs ?? -Infinity;
  const toMs = newest === undefined ? (created?.toMs ?? Infinity) : timeOfId(newest) + 1;
  const slackMs = newest === undefined ? ID_TIME_SLACK_MS : 0;
  const from = oldest ?? idAt(fromMs - ID_TIME_SLACK_MS);
  const before = idAt(toMs + slackMs);
  return {
    ...(namespaces === undefined ? {} : { namespace: namespaces }),
    ...(queues === undefined ? {} : { queue: queues }),
    ...(types === undefined ? {} : { type: types }),
    ...(states === undefined ? {} : { states }),
    ...(from === null ? {} : { from }),
    ...(before === null ? {} : { before }),
  };
}

/** The least id of that millisecond; null for one that no id can have. */
function idAt(ms: number): TaskId | null {
  if (ms < 0 || ms >= 2 ** 48) return null;
  const time = Math.floor(ms).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-0000-0000-000000000000` as TaskId;
}

function timeOfId(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
