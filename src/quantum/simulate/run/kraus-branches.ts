/** How a pure state goes through a channel: one Kraus operator, drawn with its probability. */
import { adjoint, multiply } from '../../linear/arithmetic.ts';
import type { ComplexMatrix } from '../../linear/complex-matrix.ts';
import type { Kraus } from '../../states/kraus.ts';
import type { Watch } from '../../watch.ts';
import type { GateOperation, UnitaryOperation } from '../../circuit/operation.ts';
import type { ExactState } from '../exact-state.ts';
import { densityOfExpectations } from './pauli-density.ts';
import { ones } from '../stabilizer/bit-words.ts';

const TOLERANCE = 1e-13;

interface KrausFacts {
  /** K†K of each operator. */
  readonly weights: readonly ComplexMatrix[];
  /** Probabilities where they do not depend on the state. */
  readonly fixed: readonly number[] | null;
  /** Whether all of `weights` are diagonal. */
  readonly isDiagonal: boolean;
}

function isDiagonal({ rows, re, im }: ComplexMatrix): boolean {
  return re.every((value, i) => i % (rows + 1) === 0 || Math.hypot(value, im[i]) <= TOLERANCE);
}

const known = new WeakMap<Kraus, KrausFacts>();

function factsOf(channel: Kraus): KrausFacts {
  let facts = known.get(channel);
  if (facts !== undefined) return facts;
  const weights = channel.operators.map((operator) => multiply(adjoint(operator), operator));
  const diagonal = weights.every(isDiagonal);
  const isFixed =
    diagonal &&
    weights.every(({ rows, re }) =>
      re.every((value, i) => i % (rows + 1) !== 0 || Math.abs(value - re[0]) <= TOLERANCE),
    );
  const fixed = isFixed ? weights.map(({ re }) => re[0]) : null;
  facts = { weights, fixed, isDiagonal: diagonal };
  known.set(channel, facts);
  return facts;
}

function gate(name: 'h' | 's' | 'sdg', qubit: number): GateOperation {
  return { kind: 'gate', name, params: [], qubits: [qubit], controls: [] };
}

/** Gates that turn the Z basis' reading into one of X, Y or Z, and those that undo them. */
function basisChange(
  letters: readonly string[],
  qubits: readonly number[],
): { readonly into: readonly GateOperation[]; readonly back: readonly GateOperation[] } {
  const into: GateOperation[] = [];
  for (const [k, letter] of letters.entries()) {
    if (letter === 'Y') into.push(gate('sdg', qubits[k]));
    if (letter !== 'Z') into.push(gate('h', qubits[k]));
  }
  const back = into
    .toReversed()
    .map((g): GateOperation => (g.name === 'sdg' ? { ...g, name: 's' } : g));
  return { into, back };
}

/** ⟨P⟩ of all Pauli strings on few qubits, by letters, the k-th for the k-th qubit. */
function pauliExpectations(
  state: ExactState,
  qubits: readonly number[],
  watch: Watch,
): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (let basis = 0; basis < 3 ** qubits.length; basis++) {
    const letters = qubits.map((_, k) => 'XYZ'[Math.floor(basis / 3 ** k) % 3]);
    const { into, back } = basisChange(letters, qubits);
    state.applyAll(into, watch);
    const { keys, probabilities } = state.distribution(qubits, Infinity, watch)!;
    state.applyAll(back, watch);
    for (let subset = 0; subset < 2 ** qubits.length; subset++) {
      const name = letters.map((letter, k) => ((subset >>> k) & 1 ? letter : 'I')).join('');
      if (found.has(name)) continue;
      let sum = 0;
      for (const [i, p] of probabilities.entries()) {
        sum += (ones(keys[i] & subset) & 1) === 1 ? -p : p;
      }
      found.set(name, sum);
    }
  }
  return found;
}

/** The density matrix of few qubits of any state, put together from readings in 3^k bases. */
export function reducedByTomography(
  state: ExactState,
  qubits: readonly number[],
  watch: Watch,
): ComplexMatrix {
  const expectations = pauliExpectations(state, qubits, watch);
  return densityOfExpectations(qubits.length, (letters) => expectations.get(letters)!);
}

/** Probability of each Kraus operator in a pure state. */
export function krausProbabilities(
  state: ExactState,
  channel: Kraus,
  qubits: readonly number[],
  watch: Watch,
): readonly number[] {
  const { weights, fixed, isDiagonal: diagonal } = factsOf(channel);
  if (fixed !== null) return fixed;
  if (diagonal && qubits.length === 1) {
    const one = state.probabilityOfOne(qubits[0], watch);
    return weights.map(({ re }) => Math.max(0, re[0] * (1 - one) + re[3] * one));
  }
  const rho = state.reduced?.(qubits, watch) ?? reducedByTomography(state, qubits, watch);
  const { rows } = rho;
  return weights.map(({ re, im }) => {
    let sum = 0;
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < rows; c++) {
        sum += re[r * rows + c] * rho.re[c * rows + r] - im[r * rows + c] * rho.im[c * rows + r];
      }
    }
    return Math.max(0, sum);
  });
}

/** The k-th Kraus operator on a state where it has that probability: it keeps the norm at 1. */
export function krausOperation(
  { name, operators }: Kraus,
  k: number,
  probability: number,
  qubits: readonly number[],
): UnitaryOperation {
  const { rows, columns, re, im } = operators[k];
  const scale = 1 / Math.sqrt(probability);
  const matrix = {
    rows,
    columns,
    re: re.map((value) => value * scale),
    im: im.map((value) => value * scale),
  };
  return { kind: 'unitary', matrix, qubits, controls: [], label: name };
}
