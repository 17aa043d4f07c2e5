/** What is left of a state when some of its qubits are not looked at. */
import type { ComplexVector } from '../linear/arithmetic.ts';
import { zeros, type ComplexMatrix } from '../linear/complex-matrix.ts';
import { UNWATCHED, throwIfCanceled, type Watch } from '../watch.ts';
import { bitOffsets, checkQubits, maskOf, nextOutside } from './bits.ts';
import {
  checkDensityQubits,
  isDensity,
  normaliseTrace,
  type DensityMatrix,
  type QuantumState,
} from './density-matrix.ts';
import type { StateVector } from './state-vector.ts';

/** Amplitudes gathered at a time: both parts fit in a second-level cache. */
const BLOCK_SIZE = 2 ** 14;

/** sum ← sum + B·B† on and below the diagonal, for `width` columns of B. */
function addGram(sum: ComplexMatrix, { re, im }: ComplexVector, width: number, watch: Watch): void {
  const size = sum.rows;
  for (let r = 0; r < size; r++) {
    if ((r & 31) === 0) throwIfCanceled(watch);
    for (let c = 0; c <= r; c++) {
      let sumRe = 0;
      let sumIm = 0;
      for (let k = 0, i = r * width, j = c * width; k < width; k++, i++, j++) {
        sumRe += re[i] * re[j] + im[i] * im[j];
        sumIm += im[i] * re[j] - re[i] * im[j];
      }
      sum.re[r * size + c] += sumRe;
      sum.im[r * size + c] += sumIm;
    }
  }
}

function mirror({ rows: n, re, im }: ComplexMatrix): void {
  for (let r = 0; r < n; r++) {
    im[r * n + r] = 0;
    for (let c = 0; c < r; c++) {
      re[c * n + r] = re[r * n + c];
      im[c * n + r] = -im[r * n + c];
    }
  }
}

/** ρ = A·A†, A the amplitudes with kept bits for rows; block by block, O(2^kept · 2^qubits). */
function reducePure(state: StateVector, kept: readonly number[], watch: Watch): ComplexMatrix {
  const offsets = bitOffsets(kept);
  const mask = maskOf(kept);
  const size = offsets.length;
  const rest = state.re.length / size;
  const width = Math.min(rest, Math.max(8, BLOCK_SIZE / size));
  const re = new Float64Array(size * width);
  const im = new Float64Array(size * width);
  const result = zeros(size);
  let base = 0;
  for (let done = 0; done < rest; done += width) {
    for (let k = 0; k < width; k++) {
      for (let r = 0; r < size; r++) {
        re[r * width + k] = state.re[base + offsets[r]];
        im[r * width + k] = state.im[base + offsets[r]];
      }
      base = nextOutside(base, mask);
    }
    addGram(result, { re, im }, width, watch);
  }
  mirror(result);
  return result;
}

function reduceMixed(state: DensityMatrix, kept: readonly number[], watch: Watch): ComplexMatrix {
  const { rows: n, re, im } = state.matrix;
  const offsets = bitOffsets(kept);
  const mask = maskOf(kept);
  const size = offsets.length;
  const result = zeros(size);
  for (let base = 0, left = n / size; left > 0; left--, base = nextOutside(base, mask)) {
    throwIfCanceled(watch);
    for (let r = 0, at = 0; r < size; r++) {
      const row = (base + offsets[r]) * n + base;
      for (let c = 0; c < size; c++, at++) {
        result.re[at] += re[row + offsets[c]];
        result.im[at] += im[row + offsets[c]];
      }
    }
  }
  return result;
}

/**
 * The reduced state of the kept qubits, in the order given: `kept[k]` becomes qubit k.
 *
 * O(2^kept · 2^qubits) for a state vector, O(4^kept · 2^(qubits − kept)) for a density matrix.
 *
 * @throws OrchestratorError QUANTUM_QUBITS_INVALID, QUANTUM_TOO_LARGE, QUANTUM_CANCELED
 */
export function partialTrace(
  state: QuantumState,
  kept: readonly number[],
  watch: Watch = UNWATCHED,
): DensityMatrix {
  checkQubits(kept, state.qubits);
  checkDensityQubits(kept.length);
  const matrix = isDensity(state)
    ? reduceMixed(state, kept, watch)
    : reducePure(state, kept, watch);
  normaliseTrace(matrix);
  return { qubits: kept.length, matrix };
}
