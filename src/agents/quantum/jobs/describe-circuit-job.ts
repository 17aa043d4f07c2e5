import { isOrchestratorError } from '../../../base/errors.ts';
import type { Circuit } from '../../../quantum/circuit/circuit.ts';
import {
  circuitStats,
  countGates,
  type CircuitStats,
} from '../../../quantum/circuit/circuit-stats.ts';
import { isClifford } from '../../../quantum/circuit/is-clifford.ts';
import { chooseMethod } from '../../../quantum/simulate/run/choose-method.ts';
import { METHODS, type Method } from '../../../quantum/simulate/run/run-options.ts';
import type { Watch } from '../../../quantum/watch.ts';
import type { Job } from './job.ts';
import { readCircuit, type CircuitSource } from './read-circuit.ts';

export type DescribeCircuitRequest = CircuitSource;

/** What one method would take. */
export interface MethodFacts {
  readonly method: Method;
  /** Whether it can simulate this circuit within the memory there is. */
  readonly isPossible: boolean;
  /** Estimate of its state's bytes; null where the circuit is not of its kind. */
  readonly bytes: number | null;
  /** Why it cannot. */
  readonly reason: string | null;
}

export interface DescribeCircuitAnswer {
  readonly qubits: number;
  readonly bits: number;
  readonly quantumRegisters: readonly { readonly name: string; readonly size: number }[];
  readonly classicalRegisters: readonly { readonly name: string; readonly size: number }[];
  readonly operations: number;
  readonly stats: CircuitStats;
  /** How many there are of each gate, and of other operations. */
  readonly gates: Readonly<Record<string, number>>;
  readonly isClifford: boolean;
  /** What `auto` would take, or why nothing fits. */
  readonly chosen:
    | { readonly method: Method; readonly reason: string; readonly bytes: number }
    | { readonly code: string; readonly message: string };
  readonly methods: readonly MethodFacts[];
  readonly bytesAvailable: number;
  readonly warnings?: readonly string[];
}

/** Says what a circuit is made of and how it would be simulated, without simulating it. */
export const describeCircuitJob: Job<DescribeCircuitRequest, DescribeCircuitAnswer> = (
  request,
  { bytesMax, watch },
) => {
  const { circuit, warnings } = readCircuit(request, watch);
  const registers = (
    list: Circuit['quantumRegisters'],
  ): DescribeCircuitAnswer['quantumRegisters'] => list.map(({ name, size }) => ({ name, size }));
  return {
    qubits: circuit.qubits,
    bits: circuit.bits,
    quantumRegisters: registers(circuit.quantumRegisters),
    classicalRegisters: registers(circuit.classicalRegisters),
    operations: circuit.operations.length,
    stats: circuitStats(circuit),
    gates: countGates(circuit),
    isClifford: isClifford(circuit),
    chosen: chosenFor(circuit, bytesMax, watch),
    methods: METHODS.map((method) => factsOf(method, circuit, bytesMax, watch)),
    bytesAvailable: bytesMax,
    ...(warnings.length > 0 ? { warnings } : {}),
  };
};

function chosenFor(
  circuit: Circuit,
  bytesMax: number,
  watch: Watch,
): DescribeCircuitAnswer['chosen'] {
  try {
    return chooseMethod(circuit, { bytesMax }, watch);
  } catch (error) {
    if (!isOrchestratorError(error) || error.code === 'QUANTUM_CANCELED') throw error;
    return { code: error.code, message: error.message };
  }
}

function factsOf(method: Method, circuit: Circuit, bytesMax: number, watch: Watch): MethodFacts {
  if (method === 'stabilizer' && !isClifford(circuit)) {
    return { method, isPossible: false, bytes: null, reason: 'not all gates are Clifford' };
  }
  try {
    const { bytes } = chooseMethod(circuit, { method, bytesMax }, watch);
    return { method, isPossible: true, bytes, reason: null };
  } catch (error) {
    if (!isOrchestratorError(error) || error.code === 'QUANTUM_CANCELED') throw error;
    const needed = error.details['bytesNeeded'];
    return {
      method,
      isPossible: false,
      bytes: typeof needed === 'number' ? needed : null,
      reason: error.message,
    };
  }
}
