/**
 * The replicated state: everything that deciding the next command depends on, and nothing else.
 *
 * Owns: live tasks, queues, agents, idempotency keys, timers, time, chance.
 * Does not own: payloads and results (store), who is connected (runtime), which agent is best (scheduling).
 *
 * Invariants (checked by `invariants.ts`)
 *   I1  a task runs or waits for input exactly when one registered agent holds its lease
 *   I2  a lost agent holds no lease but those that are being taken back
 *   I3  a leased task's fencing token is the index of its assignment: positive, at most the state's index
 *   I4  the counters of a queue equal the number of its tasks in each state
 *   I5  a timer is armed exactly for the earliest bound of each task
 *   I6  a task has started at most `attemptsMax` attempts, and is not waiting once it has used them;
 *       those whose result was invalid have a bound of their own
 *   I7  finished tasks are gone, but failed ones stay as dead letters with their error
 *   I8  idempotency keys are held in the order they were made
 *   I9  every profile is used, and knows by how many tasks
 *   I10 time and index never go back
 *   I11 no live task's id is greater than `newestId`
 *   I12 a task waits for input exactly when its attempt has a question, and its agent counts it as waiting
 *   I13 a failed task is counted in exactly one group of failures, and groups count right
 *   I14 a gate counts the attempts that hold it, and is known exactly while live tasks name it
 *   I15 a schedule knows exactly its unfinished tasks, and lets one wait only while it has some
 *   I16 a task knows how many of its parents it waits for, and is blocked only while it waits
 *   I17 a tree is kept while it has tasks, and has reserved what its running ones are expected to take
 *   I18 a breaker counts the probes that run, and its gate is in the way of exactly those it concerns
 *   I19 a copy lives only while its task does, and no agent has two of them
 *   I20 sessions are known in the order of their uses, and what their outcomes hold is counted right
 *   I21 agents with equal specs share one object that counts the ready ones, and no spec is kept without an agent
 */
import { Standings } from './agent-record.ts';
import { Rng } from '../base/rng.ts';
import { ShardedMap } from '../base/sharded-map.ts';
import type { Agent } from './agent.ts';
import type { BreakerGate } from './breaker-gate.ts';
import { ChangeSet } from './change-set.ts';
import type { CoreSettings } from './command.ts';
import { IdempotencyKeys } from './idempotency-keys.ts';
import { taskIdHash, type AgentId, type TaskId } from './ids.ts';
import { SpecPool } from './spec-pool.ts';
import type { KeyGate } from './key-gate.ts';
import type { LimitGate } from './limit-gate.ts';
import type { Profile } from './profile.ts';
import type { Queue } from './queue.ts';
import type { CoreRecord } from './record.ts';
import { createRecords, type Records } from './records.ts';
import type { Session } from './session.ts';
import {
  agentRow,
  profileRow,
  queueRow,
  taskRow,
  type AgentRow,
  type ProfileRow,
  type QueueRow,
  type TaskRow,
} from './rows.ts';
import type { Task } from './task.ts';
import { Timers } from './timers.ts';
import type { Ending } from './endings.ts';

