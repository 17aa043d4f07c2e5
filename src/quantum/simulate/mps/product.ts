import { multiply } from '../../linear/arithmetic.ts';
import { zeros, type ComplexMatrix } from '../../linear/complex-matrix.ts';
import { inSlices, type Watch } from '../../watch.ts';

/** Products of entries between two looks at the watch: some milliseconds. */
const WORK_PER_LOOK = 2 ** 20;

/**
 * The product of two matrices, some rows at a time.
 *
 * @throws OrchestratorError QUANTUM_CANCELED
 */
export function product(a: ComplexMatrix, b: ComplexMatrix, watch: Watch): ComplexMatrix {
  const rowsPerLook = Math.max(1, Math.floor(WORK_PER_LOOK / (a.columns * b.columns)));
  if (a.rows <= rowsPerLook) return multiply(a, b);
  const result = zeros(a.rows, b.columns);
  inSlices(a.rows, rowsPerLook, watch, (from, to) => {
    const [begin, end] = [from * a.columns, to * a.columns];
    const { columns } = a;
    const re = a.re.subarray(begin, end);
    const part = multiply({ rows: to - from, columns, re, im: a.im.subarray(begin, end) }, b);
    result.re.set(part.re, from * b.columns);
    result.im.set(part.im, from * b.columns);
  });
  return result;
}
