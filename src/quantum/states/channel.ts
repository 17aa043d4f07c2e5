/** Channels from their Kraus operators or Choi matrices, checked, composed and applied. */
import { OrchestratorError } from '../../base/errors.ts';
import {
  add,
  adjoint,
  conjugate,
  isFiniteVector,
  kronecker,
  multiply,
} from '../linear/arithmetic.ts';
import { identity, zeros, type ComplexMatrix } from '../linear/complex-matrix.ts';
import { hermitianDeviation, maxDistance } from '../linear/deviation.ts';
import { eigenHermitian } from '../linear/hermitian-eigen.ts';
import { UNWATCHED, type Watch } from '../watch.ts';
import { applyOperator, checkOperatorSize } from './apply-unitary.ts';
import { checkQubits } from './bits.ts';
import {
  asDensity,
  normaliseTrace,
  type DensityMatrix,
  type QuantumState,
} from './density-matrix.ts';
import type { Kraus } from './kraus.ts';
import { VALIDITY_TOLERANCE } from './state-vector.ts';
import { transform } from './transform.ts';

/** 1024 operators of 32 rows, if all that are independent occur. */
const CHANNEL_QUBITS_MAX = 5;

/** Superoperators of more qubits cost more to make than to do without. */
const SUPEROPERATOR_QUBITS_MAX = 3;

/** The largest entry of |ΣKᵢ†Kᵢ − I|: 0 for operators that keep the trace. */
export function completenessDeviation(operators: readonly ComplexMatrix[]): number {
  let sum = zeros(operators[0].columns);
  for (const operator of operators) sum = add(sum, multiply(adjoint(operator), operator));
  const deviation = maxDistance(sum, identity(sum.rows));
  return Number.isNaN(deviation) ? Number.POSITIVE_INFINITY : deviation;
}

function notAChannel(name: string, must: string, property: string, deviation: number): Error {
  return new OrchestratorError(
    'QUANTUM_NOT_CPTP',
    `channel ${name} must ${must}, got a deviation of ${deviation}`,
    { property, deviation },
  );
}

function channelQubits(name: string, size: number): number {
  const qubits = Math.log2(size);
  if (Number.isInteger(qubits) && qubits >= 1 && qubits <= CHANNEL_QUBITS_MAX) return qubits;
  throw new OrchestratorError(
    'QUANTUM_DIMENSION_INVALID',
    `operators of channel ${name} must have 2, 4, … ${2 ** CHANNEL_QUBITS_MAX} rows, got ${size}`,
    { rows: size },
  );
}

/**
 * The channel of these Kraus operators.
 *
 * @throws OrchestratorError QUANTUM_NOT_CPTP (details.deviation: largest entry of |ΣK†K − I|) unless
 *   complete to 1e-8, QUANTUM_DIMENSION_INVALID, QUANTUM_NOT_FINITE
 */
export function krausChannel(name: string, operators: readonly ComplexMatrix[]): Kraus {
  const qubits = channelQubits(name, operators.at(0)?.rows ?? 0);
  for (const operator of operators) {
    checkOperatorSize(operator, qubits);
    if (!isFiniteVector(operator)) {
      throw new OrchestratorError(
        'QUANTUM_NOT_FINITE',
        `operators of channel ${name} must be finite`,
        {},
      );
    }
  }
  const deviation = completenessDeviation(operators);
  if (!(deviation <= VALIDITY_TOLERANCE)) {
    throw notAChannel(name, 'keep the trace: ΣK†K = I', 'trace', deviation);
  }
  return { name, qubits, operators };
}

/**
 * C = Σ|i⟩⟨j| ⊗ E(|i⟩⟨j|): rows are numbered input · 2^qubits + output; its trace is 2^qubits.
 *
 * Source: Choi, Linear Algebra Appl. 10 (1975) 285.
 */
export function choiMatrix({ qubits, operators }: Kraus): ComplexMatrix {
  const d = 2 ** qubits;
  const result = zeros(d * d);
  for (const { re, im } of operators) {
    for (let r = 0; r < d * d; r++) {
      const at = (r % d) * d + Math.floor(r / d);
      if (re[at] === 0 && im[at] === 0) continue;
      for (let c = 0; c < d * d; c++) {
        const other = (c % d) * d + Math.floor(c / d);
        result.re[r * d * d + c] += re[at] * re[other] + im[at] * im[other];
        result.im[r * d * d + c] += im[at] * re[other] - re[at] * im[other];
      }
    }
  }
  return result;
}

/** Operators √λ·unvec(v) from an eigen-decomposition, those of λ within rounding of 0 left out. */
function operatorsOf(values: Float64Array, vectors: ComplexMatrix, d: number): ComplexMatrix[] {
  const operators: ComplexMatrix[] = [];
  for (let k = values.length - 1; k >= 0; k--) {
    if (values[k] <= 1e-14 * d) break;
    const size = Math.sqrt(values[k]);
    const operator = zeros(d);
    for (let row = 0; row < d * d; row++) {
      const at = (row % d) * d + Math.floor(row / d);
      operator.re[at] = size * vectors.re[row * d * d + k];
      operator.im[at] = size * vectors.im[row * d * d + k];
    }
    operators.push(operator);
  }
  return operators;
}

