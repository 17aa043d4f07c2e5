/** Ids as one text. */
import type { TaskId } from '../core/index.ts';

/** Length of the ids that this program gives out; a report may name any text. */
export const ID_LENGTH = 36;

/** Texts of their own: a slice would keep the whole text alive as long as its task. */
export function splitIds(ids: string): TaskId[] {
  const bytes = Buffer.from(ids);
  const isAscii = bytes.length === ids.length;
  const split: TaskId[] = [];
  for (let at = 0; at < ids.length; at += ID_LENGTH) {
    const end = at + ID_LENGTH;
    split.push((isAscii ? bytes.toString('latin1', at, end) : ids.slice(at, end)) as TaskId);
  }
  return split;
}
