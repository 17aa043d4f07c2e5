import { baseMatrix, gateSpec } from '../circuit/gate-table.ts';
import type { Control, GateOperation, UnitaryOperation } from '../circuit/operation.ts';
import { zeros, type ComplexMatrix } from '../linear/complex-matrix.ts';

/** What a gate does: a matrix on `targets` wherever all `controls` are in their states. */
export interface GateAction {
  /** Bit k of a row's number is the state of `targets[k]`. */
  readonly matrix: ComplexMatrix;
  readonly targets: readonly number[];
  readonly controls: readonly Control[];
}

/** Entries below this are zero to the simulators that look for structure. */
const ZERO = 1e-15;

/** A gate of either kind with the controls of its name unfolded. */
export function gateAction(operation: GateOperation | UnitaryOperation): GateAction {
  if (operation.kind === 'unitary') {
    const { matrix, qubits, controls } = operation;
    return { matrix, targets: qubits, controls };
  }
  const { name, params, qubits, controls } = operation;
  const spec = gateSpec(name);
  const matrix = baseMatrix(spec.base, params);
  if (spec.controls === 0) return { matrix, targets: qubits, controls };
  const named = qubits.slice(0, spec.controls).map((qubit): Control => ({ qubit, value: 1 }));
  return { matrix, targets: qubits.slice(spec.controls), controls: [...named, ...controls] };
}

/** All qubits of an action, its controls last. */
export function actionQubits({ targets, controls }: GateAction): readonly number[] {
  return controls.length === 0 ? targets : [...targets, ...controls.map(({ qubit }) => qubit)];
}

/** The matrix of an action on all its qubits, in the order of {@link actionQubits}. */
export function wholeMatrix({ matrix, targets, controls }: GateAction): ComplexMatrix {
  if (controls.length === 0) return matrix;
  const inner = 2 ** targets.length;
  const size = inner * 2 ** controls.length;
  const result = zeros(size);
  const active = controls.reduce((sum, { value }, k) => sum + value * inner * 2 ** k, 0);
  for (let r = 0; r < size; r++) {
    if (r - (r % inner) !== active) {
      result.re[r * size + r] = 1;
      continue;
    }
    for (let c = 0; c < inner; c++) {
      result.re[r * size + active + c] = matrix.re[(r % inner) * inner + c];
      result.im[r * size + active + c] = matrix.im[(r % inner) * inner + c];
    }
  }
  return result;
}

/** A matrix with one entry in every row and column, as where each column's entry goes; or null. */
export interface Monomial {
  /** Row of the entry of each column. */
  readonly rowOf: readonly number[];
  readonly re: readonly number[];
  readonly im: readonly number[];
  readonly isDiagonal: boolean;
}

/** `matrix` as a permutation with phases, or null where it is none. */
export function asMonomial({ rows, re, im }: ComplexMatrix): Monomial | null {
  const rowOf: number[] = [];
  const phases: { re: number[]; im: number[] } = { re: [], im: [] };
  for (let c = 0; c < rows; c++) {
    let row = -1;
    for (let r = 0; r < rows; r++) {
      const at = r * rows + c;
      if (Math.abs(re[at]) <= ZERO && Math.abs(im[at]) <= ZERO) continue;
      if (row >= 0) return null;
      row = r;
    }
    // Kraus operators may have columns of zeros, or two entries in a row.
    if (row < 0 || rowOf.includes(row)) return null;
    rowOf.push(row);
    phases.re.push(re[row * rows + c]);
    phases.im.push(im[row * rows + c]);
  }
  return { rowOf, ...phases, isDiagonal: rowOf.every((row, c) => row === c) };
}
