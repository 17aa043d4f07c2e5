import Type, { type Static } from 'typebox';
import { ErrorInfo } from './task.ts';

/** Something that happened, as streams tell it. */
export const EventView = Type.Object(
  {
    at: Type.String({ description: 'When, in ISO 8601' }),
    type: Type.String({ description: 'task.submitted, task.assigned, task.completed, …' }),
    taskId: Type.Optional(Type.String()),
    flowId: Type.Optional(Type.String()),
    agentId: Type.Optional(Type.String()),
    queue: Type.Optional(Type.String()),
    limit: Type.Optional(Type.String({ description: 'The limit of limit.changed' })),
    breaker: Type.Optional(Type.String({ description: 'Kind and name, of breaker.changed' })),
    taskType: Type.Optional(Type.String()),
    state: Type.Optional(Type.String({ description: 'The state it is in since then' })),
    attempt: Type.Optional(Type.Integer()),
    fencingToken: Type.Optional(Type.Integer()),
    reason: Type.Optional(Type.String()),
    error: Type.Optional(ErrorInfo),
    fraction: Type.Optional(Type.Number({ description: 'How far the attempt is, 0 to 1' })),
    note: Type.Optional(Type.String()),
    key: Type.Optional(Type.String({ description: 'The question of task.input_required' })),
    message: Type.Optional(Type.String({ description: 'What it asks, cut short' })),
    by: Type.Optional(Type.String({ description: 'Who answered, redrove or changed it' })),
    operationId: Type.Optional(Type.String()),
    group: Type.Optional(Type.String({ description: 'Key of a group of failures' })),
    schedule: Type.Optional(Type.String({ description: 'Of schedule.fired and its like' })),
    nominalAt: Type.Optional(
      Type.Integer({ description: 'The moment that a firing was meant for, in ms since 1970' }),
    ),
    count: Type.Optional(Type.Integer({ description: 'Firings that schedule.skipped tells of' })),
    dropped: Type.Optional(
      Type.Integer({ description: 'Of events.dropped: news left out since the event before' }),
    ),
    copy: Type.Optional(
      Type.String({ description: 'The copy of task.hedged, or whose result the task took over' }),
    ),
    chunk: Type.Optional(Type.Unknown({ description: 'A part of the output of task.output' })),
  },
  { title: 'Event' },
);
export type EventView = Static<typeof EventView>;
