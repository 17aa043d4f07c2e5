/**
 * Tells the tasks that depend on one how it ended.
 *
 * An end is told at the close of its batch, to at most `flowStepMax` tasks; what is left becomes a
 * record, and goes on with the clock. An end that ends others is told in the same way, one after the
 * other: neither depth nor width of a flow makes a step long.
 */
import { UNTRACKED } from './change-set.ts';
import { announce, type Ending } from './endings.ts';
import { failTask } from './settle.ts';
import { leaveFailureGroup } from './failure-groups.ts';
import { HEDGED, REDUNDANT, SPLITTING } from './copies.ts';
import { findCut } from './cuts.ts';
import { linksOf, type Edge } from './flow.ts';
import { cancelTask, restartTotal } from './recall.ts';
import type { CoreState } from './state.ts';
import type { Step } from './step.ts';
import type { Task } from './task.ts';
import { moveTask } from './transition.ts';
import { findKilled, treeOf } from './trees.ts';
import type { News, Wave } from './wave.ts';

/** Brings the news of the batch, and of what they lead to, as far as the bound allows. */
export function settleEndings(step: Step): void {
  const { events, state, stepMax } = step;
  const eventsMax = stepMax === null ? Infinity : events.length + stepMax;
  let left = state.settings.flowStepMax;
  for (let at = 0; at < state.endings.length; at++) {
    const ending = state.endings[at] as Ending;
    // What is under way to the same children must arrive first.
    const max = ending.links.waves > 0 ? 0 : left;
    const told = tellSome(step, ending, { max, eventsMax });
    left -= told.count;
    if (hasNext(state, ending)) addWave(state, ending, told.seq);
  }
  state.endings.length = 0;
}

/** Goes on with a wave; returns how many of `budget` it told. Not done, it stays due. */
export function continueWave(step: Step, wave: Wave, budget: number): number {
  const { state } = step;
  const { count, seq } = tellSome(step, wave, { max: budget, eventsMax: Infinity });
  if (!hasNext(state, wave)) {
    wave.links.waves -= 1;
    state.records.waves.remove(wave);
    return count;
  }
  state.records.waves.touch(wave);
  wave.seqTold = Math.max(wave.seqTold, seq);
  state.alarms.arm(wave, wave.at);
  return count;
}

/**
 * Tells the next `max` dependents that live, and says up to which.
 *
 * Those that are gone count for nothing: a replica that was restored does not know of them. Many tasks that end
 * at once tell one child each, which costs next to nothing until something comes of it: an event.
 */
function tellSome(
  step: Step,
  ending: Ending,
  { eventsMax, max }: { readonly max: number; readonly eventsMax: number },
): { count: number; seq: number } {
  let [count, seq] = [0, 0];
  while (count < max && step.events.length < eventsMax && hasNext(step.state, ending)) {
    const edge = ending.edges[ending.next++] as Edge;
    count += 1;
    seq = edge.child.seq;
    tell(step, ending.news, edge);
  }
  return { count, seq };
}

/** Whether somebody is left to be told; passes over those that are gone. */
function hasNext(state: CoreState, ending: Ending): boolean {
  const { edges } = ending;
  while (ending.next < edges.length) {
    const { child } = edges[ending.next] as Edge;
    if (state.tasks.get(child.id) === child) return true;
    ending.next += 1;
  }
  return false;
}

function addWave(state: CoreState, { edges, links, news, next }: Ending, seqTold: number): void {
  state.recordSeq += 1;
  const wave: Wave = {
    table: 'waves',
    key: String(state.recordSeq),
    seq: state.recordSeq,
    news,
    at: state.nowMs,
    seqTold,
    seqLast: state.taskSeq,
    links,
    edges,
    next,
    dueAt: 0,
    timerSlot: -1,
    ...UNTRACKED,
  };
  links.waves += 1;
  state.records.waves.add(wave);
  state.alarms.arm(wave, wave.at);
}

function tell(step: Step, news: News, edge: Edge): void {
  const { child } = edge;
  const links = linksOf(child);
  const isUnforgiving = edge.onFailure !== 'continue';
  switch (news.kind) {
    case 'revived':
      links.left += 1;
      if (isUnforgiving) links.fatal -= 1;
      putBack(step, child);
      return;
    case 'purged':
      if (!isUnforgiving) return;
      links.fatal -= 1;
      loseParent(step.state, child);
      return;
    default:
      links.left -= 1;
      tellEnd(step, news, edge);
  }
}

function tellEnd(step: Step, news: News, { child, onFailure }: Edge): void {
  const links = linksOf(child);
  if (news.state === 'completed' || onFailure === 'continue') {
    if (waitsForParents(child) && links.left === 0) makeReady(step, child);
    return;
  }
  if (news.state === 'failed') links.fatal += 1;
  else loseParent(step.state, child);
  if (!waitsForParents(child)) return;
  const cut = news.state === 'canceled' ? findCut(step.state, child) : null;
  if (cut !== null) cancelTask(step, child.id, cut.reason);
  else if (onFailure === 'skip') cancelTask(step, child.id, 'skipped');
  else failDependent(step, child, news);
}

/** Whether it is blocked, and not by copies of its own, which started when its parents had ended. */
function waitsForParents({ reason, state }: Task): boolean {
  return state === 'blocked' && reason !== REDUNDANT && reason !== HEDGED && reason !== SPLITTING;
}

/** Fails a blocked task because of a parent. */
export function failDependent(
  step: Step,
  child: Task,
  { code, name, state }: Pick<News, 'code' | 'name' | 'state'>,
): void {
  const why = code === null ? '' : `: ${code}`;
  const message = `the task it depends on, ${name}, ${state === 'failed' ? 'failed' : 'was canceled'}${why}`;
  failTask(step, child, { code: 'DEPENDENCY_FAILED', message }, 'dependency_failed');
}

/** Lets a blocked task go on once nothing is left to wait for. */
export function makeReady({ events, state }: Step, task: Task): void {
  if (task.runAt > state.nowMs) {
    moveTask(state, task, 'scheduled', 'delayed');
    events.push({ type: 'task.scheduled', task, reason: 'delayed' });
    return;
  }
  moveTask(state, task, 'queued', null);
  events.push({ type: 'task.queued', task, reason: 'unblocked' });
}

/** A child that failed only because of its parents waits for them again. */
function putBack({ events, state }: Step, child: Task): void {
  const isOurs = child.state === 'failed' && child.reason === 'dependency_failed';
  if (!isOurs || child.links?.fatal !== 0 || child.extra?.flow?.isLost === true) return;
  if (findKilled(treeOf(state, child)) !== null) return;
  leaveFailureGroup(state, child);
  child.attempt = 0;
  child.error = null;
  child.delayMsLast = 0;
  state.taskChanges.touch(child);
  restartTotal(state, child);
  moveTask(state, child, 'blocked', 'redriven');
  events.push({ type: 'task.blocked', task: child, reason: 'redriven' });
  announce(state, child, 'revived');
}

/** A parent ended unforgiven and cannot be redriven any more. */
function loseParent(state: CoreState, child: Task): void {
  const { extra } = child;
  if (extra?.flow == null || extra.flow.isLost) return;
  state.taskChanges.touch(child);
  child.extra = { ...extra, flow: { ...extra.flow, isLost: true } };
}
