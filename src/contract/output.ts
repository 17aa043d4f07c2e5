import Type, { type Static } from 'typebox';
import { TaskStateText } from './task.ts';

/** One part of what a task handed out while it ran. */
export const OutputItem = Type.Object(
  {
    seq: Type.Integer({ description: 'Its place among all chunks of the task, from 0' }),
    attempt: Type.Integer(),
    at: Type.String(),
    chunk: Type.Unknown(),
    cursor: Type.String({ description: 'Where a reader that has seen it goes on' }),
  },
  { title: 'OutputItem' },
);
export type OutputItem = Static<typeof OutputItem>;

export const OutputList = Type.Object(
  {
    items: Type.Array(OutputItem),
    nextCursor: Type.String(),
    done: Type.Boolean({ description: 'Whether there will be no more' }),
    state: TaskStateText,
  },
  { title: 'OutputList' },
);
export type OutputList = Static<typeof OutputList>;
