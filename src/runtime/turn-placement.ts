import {
  leasedTask,
  planSubmit,
  profileKey,
  queueName,
  requirementKey,
  type AgentId,
  type Command,
  type CoreState,
  type LeaseRef,
  type TaskSpec,
} from '../core/index.ts';
import type { Arrival, ArrivalProfile, Scheduler } from '../scheduling/index.ts';

/** Assignments proposed in one entry, at most. */
const ASSIGNMENTS_MAX = 20_000;

/**
 * Asks the scheduler for the assignments that this turn's commands allow: for slots that its reports
 * free, and for tasks that it submits. So a task leaves for its agent after one commit, not two.
 */
export function proposePlacement(
  state: CoreState,
  scheduler: Scheduler,
  commands: readonly Command[],
  at: number,
): Command | null {
  const freed: AgentId[] = [];
  const arrivals: Arrival[] = [];
  for (const command of commands) {
    if (command.type === 'task.submit') collectArrivals(state, command, at, arrivals);
    else if (freesSlots(command)) collectFreed(state, command.items, freed);
  }
  if (freed.length === 0 && arrivals.length === 0 && !scheduler.hasWork()) return null;
  const { taskIds, agentIds } = scheduler.place({
    freed,
    arrivals,
    nowMs: Math.max(at, state.nowMs),
    assignmentsMax: ASSIGNMENTS_MAX,
  });
  return taskIds.length === 0 ? null : { type: 'task.assign', taskIds, agentIds };
}

type SlotFreeing = Extract<
  Command,
  { type: 'task.complete' | 'task.fail' | 'task.release' | 'task.break' | 'task.ask' }
>;

function freesSlots(command: Command): command is SlotFreeing {
  switch (command.type) {
    case 'task.complete':
    case 'task.fail':
    case 'task.release':
    case 'task.break':
    case 'task.ask':
      return true;
    default:
      return false;
  }
}

function collectFreed(state: CoreState, items: readonly LeaseRef[], freed: AgentId[]): void {
  for (const item of items) {
    const task = leasedTask(state, item);
    // One that waits for input has no slot to free.
    if ('code' in task || task.state !== 'running') continue;
    if (task.agentId !== null) freed.push(task.agentId);
  }
}

function collectArrivals(
  state: CoreState,
  command: Extract<Command, { type: 'task.submit' }>,
  at: number,
  arrivals: Arrival[],
): void {
  const known = knownPositions(state, command);
  const nowMs = Math.max(at, state.nowMs);
  const profiles = command.specs.map((spec) => arrivalProfile(state, spec));
  for (const [position, item] of command.tasks.entries()) {
    if (item.runAt !== undefined && item.runAt > nowMs) continue;
    // One that waits for others is placed when they have ended.
    if (item.dependsOn !== undefined && item.dependsOn.length > 0) continue;
    if (known?.has(position) === true) continue;
    const profile = profiles[item.spec];
    if (profile === undefined) continue;
    arrivals.push({ id: item.id, profile, affinityKey: item.affinityKey ?? null });
  }
}

/**
 * Positions whose idempotency key names an earlier task, which will not be placed again. The rest of
 * the plan is core's to make: an assignment of a submit that it refuses is refused too.
 */
function knownPositions(
  state: CoreState,
  command: Extract<Command, { type: 'task.submit' }>,
): ReadonlyMap<number, unknown> | null {
  if (!command.tasks.some((task) => task.idempotencyKey !== undefined)) return null;
  const plan = planSubmit(state, command);
  return 'code' in plan ? null : plan.known;
}

function arrivalProfile(state: CoreState, spec: TaskSpec): ArrivalProfile {
  const known = state.profiles.get(profileKey(spec));
  const name = queueName(spec.namespace, spec.queue);
  const queue = known?.queue ?? state.queues.get(name);
  return {
    signature: known?.signature ?? requirementKey(spec.requires),
    requires: spec.requires,
    queueName: name,
    strategy: (queue?.settings ?? state.settings.queueDefaults).strategy,
    paused: queue !== undefined && (queue.paused || queue.held),
    priority: spec.priority,
  };
}
