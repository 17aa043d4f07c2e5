/** Stops an agent or a namespace until somebody restores it. */
import { setAgentState } from './agents.ts';
import { loseLeases } from './losses.ts';
import { UNTRACKED } from './change-set.ts';
import { namespaceOf } from './queue.ts';
import type { AgentId } from './ids.ts';
import { reject, type Rejection } from './rejection.ts';
import { releaseTask, revokeLease } from './settle.ts';
import type { CoreState } from './state.ts';
import { oldestTasks } from './oldest-tasks.ts';
import { reachOf, takeReach, type Step } from './step.ts';
import type { Task } from './task.ts';
import { killKey, type Kill, type KillFacts, type KillFields } from './tree.ts';

type Facts = Pick<KillFacts, 'reason' | 'by'>;

/** The agent loses what it runs, and is given nothing until it is restored. */
export function killAgent(step: Step, agentId: AgentId, facts: Facts): Rejection | null {
  const agent = step.state.agents.get(agentId);
  if (agent === undefined)
    return reject('AGENT_NOT_FOUND', `an agent must be registered, got ${agentId}`, { agentId });
  record(step.state, 'agent', agentId, facts);
  loseLeases(step, agent, 'agent_killed');
  setAgentState(step, agent, agent.state);
  return null;
}

export function restoreAgent(step: Step, agentId: AgentId): Rejection | null {
  const fault = forget(step.state, 'agent', agentId);
  const agent = step.state.agents.get(agentId);
  if (fault === null && agent?.state === 'killed') setAgentState(step, agent, 'ready');
  return fault;
}

/** Nothing of the namespace runs or is taken until it is restored; what waits stays. */
export function killNamespace(step: Step, namespace: string, facts: Facts): Rejection | null {
  const kill = record(step.state, 'namespace', namespace, facts);
  holdQueues(step, namespace, true);
  const reach = takeReach(step, reachOf(step));
  step.left += reach - continueKill(step, kill, reach);
  return null;
}

export function restoreNamespace(step: Step, namespace: string): Rejection | null {
  const fault = forget(step.state, 'namespace', namespace);
  if (fault === null) holdQueues(step, namespace, false);
  return fault;
}

/** Takes back what runs of a killed namespace; returns how many of `budget`. Not done, it stays due. */
export function continueKill(step: Step, kill: Kill, budget: number): number {
  const { state } = step;
  const running: Task[] = [];
  for (const agent of state.agents.values()) {
    for (const task of agent.leases) {
      if (task.profile.spec.namespace === kill.target) running.push(task);
    }
  }
  for (const task of oldestTasks(running, budget)) {
    revokeLease(step, task, 'killed');
    releaseTask(step, { taskId: task.id, fencingToken: task.fencingToken }, 'killed');
  }
  const isDone = running.length <= budget;
  if (isDone !== kill.isDone) state.records.kills.touch(kill);
  kill.isDone = isDone;
  state.alarms.arm(kill, isDone ? 0 : kill.at);
  return Math.min(running.length, budget);
}

function record(
  state: CoreState,
  kind: KillFields['kind'],
  target: string,
  { by, reason }: Facts,
): Kill {
  const { kills } = state.records;
  const known = kills.get(killKey(kind, target));
  if (known !== undefined) return known;
  state.recordSeq += 1;
  const kill: Kill = {
    table: 'kills',
    key: killKey(kind, target),
    seq: state.recordSeq,
    kind,
    target,
    reason,
    by,
    at: state.nowMs,
    isDone: false,
    dueAt: 0,
    timerSlot: -1,
    ...UNTRACKED,
  };
  kills.add(kill);
  return kill;
}

function forget(state: CoreState, kind: KillFields['kind'], target: string): Rejection | null {
  const kill = state.records.kills.get(killKey(kind, target));
  if (kill === undefined) {
    return reject('NOT_KILLED', `only a killed ${kind} can be restored, got ${target}`, { target });
  }
  state.alarms.arm(kill, 0);
  state.records.kills.remove(kill);
  return null;
}

/** Tells whoever mirrors the queues of a namespace. O(queues). */
function holdQueues({ events, state }: Step, namespace: string, isKilled: boolean): void {
  for (const queue of [...state.queues.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (namespaceOf(queue.name) !== namespace) continue;
    queue.held = isKilled;
    events.push({ type: 'queue.changed', queue });
  }
}
