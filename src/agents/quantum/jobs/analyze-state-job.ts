import type { QuantumState } from '../../../quantum/states/density-matrix.ts';
import { isDensity } from '../../../quantum/states/density-matrix.ts';
import { expectation } from '../../../quantum/states/expectation.ts';
import { blochVector, correlationMatrix } from '../../../quantum/states/measures/correlation.ts';
import { fidelity, traceDistance } from '../../../quantum/states/measures/distance.ts';
import {
  concurrence,
  entanglementOfFormation,
  negativity,
} from '../../../quantum/states/measures/entanglement.ts';
import {
  entropyOfQubits,
  purity,
  vonNeumannEntropy,
} from '../../../quantum/states/measures/entropy.ts';
import { schmidtCoefficients } from '../../../quantum/states/measures/schmidt.ts';
import { parsePauliSum, type PauliTermSource } from '../../../quantum/states/pauli.ts';
import { squaredNorm } from '../../../quantum/states/state-vector.ts';
import type { Watch } from '../../../quantum/watch.ts';
import { OrchestratorError } from '../../../base/errors.ts';
import type { Job } from './job.ts';
import { openState, type StateSource } from './state-source.ts';

export interface AnalyzeStateRequest {
  readonly state: StateSource;
  /** Sums of Pauli strings whose expectation is wanted. */
  readonly observables: readonly (readonly PauliTermSource[])[];
  /** Sides of cuts to look at. */
  readonly parts: readonly (readonly number[])[];
  /** Another state to compare with. */
  readonly other: StateSource | null;
  /** Whether the mutual information of all pairs is wanted. */
  readonly correlations: boolean;
}

/** One side of a cut. Entropies are in bits. */
export interface PartFacts {
  readonly qubits: readonly number[];
  readonly entropy: number;
  readonly negativity: number;
  /** Of pure states alone. */
  readonly schmidt?: {
    readonly rank: number;
    /** The largest, descending; squares of all add up to 1. */
    readonly coefficients: readonly number[];
  };
}

export interface AnalyzeStateAnswer {
  readonly qubits: number;
  readonly representation: 'pure' | 'mixed';
  /** Square root of Σ|a|², or the trace: 1 but for rounding. */
  readonly norm: number;
  readonly purity: number;
  readonly entropy: number;
  readonly perQubit: readonly {
    readonly qubit: number;
    /** ⟨X⟩, ⟨Y⟩, ⟨Z⟩. */
    readonly bloch: readonly number[];
    readonly entropy: number;
  }[];
  /** Mutual information of each pair in bits; each qubit's entropy on the diagonal. */
  readonly correlations?: readonly (readonly number[])[];
  readonly parts: readonly PartFacts[];
  readonly expectations: readonly number[];
  readonly comparison?: { readonly fidelity: number; readonly traceDistance: number };
  /** Of two qubits alone. */
  readonly concurrence?: number;
  readonly entanglementOfFormation?: number;
  readonly bitOrder: string;
}

/** Most qubits on the smaller side of a cut: its matrix is decomposed. */
const CUT_QUBITS_MAX = 10;
const COEFFICIENTS_MAX = 64;
/** Coefficients below this share of the largest come from rounding. */
const RANK_TOLERANCE = 1e-12;

/** Measures of one state. */
export const analyzeStateJob: Job<AnalyzeStateRequest, AnalyzeStateAnswer> = (request, context) => {
  const { watch } = context;
  const state = openState(request.state, context);
  const other = request.other === null ? null : openState(request.other, context);
  const qubits = Array.from({ length: state.qubits }, (_, qubit) => qubit);
  const { qubits: count } = state;
  return {
    qubits: count,
    representation: isDensity(state) ? 'mixed' : 'pure',
    norm: normOf(state),
    purity: purity(state),
    entropy: vonNeumannEntropy(state, watch),
    perQubit: qubits.map((qubit) => ({
      qubit,
      bloch: [...blochVector(state, qubit)],
      entropy: entropyOfQubits(state, [qubit], watch),
    })),
    ...(request.correlations ? { correlations: correlationMatrix(state, watch) } : {}),
    parts: request.parts.map((part) => partFacts(state, part, watch)),
    expectations: request.observables.map((terms) =>
      expectation(state, parsePauliSum(terms, count), watch),
    ),
    ...(other === null
      ? {}
      : {
          comparison: {
            fidelity: fidelity(state, other, watch),
            traceDistance: traceDistance(state, other, watch),
          },
        }),
    ...(count === 2
      ? { concurrence: concurrence(state), entanglementOfFormation: entanglementOfFormation(state) }
      : {}),
    bitOrder: 'qubit 0 is rightmost in Pauli strings',
  };
};

function normOf(state: QuantumState): number {
  if (!isDensity(state)) return Math.sqrt(squaredNorm(state));
  const { re, rows } = state.matrix;
  let trace = 0;
  for (let k = 0; k < rows; k++) trace += re[k * (rows + 1)]!;
  return trace;
}

function partFacts(state: QuantumState, qubits: readonly number[], watch: Watch): PartFacts {
  const smaller = Math.min(qubits.length, state.qubits - qubits.length);
  if (smaller > CUT_QUBITS_MAX) {
    throw new OrchestratorError(
      'QUANTUM_TOO_LARGE',
      `a cut must have at most ${CUT_QUBITS_MAX} qubits on its smaller side, got ${smaller}`,
      { qubits: smaller, qubitsFitting: CUT_QUBITS_MAX },
    );
  }
  const entropy = entropyOfQubits(state, qubits, watch);
  if (isDensity(state)) return { qubits, entropy, negativity: negativity(state, qubits, watch) };
  const coefficients = schmidtCoefficients(state, qubits, watch);
  const sum = coefficients.reduce((total, value) => total + value, 0);
  const least = RANK_TOLERANCE * (coefficients[0] ?? 0);
  return {
    qubits,
    entropy,
    // Vidal and Werner, Phys. Rev. A 65 (2002) 032314: of a pure state by its Schmidt coefficients.
    negativity: Math.max(0, (sum * sum - 1) / 2),
    schmidt: {
      rank: coefficients.filter((value) => value > least).length,
      coefficients: [...coefficients.subarray(0, COEFFICIENTS_MAX)],
    },
  };
}
