/** Makes tasks of a large submit that was accepted, a part at a time. */
import { placeStaged } from './family.ts';
import type { TaskId } from './ids.ts';
import type { NewTask } from './command.ts';
import { leaveThrottles, type Stage } from './stage.ts';
import { removeStage } from './staging.ts';
import type { Step } from './step.ts';
import { takeTasks, type Source, type Submit } from './submit.ts';
import type { Task } from './task.ts';

/** The alarm of a stage went off; returns how many tasks it made. Not done, it stays due. */
export function continueStage(step: Step, stage: Stage): number {
  const { state } = step;
  const part = stage.parts[stage.next];
  if (!stage.isCommitted || part === undefined) {
    removeStage(state, stage);
    return 0;
  }
  state.records.stages.touch(stage);
  stage.next += 1;
  unfold(step, stage, part);
  if (stage.next === stage.parts.length) removeStage(state, stage);
  else state.alarms.arm(stage, stage.at);
  return part.tasks.length;
}

function unfold(step: Step, stage: Stage, part: Stage['parts'][number]): void {
  const { state } = step;
  const { repeats } = stage;
  const known = new Map<number, TaskId>();
  const edges = new Map<number, NonNullable<Submit['tasks'][number]['dependsOn']>>();
  for (const [position, item] of part.tasks.entries()) {
    const earlier = repeats.get(item.id);
    if (earlier !== undefined) known.set(position, earlier);
    else if (item.dependsOn !== undefined && item.dependsOn.length > 0) {
      const isMoved = repeats.size > 0;
      const moved = (id: TaskId): TaskId => repeats.get(id) ?? id;
      edges.set(
        position,
        isMoved
          ? item.dependsOn.map((edge) => ({ ...edge, taskId: moved(edge.taskId) }))
          : item.dependsOn,
      );
    }
  }
  const plan = { known, flow: { edges, ends: stage.ends }, isFamily: false, keys: 0 };
  leaveThrottles(stage, part);
  const made: { readonly task: Task; readonly cut: string | null }[] = [];
  const source: Source = {
    schedule: null,
    isCut: stage.cut !== null,
    payloadOf: (position) => part.payloads[position] ?? 'null',
    made: (task, item) => {
      placeStaged(state, task, item, stage);
      made.push({ task, cut: cutOf(stage, item) });
    },
  };
  const command: Submit = { type: 'task.submit', specs: part.specs, tasks: part.tasks };
  takeTasks(step, command, plan, source);
  for (const { cut, task } of made) {
    if (cut !== null && state.tasks.get(task.id) === task) step.cancel(step, task.id, cut);
  }
}

/** What a task is canceled for as soon as it is made; null for one that may run. */
function cutOf({ cut, places }: Stage, { parentId }: NewTask): string | null {
  return (parentId === undefined ? undefined : places.get(parentId)?.cut) ?? cut;
}
