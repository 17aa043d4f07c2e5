import { invariant } from '../base/invariant.ts';
import { checkBreakers } from './breaker-invariants.ts';
import { burstOf } from './bucket.ts';
import { copiesOf, copyOf, HEDGED, isBarred, liveCopies } from './copies.ts';
import { usesOf, type Gate } from './gate.ts';
import { BudgetGate } from './budget-gate.ts';
import { KeyGate } from './key-gate.ts';
import { LimitGate } from './limit-gate.ts';
import { countScheduleQueues } from './remove-queue.ts';
import type { AgentSpec } from './spec.ts';
import type { CoreState } from './state.ts';
import { dependenciesOf, policyOf } from './flow.ts';
import { standing } from './flow-links.ts';
import { isLeased, questionOf, type Task } from './task.ts';
import { dueAt } from './transition.ts';
import { estimateOf, microsOf, type Tree } from './tree.ts';
import { chainOf, isOver, treeOf } from './trees.ts';

/** Checks I1–I9 and I11–I21 of `state.ts`. O(size of the state): for tests, simulation and `uqo doctor`. */
export function checkInvariants(state: CoreState): void {
  const profiles = new Map<string, number>();
  const counts = new Map<string, number>();
  let leases = 0;
  let timers = 0;
  for (const task of state.tasks.values()) {
    const { profile } = task;
    profiles.set(profile.key, (profiles.get(profile.key) ?? 0) + 1);
    const counter = `${profile.queue.name} ${task.state}`;
    counts.set(counter, (counts.get(counter) ?? 0) + 1);
    invariant(
      state.profiles.get(profile.key) === profile,
      `I9: task ${task.id} has an interned profile`,
    );
    if (isLeased(task)) leases += 1;
    if (task.timerSlot >= 0) timers += 1;
    checkTask(state, task);
  }
  checkAgents(state, leases);
  for (const queue of state.queues.values()) {
    for (const name of QUEUE_STATES) {
      const count = counts.get(`${queue.name} ${name}`) ?? 0;
      invariant(
        queue[name] === count,
        `I4: ${queue.name} counts ${queue[name]} ${name}, has ${count}`,
      );
    }
  }
  invariant(state.timers.size === timers, `I5: ${state.timers.size} timers for ${timers} tasks`);
  invariant(profiles.size === state.profiles.size, 'I9: every profile is used');
  for (const [key, count] of profiles) {
    invariant(state.profiles.get(key)?.tasks === count, `I9: profile ${key} counts its tasks`);
  }
  checkIdempotency(state);
  checkFailureGroups(state);
  checkFlows(state);
  checkCopies(state);
  checkTrees(state);
  checkGates(state);
  checkSchedules(state);
  checkBreakers(state);
  checkSessions(state);
}

const QUEUE_STATES = [
  'scheduled',
  'blocked',
  'queued',
  'running',
  'input_required',
  'failed',
] as const;