/**
 * The channel of a Choi matrix, with the fewest Kraus operators, which are orthogonal.
 *
 * @throws OrchestratorError QUANTUM_NOT_CPTP with details.property ('hermitian' | 'positive' | 'trace')
 *   and details.deviation, QUANTUM_DIMENSION_INVALID
 */
export function channelFromChoi(
  name: string,
  choi: ComplexMatrix,
  watch: Watch = UNWATCHED,
): Kraus {
  const qubits = channelQubits(name, Math.sqrt(choi.rows));
  checkOperatorSize(choi, 2 * qubits);
  const asymmetry = hermitianDeviation(choi);
  if (!(asymmetry <= VALIDITY_TOLERANCE)) {
    throw notAChannel(name, 'have a Hermitian Choi matrix', 'hermitian', asymmetry);
  }
  const { values, vectors } = eigenHermitian(choi, watch);
  if (values[0] < -VALIDITY_TOLERANCE) {
    throw notAChannel(name, 'have a positive Choi matrix', 'positive', -values[0]);
  }
  const operators = operatorsOf(values, vectors, 2 ** qubits);
  return krausChannel(name, operators.length === 0 ? [zeros(2 ** qubits)] : operators);
}

/** The same channel with no more Kraus operators than are independent, 4^qubits at most. */
function withFewOperators(channel: Kraus): Kraus {
  return channel.operators.length <= 4 ** channel.qubits
    ? channel
    : channelFromChoi(channel.name, choiMatrix(channel));
}

/**
 * `first`, then `second`, on the same qubits.
 *
 * @throws OrchestratorError QUANTUM_DIMENSION_INVALID for different numbers of qubits
 */
export function composeChannels(first: Kraus, second: Kraus): Kraus {
  checkOperatorSize(second.operators[0], first.qubits);
  const operators = first.operators.flatMap((a) => second.operators.map((b) => multiply(b, a)));
  return withFewOperators({
    name: `${first.name}, ${second.name}`,
    qubits: first.qubits,
    operators,
  });
}

/** high ⊗ low: the qubits of `low` come first. */
export function tensorChannels(high: Kraus, low: Kraus): Kraus {
  const name = `${high.name} ⊗ ${low.name}`;
  channelQubits(name, 2 ** (high.qubits + low.qubits));
  const operators = high.operators.flatMap((a) => low.operators.map((b) => kronecker(a, b)));
  return { name, qubits: high.qubits + low.qubits, operators };
}

/**
 * ΣK ⊗ K*, by which a channel multiplies a density matrix read row after row.
 *
 * Rows are numbered row · 2^qubits + column of the density matrix.
 */
export function superoperator({ qubits, operators }: Kraus): ComplexMatrix {
  let sum = zeros(4 ** qubits);
  for (const operator of operators) sum = add(sum, kronecker(operator, conjugate(operator)));
  return sum;
}

/**
 * E(ρ) with bit k of the operators' rows being `qubits[k]`; a pure state becomes a density matrix.
 *
 * @throws OrchestratorError QUANTUM_DIMENSION_INVALID, QUANTUM_QUBITS_INVALID,
 *   QUANTUM_TOO_LARGE, QUANTUM_CANCELED
 */
export function applyChannel(
  state: QuantumState,
  channel: Kraus,
  qubits: readonly number[],
  watch: Watch = UNWATCHED,
): DensityMatrix {
  checkQubits(qubits, state.qubits);
  checkOperatorSize(channel.operators[0], qubits.length);
  const density = asDensity(state);
  const matrix =
    qubits.length <= SUPEROPERATOR_QUBITS_MAX
      ? applyAtOnce(density, channel, qubits, watch)
      : applyOneByOne(density, channel, qubits, watch);
  normaliseTrace(matrix);
  return { qubits: state.qubits, matrix };
}

function applyAtOnce(
  density: DensityMatrix,
  channel: Kraus,
  qubits: readonly number[],
  watch: Watch,
): ComplexMatrix {
  const { matrix } = density;
  const result = { ...matrix, re: matrix.re.slice(), im: matrix.im.slice() };
  const rows = qubits.map((qubit) => qubit + density.qubits);
  transform(result, superoperator(channel), [...qubits, ...rows], watch);
  return result;
}

function applyOneByOne(
  density: DensityMatrix,
  channel: Kraus,
  qubits: readonly number[],
  watch: Watch,
): ComplexMatrix {
  let sum = zeros(density.matrix.rows);
  for (const operator of channel.operators) {
    sum = add(sum, applyOperator(density, operator, qubits, watch).matrix);
  }
  return sum;
}