export interface CoreState {
  /** Log index of the last batch applied. */
  index: number;
  /** Time of the last batch, in milliseconds since 1970. */
  nowMs: number;
  /** Submissions so far. */
  taskSeq: number;
  /** At least the greatest id of a live task; spares most submits a look-up. Derived, not stored. */
  newestId: string;
  profileSeq: number;
  /** Profiles that ask for results of a certain shape. Derived, not stored. */
  resultSchemas: number;
  /** Profiles whose tasks are done by copies. Derived, not stored. */
  redundantProfiles: number;
  /** Records made so far. */
  recordSeq: number;
  idempotencySeq: number;
  settings: CoreSettings;
  readonly rng: Rng;
  readonly tasks: ShardedMap<TaskId, Task>;
  readonly queues: Map<string, Queue>;
  readonly agents: ShardedMap<AgentId, Agent>;
  /** Of all registered agents. Derived. */
  readonly agentSpecs: SpecPool;
  /** Shared by agents that registered or changed together; which ones are shared means nothing. */
  readonly agentStandings: Standings;
  readonly profiles: Map<string, Profile>;
  readonly idempotency: IdempotencyKeys;
  /** What else is kept under a key, a table for each kind. */
  readonly records: Records;
  /** Sessions, those first that were not used for longest. Derived, not stored. */
  readonly sessionsByUse: Map<string, Session>;
  /** Task ids in their outcomes. Derived, not stored. */
  sessionIds: number;
  /** Concurrency keys of live tasks, by namespace and key. Derived, not stored. */
  readonly keyGates: Map<string, KeyGate>;
  /** Limits that live tasks name, by limit and key. Derived, but for their buckets. */
  readonly limitGates: Map<string, LimitGate>;
  /** Ways through breakers, by the key of their record. Derived, not stored. */
  readonly breakerGates: Map<string, BreakerGate>;
  /** Bounds of live tasks. */
  readonly timers: Timers<Task>;
  /** How many schedules may make tasks in a queue, by its name; none is not kept. Derived, not stored. */
  readonly queueSchedules: Map<string, number>;
  /** Moments at which something must happen to a record. */
  readonly alarms: Timers<CoreRecord>;
  /** Live tasks that depend on others. Derived. */
  readonly dependents: Set<Task>;
  /** What the batch at hand has yet to tell dependents; empty between batches. */
  readonly endings: Ending[];
  /** Tasks to be copied, and tasks and copies that ended in the batch at hand; empty between batches. */
  readonly unsettled: Task[];
  readonly taskChanges: ChangeSet<Task, TaskRow, TaskId>;
  readonly agentChanges: ChangeSet<Agent, AgentRow, AgentId>;
  readonly queueChanges: ChangeSet<Queue, QueueRow, string>;
  readonly profileChanges: ChangeSet<Profile, ProfileRow, number>;
  /** Newest idempotency entry that a checkpoint has taken. */
  idempotencySeqStored: number;
}

export const CORE_SETTINGS_DEFAULT: CoreSettings = {
  idempotencyWindowMs: 24 * 3_600_000,
  idempotencyKeysMax: 1_000_000,
  queuesMax: 10_000,
  agentsMax: 1_000_000,
  flowStepMax: 2_000,
  depthMax: 32,
  fanOutMax: 10_000,
  queueDefaults: { strategy: 'least-loaded', depthMax: 10_000_000 },
};

/** The state before the first command. `seed` decides every draw of chance from here on. */
export function createState(seed: number): CoreState {
  return emptyState(Rng.fromSeed(seed));
}

/** A state without tasks that draws on from `rng`; the start of a restore. */
export function emptyState(rng: Rng): CoreState {
  return {
    index: 0,
    nowMs: 0,
    taskSeq: 0,
    newestId: '',
    profileSeq: 0,
    resultSchemas: 0,
    redundantProfiles: 0,
    recordSeq: 0,
    idempotencySeq: 0,
    settings: CORE_SETTINGS_DEFAULT,
    rng,
    tasks: new ShardedMap(taskIdHash),
    queues: new Map(),
    agents: new ShardedMap(),
    agentSpecs: new SpecPool(),
    agentStandings: new Standings(),
    profiles: new Map(),
    idempotency: new IdempotencyKeys(),
    records: createRecords(),
    sessionsByUse: new Map(),
    sessionIds: 0,
    keyGates: new Map(),
    limitGates: new Map(),
    breakerGates: new Map(),
    queueSchedules: new Map(),
    timers: new Timers(),
    alarms: new Timers(),
    dependents: new Set(),
    endings: [],
    unsettled: [],
    taskChanges: new ChangeSet(taskRow, (task) => task.id),
    agentChanges: new ChangeSet(agentRow, (agent) => agent.id),
    queueChanges: new ChangeSet(queueRow, (queue) => queue.name),
    profileChanges: new ChangeSet(profileRow, (profile) => profile.id),
    idempotencySeqStored: 0,
  };
}

/** The next moment at which `clock.advance` has something to do, or null. */
export function nextDeadline(state: CoreState): number | null {
  const { oldest } = state.idempotency;
  const due = Math.min(
    state.timers.nextDueAt ?? Infinity,
    state.alarms.nextDueAt ?? Infinity,
    oldest === undefined ? Infinity : oldest.createdAt + state.settings.idempotencyWindowMs,
  );
  return due === Infinity ? null : due;
}
