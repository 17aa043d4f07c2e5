/** Readings that are wrong: a classical confusion of outcomes after an ideal measurement. */
import { OrchestratorError } from '../../base/errors.ts';
import type { Rng } from '../../base/rng.ts';
import { zeros } from '../linear/complex-matrix.ts';
import { uniform } from '../linear/random-unitary.ts';
import { krausChannel } from './channel.ts';
import { checkQubits } from './bits.ts';
import { checkDistribution } from './density-matrix.ts';
import type { Kraus } from './kraus.ts';
import { transform } from './transform.ts';

/** What is read instead of what is. */
export interface ConfusionMatrix {
  readonly qubits: number;
  /** Row: the true outcome; column: the one read; each row adds up to 1. */
  readonly probabilities: readonly (readonly number[])[];
}

/**
 * The readout error of a confusion matrix: `[[P(0|0), P(1|0)], [P(0|1), P(1|1)]]` for one qubit.
 *
 * @throws OrchestratorError QUANTUM_PROBABILITY_INVALID, QUANTUM_DIMENSION_INVALID
 */
export function readoutError(probabilities: readonly (readonly number[])[]): ConfusionMatrix {
  const size = probabilities.length;
  const qubits = Math.log2(size);
  const isSquare = probabilities.every((row) => row.length === size);
  if (!Number.isInteger(qubits) || qubits < 1 || qubits > 8 || !isSquare) {
    throw new OrchestratorError(
      'QUANTUM_DIMENSION_INVALID',
      `a confusion matrix must be square with 2, 4, … 256 rows, got ${size}`,
      { rows: size },
    );
  }
  for (const row of probabilities) checkDistribution(row);
  return { qubits, probabilities };
}

/** The outcome read when `actual` is true. */
export function readThrough({ probabilities }: ConfusionMatrix, actual: number, rng: Rng): number {
  const row = probabilities[actual];
  let left = uniform(rng);
  for (const [read, probability] of row.entries()) {
    left -= probability;
    if (left < 0) return read;
  }
  // Rounding left a little more than all: the last outcome that can be read.
  return row.findLastIndex((probability) => probability > 0);
}

/**
 * The distribution of readings from that of outcomes, 2^n of them; `qubits[k]` is the error's qubit k.
 *
 * @throws OrchestratorError QUANTUM_QUBITS_INVALID, QUANTUM_DIMENSION_INVALID
 */
export function confuse(
  probabilities: Float64Array,
  error: ConfusionMatrix,
  qubits: readonly number[],
): Float64Array {
  const count = Math.log2(probabilities.length);
  if (!Number.isInteger(count) || qubits.length !== error.qubits) {
    throw new OrchestratorError(
      'QUANTUM_DIMENSION_INVALID',
      `a readout error of ${error.qubits} qubits must get as many, and a power of two of outcomes, got ${qubits.length} and ${probabilities.length}`,
      { qubits: qubits.length, outcomes: probabilities.length },
    );
  }
  checkQubits(qubits, count);
  const size = error.probabilities.length;
  const transposed = zeros(size);
  for (const [actual, row] of error.probabilities.entries()) {
    for (const [read, probability] of row.entries())
      transposed.re[read * size + actual] = probability;
  }
  const vector = { re: probabilities.slice(), im: new Float64Array(probabilities.length) };
  transform(vector, transposed, qubits);
  return vector.re;
}

/** Measurement with that error, and the qubits left in the state that was read: √P(r|t)·|r⟩⟨t|. */
export function readoutChannel({ probabilities }: ConfusionMatrix): Kraus {
  const size = probabilities.length;
  const operators = probabilities.flatMap((row, actual) =>
    row.flatMap((probability, read) => {
      if (probability <= 0) return [];
      const operator = zeros(size);
      operator.re[read * size + actual] = Math.sqrt(probability);
      return [operator];
    }),
  );
  return krausChannel('readout error', operators);
}
