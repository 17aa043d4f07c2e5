/** Measurement by Born's rule: of qubits, in the basis of a Pauli string, and of a string as a whole. */
import { OrchestratorError } from '../../base/errors.ts';
import type { Rng } from '../../base/rng.ts';
import type { ComplexVector } from '../linear/arithmetic.ts';
import { matrix, type ComplexMatrix } from '../linear/complex-matrix.ts';
import { uniform } from '../linear/random-unitary.ts';
import { UNWATCHED, throwIfCanceled, type Watch } from '../watch.ts';
import { applyOperator } from './apply-unitary.ts';
import { bitOffsets, checkQubits, maskOf, nextOutside, parity } from './bits.ts';
import { isDensity, normaliseTrace, type QuantumState } from './density-matrix.ts';
import { Distribution, type OutcomeCounts } from './distribution.ts';
import { expectation } from './expectation.ts';
import { pauliMasks, type PauliMasks, type PauliTerm } from './pauli.ts';
import { normalise } from './state-vector.ts';

/** What was read, how likely that was, and the state after. */
export interface Measurement<S extends QuantumState> {
  /** Bit k is what the k-th qubit reads. */
  readonly outcome: number;
  readonly probability: number;
  /** All qubits, those measured among them. */
  readonly state: S;
}

/** The same for an observable with the values 1 and −1. */
export interface PauliMeasurement<S extends QuantumState> {
  readonly value: 1 | -1;
  readonly probability: number;
  readonly state: S;
}

/** Amplitudes of rounding size: what is projected on less than their square is noise. */
const IMPOSSIBLE_BELOW = 1e-30;

const { SQRT1_2 } = Math;

/** Turns the basis of X or Y into that of Z, and back. */
const TO_Z: Readonly<Record<'X' | 'Y', ComplexMatrix>> = {
  X: matrix([
    [SQRT1_2, SQRT1_2],
    [SQRT1_2, -SQRT1_2],
  ]),
  Y: matrix([
    [SQRT1_2, [0, -SQRT1_2]],
    [SQRT1_2, [0, SQRT1_2]],
  ]),
};
const FROM_Z: Readonly<Record<'X' | 'Y', ComplexMatrix>> = {
  X: TO_Z.X,
  Y: matrix([
    [SQRT1_2, SQRT1_2],
    [
      [0, SQRT1_2],
      [0, -SQRT1_2],
    ],
  ]),
};

/** Probabilities of the basis states, 2^qubits of them. */
export function basisProbabilities(state: QuantumState): Float64Array {
  if (!isDensity(state)) {
    const { re, im } = state;
    const result = new Float64Array(re.length);
    for (let k = 0; k < re.length; k++) result[k] = re[k] * re[k] + im[k] * im[k];
    return result;
  }
  const { rows, re } = state.matrix;
  // Rounding may leave a diagonal entry just below zero.
  return Float64Array.from({ length: rows }, (_, k) => Math.max(0, re[k * rows + k]));
}

/**
 * Born probabilities of what these qubits read: bit k of an entry's number is the k-th qubit.
 *
 * @throws OrchestratorError QUANTUM_QUBITS_INVALID, QUANTUM_CANCELED
 */
export function probabilitiesOf(
  state: QuantumState,
  qubits: readonly number[],
  watch: Watch = UNWATCHED,
): Float64Array {
  checkQubits(qubits, state.qubits);
  const all = basisProbabilities(state);
  if (qubits.length === state.qubits && qubits.every((qubit, k) => qubit === k)) return all;
  const offsets = bitOffsets(qubits);
  const mask = maskOf(qubits);
  const result = new Float64Array(offsets.length);
  for (let base = 0, left = all.length / offsets.length; left > 0; left--) {
    if ((left & 0xff) === 0) throwIfCanceled(watch);
    for (let k = 0; k < offsets.length; k++) result[k] += all[base + offsets[k]];
    base = nextOutside(base, mask);
  }
  return result;
}

