/**
 * Unitaries on any number of qubits as rotations and controlled Paulis: the quantum Shannon decomposition.
 *
 * Source: Shende, Bullock and Markov, IEEE Trans. CAD 25 (2006) 1000.
 */
import { adjoint, multiply } from '../linear/arithmetic.ts';
import type { ComplexMatrix } from '../linear/complex-matrix.ts';
import { cosineSine, quarter } from '../linear/cosine-sine.ts';
import { maxDistance, maxNorm } from '../linear/deviation.ts';
import { eigenUnitary } from '../linear/unitary-eigen.ts';
import { X, Y, Z } from './axis.ts';
import type { GateSink } from './gate-sink.ts';
import { multiplexedRotation } from './multiplexed-rotation.ts';
import { fromMatrix } from './quaternion.ts';
import { pushQuaternion, pushTwoQubitUnitary } from './two-qubit.ts';

/** Entries no larger than this are rounding. */
const NEGLIGIBLE = 1e-14;

/**
 * Appends any unitary but for its global phase; bit k of a row's number is `qubits[k]`.
 *
 * At most 9/16·4ⁿ − 3/2·2ⁿ controlled Paulis from two qubits on (3, 24, 120, 528 …); O(8ⁿ).
 */
export function pushUnitary(
  sink: GateSink,
  unitary: ComplexMatrix,
  qubits: readonly number[],
): void {
  if (qubits.length === 1) pushQuaternion(sink, qubits[0], fromMatrix(unitary));
  else if (qubits.length === 2) pushTwoQubitUnitary(sink, unitary, qubits[0], qubits[1]);
  else if (isBlockDiagonal(unitary)) {
    pushSelected(sink, [quarter(unitary, 0, 0), quarter(unitary, 1, 1)], qubits);
  } else {
    const { left, angles, right } = cosineSine(unitary);
    pushSelected(sink, right, qubits);
    const turns = angles.map((angle) => 2 * angle);
    pushMultiplexed(sink, Y, turns, qubits);
    pushSelected(sink, left, qubits);
  }
}

function isBlockDiagonal(unitary: ComplexMatrix): boolean {
  return (
    maxNorm(quarter(unitary, 0, 1)) < NEGLIGIBLE && maxNorm(quarter(unitary, 1, 0)) < NEGLIGIBLE
  );
}

/** One of two unitaries of the lower qubits, by the highest: (1 ⊗ V) · diag(D, D†) · (1 ⊗ W). */
function pushSelected(
  sink: GateSink,
  [zero, one]: readonly [ComplexMatrix, ComplexMatrix],
  qubits: readonly number[],
): void {
  const lower = qubits.slice(0, -1);
  if (maxDistance(zero, one) < NEGLIGIBLE) {
    pushUnitary(sink, zero, lower);
    return;
  }
  const { angles, vectors } = eigenUnitary(multiply(zero, adjoint(one)));
  pushUnitary(sink, multiply(rootTimes(angles, adjoint(vectors)), one), lower);
  pushMultiplexed(
    sink,
    Z,
    angles.map((angle) => -angle),
    qubits,
  );
  pushUnitary(sink, vectors, lower);
}

/** diag(e^{i·angles/2})·A */
function rootTimes(angles: Float64Array, { rows, columns, re, im }: ComplexMatrix): ComplexMatrix {
  const cos = (i: number): number => Math.cos(angles[Math.floor(i / columns)] / 2);
  const sin = (i: number): number => Math.sin(angles[Math.floor(i / columns)] / 2);
  return {
    rows,
    columns,
    re: re.map((x, i) => cos(i) * x - sin(i) * im[i]),
    im: im.map((y, i) => cos(i) * y + sin(i) * re[i]),
  };
}

/** A rotation of the highest qubit, selected by the lower ones. */
function pushMultiplexed(
  sink: GateSink,
  axis: number,
  angles: Float64Array,
  qubits: readonly number[],
): void {
  const target = qubits[qubits.length - 1];
  multiplexedRotation(angles, {
    rotate: (angle) => {
      sink.rotate(target, axis, angle);
    },
    flip: (select) => {
      sink.controlledPauli(qubits[select], Z, target, X);
    },
  });
}
