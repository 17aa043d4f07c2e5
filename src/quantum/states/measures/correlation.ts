/** How every qubit goes with every other, and where each points. */
import { UNWATCHED, type Watch } from '../../watch.ts';
import { checkQubits } from '../bits.ts';
import { isDensity, type DensityMatrix, type QuantumState } from '../density-matrix.ts';
import { walshHadamard } from '../expectation.ts';
import { basisProbabilities } from '../measurement.ts';
import { partialTrace } from '../partial-trace.ts';
import { vonNeumannEntropy } from './entropy.ts';
import { forEachPair } from './pair-densities.ts';

/** Row i, column j belong to qubits i and j; symmetric. */
export type QubitMatrix = readonly (readonly number[])[];

function emptyMatrix(size: number): number[][] {
  return Array.from({ length: size }, () => Array.from({ length: size }, () => 0));
}

/** Calls `visit` with the reduced state of every pair i < j. */
function visitPairs(
  state: QuantumState,
  visit: (i: number, j: number, pair: DensityMatrix) => void,
  watch: Watch,
): void {
  if (!isDensity(state)) {
    forEachPair(state, visit, watch);
    return;
  }
  for (let i = 0; i < state.qubits; i++) {
    for (let j = i + 1; j < state.qubits; j++) visit(i, j, partialTrace(state, [i, j], watch));
  }
}

/**
 * Mutual information of every pair of qubits in bits, 0 to 2; the diagonal has each qubit's entropy.
 *
 * O(qubits² · 2^qubits) for states of either kind.
 *
 * @throws OrchestratorError QUANTUM_CANCELED
 */
export function correlationMatrix(state: QuantumState, watch: Watch = UNWATCHED): QubitMatrix {
  const n = state.qubits;
  const result = emptyMatrix(n);
  for (let i = 0; i < n; i++) {
    result[i][i] = vonNeumannEntropy(partialTrace(state, [i], watch), watch);
  }
  const pairs = (n * (n - 1)) / 2;
  let done = 0;
  const visit = (i: number, j: number, pair: DensityMatrix): void => {
    const joint = vonNeumannEntropy(pair, watch);
    const information = Math.max(0, result[i][i] + result[j][j] - joint);
    result[i][j] = information;
    result[j][i] = information;
    done++;
    watch.progress(done / pairs);
  };
  visitPairs(state, visit, watch);
  return result;
}

/**
 * Connected correlations ⟨ZᵢZⱼ⟩ − ⟨Zᵢ⟩⟨Zⱼ⟩, −1 to 1; the diagonal has variances.
 *
 * O(qubits · 2^qubits): one transform of the probabilities holds the means of all products of Z.
 */
export function zzCorrelations(state: QuantumState, watch: Watch = UNWATCHED): QubitMatrix {
  const n = state.qubits;
  const means = basisProbabilities(state);
  walshHadamard(means, watch);
  const result = emptyMatrix(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const product = i === j ? 1 : means[2 ** i + 2 ** j];
      result[i][j] = product - means[2 ** i] * means[2 ** j];
    }
  }
  return result;
}

/**
 * (⟨X⟩, ⟨Y⟩, ⟨Z⟩) of one qubit: length 1 if it is pure, 0 if it is maximally mixed.
 *
 * @throws OrchestratorError QUANTUM_QUBITS_INVALID, QUANTUM_CANCELED
 */
export function blochVector(
  state: QuantumState,
  qubit: number,
  watch: Watch = UNWATCHED,
): readonly [x: number, y: number, z: number] {
  checkQubits([qubit], state.qubits);
  const { re, im } = partialTrace(state, [qubit], watch).matrix;
  return [2 * re[2], 2 * im[2], re[0] - re[3]];
}
