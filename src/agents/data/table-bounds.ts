/** How large a table may be, and the refusals of a larger one. */
import { InvalidPayloadError } from '../payload.ts';

/** Rows without the header. */
export const ROWS_MAX = 200_000;

export const COLUMNS_MAX = 512;

/** Cells in all, missing ones included; about 100 MB of working memory. */
const CELLS_MAX = 2_000_000;

/** UTF-16 units of one cell: the longest piece that is read without a pause. */
export const CELL_CHARACTERS_MAX = 100_000;

/** Refuses more rows than {@link ROWS_MAX}. */
export function checkRows(count: number, path: string): void {
  if (count > ROWS_MAX) {
    throw new InvalidPayloadError(path, `must have at most ${ROWS_MAX} rows`, `at least ${count}`);
  }
}

/** Refuses more cells than {@link CELLS_MAX}. */
export function checkCells(count: number, path: string): void {
  if (count > CELLS_MAX) {
    throw new InvalidPayloadError(
      path,
      `must have at most ${CELLS_MAX} cells`,
      `at least ${count}`,
    );
  }
}
