/** The few ways a task, queue or agent changes; every handler goes through these. */
import { invariant } from '../base/invariant.ts';
import { dropLease, type Agent } from './agent.ts';
import { endProbe } from './breaker-gate.ts';
import { joinBreakers, leaveBreakers } from './breaker-links.ts';
import { UNTRACKED } from './change-set.ts';
import { isRedundant, SPLITTING } from './copies.ts';
import { extraAfterAttempt, extraAfterTask } from './extra.ts';
import { settle } from './budgets.ts';
import { takeDown } from './flow-links.ts';
import { forgetDedupe } from './dedupe-record.ts';
import { giveBackGates, isGated } from './gate.ts';
import { attachGates, countDeadLetter, detachGates, fitQueueGate } from './gates.ts';
import { isSameSpec, profileKey, type Profile } from './profile.ts';
import { createQueue, namespaceOf, queueName, type Queue } from './queue.ts';
import { requirementKey } from './requirement.ts';
import type { TaskSpec } from './spec.ts';
import { isHeld } from './holds.ts';
import type { CoreState } from './state.ts';
import type { Step } from './step.ts';
import type { Usage } from './tree.ts';
import { questionOf, totalUntil, type LiveState, type Task } from './task.ts';

/** Moves a live task to another live state and keeps the counters and its timer. */
export function moveTask(state: CoreState, task: Task, to: LiveState, reason: string | null): void {
  state.taskChanges.touch(task);
  if (task.gates !== null && (task.state === 'failed') !== (to === 'failed')) {
    countDeadLetter(task, to === 'failed');
  }
  const { queue, spec } = task.profile;
  // Its copies wait for agents in its stead.
  const isSplit = to === 'queued' && spec.rules !== undefined && isRedundant(spec);
  const next = isSplit ? 'blocked' : to;
  if (isSplit) state.unsettled.push(task);
  queue[task.state as LiveState] -= 1;
  queue[next] += 1;
  task.state = next;
  task.reason = isSplit ? SPLITTING : reason;
  task.stateAt = state.nowMs;
  if (to !== 'scheduled') task.runAt = 0;
  armTimer(state, task);
}

/** Arms the task's timer for the earliest bound of the state it is in. */
export function armTimer(state: CoreState, task: Task): void {
  state.timers.arm(task, dueAt(task));
}

/** The earliest moment at which something must happen to the task by itself, or 0. */
export function dueAt(task: Task): number {
  const end = earlier(task.deadlineAt, totalUntil(task));
  switch (task.state) {
    case 'scheduled':
      return earlier(task.runAt, end);
    case 'blocked':
      return end;
    case 'queued': {
      const { queueMs } = task.profile.spec.timeouts;
      return earlier(queueMs === undefined ? 0 : task.stateAt + queueMs, end);
    }
    case 'running':
      return earlier(task.runUntil, earlier(end, cancelUntil(task)));
    case 'input_required':
      return earlier(questionOf(task)?.expiresAt ?? 0, earlier(end, cancelUntil(task)));
    default:
      return 0;
  }
}

function cancelUntil(task: Task): number {
  return task.extra?.cancel?.until ?? 0;
}

function earlier(a: number, b: number): number {
  if (a === 0) return b;
  if (b === 0) return a;
  return Math.min(a, b);
}

/** The agent of a leased task. */
export function agentOf(state: CoreState, task: Task): Agent {
  invariant(task.agentId !== null, 'a leased task names its agent');
  const agent = state.agents.get(task.agentId);
  invariant(agent !== undefined, 'the agent of a leased task is registered');
  return agent;
}

/**
 * Takes a leased task off its agent.
 *
 * @param usage - what the attempt took; absent, its estimate counts
 */
export function endLease(step: Step, task: Task, usage: Usage | null = null): Agent {
  const { state } = step;
  const agent = agentOf(state, task);
  invariant(dropLease(agent, task), 'the agent of a leased task holds its lease');
  state.taskChanges.touch(task);
  if (task.state === 'input_required') agent.waiting -= 1;
  if (usage !== null || task.extra !== null) settle(step, task, usage);
  if (isGated(task)) giveBackGates(state, task, usage);
  if (agent.breaker !== null) endProbe(state, agent.breaker, task.fencingToken);
  if (task.extra !== null) task.extra = extraAfterAttempt(task.extra);
  task.agentId = null;
  task.runUntil = 0;
  return agent;
}

