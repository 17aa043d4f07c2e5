import { agentMeets, holdLease, slotsUsed, type Agent } from './agent.ts';
import { keptFrom } from './avoid.ts';
import { describeBreaker, letsPass } from './breaker.ts';
import { startProbe } from './breaker-gate.ts';
import { closedGate, isGated, takeGates } from './gate.ts';
import type { AgentId, TaskId } from './ids.ts';
import { findImpossible } from './limit-gate.ts';
import { reject, type Rejection } from './rejection.ts';
import type { CoreState } from './state.ts';
import type { Step } from './step.ts';
import type { Task } from './task.ts';
import { reserve } from './budgets.ts';
import { failTask } from './settle.ts';
import { moveTask } from './transition.ts';

/**
 * Grants a lease that the leader's scheduler proposed, if it still holds.
 *
 * The fencing token is the index of the batch: a task gets at most one assignment per batch, so its
 * tokens strictly grow. A task whose budget is spent fails instead, as does one that takes more of a
 * limit than there can be: to propose it again would be no use.
 */
export function assignTask(step: Step, taskId: TaskId, agentId: AgentId): Rejection | null {
  const { events, state } = step;
  const task = state.tasks.get(taskId);
  if (task === undefined)
    return reject('TASK_NOT_FOUND', 'an assigned task must be live', { taskId });
  if (task.state !== 'queued' || task.fencingToken === state.index) {
    return reject('TASK_NOT_QUEUED', `an assigned task must be queued, got ${task.state}`, {
      taskId,
    });
  }
  const stopped = stopOf(task);
  if (stopped !== null) return stopped;
  const agent = state.agents.get(agentId);
  if (agent === undefined)
    return reject('AGENT_NOT_FOUND', 'an agent must be registered', { agentId });
  const unfit = unfitness(state, task, agent);
  if (unfit !== null) return unfit;
  const gated = isGated(task);
  const closed = gated ? closedGate(task, state.nowMs) : null;
  if (closed !== null) {
    const { key } = closed.use.gate;
    const opensAt = Number.isFinite(closed.opensAt) ? closed.opensAt : null;
    return reject('GATE_CLOSED', `${key} must let task ${taskId} pass`, {
      taskId,
      gate: key,
      opensAt,
    });
  }
  const impossible = gated ? findImpossible(task) : null;
  if (impossible !== null) {
    const { code, message } = impossible;
    failTask(step, task, { code, message }, 'limit_impossible');
    return impossible;
  }
  const spent = task.extra === null ? null : reserve(state, task);
  if (spent !== null) {
    const { code, message } = spent;
    failTask(step, task, { code, message }, 'budget_exceeded');
    return spent;
  }
  const { runMs } = task.profile.spec.timeouts;
  const waitMs = state.nowMs - task.stateAt;
  state.taskChanges.touch(task);
  task.attempt += 1;
  task.fencingToken = state.index;
  task.agentId = agentId;
  task.runUntil = runMs === undefined ? 0 : state.nowMs + runMs;
  holdLease(agent, task);
  if (gated) takeGates(state, task);
  if (agent.breaker !== null) startProbe(state, agent.breaker);
  moveTask(state, task, 'running', null);
  events.push({ type: 'task.assigned', task, agent, waitMs });
  return null;
}

/** Why nothing of the task's queue may start; null where it may. */
function stopOf({ id: taskId, profile }: Task): Rejection | null {
  const { queue, spec } = profile;
  if (queue.paused) return reject('QUEUE_PAUSED', `queue ${queue.name} is paused`, { taskId });
  if (!queue.held) return null;
  const { namespace } = spec;
  return reject('NAMESPACE_KILLED', `namespace ${namespace} was killed`, { taskId, namespace });
}

/** Why the agent must not be given the task; null where it may. */
function unfitness(state: CoreState, task: Task, agent: Agent): Rejection | null {
  const { id: agentId } = agent;
  const { id: taskId } = task;
  if (agent.state !== 'ready') {
    return reject('AGENT_NOT_READY', `an agent must be ready, got ${agent.state}`, { agentId });
  }
  if (agent.breaker !== null && !letsPass(agent.breaker)) {
    const standing = describeBreaker(agent.breaker, state.nowMs);
    return reject('BREAKER_OPEN', `the breaker of agent ${agentId} is ${standing}`, {
      agentId,
    });
  }
  if (slotsUsed(agent) >= agent.spec.slots) {
    return reject('AGENT_FULL', `agent ${agentId} has ${agent.spec.slots} slots, all taken`, {
      agentId,
    });
  }
  if (!agentMeets(agent, task.profile)) {
    return reject('AGENT_NOT_ABLE', `agent ${agentId} lacks what task ${taskId} requires`, {
      agentId,
      taskId,
    });
  }
  return task.extra === null ? null : keptFrom(state, task, agentId);
}
