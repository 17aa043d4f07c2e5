/** The channels that noise is usually described with. */
import { OrchestratorError } from '../../base/errors.ts';
import { baseMatrix } from '../circuit/gate-table.ts';
import { kronecker, scale } from '../linear/arithmetic.ts';
import { identity, matrix, type ComplexMatrix } from '../linear/complex-matrix.ts';
import { krausChannel } from './channel.ts';
import type { Kraus } from './kraus.ts';

const { sqrt } = Math;

const PAULI_MATRICES: Readonly<Record<string, ComplexMatrix>> = {
  I: baseMatrix('id', []),
  X: baseMatrix('x', []),
  Y: baseMatrix('y', []),
  Z: baseMatrix('z', []),
};

/** Refuses a number outside 0 … max. */
function checkParameter(name: string, value: number, max: number = 1): void {
  if (value >= 0 && value <= max) return;
  throw new OrchestratorError(
    'QUANTUM_PARAMETER_INVALID',
    `${name} must be from 0 to ${max}, got ${value}`,
    { parameter: name, value: String(value) },
  );
}

/** The matrix of a string of I, X, Y and Z; the rightmost letter is qubit 0. */
function pauliMatrix(letters: string): ComplexMatrix {
  let result = identity(1);
  for (const letter of letters) result = kronecker(result, PAULI_MATRICES[letter]);
  return result;
}

function pauliStrings(qubits: number): readonly string[] {
  let strings = [''];
  for (let k = 0; k < qubits; k++)
    strings = strings.flatMap((s) => ['I', 'X', 'Y', 'Z'].map((p) => s + p));
  return strings;
}

/**
 * Pauli errors with these probabilities, such as `{ X: 0.01, Z: 0.02 }`; the rest is no error.
 *
 * Labels have one letter for each qubit, qubit 0 rightmost. Probabilities add up to 1 at most, or to 1
 * where the identity is among them.
 *
 * @throws OrchestratorError QUANTUM_PARAMETER_INVALID, QUANTUM_PAULI_INVALID
 */
export function pauliChannel(
  probabilities: Readonly<Record<string, number>>,
  name: string = 'Pauli channel',
): Kraus {
  const labels = Object.keys(probabilities);
  const qubits = labels.at(0)?.length ?? 1;
  for (const label of labels) {
    if (label.length === qubits && /^[IXYZ]{1,5}$/u.test(label)) continue;
    throw new OrchestratorError(
      'QUANTUM_PAULI_INVALID',
      `labels of a Pauli channel must be 1 to 5 of I, X, Y, Z and equally long, got ${JSON.stringify(label.slice(0, 32))}`,
      {},
    );
  }
  const none = 'I'.repeat(qubits);
  let sum = 0;
  for (const [label, probability] of Object.entries(probabilities)) {
    checkParameter(`probability of ${label}`, probability);
    sum += probability;
  }
  checkParameter('sum of Pauli probabilities', sum, 1 + 1e-12);
  const all = new Map(Object.entries(probabilities));
  if (!all.has(none)) all.set(none, Math.max(0, 1 - sum));
  const operators = [...all]
    .filter(([, probability]) => probability > 0)
    .map(([label, probability]) => scale(pauliMatrix(label), sqrt(probability)));
  return krausChannel(name, operators);
}

/** X with that probability. */
export function bitFlip(probability: number): Kraus {
  return pauliChannel({ X: probability }, 'bit flip');
}

/** Z with that probability. */
export function phaseFlip(probability: number): Kraus {
  return pauliChannel({ Z: probability }, 'phase flip');
}

/** Y with that probability. */
export function bitPhaseFlip(probability: number): Kraus {
  return pauliChannel({ Y: probability }, 'bit-phase flip');
}

/**
 * ρ → (1 − p)·ρ + p·I/2^qubits, on one to five qubits.
 *
 * All of the state is lost at p = 1; up to 4^qubits/(4^qubits − 1), where every error of the Pauli
 * group but the identity is equally likely, the map is still a channel.
 *
 * @throws OrchestratorError QUANTUM_PARAMETER_INVALID
 */
export function depolarizing(p: number, qubits: number = 1): Kraus {
  if (!Number.isInteger(qubits) || qubits < 1 || qubits > 5)
    checkParameter('qubits', Number.NaN, 5);
  const count = 4 ** qubits;
  checkParameter('depolarizing probability', p, count / (count - 1));
  const strings = pauliStrings(qubits);
  const none = Math.max(0, 1 - (p * (count - 1)) / count);
  const probabilities = Object.fromEntries(
    strings.map((label, k) => [label, k === 0 ? none : p / count]),
  );
  return pauliChannel(probabilities, 'depolarizing');
}

