import { invariant } from '../../base/invariant.ts';

/** A complex matrix, row after row, real and imaginary parts apart. Treat it as immutable. */
export interface ComplexMatrix {
  readonly rows: number;
  readonly columns: number;
  /** Length rows × columns; the entry of row r and column c is at r × columns + c. */
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** A complex number, or a real one. */
export type Scalar = number | readonly [re: number, im: number];

/** A matrix of zeros. */
export function zeros(rows: number, columns: number = rows): ComplexMatrix {
  const size = rows * columns;
  return { rows, columns, re: new Float64Array(size), im: new Float64Array(size) };
}

/** The matrix of these rows, all of one length. */
export function matrix(rows: readonly (readonly Scalar[])[]): ComplexMatrix {
  const columns = rows[0]?.length ?? 0;
  const result = zeros(rows.length, columns);
  for (const [r, row] of rows.entries()) {
    invariant(row.length === columns, 'rows of a matrix have one length');
    for (const [c, value] of row.entries()) {
      const [re, im] = typeof value === 'number' ? [value, 0] : value;
      result.re[r * columns + c] = re;
      result.im[r * columns + c] = im;
    }
  }
  return result;
}

/** The identity of `size` rows. */
export function identity(size: number): ComplexMatrix {
  const result = zeros(size);
  for (let i = 0; i < size; i++) result.re[i * size + i] = 1;
  return result;
}
