import { UNWATCHED, throwIfCanceled, type Watch } from '../watch.ts';
import { adjoint, multiply } from './arithmetic.ts';
import { zeros, type ComplexMatrix } from './complex-matrix.ts';
import { eigenHermitian } from './hermitian-eigen.ts';

/** U = V·diag(e^{i·angles})·V†. */
export interface UnitaryEigen {
  /** Radians in (−π, π]; just above −π counts as π. */
  readonly angles: Float64Array;
  /** Unitary V; column k belongs to `angles[k]`. */
  readonly vectors: ComplexMatrix;
}

/** Radians; eigenvalues at angles a and b fall together where a + b = 2α + 2πn, which no gate's do. */
const GENERIC_ANGLE = 0.737_281_9;
/** Turned by the golden angle, α comes near no earlier one for long. */
const GOLDEN_ANGLE = 2.399_963_2;
const TRIES_MAX = 8;
/** An entry of V†UV off the diagonal that is no more than rounding. */
const RESIDUAL_MAX = 1e-14;

/**
 * Eigenvalues' angles and eigenvectors of a unitary matrix, to rounding; O(n³).
 *
 * A Hermitian matrix has the same eigenvectors, cos(α)·(U+U†)/2 + sin(α)·(U−U†)/2i. It cannot tell two
 * eigenvalues apart that lie mirrored about α, so that other α are tried until V†UV is diagonal.
 *
 * @throws OrchestratorError as `eigenHermitian`
 */
export function eigenUnitary(unitary: ComplexMatrix, watch: Watch = UNWATCHED): UnitaryEigen {
  let best: { readonly vectors: ComplexMatrix; readonly diagonal: ComplexMatrix } | null = null;
  let least = Infinity;
  for (let k = 0; k < TRIES_MAX && !(least <= RESIDUAL_MAX * unitary.rows); k++) {
    throwIfCanceled(watch);
    const alpha = GENERIC_ANGLE + k * GOLDEN_ANGLE;
    const { vectors } = eigenHermitian(hermitianPart(unitary, alpha), watch);
    const diagonal = multiply(adjoint(vectors), multiply(unitary, vectors));
    const residual = largestOffDiagonal(diagonal);
    if (best !== null && residual >= least) continue;
    least = residual;
    best = { vectors, diagonal };
  }
  const { vectors, diagonal } = best as NonNullable<typeof best>;
  const angles = Float64Array.from({ length: unitary.rows }, (_, k) => {
    const at = k * (unitary.rows + 1);
    const angle = Math.atan2(diagonal.im[at], diagonal.re[at]);
    return angle < -Math.PI + 1e-9 ? angle + 2 * Math.PI : angle;
  });
  return { angles, vectors };
}

/** cos(α)·(U+U†)/2 + sin(α)·(U−U†)/2i */
function hermitianPart(unitary: ComplexMatrix, alpha: number): ComplexMatrix {
  const other = adjoint(unitary);
  const result = zeros(unitary.rows);
  const c = Math.cos(alpha);
  const s = Math.sin(alpha);
  for (let i = 0; i < result.re.length; i++) {
    const [re, im] = [unitary.re[i], unitary.im[i]];
    const [oRe, oIm] = [other.re[i], other.im[i]];
    result.re[i] = (c * (re + oRe) + s * (im - oIm)) / 2;
    result.im[i] = (c * (im + oIm) - s * (re - oRe)) / 2;
  }
  return result;
}

function largestOffDiagonal({ rows, re, im }: ComplexMatrix): number {
  let largest = 0;
  for (let i = 0; i < re.length; i++) {
    if (i % (rows + 1) !== 0) largest = Math.max(largest, Math.hypot(re[i], im[i]));
  }
  return largest;
}