function checkTask(state: CoreState, task: Task): void {
  invariant(task.id <= state.newestId, `I11: ${task.id} is live, the newest is ${state.newestId}`);
  const { retry, rules } = task.profile.spec;
  const { attemptsMax } = retry;
  const counted = task.attempt - (task.extra?.invalid ?? 0);
  const isHeld = isLeased(task);
  invariant(
    (task.agentId !== null) === isHeld,
    `I1: task ${task.id} is ${task.state} with agent ${task.agentId}`,
  );
  if (isHeld) {
    const agent = task.agentId === null ? undefined : state.agents.get(task.agentId);
    invariant(agent?.leases.has(task) === true, `I1: the agent of ${task.id} holds its lease`);
    invariant(0 < task.fencingToken && task.fencingToken <= state.index, `I3: token of ${task.id}`);
  }
  invariant(
    (questionOf(task) !== null) === (task.state === 'input_required'),
    `I12: ${task.id} is ${task.state} with question ${questionOf(task)?.key}`,
  );
  invariant(isHeld || task.extra?.dialogue == null, `I12: ${task.id} asks without an attempt`);
  invariant(
    task.dueAt === dueAt(task),
    `I5: ${task.id} is due at ${dueAt(task)}, armed for ${task.dueAt}`,
  );
  invariant(
    task.attempt <= attemptsMax + (rules?.invalid?.attemptsMax ?? 0),
    `I6: ${task.id} made ${task.attempt} of ${attemptsMax} attempts`,
  );
  const waits = task.state === 'queued' || task.state === 'scheduled' || task.state === 'blocked';
  if (waits && task.reason !== HEDGED) {
    invariant(counted < attemptsMax, `I6: waiting ${task.id} has an attempt left`);
  }
  invariant(
    task.state !== 'completed' && task.state !== 'canceled',
    `I7: ${task.id} is ${task.state}`,
  );
  invariant(
    (task.error !== null) === (task.state === 'failed'),
    `I7: ${task.id} has its error when failed`,
  );
}

function checkFlows(state: CoreState): void {
  let dependents = 0;
  for (const task of state.tasks.values()) {
    let [left, fatal] = [0, 0];
    for (const dependency of dependenciesOf(task)) {
      const parent = standing(state, dependency, task);
      if (parent === 'waited for') left += 1;
      if (parent === 'dead letter' && policyOf(dependency) !== 'continue') fatal += 1;
    }
    const isDependent = dependenciesOf(task).length > 0;
    dependents += isDependent ? 1 : 0;
    invariant(state.dependents.has(task) === isDependent, `I16: ${task.id} is known to depend`);
    const links = task.links ?? { left: 0, fatal: 0 };
    invariant(links.left === left, `I16: ${task.id} waits for ${links.left} of ${left} parents`);
    invariant(links.fatal === fatal, `I16: ${task.id} counts ${links.fatal} of ${fatal} as dead`);
    const waits = left > 0 || liveCopies(state, task).length > 0;
    invariant(task.state !== 'blocked' || waits, `I16: ${task.id} is blocked by nothing`);
  }
  invariant(dependents === state.dependents.size, 'I16: only live tasks are known to depend');
  invariant(state.endings.length === 0, 'I16: a batch tells what it ended');
}

function checkCopies(state: CoreState): void {
  invariant(state.unsettled.length === 0, 'I18: a batch settles its copies');
  for (const task of state.tasks.values()) {
    const of = copyOf(task);
    const original = of === null ? null : state.tasks.get(of.taskId);
    if (original !== null) {
      const isKnown = original !== undefined && copiesOf(original)?.ids.includes(task.id) === true;
      invariant(isKnown && original.state !== 'failed', `I18: copy ${task.id} has its task`);
      invariant(task.state !== 'failed', `I18: copy ${task.id} is no dead letter`);
    }
    if (!isLeased(task) || task.agentId === null) continue;
    invariant(!isBarred(state, task, task.agentId), `I18: ${task.agentId} has two of ${task.id}`);
  }
}

function checkTrees(state: CoreState): void {
  const reserved = new Map<Tree, { tokens: number; micros: number }>();
  const members = new Map<Tree, number>();
  for (const task of state.tasks.values()) {
    const tree = treeOf(state, task);
    if (tree === null) continue;
    invariant(tree.members.has(task), `I17: ${task.id} counts in ${tree.key}`);
    for (const each of chainOf(tree)) {
      const isGated = (each.gates ?? []).every(
        ({ gate }) => task.gates?.some((use) => use.gate === gate) === true,
      );
      invariant(isGated, `I17: ${task.id} passes the budget of ${each.key}`);
    }
    members.set(tree, (members.get(tree) ?? 0) + 1);
    if (!isLeased(task)) continue;
    const { costUsd, tokens } = estimateOf(task);
    for (const each of chainOf(tree)) {
      const sum = reserved.get(each) ?? { tokens: 0, micros: 0 };
      reserved.set(each, { tokens: sum.tokens + tokens, micros: sum.micros + microsOf(costUsd) });
    }
  }
  for (const tree of state.records.trees.values()) {
    const { kind, key, reservedMicros, reservedTokens } = tree;
    const sum = reserved.get(tree) ?? { tokens: 0, micros: 0 };
    invariant(kind === 'flow' || !isOver(tree), `I17: tree ${key} is kept without tasks`);
    invariant(tree.members.size === (members.get(tree) ?? 0), `I17: tree ${key} has its members`);
    invariant(reservedTokens === sum.tokens, `I17: ${key} reserved ${reservedTokens} tokens`);
    invariant(reservedMicros === sum.micros, `I17: ${key} reserved ${reservedMicros} millionths`);
  }
}

