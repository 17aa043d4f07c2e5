/** A state to look at, in the ways in which it can be given. */
import { OrchestratorError } from '../../../base/errors.ts';
import type { Circuit } from '../../../quantum/circuit/circuit.ts';
import type { Operation } from '../../../quantum/circuit/operation.ts';
import { DensityState } from '../../../quantum/simulate/density/density-state.ts';
import { applyNoise } from '../../../quantum/simulate/noise/apply-noise.ts';
import { NOISELESS, type NoiseModel } from '../../../quantum/simulate/noise/noise-model.ts';
import { parseNoiseModel } from '../../../quantum/simulate/noise/parse-noise-model.ts';
import { runCircuit } from '../../../quantum/simulate/run-circuit.ts';
import { densityFromMatrix, type QuantumState } from '../../../quantum/states/density-matrix.ts';
import { stateFromAmplitudes } from '../../../quantum/states/state-vector.ts';
import { throwIfCanceled, type Watch } from '../../../quantum/watch.ts';
import type { JobContext } from './job.ts';
import { readCircuit, type CircuitSource } from './read-circuit.ts';

/** Parts of complex numbers, of equal length. */
export interface ComplexNumbers {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

export type StateSource =
  /** The state before the circuit's final measurements; mixed where there is noise. */
  | { readonly kind: 'circuit'; readonly source: CircuitSource; readonly noise: unknown }
  | {
      readonly kind: 'amplitudes';
      readonly amplitudes: ComplexNumbers;
      readonly normalise: boolean;
    }
  /** Row after row. */
  | { readonly kind: 'density'; readonly rows: number; readonly entries: ComplexNumbers };

/** Most qubits of a pure state: what is asked of it takes some passes for each pair of qubits. */
const PURE_QUBITS_MAX = 20;
/** Most qubits of a mixed state. */
const MIXED_QUBITS_MAX = 9;

/**
 * The state that a source stands for.
 *
 * @throws OrchestratorError QUANTUM_TOO_LARGE, QUANTUM_STATEVECTOR_UNAVAILABLE, QUANTUM_NOT_NORMALISED,
 *   QUANTUM_NOT_A_STATE, QUANTUM_DIMENSION_INVALID, QASM_*
 */
export function openState(source: StateSource, { bytesMax, watch }: JobContext): QuantumState {
  switch (source.kind) {
    case 'amplitudes':
      return stateFromAmplitudes(source.amplitudes, { normalise: source.normalise });
    case 'density': {
      const { entries, rows } = source;
      return densityFromMatrix({ rows, columns: rows, ...entries }, watch);
    }
    default: {
      const { circuit } = readCircuit(source.source, watch);
      const noise = source.noise === null ? NOISELESS : parseNoiseModel(source.noise);
      const isMixed =
        noise !== NOISELESS ||
        circuit.operations.some(({ kind }) => kind === 'channel' || kind === 'reset');
      if (isMixed) return mixedState(circuit, noise, watch);
      requireAtMost(circuit.qubits, PURE_QUBITS_MAX, 2);
      return pureState(circuit, bytesMax, watch);
    }
  }
}

/** Refuses states of more qubits; `base` is by how much the entries grow with each. */
function requireAtMost(qubits: number, qubitsFitting: number, base: 2 | 4): void {
  if (qubits <= qubitsFitting) return;
  const [bytesNeeded, bytesAvailable] = [qubits, qubitsFitting].map((n) => 16 * base ** n) as [
    number,
    number,
  ];
  throw new OrchestratorError(
    'QUANTUM_TOO_LARGE',
    `a state that is looked into must have at most ${qubitsFitting} qubits in ${bytesAvailable} bytes, got ${qubits}, which need ${bytesNeeded} bytes`,
    { qubits, qubitsFitting, bytesNeeded, bytesAvailable },
  );
}

function pureState(circuit: Circuit, bytesMax: number, watch: Watch): QuantumState {
  const options = { shots: 0, statevector: true, method: 'dense', bytesMax } as const;
  const { statevector } = runCircuit(circuit, options, watch);
  if (statevector === undefined) throw unavailable('no amplitudes');
  return { qubits: circuit.qubits, ...statevector };
}

function unavailable(got: string): OrchestratorError {
  return new OrchestratorError(
    'QUANTUM_STATEVECTOR_UNAVAILABLE',
    `a state needs a circuit of gates, channels and resets with measurements last, got ${got}`,
  );
}

function mixedState(circuit: Circuit, noise: NoiseModel, watch: Watch): QuantumState {
  const { qubits } = circuit;
  requireAtMost(qubits, MIXED_QUBITS_MAX, 4);
  const state = DensityState.create(qubits);
  const measured = new Set<number>();
  for (const operation of applyNoise(circuit.operations, noise)) {
    throwIfCanceled(watch);
    for (const qubit of touched(operation)) {
      if (measured.has(qubit)) throw unavailable('operations behind a measurement');
    }
    if (operation.kind === 'measure') measured.add(operation.qubit);
    else evolve(state, operation, watch);
  }
  return { qubits, matrix: state.toMatrix(watch) };
}

function touched(operation: Operation): readonly number[] {
  switch (operation.kind) {
    case 'gate':
    case 'unitary':
      return [...operation.qubits, ...operation.controls.map(({ qubit }) => qubit)];
    case 'channel':
      return operation.qubits;
    case 'reset':
      return [operation.qubit];
    default:
      return [];
  }
}

function evolve(state: DensityState, operation: Operation, watch: Watch): void {
  switch (operation.kind) {
    case 'gate':
    case 'unitary':
    case 'global-phase':
      return state.applyAll([operation], watch);
    case 'channel':
      return state.applyChannel(operation.channel, operation.qubits, watch);
    case 'reset':
      return state.reset(operation.qubit);
    case 'barrier':
      return;
    default:
      throw unavailable(`an operation of kind ${operation.kind}`);
  }
}