/** Lets a finished task go. Its last fields stay readable for the events of this batch. */
export function removeTask(state: CoreState, task: Task): void {
  state.taskChanges.remove(task);
  state.timers.arm(task, 0);
  if (task.gates !== null) detachGates(state, task);
  if (task.extra !== null) {
    forgetDedupe(state, task);
    task.extra = extraAfterTask(task.extra);
  }
  state.tasks.delete(task.id);
  if (task.links !== null) takeDown(state, task);
  task.profile.queue[task.state as LiveState] -= 1;
  leaveProfile(state, task.profile);
}

/** Adds a task in its first state. */
export function addTask(state: CoreState, task: Task): void {
  invariant(!state.tasks.has(task.id), 'a task id is used once');
  task.profile.tasks += 1;
  task.profile.queue[task.state as LiveState] += 1;
  state.tasks.set(task.id, task);
  if (task.id > state.newestId) state.newestId = task.id;
  if (task.extra !== null) attachGates(state, task);
  if (task.reason === SPLITTING) state.unsettled.push(task);
  state.taskChanges.touch(task);
  armTimer(state, task);
}

/** The profile that was asked for last, by the profiles it is one of: submits that come one by one are alike. */
const lastProfiles = new WeakMap<CoreState['profiles'], Profile>();

/** Finds or makes the profile of a spec, and its queue. The caller has checked the bounds. */
export function internProfile(state: CoreState, spec: TaskSpec): Profile {
  const last = lastProfiles.get(state.profiles);
  const isLast = last !== undefined && isSameSpec(last.spec, spec);
  if (isLast && state.profiles.get(last.key) === last) return last;
  const key = profileKey(spec);
  const known = state.profiles.get(key);
  if (known !== undefined) {
    lastProfiles.set(state.profiles, known);
    return known;
  }
  state.profileSeq += 1;
  const profile: Profile = {
    id: state.profileSeq,
    key,
    spec,
    signature: requirementKey(spec.requires),
    queue: internQueue(state, queueName(spec.namespace, spec.queue)),
    gates: null,
    meets: new Map(),
    tasks: 0,
    ...UNTRACKED,
  };
  state.profiles.set(key, profile);
  joinBreakers(state, profile);
  countRules(state, spec, 1);
  state.profileChanges.touch(profile);
  return profile;
}

/** Gives a task that has no lease another profile, in the same namespace; the caller has checked the bounds. */
export function changeProfile({ events, state }: Step, task: Task, spec: TaskSpec): void {
  const profile = internProfile(state, spec);
  const before = task.profile;
  if (profile === before) return;
  state.taskChanges.touch(task);
  before.queue[task.state as LiveState] -= 1;
  profile.queue[task.state as LiveState] += 1;
  profile.tasks += 1;
  task.profile = profile;
  leaveProfile(state, before);
  armTimer(state, task);
  events.push({ type: 'task.moved', task });
}

function leaveProfile(state: CoreState, profile: Profile): void {
  profile.tasks -= 1;
  if (profile.tasks > 0) return;
  state.profileChanges.remove(profile);
  state.profiles.delete(profile.key);
  if (profile.gates !== null) leaveBreakers(state, profile);
  countRules(state, profile.spec, -1);
}

/** Counts the rules that the runtime looks for among those of all profiles. */
export function countRules(state: CoreState, { rules }: TaskSpec, by: 1 | -1): void {
  if (rules?.resultSchema !== undefined) state.resultSchemas += by;
  if (rules?.redundancy !== undefined) state.redundantProfiles += by;
}

/** Finds or makes a queue. */
export function internQueue(state: CoreState, name: string): Queue {
  const known = state.queues.get(name);
  if (known !== undefined) return known;
  const queue = createQueue(name, state.settings.queueDefaults);
  queue.held = isHeld(state, namespaceOf(name));
  fitQueueGate(state, queue);
  state.queues.set(name, queue);
  state.queueChanges.touch(queue);
  return queue;
}