/** |1⟩ decays to |0⟩ with probability γ. */
export function amplitudeDamping(gamma: number): Kraus {
  return generalizedAmplitudeDamping(gamma, 0, 'amplitude damping');
}

/**
 * Relaxation by γ towards a mixture in which |1⟩ has the population given.
 *
 * Source: Nielsen and Chuang, Quantum Computation and Quantum Information (2000), §8.3.5.
 */
export function generalizedAmplitudeDamping(
  gamma: number,
  excitedPopulation: number,
  name: string = 'generalized amplitude damping',
): Kraus {
  checkParameter('γ', gamma);
  checkParameter('excited population', excitedPopulation);
  const down = sqrt(1 - excitedPopulation);
  const up = sqrt(excitedPopulation);
  const kept = sqrt(1 - gamma);
  const lost = sqrt(gamma);
  const operators = [
    diagonal([down, down * kept]),
    matrix([
      [0, down * lost],
      [0, 0],
    ]),
    diagonal([up * kept, up]),
    matrix([
      [0, 0],
      [up * lost, 0],
    ]),
  ];
  return krausChannel(name, operators.filter(isNotZero));
}

function diagonal([first, second]: readonly [number, number]): ComplexMatrix {
  return matrix([
    [first, 0],
    [0, second],
  ]);
}

function isNotZero({ re, im }: ComplexMatrix): boolean {
  return re.some((value) => value !== 0) || im.some((value) => value !== 0);
}

/** Coherence between |0⟩ and |1⟩ shrinks by √(1 − λ); populations stay. */
export function phaseDamping(lambda: number): Kraus {
  checkParameter('λ', lambda);
  const operators = [diagonal([1, sqrt(1 - lambda)]), diagonal([0, sqrt(lambda)])];
  return krausChannel('phase damping', operators.filter(isNotZero));
}

/** Times in one unit, whichever. */
export interface Relaxation {
  /** Of the populations; above 0, may be Infinity. */
  readonly t1: number;
  /** Of the coherence; above 0 and at most 2·t1. */
  readonly t2: number;
  /** How long it lasts; at least 0. */
  readonly time: number;
  /** Of |1⟩ in the end; 0 if left out. */
  readonly excitedPopulation?: number;
}

/**
 * Relaxation towards thermal equilibrium: populations by e^{−time/t1}, coherence by e^{−time/t2}.
 *
 * @throws OrchestratorError QUANTUM_PARAMETER_INVALID, also for t2 > 2·t1, which no channel has
 */
export function thermalRelaxation({ t1, t2, time, excitedPopulation = 0 }: Relaxation): Kraus {
  checkParameter('excited population', excitedPopulation);
  checkParameter('t1', t1, Number.POSITIVE_INFINITY);
  checkParameter('t2', t2, 2 * t1);
  checkParameter('time', time, Number.POSITIVE_INFINITY);
  if (t1 === 0 || t2 === 0 || time === Number.POSITIVE_INFINITY) {
    throw new OrchestratorError(
      'QUANTUM_PARAMETER_INVALID',
      `t1 and t2 must be above 0 and time finite, got ${t1}, ${t2} and ${time}`,
      { parameter: 't1, t2, time' },
    );
  }
  // −expm1 keeps the digits of short times.
  const lost = -Math.expm1(-time / t1);
  const coherence = Math.exp(-time / t2);
  const toOne = excitedPopulation * lost;
  const toZero = (1 - excitedPopulation) * lost;
  // The populations' part of the Choi matrix is [[1 − toOne, c], [c, 1 − toZero]]: its Cholesky
  // factors, from the larger of the two, which is 1/2 at least.
  const isGround = toOne <= toZero;
  const pivot = isGround ? 1 - toOne : 1 - toZero;
  const other = isGround ? 1 - toZero : 1 - toOne;
  const rest = sqrt(Math.max(0, other - (coherence * coherence) / pivot));
  const along = coherence / sqrt(pivot);
  const operators = [
    diagonal(isGround ? [sqrt(pivot), along] : [along, sqrt(pivot)]),
    diagonal(isGround ? [0, rest] : [rest, 0]),
    matrix([
      [0, sqrt(toZero)],
      [0, 0],
    ]),
    matrix([
      [0, 0],
      [sqrt(toOne), 0],
    ]),
  ];
  return krausChannel('thermal relaxation', operators.filter(isNotZero));
}
