import { invariant, unreachable } from '../base/invariant.ts';
import { advanceClock } from './advance.ts';
import { cancelTree, killTree } from './cuts.ts';
import { killAgent, killNamespace, restoreAgent, restoreNamespace } from './kills.ts';
import {
  drainAgent,
  enrollAgent,
  loseAgent,
  registerAgent,
  removeAgent,
  welcomeAgent,
} from './agents.ts';
import { assignTask } from './assign.ts';
import type { Command, CommandBatch, StageCommand } from './command.ts';
import { changeBreaker } from './breakers.ts';
import { answerQuestion, askQuestion, keepDetails } from './dialogue.ts';
import { setFairness } from './fairness.ts';
import type { CoreEvent } from './event.ts';
import { backfillSchedule, fireSchedule, triggerSchedule } from './firings.ts';
import type { AgentId } from './ids.ts';
import { takeOutput } from './output.ts';
import { hedgeTask } from './hedges.ts';
import { removeLimit, setLimit } from './limits.ts';
import { changeQueue } from './queues.ts';
import { cancelTask, purgeTask, retryTask } from './recall.ts';
import { setFailureGroup } from './failure-groups.ts';
import { actOnTasks, endOperation, startOperation } from './operations.ts';
import { redriveTask } from './redrive.ts';
import { isHedgeResult, settleCopies } from './quorum.ts';
import type { Rejection } from './rejection.ts';
import { pauseSchedule, removeSchedule, resumeSchedule, setSchedule } from './schedules.ts';
import { breakLease, completeTask, extendLease, failAttempt, releaseTask } from './settle.ts';
import { openSession } from './sessions.ts';
import { addPart, commitStage, dropStage } from './staging.ts';
import type { CoreState } from './state.ts';
import type { Step } from './step.ts';
import { submitTasks, type Submitted } from './submit.ts';
import { settleEndings } from './waves.ts';

/** What became of one command: refused whole, taken, or judged item by item. */
export type CommandResult =
  | { readonly type: 'refused'; readonly rejection: Rejection }
  | { readonly type: 'submitted'; readonly submitted: Submitted }
  /** Refusals by position among the items; null when all were taken. */
  | { readonly type: 'taken'; readonly refused: ReadonlyMap<number, Rejection> | null };

/** What a batch did: one result a command, and the events in the order they happened. */
export interface Applied {
  readonly results: readonly CommandResult[];
  readonly events: readonly CoreEvent[];
}

/**
 * Applies one log entry to the state, in place.
 *
 * Deterministic: the same state, index and batch give the same state, results and events. No item
 * that is refused changes anything. O(items) plus O(log n) per timer.
 */
export function apply(state: CoreState, index: number, batch: CommandBatch): Applied {
  invariant(
    index === state.index + 1,
    () => `entries come in order, got ${index} after ${state.index}`,
  );
  state.index = index;
  state.nowMs = Math.max(state.nowMs, batch.at);
  const step: Step = { state, events: [], cancel: cancelTask, submit: submitTasks };
  const results = batch.commands.map((command) => {
    const result = applyCommand(step, command);
    // Before the next command: a good result must not be lost to what ends its task in the same batch.
    if (command.type === 'task.complete' && state.unsettled.some(isHedgeResult)) settleCopies(step);
    return result;
  });
  // What ends because of the one may end others because of the other.
  while (state.unsettled.length > 0 || state.endings.length > 0) {
    settleCopies(step);
    if (state.endings.length > 0) settleEndings(step);
  }
  return { results, events: step.events };
}

function applyCommand(step: Step, command: Command): CommandResult {
  switch (command.type) {
    case 'task.submit': {
      const submitted = submitTasks(step, command);
      if ('code' in submitted) return { type: 'refused', rejection: submitted };
      return { type: 'submitted', submitted };
    }
    case 'task.assign':
      return assignTasks(step, command);
    case 'task.complete':
      return each(command.items, (item) => completeTask(step, item));
    case 'task.fail':
      return each(command.items, (item) => failAttempt(step, item));
    case 'task.release':
      return each(command.items, (item) => releaseTask(step, item, command.reason));
    case 'task.break':
      return each(command.items, (item) => breakLease(step, item, command.error, command.reason));
    case 'task.extend':
      return each(command.items, (item) => extendLease(step, item, command.runMs));
    case 'task.details':
      return each(command.items, (item) => keepDetails(step, item));
    case 'task.ask':
      return each(command.items, (item) => askQuestion(step, item));
    case 'task.answer':
      return each(command.items, (item) => answerQuestion(step, item));
    case 'task.cancel':
      return each(command.taskIds, (id) => cancelTask(step, id, command.reason, command.graceMs));
    case 'task.output':
      return each(command.items, (_, position) => takeOutput(step, command, position));
    case 'task.hedge':
      return each(command.items, (item) => hedgeTask(step, item));
    case 'task.retry':
      return each(command.taskIds, (id) => retryTask(step, id));
    case 'dead-letter.purge':
      return each(command.taskIds, (id) => purgeTask(step, id));
    case 'task.redrive':
      return each(command.items, (item) => redriveTask(step, item, command));
    case 'operation.act':
      return actOnTasks(step, command);
    case 'agent.enroll':
      return enrollAgents(step, command);
    case 'stage.add':
    case 'stage.commit':
    case 'stage.drop':
      return whole(applyStage(step, command));
    case 'session.open':
      return whole(openSession(step, command.sessionId));
    case 'schedule.fire':
      return each(command.items, (item) => fireSchedule(step, item));
    default:
      return whole(applyOther(step, command));
  }
}