/** Keeps entries whose bits under `mask` are `wanted`. */
function keepOnly({ re, im }: ComplexVector, mask: number, wanted: number): void {
  for (let k = 0; k < re.length; k++) {
    if ((k & mask) === wanted) continue;
    re[k] = 0;
    im[k] = 0;
  }
}

function impossible(probability: number): Error {
  return new OrchestratorError(
    'QUANTUM_OUTCOME_IMPOSSIBLE',
    `an outcome that is projected on must have a probability above 0, got ${probability}`,
    { probability },
  );
}

/** A copy that `change` is done to, on rows and columns of a density matrix; normalised anew. */
function changed<S extends QuantumState>(
  state: S,
  change: (vector: ComplexVector, shift: number, isConjugate: boolean) => void,
): S {
  if (!isDensity(state)) {
    const vector = { re: state.re.slice(), im: state.im.slice() };
    change(vector, 0, false);
    normalise(vector);
    return { ...state, ...vector };
  }
  const result = { ...state.matrix, re: state.matrix.re.slice(), im: state.matrix.im.slice() };
  change(result, state.qubits, false);
  change(result, 0, true);
  normaliseTrace(result);
  return { ...state, matrix: result };
}

/**
 * Projects on an outcome of these qubits: bit k of `outcome` is the k-th.
 *
 * @throws OrchestratorError QUANTUM_OUTCOME_IMPOSSIBLE, QUANTUM_QUBITS_INVALID
 */
export function project<S extends QuantumState>(
  state: S,
  qubits: readonly number[],
  outcome: number,
  watch: Watch = UNWATCHED,
): Measurement<S> {
  const probabilities = probabilitiesOf(state, qubits, watch);
  const probability = probabilities[outcome] ?? 0;
  if (probability < IMPOSSIBLE_BELOW) throw impossible(probability);
  const mask = maskOf(qubits);
  const wanted = bitOffsets(qubits)[outcome];
  const after = changed(state, (vector, shift) => {
    // Shifted as a product: bits of a density matrix's rows reach 26.
    keepOnly(vector, mask * 2 ** shift, wanted * 2 ** shift);
  });
  return { outcome, probability, state: after };
}

/**
 * Measures some qubits in the computational basis.
 *
 * @throws OrchestratorError QUANTUM_QUBITS_INVALID, QUANTUM_CANCELED
 */
export function measure<S extends QuantumState>(
  state: S,
  qubits: readonly number[],
  rng: Rng,
  watch: Watch = UNWATCHED,
): Measurement<S> {
  const distribution = new Distribution(probabilitiesOf(state, qubits, watch), watch);
  return project(state, qubits, distribution.draw(rng), watch);
}

/** The state turned so that reading a factor's qubit in the computational basis reads it in the factor's. */
export function turnToBasis<S extends QuantumState>(
  state: S,
  basis: PauliTerm,
  watch: Watch = UNWATCHED,
): S {
  return turn(state, basis, TO_Z, watch);
}

function turn<S extends QuantumState>(
  state: S,
  { factors }: PauliTerm,
  turns: typeof TO_Z,
  watch: Watch,
): S {
  const qubits = factors.map(({ qubit }) => qubit);
  checkQubits(qubits, state.qubits);
  let result = state;
  for (const { qubit, pauli } of factors) {
    if (pauli !== 'Z') result = applyOperator(result, turns[pauli], [qubit], watch);
  }
  return result;
}

/**
 * Measures each qubit that the string has a factor on, in that factor's basis.
 *
 * Bit k of the outcome is 0 for the value 1 of the k-th factor, by ascending qubit, and 1 for −1.
 *
 * @throws OrchestratorError QUANTUM_QUBITS_INVALID, QUANTUM_CANCELED
 */
export function measureInBasis<S extends QuantumState>(
  state: S,
  basis: PauliTerm,
  rng: Rng,
  watch: Watch = UNWATCHED,
): Measurement<S> {
  const qubits = basis.factors.map(({ qubit }) => qubit);
  const measured = measure(turnToBasis(state, basis, watch), qubits, rng, watch);
  return { ...measured, state: turn(measured.state, basis, FROM_Z, watch) };
}