function checkAgents(state: CoreState, leases: number): void {
  let held = 0;
  const specs = new Set<AgentSpec>();
  const ready = new Map<AgentSpec, number>(state.agentSpecs.ready());
  for (const agent of state.agents.values()) {
    held += agent.leases.size;
    specs.add(agent.spec);
    if (agent.state === 'ready') ready.set(agent.spec, (ready.get(agent.spec) ?? 0) - 1);
    invariant(state.agentSpecs.find(agent.spec) === agent.spec, `I21: ${agent.id} shares its spec`);
    let waiting = 0;
    for (const task of agent.leases) {
      if (task.state === 'input_required') waiting += 1;
      invariant(task.agentId === agent.id, `I1: ${agent.id} holds a lease of ${task.agentId}`);
    }
    invariant(agent.waiting === waiting, `I12: ${agent.id} counts ${agent.waiting} of ${waiting}`);
    if (agent.state === 'lost' && state.records.losses.get(agent.id) === undefined)
      invariant(agent.leases.size === 0, `I2: lost ${agent.id} holds a lease`);
  }
  invariant(specs.size === state.agentSpecs.size, 'I21: specs without an agent are kept');
  const isCounted = ready.values().every((count) => count === 0);
  invariant(isCounted, 'I21: ready agents are counted by their specs');
  invariant(held === leases, `I1: ${held} leases are held for ${leases} leased tasks`);
}

function checkFailureGroups(state: CoreState): void {
  const live = new Map<string, number>();
  for (const task of state.tasks.values()) {
    const key = task.extra?.failureGroup ?? null;
    invariant((key !== null) === (task.state === 'failed'), `I13: ${task.id} is in group ${key}`);
    if (key !== null) live.set(key, (live.get(key) ?? 0) + 1);
  }
  for (const group of state.records.failureGroups.values()) {
    const count = live.get(group.key) ?? 0;
    invariant(group.live === count, `I13: group ${group.key} counts ${group.live} of ${count}`);
    live.delete(group.key);
  }
  invariant(live.size === 0, `I13: ${live.size} groups are missing`);
}

function checkGates(state: CoreState): void {
  const running = new Map<Gate, number>();
  const named = new Map<Gate, number>();
  const live = new Map<Gate, number>();
  for (const task of state.tasks.values()) {
    for (const { gate } of task.gates ?? []) {
      if (gate instanceof BudgetGate) continue;
      named.set(gate, (named.get(gate) ?? 0) + 1);
      if (task.state !== 'failed' && copyOf(task) === null)
        live.set(gate, (live.get(gate) ?? 0) + 1);
    }
    if (isLeased(task))
      for (const { gate } of usesOf(task)) running.set(gate, (running.get(gate) ?? 0) + 1);
  }
  const gates = [...state.keyGates.values(), ...state.limitGates.values()];
  invariant(gates.length === named.size, `I14: ${gates.length} gates for ${named.size} named ones`);
  for (const gate of gates) {
    const count = running.get(gate) ?? 0;
    invariant(gate.running === count, `I14: ${gate.key} counts ${gate.running} of ${count}`);
    const [has, counts] =
      gate instanceof KeyGate
        ? [live.get(gate) ?? 0, gate.live]
        : [named.get(gate) ?? 0, gate.refs];
    invariant(has === counts, `I14: ${gate.key} counts ${counts} of ${has} tasks`);
    if (gate instanceof LimitGate) checkBucketOf(state, gate);
  }
  for (const queue of state.queues.values()) {
    const gate = queue.gate?.gate;
    if (!(gate instanceof LimitGate)) continue;
    const count = queue.running + queue.input_required;
    invariant(gate.running === count, `I14: ${gate.key} counts ${gate.running} of ${count}`);
    checkBucketOf(state, gate);
  }
}

