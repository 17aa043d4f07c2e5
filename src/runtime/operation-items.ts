import { OrchestratorError } from '../base/errors.ts';
import type { OperationItemList } from '../contract/index.ts';
import type { OperationItems } from '../core/index.ts';

interface ItemPage {
  readonly cursor?: string;
  readonly limit: number;
}

/**
 * A page of what became of an operation's tasks. The cursor is the place of the next: the record it is
 * in, and where in it.
 *
 * @throws OrchestratorError `CURSOR_INVALID`
 */
export function itemPage(
  table: { values(): Iterable<OperationItems> },
  operationId: string,
  { cursor, limit }: ItemPage,
): OperationItemList {
  const [fromSeq, fromPosition] = placeOf(cursor);
  const chunks = [...table.values()]
    .filter((chunk) => chunk.operationId === operationId && chunk.seq >= fromSeq)
    .sort((a, b) => a.seq - b.seq);
  const items: OperationItemList['items'] = [];
  for (const { refused, seq, taskIds } of chunks) {
    const codes = new Map(refused);
    const start = seq === fromSeq ? fromPosition : 0;
    for (let position = start; position < taskIds.length; position++) {
      if (items.length === limit) return { items, nextCursor: `${seq}.${position}` };
      items.push({ taskId: taskIds[position] as string, outcome: codes.get(position) ?? 'done' });
    }
  }
  return { items, nextCursor: null };
}

function placeOf(cursor: string | undefined): [seq: number, position: number] {
  if (cursor === undefined) return [0, 0];
  const place = /^(\d{1,15})\.(\d{1,6})$/.exec(cursor);
  if (place !== null) return [Number(place[1]), Number(place[2])];
  throw new OrchestratorError('CURSOR_INVALID', 'a cursor must come from an earlier page');
}
