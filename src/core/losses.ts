/** Takes the leases of an agent back, some tasks at a time where it has many. */
import type { Agent } from './agent.ts';
import { UNTRACKED } from './change-set.ts';
import type { AgentId } from './ids.ts';
import type { Loss } from './loss.ts';
import { oldestTasks } from './oldest-tasks.ts';
import { breakAttempt } from './settle.ts';
import type { CoreState } from './state.ts';
import { takeReach, type Step } from './step.ts';

/** Takes back all that an agent runs; the tasks are tried again elsewhere. What a step leaves over follows with the clock. */
export function loseLeases(step: Step, agent: Agent, reason: string): void {
  const { state } = step;
  const known = state.records.losses.get(agent.id);
  const count = agent.leases.size;
  const reach = takeReach(step, count);
  breakLeases(step, agent, { reason, upTo: state.index, max: reach });
  if (reach === count) {
    if (known !== undefined) endLoss(state, known);
    return;
  }
  const loss = known ?? startLoss(state, agent.id, reason);
  state.records.losses.touch(loss);
  loss.upTo = state.index;
  state.alarms.arm(loss, loss.at);
}

/** Takes back all at once: who runs it is not known to core any more. */
export function loseAllLeases(step: Step, agent: Agent, reason: string): void {
  breakLeases(step, agent, { reason, upTo: step.state.index, max: Infinity });
  const known = step.state.records.losses.get(agent.id);
  if (known !== undefined) endLoss(step.state, known);
}

/** Goes on with a loss; returns how many of `budget` it took back. Not done, it stays due. */
export function continueLoss(step: Step, loss: Loss, budget: number): number {
  const { state } = step;
  const agent = state.agents.get(loss.key as AgentId);
  const { reason, upTo } = loss;
  const count = agent === undefined ? 0 : breakLeases(step, agent, { reason, upTo, max: budget });
  if (count < budget) endLoss(state, loss);
  else state.alarms.arm(loss, loss.at);
  return count;
}

function breakLeases(
  step: Step,
  agent: Agent,
  { max, reason, upTo }: { readonly reason: string; readonly upTo: number; readonly max: number },
): number {
  const code = reason.toUpperCase();
  const old = [...agent.leases].filter(({ fencingToken }) => fencingToken <= upTo);
  const tasks = oldestTasks(old, max);
  for (const task of tasks) {
    breakAttempt(step, task, { code, message: `agent ${agent.id}: ${reason}` }, reason);
  }
  return tasks.length;
}

function startLoss(state: CoreState, key: AgentId, reason: string): Loss {
  state.recordSeq += 1;
  const loss: Loss = {
    table: 'losses',
    key,
    seq: state.recordSeq,
    reason,
    at: state.nowMs,
    upTo: state.index,
    dueAt: 0,
    timerSlot: -1,
    ...UNTRACKED,
  };
  state.records.losses.add(loss);
  return loss;
}

function endLoss(state: CoreState, loss: Loss): void {
  state.alarms.arm(loss, 0);
  state.records.losses.remove(loss);
}

/** Builds what is derived of losses. */
export function restoreLosses(state: CoreState): void {
  for (const loss of state.records.losses.values()) state.alarms.arm(loss, loss.at);
}