function checkBucketOf({ records }: CoreState, { bucket, key, name, settings }: LimitGate): void {
  const kept = records.buckets.get(name.bucketKey) ?? null;
  invariant(kept === bucket, `I14: ${key} has the bucket that is kept`);
  if (bucket === null) return;
  invariant(settings?.rate !== undefined, `I14: ${key} has a bucket and a rate`);
  const burst = burstOf(settings.rate);
  invariant(
    -burst <= bucket.level && bucket.level <= burst,
    `I14: ${key} has ${bucket.level} units`,
  );
  invariant(bucket.dueAt === bucket.alarmAt, `I14: ${key} is looked at when it says`);
}

function checkSchedules(state: CoreState): void {
  const live = new Map<string, number>();
  for (const task of state.tasks.values()) {
    const of = task.extra?.schedule;
    if (of == null || task.state === 'failed') continue;
    const schedule = state.records.schedules.get(of.key);
    if (schedule === undefined || schedule.seq !== of.seq) continue;
    live.set(of.key, (live.get(of.key) ?? 0) + 1);
    invariant(schedule.live.has(task), `I15: schedule ${of.key} knows its task ${task.id}`);
  }
  for (const { key, live: known, waiting } of state.records.schedules.values()) {
    const count = live.get(key) ?? 0;
    invariant(known.size === count, `I15: schedule ${key} knows ${known.size} of ${count} tasks`);
    invariant(waiting === null || count > 0, `I15: schedule ${key} lets one wait for nothing`);
  }
  const counts = new Map<string, number>();
  for (const { settings } of state.records.schedules.values()) {
    countScheduleQueues(counts, settings, 1);
  }
  invariant(counts.size === state.queueSchedules.size, 'I15: queues of schedules are counted');
  for (const [queue, count] of counts) {
    const known = state.queueSchedules.get(queue);
    invariant(known === count, `I15: ${queue} counts ${known} of ${count} schedules`);
  }
}

function checkSessions({ records, sessionIds, sessionsByUse }: CoreState): void {
  let lastUse = 0;
  let ids = 0;
  for (const session of sessionsByUse.values()) {
    const { key, outcomes, usedSeq } = session;
    const kept = records.sessions.get(key);
    invariant(kept === session, () => `I20: session ${key} is the one that is kept`);
    invariant(usedSeq > lastUse, () => `I20: session ${key} stands where its last use puts it`);
    const own = [...outcomes.values()].reduce((sum, { length }) => sum + length, 0);
    invariant(own === session.ids, () => `I20: session ${key} counts ${session.ids} of ${own} ids`);
    invariant(session.dueAt === session.alarmAt, () => `I20: ${key} is looked at when it says`);
    lastUse = usedSeq;
    ids += own;
  }
  invariant(sessionsByUse.size === records.sessions.size, 'I20: every session stands in the order');
  invariant(sessionIds === ids, () => `I20: sessions count ${sessionIds} of ${ids} ids`);
}

function checkIdempotency(state: CoreState): void {
  let last = 0;
  for (const entry of state.idempotency.values()) {
    invariant(entry.createdAt >= last, 'I8: keys are held in the order they were made');
    last = entry.createdAt;
  }
}
