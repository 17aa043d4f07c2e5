/** A history that is a function of its index alone, so that a killed process's work can be repeated. */
import { Rng } from '../../src/base/rng.ts';
import type {
  AgentId,
  Command,
  CommandBatch,
  CoreState,
  Task,
  TaskId,
} from '../../src/core/index.ts';
import {
  complete,
  register,
  agentSpec,
  submitAll,
  cancel,
} from '../../src/core/testing/commands.ts';
import { idOf } from '../../src/store/testing/store-run.ts';

const AGENT = 'worker';
const SUBMITTED = 60;
/** Live tasks past which more finish than come. */
const LIVE_TASKS = 2_000;

/** The batch after `state`; its time comes from the index. */
export function nextBatch(state: CoreState): CommandBatch {
  const index = state.index + 1;
  const rng = Rng.fromSeed(index);
  const at = 1_000_000 + index * 10;
  if (index === 1) {
    return { at, commands: [register(AGENT, agentSpec({ slots: 100_000 }))] };
  }
  // In order of submission: a restored state may hold its tasks in another.
  const tasks = [...state.tasks.values()].toSorted((a, b) => a.seq - b.seq);
  const busy = tasks.length > LIVE_TASKS ? 2 * SUBMITTED : SUBMITTED / 3;
  const queued = some(tasks, 'queued', { count: busy, rng });
  const running = some(tasks, 'running', { count: busy, rng });
  // Touches every running row, so that each checkpoint is of many blocks.
  const extended = tasks.filter((task) => task.state === 'running' && !running.includes(task));
  const items = extended.map((task) => ({ taskId: task.id, fencingToken: task.fencingToken }));
  const taskIds = queued.map((task) => task.id);
  const commands: Command[] = [
    { type: 'task.extend', items, runMs: index },
    ...running.map((task) => complete(task.id, task.fencingToken)),
    { type: 'task.assign', taskIds, agentIds: taskIds.map(() => AGENT as AgentId) },
    ...(queued[0] === undefined ? [] : [cancel(queued[0].id)]),
    submitAll(
      Array.from({ length: SUBMITTED }, (_, n) => ({
        id: idOf(state.taskSeq + n + 1),
        metadata: { note: `${index} `.repeat(150) },
        ...(n % 5 === 0 ? { idempotencyKey: `k${state.taskSeq + n}`, bodyHash: 'h' } : {}),
      })),
    ),
  ];
  return { at, commands };
}

function some(
  tasks: readonly Task[],
  state: Task['state'],
  { count, rng }: { count: number; rng: Rng },
): Task[] {
  const fitting = tasks.filter((task) => task.state === state);
  const start = rng.below(Math.max(1, fitting.length - count));
  return fitting.slice(start, start + count);
}

/** Mostly short; one in thirty fills more than a page of the file. */
export function crashPayload(id: TaskId): string {
  const size = Number.parseInt(id.slice(9, 13), 16) % 97;
  return JSON.stringify({ of: id, pad: 'é'.repeat(size < 3 ? 6_000 : size) });
}