type ItemCommandType =
  | 'task.submit'
  | 'task.assign'
  | 'task.complete'
  | 'task.fail'
  | 'task.release'
  | 'task.break'
  | 'task.extend'
  | 'task.details'
  | 'task.ask'
  | 'task.answer'
  | 'task.cancel'
  | 'task.output'
  | 'task.hedge'
  | 'task.retry'
  | 'dead-letter.purge'
  | 'task.redrive'
  | 'operation.act'
  | 'schedule.fire'
  | 'session.open'
  | 'agent.enroll'
  | StageCommand['type'];

function applyOther(
  step: Step,
  command: Exclude<Command, { type: ItemCommandType }>,
): Rejection | null {
  switch (command.type) {
    case 'agent.register':
      return registerAgent(step, command);
    case 'agent.drain':
      return drainAgent(step, command.agentId);
    case 'agent.lost':
      return loseAgent(step, command.agentId);
    case 'agent.back':
      return welcomeAgent(step, command.agentId);
    case 'agent.remove':
      return removeAgent(step, command.agentId);
    case 'queue.set':
    case 'queue.pause':
    case 'queue.resume':
    case 'queue.remove':
      return changeQueue(step, command);
    case 'tree.cancel':
      return cancelTree(step, command.target, command.reason);
    case 'tree.kill':
      return killTree(step, command.target, command);
    case 'agent.kill':
      return killAgent(step, command.target as AgentId, command);
    case 'namespace.kill':
      return killNamespace(step, command.target, command);
    case 'agent.restore':
      return restoreAgent(step, command.target as AgentId);
    case 'namespace.restore':
      return restoreNamespace(step, command.target);
    case 'failure-group.set':
      return setFailureGroup(step, command);
    case 'operation.start':
      return startOperation(step, command.operation);
    case 'operation.end':
      return endOperation(step, command);
    case 'limit.set':
      return setLimit(step, command.limit, command.settings);
    case 'limit.remove':
      return removeLimit(step, command.limit);
    case 'fairness.set':
      return setFairness(step, command);
    case 'breaker.set':
    case 'breaker.force':
      return changeBreaker(step, command);
    case 'schedule.set':
      return setSchedule(step, command);
    case 'schedule.remove':
      return removeSchedule(step, command.key);
    case 'schedule.pause':
      return pauseSchedule(step, command);
    case 'schedule.resume':
      return resumeSchedule(step, command);
    case 'schedule.trigger':
      return triggerSchedule(step, command);
    case 'schedule.backfill':
      return backfillSchedule(step, command);
    case 'settings.set':
      step.state.settings = command.settings;
      return null;
    case 'clock.advance':
      advanceClock(step);
      return null;
    default:
      return unreachable(command);
  }
}

function applyStage(step: Step, command: StageCommand): Rejection | null {
  if (command.type === 'stage.add') return addPart(step, command);
  if (command.type === 'stage.commit') return commitStage(step, command);
  return dropStage(step, command.stageId);
}

function assignTasks(
  step: Step,
  command: Extract<Command, { type: 'task.assign' }>,
): CommandResult {
  return each(command.taskIds, (taskId, position) => {
    const agentId = command.agentIds[position] as AgentId;
    const rejection = assignTask(step, taskId, agentId);
    if (rejection !== null) step.events.push({ type: 'assignment.refused', taskId, agentId });
    return rejection;
  });
}

/** Which of the specs are known is asked once for each of them, not for each agent. */
function enrollAgents(
  step: Step,
  command: Extract<Command, { type: 'agent.enroll' }>,
): CommandResult {
  const specs = command.specs.map((spec) => step.state.agentSpecs.find(spec));
  const same = { ...command, specs };
  return each(command.agentIds, (_, position) => enrollAgent(step, same, position));
}

function each<Item>(
  items: readonly Item[],
  take: (item: Item, position: number) => Rejection | null,
): CommandResult {
  let refused: Map<number, Rejection> | null = null;
  for (let position = 0; position < items.length; position++) {
    const rejection = take(items[position] as Item, position);
    if (rejection === null) continue;
    refused ??= new Map();
    refused.set(position, rejection);
  }
  return refused === null ? ALL_TAKEN : { type: 'taken', refused };
}

function whole(rejection: Rejection | null): CommandResult {
  return rejection === null ? ALL_TAKEN : { type: 'refused', rejection };
}

const ALL_TAKEN: CommandResult = { type: 'taken', refused: null };