/** v ← (v + value·P·v)/2, in place; P conjugated for the columns of a density matrix. */
function projectOnPauli({ re, im }: ComplexVector, { x, z, ys }: PauliMasks, value: number): void {
  // i^ys times value / 2; ys is negated by the caller for a conjugate.
  const turns = ((ys % 4) + 4) % 4;
  const factorRe = turns % 2 === 0 ? (turns === 0 ? value : -value) / 2 : 0;
  const factorIm = turns % 2 === 1 ? (turns === 1 ? value : -value) / 2 : 0;
  for (let k = 0; k < re.length; k++) {
    const other = k ^ x;
    if (other < k) continue;
    const toOther = parity(k & z) === 0 ? 1 : -1;
    const toThis = parity(other & z) === 0 ? 1 : -1;
    const kr = re[k];
    const ki = im[k];
    const or = re[other];
    const oi = im[other];
    re[k] = kr / 2 + toThis * (factorRe * or - factorIm * oi);
    im[k] = ki / 2 + toThis * (factorRe * oi + factorIm * or);
    if (other === k) continue;
    re[other] = or / 2 + toOther * (factorRe * kr - factorIm * ki);
    im[other] = oi / 2 + toOther * (factorRe * ki + factorIm * kr);
  }
}

/**
 * Projects on the eigenspace of a Pauli string for that value; its coefficient does not count.
 *
 * @throws OrchestratorError QUANTUM_OUTCOME_IMPOSSIBLE, QUANTUM_QUBITS_INVALID
 */
export function projectPauli<S extends QuantumState>(
  state: S,
  string: PauliTerm,
  value: 1 | -1,
  watch: Watch = UNWATCHED,
): PauliMeasurement<S> {
  const mean = expectation(state, { ...string, coefficient: 1 }, watch);
  const probability = Math.min(1, Math.max(0, (1 + value * mean) / 2));
  // The mean is rounded at 1e-16, so that an impossible value looks about as likely as that.
  if (probability < 1e-15) throw impossible(probability);
  const { x, z, ys } = pauliMasks(string);
  const after = changed(state, (vector, shift, isConjugate) => {
    const bits = 2 ** shift;
    projectOnPauli(vector, { x: x * bits, z: z * bits, ys: isConjugate ? -ys : ys }, value);
  });
  return { value, probability, state: after };
}

/**
 * Measures a Pauli string as one observable, of which only the sign is learnt: a parity.
 *
 * @throws OrchestratorError QUANTUM_QUBITS_INVALID
 */
export function measurePauli<S extends QuantumState>(
  state: S,
  string: PauliTerm,
  rng: Rng,
  watch: Watch = UNWATCHED,
): PauliMeasurement<S> {
  const mean = expectation(state, { ...string, coefficient: 1 }, watch);
  const isPlus = uniform(rng) < (1 + mean) / 2;
  // A draw of a value that is impossible but for rounding goes to the other one.
  if (Math.abs(mean) > 1 - 2e-15) return projectPauli(state, string, mean > 0 ? 1 : -1, watch);
  return projectPauli(state, string, isPlus ? 1 : -1, watch);
}

/**
 * Counts of what these qubits read in `shots` independent measurements of one state.
 *
 * O(2^qubits) once, and then no more than O(shots · qubits).
 *
 * @throws OrchestratorError QUANTUM_SHOTS_INVALID, QUANTUM_QUBITS_INVALID, QUANTUM_CANCELED
 */
export function sampleCounts(
  state: QuantumState,
  qubits: readonly number[],
  shots: number,
  chance: { readonly rng: Rng; readonly watch?: Watch },
): OutcomeCounts {
  const { rng, watch = UNWATCHED } = chance;
  return new Distribution(probabilitiesOf(state, qubits, watch), watch).count(shots, rng, watch);
}
