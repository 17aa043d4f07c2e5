/** Histories in which every feature of core meets every other: copies, stages, schedules, budgets, kills, breakers. */
import type { Command, CommandBatch, NewTask } from '../command.ts';
import type { AgentId, TaskId } from '../ids.ts';
import type { TaskRules, TaskSpec } from '../spec.ts';
import type { Stage } from '../stage.ts';
import { CORE_SETTINGS_DEFAULT, type CoreState } from '../state.ts';
import { isLeased, type Task } from '../task.ts';
import { fire, hedge, scheduleSettings, taskSpec } from './commands.ts';
import { gatedBatchOf } from './gated-histories.ts';
import type { Move } from './histories.ts';

/** Breakers that open after few calls and soon let probes through. */
const TOUCHY = { callsMin: 3, windowMs: 2_000, openMs: 300, openMsMax: 900 };
const BREAKERS = { agent: { ...TOUCHY, callsMin: 6 }, capability: TOUCHY, downstream: TOUCHY };

/** Settings under which little fits into one step, and breakers open soon. */
export function tightSettings(flowStepMax: number): Command {
  const settings = { ...CORE_SETTINGS_DEFAULT, flowStepMax, breakers: BREAKERS, poisonAgents: 4 };
  return { type: 'settings.set', settings };
}

/** The batch of a move as {@link gatedBatchOf} gives it, with all other features besides. */
export function featureBatchOf(state: CoreState, move: Move): CommandBatch {
  const { at, commands } = gatedBatchOf(state, move);
  const n = move.intents.reduce((sum, { a, b, c }) => sum + a + 3 * b + 7 * c, state.index);
  const featured = commands.map((command, i) => withFeatures(state, command, n + 13 * i));
  const extra = [...planned(state, n), ...planned(state, (n >> 3) + 5)];
  const all = n % 2 === 0 ? [...featured, ...extra] : [...extra, ...featured];
  return { at, commands: all, ...(n % 4 === 0 ? {} : { stepMax: n % 4 === 3 ? 3 : 1 }) };
}

function withFeatures(state: CoreState, command: Command, n: number): Command {
  if (command.type === 'settings.set') return tightSettings(1 + (n % 3));
  if (command.type === 'task.complete') {
    const items = command.items.map((item) => ({
      ...item,
      hash: `h${n % 5 === 0 ? 1 : 0}`,
      ...(n % 3 === 0 ? { usage: { tokens: n % 400, costUsd: 0 } } : {}),
    }));
    return { ...command, items };
  }
  if (command.type !== 'task.submit') return command;
  // An id is never used again: what came from its first task may be there still.
  const ids = command.tasks.map(({ id }) => `${id}-${state.index}-${n}` as TaskId);
  const tasks = command.tasks.map((task, i) => {
    const family = familyFor(state, ids, i, n + i);
    return { ...task, id: ids[i] as TaskId, ...family };
  });
  const specs = command.specs.map((spec, i) => withRules(spec, n + i));
  const isFlow = n % 5 === 0;
  const flow = { id: `f${n % 9}`, budget: { tokens: 900, wallMs: 4_000 } };
  return { ...command, tasks, specs, ...(isFlow ? { flow } : {}) };
}

function withRules(spec: TaskSpec, n: number): TaskSpec {
  const rules: TaskRules = {
    ...spec.rules,
    ...(n % 4 === 0 ? { redundancy: { copies: 2 + (n % 3), agree: 1 + (n % 2) } } : {}),
    ...(n % 4 === 1 ? { hedge: { percentile: 0.95, copiesMax: 1 + (n % 2) } } : {}),
    ...(n % 3 === 0 ? { downstreams: [n % 2 === 0 ? 'mailer' : 'model'] } : {}),
  };
  return Object.keys(rules).length === 0 ? spec : { ...spec, rules };
}

function familyFor(
  state: CoreState,
  ids: readonly TaskId[],
  position: number,
  n: number,
): Partial<NewTask> {
  const tasks = bySeq(state);
  const parents = [...tasks.slice(-3).map(({ id }) => id), ...ids.slice(0, position)];
  const parent = parents[n % (parents.length || 1)];
  const runs = tasks.filter(isLeased);
  const origin = runs[n % (runs.length || 1)];
  const onFailure = (['fail', 'skip', 'continue'] as const)[n % 3] ?? 'fail';
  return {
    ...(n % 3 === 1 && parent !== undefined && parent !== ids[position]
      ? { dependsOn: [{ taskId: parent, onFailure }] }
      : {}),
    ...(n % 5 === 2 && origin !== undefined ? { parentId: origin.id, hash: `p${n % 6}` } : {}),
    ...(n % 6 === 3 ? { budget: { tokens: 300 + (n % 900), subtasks: 4 } } : {}),
    ...(n % 2 === 0 ? { estimate: { tokens: 100 + (n % 300) } } : {}),
  };
}

