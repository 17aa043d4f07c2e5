import Type, { type Static } from 'typebox';
import { KillView } from './budget.ts';

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
      draining: Type.Integer(),
      lost: Type.Integer(),
      killed: Type.Integer(),
      slots: Type.Integer(),
      slotsUsed: Type.Integer(),
    }),
    queues: Type.Integer(),
    killed: Type.Array(KillView, { description: 'What somebody stopped; at most 100' }),
    store: Type.Object({ bytes: Type.Integer(), backlog: Type.Integer() }),
  },
  { title: 'Status' },
);
export type StatusView = Static<typeof StatusView>;
