/** Pure states of qubits, as vectors of amplitudes whose squares add up to 1. */
import { OrchestratorError } from '../../base/errors.ts';
import type { Rng } from '../../base/rng.ts';
import { isFiniteVector, type ComplexVector } from '../linear/arithmetic.ts';
import type { Scalar } from '../linear/complex-matrix.ts';
import { complexGaussians } from '../linear/random-unitary.ts';
import { checkQubitCount } from './bits.ts';

/**
 * A normalised pure state. Treat it as immutable.
 *
 * Amplitude k is `re[k]` + i·`im[k]`; bit q of k is the state of qubit q.
 */
export interface StateVector {
  readonly qubits: number;
  /** Length 2^qubits. */
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** 2 GiB of amplitudes. */
export const STATE_QUBITS_MAX = 27;

/** Deviation from a state, a unitary or a channel that is taken for rounding of what was written down. */
export const VALIDITY_TOLERANCE = 1e-8;

/** Whether amplitudes are scaled to length 1; otherwise their length must be 1 to 1e-8. */
export interface AmplitudeOptions {
  readonly normalise?: boolean;
}

/** Σ|aₖ|². */
export function squaredNorm({ re, im }: ComplexVector): number {
  let sum = 0;
  for (let k = 0; k < re.length; k++) sum += re[k] * re[k] + im[k] * im[k];
  return sum;
}

/** Makes the length 1, in place. The vector is neither zero nor so large that squares overflow. */
export function normalise(vector: ComplexVector): void {
  const factor = 1 / Math.sqrt(squaredNorm(vector));
  if (factor === 1) return;
  for (let k = 0; k < vector.re.length; k++) {
    vector.re[k] *= factor;
    vector.im[k] *= factor;
  }
}

/** Refuses more qubits than a state vector is made for. */
export function checkStateQubits(qubits: number): void {
  checkQubitCount(qubits, STATE_QUBITS_MAX, (n) => 2 ** n);
}

/**
 * The basis state of that number.
 *
 * @throws OrchestratorError QUANTUM_TOO_LARGE, QUANTUM_QUBITS_INVALID, QUANTUM_DIMENSION_INVALID
 */
export function basisState(qubits: number, index: number = 0): StateVector {
  checkStateQubits(qubits);
  const size = 2 ** qubits;
  if (!Number.isInteger(index) || index < 0 || index >= size) {
    throw new OrchestratorError(
      'QUANTUM_DIMENSION_INVALID',
      `a basis state of ${qubits} qubits must be an integer below ${size}, got ${index}`,
      { index, qubits },
    );
  }
  const re = new Float64Array(size);
  re[index] = 1;
  return { qubits, re, im: new Float64Array(size) };
}

/**
 * The basis state that reads so; the rightmost character is qubit 0.
 *
 * @throws OrchestratorError QUANTUM_BITSTRING_INVALID, QUANTUM_TOO_LARGE
 */
export function bitstringState(bits: string): StateVector {
  if (!/^[01]*$/u.test(bits)) {
    const got = JSON.stringify(bits.slice(0, 64));
    throw new OrchestratorError(
      'QUANTUM_BITSTRING_INVALID',
      `a bitstring must consist of 0 and 1, got ${got}`,
      {},
    );
  }
  checkStateQubits(bits.length);
  return basisState(bits.length, bits === '' ? 0 : Number.parseInt(bits, 2));
}

function split(amplitudes: readonly Scalar[] | ComplexVector): ComplexVector {
  if ('re' in amplitudes) return { re: amplitudes.re.slice(), im: amplitudes.im.slice() };
  const re = Float64Array.from(amplitudes, (a) => (typeof a === 'number' ? a : a[0]));
  return { re, im: Float64Array.from(amplitudes, (a) => (typeof a === 'number' ? 0 : a[1])) };
}

/** Scales to length 1 without overflow; null for the zero vector. */
function normalised(vector: ComplexVector): ComplexVector | null {
  let max = 0;
  for (const part of [vector.re, vector.im]) {
    for (const value of part) max = Math.max(max, Math.abs(value));
  }
  if (max === 0) return null;
  const result = { re: vector.re.map((v) => v / max), im: vector.im.map((v) => v / max) };
  normalise(result);
  return result;
}

/**
 * The state of these amplitudes, 2^qubits of them; they are copied.
 *
 * @throws OrchestratorError QUANTUM_NOT_NORMALISED (details.deviation: |Σ|aₖ|² − 1|),
 *   QUANTUM_NOT_FINITE, QUANTUM_DIMENSION_INVALID, QUANTUM_TOO_LARGE
 */
export function stateFromAmplitudes(
  amplitudes: readonly Scalar[] | ComplexVector,
  options: AmplitudeOptions = {},
): StateVector {
  const vector = split(amplitudes);
  const qubits = Math.log2(vector.re.length);
  if (!Number.isInteger(qubits) || vector.im.length !== vector.re.length) {
    throw new OrchestratorError(
      'QUANTUM_DIMENSION_INVALID',
      `there must be a power of two of amplitudes, got ${vector.re.length} and ${vector.im.length} parts`,
      { length: vector.re.length },
    );
  }
  checkStateQubits(qubits);
  if (!isFiniteVector(vector)) {
    throw new OrchestratorError('QUANTUM_NOT_FINITE', 'amplitudes must be finite', {});
  }
  const deviation = Math.abs(squaredNorm(vector) - 1);
  const isAccepted = deviation <= VALIDITY_TOLERANCE || options.normalise === true;
  const result = isAccepted ? normalised(vector) : null;
  if (result === null) {
    throw new OrchestratorError(
      'QUANTUM_NOT_NORMALISED',
      `squares of amplitudes must add up to 1, got a sum that deviates by ${deviation}`,
      { deviation },
    );
  }
  return { qubits, ...result };
}

/** A state drawn from the Haar measure. */
export function randomState(qubits: number, rng: Rng): StateVector {
  checkStateQubits(qubits);
  const vector = complexGaussians(2 ** qubits, rng);
  normalise(vector);
  return { qubits, ...vector };
}

/** The product state high ⊗ low: the qubits of `low` keep their numbers, those of `high` follow. */
export function tensorStates(high: StateVector, low: StateVector): StateVector {
  const qubits = high.qubits + low.qubits;
  checkStateQubits(qubits);
  const size = low.re.length;
  const re = new Float64Array(2 ** qubits);
  const im = new Float64Array(2 ** qubits);
  for (let h = 0; h < high.re.length; h++) {
    const hr = high.re[h];
    const hi = high.im[h];
    if (hr === 0 && hi === 0) continue;
    for (let l = 0, at = h * size; l < size; l++, at++) {
      re[at] = hr * low.re[l] - hi * low.im[l];
      im[at] = hr * low.im[l] + hi * low.re[l];
    }
  }
  return { qubits, re, im };
}

/**
 * ⟨a|b⟩, antilinear in `a`.
 *
 * @throws OrchestratorError QUANTUM_DIMENSION_INVALID for different numbers of qubits
 */
export function innerProduct(a: StateVector, b: StateVector): readonly [re: number, im: number] {
  checkSameQubits(a, b);
  let re = 0;
  let im = 0;
  for (let k = 0; k < a.re.length; k++) {
    re += a.re[k] * b.re[k] + a.im[k] * b.im[k];
    im += a.re[k] * b.im[k] - a.im[k] * b.re[k];
  }
  return [re, im];
}

/** Refuses states of different numbers of qubits. */
export function checkSameQubits(
  a: { readonly qubits: number },
  b: { readonly qubits: number },
): void {
  if (a.qubits === b.qubits) return;
  throw new OrchestratorError(
    'QUANTUM_DIMENSION_INVALID',
    `states must have one number of qubits, got ${a.qubits} and ${b.qubits}`,
    { first: a.qubits, second: b.qubits },
  );
}