/** What else somebody does, by chance. */
function planned(state: CoreState, n: number): Command[] {
  const tasks = bySeq(state);
  const some = tasks[n % (tasks.length || 1)];
  const agents = [...state.agents.keys()].toSorted();
  const agentId = agents[n % (agents.length || 1)] ?? 'a0';
  const facts = { reason: 'test', by: null };
  const breaker = { type: 'breaker.force', kind: 'downstream', name: 'mailer', ...facts } as const;
  switch (n % 19) {
    case 0:
    case 1:
    case 2:
      return tasks.filter(isLeased).map((task) => hedge(task.id, task.fencingToken));
    case 3:
      return [{ ...breaker, to: (['open', 'closed', 'auto'] as const)[(n >> 5) % 3] ?? 'auto' }];
    case 4:
      return some === undefined ? [] : [{ type: 'tree.cancel', target: some.id, reason: 'cut' }];
    case 5:
      return [{ type: 'tree.kill', target: `f${n % 9}`, ...facts }];
    case 6:
      return [{ type: 'namespace.kill', target: n % 2 === 0 ? 'team' : 'default', ...facts }];
    case 8:
      return [{ type: 'agent.lost', agentId: agentId as AgentId }];
    case 7:
      return ['team', 'default'].map((target) => ({ type: 'namespace.restore', target }));
    case 9:
      return [{ type: n % 2 === 0 ? 'agent.kill' : 'agent.restore', target: agentId, ...facts }];
    case 10:
    case 11:
      return scheduled(state, n);
    case 12:
      return [stagePart(state, n)];
    case 13:
      return commits(state);
    case 14:
      return some === undefined ? [] : [redrive(some)];
    default:
      return assignments(tasks, agents as AgentId[], n);
  }
}

function redrive({ id }: Task): Command {
  return { type: 'task.redrive', items: [{ taskId: id }], redrive: {}, by: 'ann', reason: null };
}

function assignments(tasks: readonly Task[], agents: readonly AgentId[], n: number): Command[] {
  const queued = tasks.filter(({ state }) => state === 'queued').slice(0, 4);
  if (agents.length === 0 || queued.length === 0) return [];
  const agentIds = queued.map((_, i) => agents[(n + i) % agents.length] as AgentId);
  return [{ type: 'task.assign', taskIds: queued.map(({ id }) => id), agentIds }];
}

const OVERLAPS = ['allow', 'skip', 'queue-one', 'cancel-running'] as const;

function scheduled(state: CoreState, n: number): Command[] {
  const known = state.records.schedules.get('tick');
  const overlap = OVERLAPS[(n >> 3) % 4] ?? 'allow';
  const spec = withRules(taskSpec({ priority: n % 3 }), n >> 2);
  const fields = { payloadBytes: 2, concurrencyKey: 'user-1', estimate: { tokens: 90 } };
  const settings = scheduleSettings({ overlap, task: { spec, fields, payload: '{}' } });
  const set = { type: 'schedule.set', namespace: 'default', name: 'tick', settings } as const;
  if (known === undefined || n % 5 === 0) return [{ ...set, nextAt: 1_000 }];
  const { nextAt } = known;
  const id = (i: number): string => `s${state.index}-${i}`;
  return [fire('tick', nextAt, nextAt + 1, id(0)), fire('tick', nextAt + 1, nextAt + 2, id(1))];
}

function stagePart(state: CoreState, n: number): Command {
  const stageId = `stage${n % 2}`;
  const index = state.records.stages.get(stageId)?.parts.length ?? 0;
  const ids = [0, 1, 2].map((i) => `g${state.index}-${i}` as TaskId);
  const runs = bySeq(state).filter(isLeased);
  const origin = runs[n % (runs.length || 1)];
  const modes = ['keep-last', 'debounce', 'throttle'] as const;
  const tasks = ids.map((id, i) => ({
    id,
    spec: i % 2,
    payloadBytes: 2,
    ...((n + i) % 3 === 0 && origin !== undefined
      ? { parentId: origin.id, hash: `p${n % 7}` }
      : {}),
    ...((n + i) % 5 === 0
      ? { dedupe: { mode: modes[(n >> 2) % 3] ?? 'throttle', key: `d${n % 3}`, windowMs: 400 } }
      : {}),
    ...(i > 0 ? { dependsOn: [{ taskId: ids[i - 1] as TaskId }] } : {}),
    ...((n + i) % 4 === 0 ? { idempotencyKey: `k${(n + i) % 6}`, bodyHash: 'y' } : {}),
    ...(i === 0 ? { estimate: { tokens: 50 }, concurrencyKey: 'user-0' } : {}),
  }));
  const specs = [taskSpec(), withRules(taskSpec({ queue: 'mail' }), n)];
  return { type: 'stage.add', stageId, index, specs, tasks, payloads: ['1', '2', '3'] };
}

function commits(state: CoreState): Command[] {
  return [...state.records.stages.values()].map((stage) => ({
    type: 'stage.commit',
    stageId: stage.key,
    parts: stage.parts.length,
    ...(stage.seq % 3 === 0 ? {} : flowOf(stage)),
  }));
}

function flowOf({ seq }: Stage): Pick<Extract<Command, { type: 'stage.commit' }>, 'flow'> {
  return { flow: { id: `f${seq % 9}`, budget: { tokens: 2_000 } } };
}

function bySeq(state: CoreState): Task[] {
  return [...state.tasks.values()].toSorted((a, b) => a.seq - b.seq);
}
