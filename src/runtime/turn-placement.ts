import {
  controlOf,
  gatesFor,
  gatesOfSpec,
  isRedundant,
  leasedTask,
  planSubmit,
  profileKey,
  queueName,
  recallOutcome,
  requirementKey,
  type AgentId,
  type Command,
  type CoreState,
  type KnownGates,
  type LeaseRef,
  type NewTask,
  type Task,
  type TaskSpec,
} from '../core/index.ts';
import type { Arrival, ArrivalProfile, Scheduler } from '../scheduling/index.ts';

/** Assignments proposed in one entry, at most. */
const ASSIGNMENTS_MAX = 2_000;

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
  const nowMs = Math.max(at, state.nowMs);
  const freed: AgentId[] = [];
  const ended: Task[] = [];
  const arrivals: Arrival[] = [];
  for (const command of commands) {
    if (command.type === 'task.submit') collectArrivals(state, command, nowMs, arrivals);
    else if (freesSlots(command)) collectFreed(state, command, freed, ended);
  }
  const isIdle = freed.length === 0 && ended.length === 0 && arrivals.length === 0;
  if (isIdle && !scheduler.hasWork(nowMs)) return null;
  const { taskIds, agentIds } = scheduler.place({
    freed,
    ended,
    arrivals,
    nowMs,
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

function collectFreed(
  state: CoreState,
  command: SlotFreeing,
  freed: AgentId[],
  ended: Task[],
): void {
  const items: readonly LeaseRef[] = command.items;
  for (const item of items) {
    const task = leasedTask(state, item);
    if ('code' in task) continue;
    // One that asks keeps its lease, and with it its gates.
    if (command.type !== 'task.ask') ended.push(task);
    // One that waits for input has no slot to free.
    if (task.state === 'running' && task.agentId !== null) freed.push(task.agentId);
  }
}

function collectArrivals(
  state: CoreState,
  command: Extract<Command, { type: 'task.submit' }>,
  nowMs: number,
  arrivals: Arrival[],
): void {
  const { session } = command;
  // A repeat makes no tasks, and one of an unknown session is refused.
  if (session !== undefined && recallOutcome(state, session, nowMs) !== null) return;
  const known = knownPositions(state, command, nowMs);
  const profiles = command.specs.map((spec) => arrivalProfile(state, spec));
  const gates: KnownGates = { keyGates: new Map(), limitGates: new Map() };
  for (const [position, item] of command.tasks.entries()) {
    if (item.runAt !== undefined && item.runAt > nowMs) continue;
    // One that waits for others is placed when they have ended.
    if (item.dependsOn !== undefined && item.dependsOn.length > 0) continue;
    if (known?.has(position) === true) continue;
    const profile = profiles[item.spec];
    const spec = command.specs[item.spec];
    if (profile === undefined || spec === undefined || replacesOthers(item, spec)) continue;
    // Its copies are placed, once core has made them.
    if (isRedundant(spec)) continue;
    const control = controlOf(item);
    arrivals.push({
      id: item.id,
      profile,
      affinityKey: item.affinityKey ?? null,
      control,
      gates: control === null ? null : gatesFor(state, gates, spec, control),
    });
  }
}

/** Whether other tasks may be canceled for it, or it for them: core has to see it first. */
function replacesOthers({ concurrencyKey, dedupe }: NewTask, { rules }: TaskSpec): boolean {
  if (dedupe !== undefined) return true;
  return concurrencyKey !== undefined && (rules?.concurrency?.policy ?? 'queue') !== 'queue';
}

/**
 * Positions whose idempotency key names an earlier task, which will not be placed again. The rest of
 * the plan is core's to make: an assignment of a submit that it refuses is refused too.
 */
function knownPositions(
  state: CoreState,
  command: Extract<Command, { type: 'task.submit' }>,
  nowMs: number,
): ReadonlyMap<number, unknown> | null {
  if (!command.tasks.some((task) => task.idempotencyKey !== undefined)) return null;
  const plan = planSubmit(state, command, nowMs);
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
    queueGate: queue?.gate ?? null,
    gates: known === undefined ? gatesOfSpec(state, spec) : known.gates,
  };
}
