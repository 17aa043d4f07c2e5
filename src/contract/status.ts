import Type, { type Static } from 'typebox';
import { KillView } from './budget.ts';
import { QuantumStatus } from './quantum-status.ts';
import { RecoveryView } from './recovery.ts';

/** How much is under way, and what is refused for it. */
export const AdmissionView = Type.Object(
  {
    enabled: Type.Boolean(),
    level: Type.Union([Type.Literal('normal'), Type.Literal('elevated'), Type.Literal('critical')]),
    floor: Type.Number({
      description:
        'Priorities below it are refused; where it has a fraction, that share of its own',
    }),
    since: Type.String({ description: 'When the level was entered, in ISO 8601' }),
    cause: Type.Optional(
      Type.String({ description: 'delay, lag, backlog, memory, store or disk; not at normal' }),
    ),
    signals: Type.Object({
      delayMs: Type.Integer({ description: 'Least time from a submit to its being applied' }),
      lagMs: Type.Integer({ description: 'How late the event loop was' }),
      backlogItems: Type.Integer({ description: 'Changes that wait for the log' }),
      backlogBytes: Type.Integer(),
      heapShare: Type.Number({ description: 'Of the limit of the heap' }),
      memoryShare: Type.Number({ description: 'Of the memory of machine or container' }),
      storeShare: Type.Number({ description: 'Of the records that may wait for the store' }),
      diskFreeBytes: Type.Union([Type.Integer(), Type.Null()]),
    }),
    held: Type.Object({
      tasks: Type.Integer({ description: 'Tasks that were let in and wait, undecoded, for room' }),
      bytes: Type.Integer(),
      senders: Type.Integer({ description: 'Channels they came by' }),
      resting: Type.Integer({ description: 'Channels left unread until their next turn' }),
    }),
    shed: Type.Object({
      byPriority: Type.Array(Type.Integer(), { description: 'Tasks refused, priority 0 first' }),
      lists: Type.Integer(),
    }),
  },
  { title: 'Admission' },
);
export type AdmissionView = Static<typeof AdmissionView>;

/** The state of the whole orchestrator. */
export const StatusView = Type.Object(
  {
    version: Type.String(),
    node: Type.String(),
    startedAt: Type.String(),
    uptimeMs: Type.Integer(),
    ready: Type.Boolean(),
    log: Type.Object({
      kind: Type.String(),
      lastIndex: Type.Integer(),
      checkpointIndex: Type.Integer(),
    }),
    tasks: Type.Object({
      scheduled: Type.Integer(),
      blocked: Type.Integer(),
      queued: Type.Integer(),
      running: Type.Integer(),
      input_required: Type.Integer(),
      failed: Type.Integer(),
    }),
    agents: Type.Object({
      ready: Type.Integer(),
      asleep: Type.Integer({ description: 'Not there, as agreed; not counted as ready' }),
      draining: Type.Integer(),
      lost: Type.Integer(),
      killed: Type.Integer(),
      slots: Type.Integer(),
      slotsUsed: Type.Integer(),
    }),
    queues: Type.Integer(),
    killed: Type.Array(KillView, { description: 'What somebody stopped; at most 100' }),
    store: Type.Object({ bytes: Type.Integer(), backlog: Type.Integer() }),
    admission: AdmissionView,
    breakers: Type.Object(
      { open: Type.Integer(), halfOpen: Type.Integer() },
      { description: 'That keep work from agents and services' },
    ),
    quantum: QuantumStatus,
    stuck: Type.Integer({ description: 'Running tasks that show nothing for too long' }),
    recoveries: Type.Array(RecoveryView, {
      description: 'What went wrong by itself last, newest first; at most five',
    }),
  },
  { title: 'Status' },
);
export type StatusView = Static<typeof StatusView>;
