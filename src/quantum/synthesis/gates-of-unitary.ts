/** Matrices as gates that have names. */
import { invariant } from '../../base/invariant.ts';
import type { GateOperation, UnitaryOperation, UnitaryPart } from '../circuit/operation.ts';
import { controlledBy, inverseOfAll } from '../circuit/unitary-part.ts';
import { applyTo } from '../circuit/unitary-power.ts';
import { zeros, type ComplexMatrix } from '../linear/complex-matrix.ts';
import { eigenUnitary } from '../linear/unitary-eigen.ts';
import { GateCollector } from './gate-collector.ts';
import { multiplexedRotation } from './multiplexed-rotation.ts';
import { pushUnitary } from './shannon.ts';

/** Qubits past which a matrix is thousands of gates, and takes seconds. */
export const MATRIX_QUBITS_MAX = 6;

/**
 * The same unitary, its phase included, as gates `u`, `p` and `cx` and a global phase; under controls also
 * `rz` and `p` with those controls.
 *
 * At most 9/16·4ⁿ − 3/2·2ⁿ `cx` for n ≥ 2 qubits; under controls twice as many and 2ⁿ⁺¹, with 2ⁿ gates that
 * are controlled. O(8ⁿ).
 */
export function gatesOfUnitary({ matrix, qubits, controls }: UnitaryOperation): UnitaryPart[] {
  if (controls.length === 0) {
    const gates = gatesUpToPhase(matrix, qubits);
    const angle = phaseBetween(gates, matrix, qubits);
    return angle === 0 ? gates : [...gates, { kind: 'global-phase', angle }];
  }
  // V·D·V†: where the controls keep D from acting, V and V† undo each other.
  const { angles, vectors } = eigenUnitary(matrix);
  const basis = gatesUpToPhase(vectors, qubits);
  const diagonal = gatesOfDiagonal(angles, qubits).flatMap((part) =>
    isFlip(part) ? [part] : controlledBy(part, controls),
  );
  return [...inverseOfAll(basis), ...diagonal, ...basis];
}

function gatesUpToPhase(matrix: ComplexMatrix, qubits: readonly number[]): GateOperation[] {
  const collector = new GateCollector(qubits.length);
  pushUnitary(collector, matrix, [...qubits.keys()]);
  return collector.finish().map((gate) => ({ ...gate, qubits: gate.qubits.map((k) => qubits[k]) }));
}

/** What the gates' product must be multiplied by to be the matrix: told by what both do to |0…0⟩. */
function phaseBetween(
  gates: readonly GateOperation[],
  matrix: ComplexMatrix,
  qubits: readonly number[],
): number {
  const state = zeros(matrix.rows, 1);
  state.re[0] = 1;
  for (const gate of gates) applyTo(state, gate, qubits);
  let [re, im] = [0, 0];
  for (let r = 0; r < matrix.rows; r++) {
    const [x, y] = [matrix.re[r * matrix.columns], matrix.im[r * matrix.columns]];
    re += state.re[r] * x + state.im[r] * y;
    im += state.re[r] * y - state.im[r] * x;
  }
  invariant(Math.abs(Math.hypot(re, im) - 1) < 1e-6, 'gates of a matrix do what it does');
  return Math.atan2(im, re);
}

function isFlip(part: UnitaryPart): boolean {
  return part.kind === 'gate' && part.name === 'cx';
}

/** diag(e^{i·angles}): a rotation about Z of each qubit, selected by those below it, and a phase. */
function gatesOfDiagonal(angles: Float64Array, qubits: readonly number[]): UnitaryPart[] {
  const parts: UnitaryPart[] = [];
  const push = (name: 'rz' | 'cx', params: readonly number[], on: readonly number[]): unknown =>
    parts.push({ kind: 'gate', name, params, qubits: on, controls: [] });
  let rest = angles;
  for (let k = qubits.length - 1; k >= 0; k--) {
    const half = rest.length / 2;
    const means = rest.slice(0, half).map((angle, s) => (angle + rest[s + half]) / 2);
    multiplexedRotation(
      means.map((_, s) => rest[s + half] - rest[s]),
      {
        rotate: (angle) => push('rz', [angle], [qubits[k]]),
        flip: (select) => push('cx', [], [qubits[select], qubits[k]]),
      },
    );
    rest = means;
  }
  return [...parts, { kind: 'global-phase', angle: rest[0] }];
}
