/** Pauli strings and weighted sums of them: the observables of qubits. */
import { OrchestratorError } from '../../base/errors.ts';
import { checkQubits, maskOf } from './bits.ts';

export type Pauli = 'X' | 'Y' | 'Z';

/** A Pauli matrix on one qubit. */
export interface PauliFactor {
  readonly qubit: number;
  readonly pauli: Pauli;
}

/** coefficient · P, with the identity on qubits that have no factor. */
export interface PauliTerm {
  readonly coefficient: number;
  /** Ascending by qubit, each at most once. */
  readonly factors: readonly PauliFactor[];
}

/** A Hermitian observable. */
export type PauliSum = readonly PauliTerm[];

/** The qubits on which each Pauli matrix acts, as in `{ X: [0], Z: [3] }`. */
export type SparsePauli = Readonly<Partial<Record<Pauli, readonly number[]>>>;

/** A term as it is written down: `'XIZY'`, with qubit 0 rightmost, or sparse. */
export interface PauliTermSource {
  readonly pauli: string | SparsePauli;
  /** 1 if left out. */
  readonly coefficient?: number;
}

/** A Pauli string of at most 31 qubits as bits: i^|x∧z| · X^x · Z^z, Z first. */
export interface PauliMasks {
  readonly x: number;
  readonly z: number;
  /** How many factors are Y. */
  readonly ys: number;
}

function invalid(must: string, got: unknown): Error {
  const text = (JSON.stringify(got) ?? String(got)).slice(0, 80);
  return new OrchestratorError('QUANTUM_PAULI_INVALID', `${must}, got ${text}`, {});
}

function isPauli(name: string): name is Pauli {
  return name === 'X' || name === 'Y' || name === 'Z';
}

function parseDense(text: string, qubits: number): readonly PauliFactor[] {
  if (text.length !== qubits) {
    throw invalid(`a Pauli string must have ${qubits} letters, one for each qubit`, text);
  }
  const factors: PauliFactor[] = [];
  for (let qubit = 0; qubit < qubits; qubit++) {
    const letter = text[qubits - 1 - qubit];
    if (isPauli(letter)) factors.push({ qubit, pauli: letter });
    else if (letter !== 'I') throw invalid('a Pauli string must consist of I, X, Y and Z', text);
  }
  return factors;
}

function parseSparse(source: SparsePauli, qubits: number): readonly PauliFactor[] {
  const factors: PauliFactor[] = [];
  for (const [pauli, listed] of Object.entries(source)) {
    if (!isPauli(pauli) || !Array.isArray(listed)) {
      throw invalid('sparse Paulis must be lists of qubits under X, Y and Z', source);
    }
    for (const qubit of listed as readonly number[]) factors.push({ qubit, pauli });
  }
  checkQubits(
    factors.map(({ qubit }) => qubit),
    qubits,
  );
  return factors.toSorted((a, b) => a.qubit - b.qubit);
}

/**
 * One term on a number of qubits.
 *
 * @throws OrchestratorError QUANTUM_PAULI_INVALID, QUANTUM_QUBITS_INVALID
 */
export function parsePauli(
  source: string | SparsePauli,
  qubits: number,
  coefficient: number = 1,
): PauliTerm {
  if (!Number.isFinite(coefficient)) {
    throw invalid('the coefficient of a Pauli string must be finite', String(coefficient));
  }
  if (typeof source === 'string') return { coefficient, factors: parseDense(source, qubits) };
  if (typeof source !== 'object' || source === null) {
    throw invalid('a Pauli must be a string or lists of qubits', source);
  }
  return { coefficient, factors: parseSparse(source, qubits) };
}

/**
 * A weighted sum of terms.
 *
 * @throws OrchestratorError QUANTUM_PAULI_INVALID, QUANTUM_QUBITS_INVALID
 */
export function parsePauliSum(terms: readonly PauliTermSource[], qubits: number): PauliSum {
  return terms.map(({ pauli, coefficient }) => parsePauli(pauli, qubits, coefficient));
}

/** The term as a string of `qubits` letters, qubit 0 rightmost, without its coefficient. */
export function formatPauli({ factors }: PauliTerm, qubits: number): string {
  const letters = Array.from({ length: qubits }, () => 'I');
  for (const { qubit, pauli } of factors) letters[qubits - 1 - qubit] = pauli;
  return letters.join('');
}

/** The bits of a term on qubits below 31. */
export function pauliMasks({ factors }: PauliTerm): PauliMasks {
  const flipping = factors.filter(({ pauli }) => pauli !== 'Z');
  const signing = factors.filter(({ pauli }) => pauli !== 'X');
  return {
    x: maskOf(flipping.map(({ qubit }) => qubit)),
    z: maskOf(signing.map(({ qubit }) => qubit)),
    ys: flipping.length + signing.length - factors.length,
  };
}
