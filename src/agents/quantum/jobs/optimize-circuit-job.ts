import type { CircuitCost, Metric } from '../../../quantum/optimize/cost.ts';
import type { CouplingMap } from '../../../quantum/optimize/coupling.ts';
import { optimizeCircuit } from '../../../quantum/optimize/optimize-circuit.ts';
import type { Level } from '../../../quantum/optimize/portfolio.ts';
import type { StateRunner } from '../../../quantum/optimize/state-runner.ts';
import type { KernelTeam } from '../../../quantum/kernels/kernel-team.ts';
import { toQasm2 } from '../../../quantum/qasm/to-qasm2.ts';
import { toQasm3 } from '../../../quantum/qasm/to-qasm3.ts';
import { DenseState } from '../../../quantum/simulate/dense-state.ts';
import { throwIfCanceled } from '../../../quantum/watch.ts';
import type { Job } from './job.ts';
import { readCircuit, type CircuitSource } from './read-circuit.ts';

export interface OptimizeCircuitRequest extends CircuitSource {
  readonly level: Level;
  readonly metric: Metric;
  readonly objective: 'unitary' | 'measurement';
  /** Gates to use; null for any. */
  readonly basis: readonly string[] | null;
  /** Pairs that gates may act on; null for all. */
  readonly coupling: CouplingMap | null;
  /** Milliseconds of searching. */
  readonly timeMs: number;
  readonly seed: number;
  /** Version of OpenQASM to write. */
  readonly version: 2 | 3;
}

export interface OptimizeCircuitAnswer {
  readonly before: CircuitCost;
  readonly after: CircuitCost;
  /** How the result was compared with what was given, or `not verified: …`. */
  readonly verified: string;
  readonly qasm: string;
  readonly level: Level;
  readonly metric: Metric;
  readonly objective: 'unitary' | 'measurement';
  readonly seed: number;
  readonly initialLayout?: readonly number[];
  readonly finalLayout?: readonly number[];
  /** Results of passes that a check found wrong and that were thrown away. */
  readonly defects?: readonly string[];
  readonly elapsedMs: number;
  readonly warnings?: readonly string[];
}

/** Fewest qubits of states that threads can share. */
const TEAM_QUBITS_MIN = 16;

/** Makes a circuit smaller. */
export const optimizeCircuitJob: Job<OptimizeCircuitRequest, OptimizeCircuitAnswer> = async (
  request,
  context,
) => {
  const { watch } = context;
  const startMs = watch.nowMs();
  const { circuit, warnings } = readCircuit(request, watch);
  const team = circuit.qubits >= TEAM_QUBITS_MIN ? await context.team() : null;
  const { basis, coupling, level, metric, objective, seed, timeMs } = request;
  const result = optimizeCircuit(
    circuit,
    {
      level,
      metric,
      objective,
      timeMs,
      seed,
      simulate: denseRunner(team),
      ...(basis === null ? {} : { basis }),
      ...(coupling === null ? {} : { coupling }),
    },
    watch,
  );
  // Writing a large circuit takes a while.
  if (context.isUnwanted()) throwIfCanceled(watch);
  const { after, before, defects, finalLayout, initialLayout, verified } = result;
  return {
    before,
    after,
    verified,
    qasm: request.version === 3 ? toQasm3(result.circuit) : toQasm2(result.circuit),
    level,
    metric,
    objective,
    seed,
    ...(initialLayout === undefined ? {} : { initialLayout }),
    ...(finalLayout === undefined ? {} : { finalLayout }),
    ...(defects.length > 0 ? { defects } : {}),
    elapsedMs: Math.round(watch.nowMs() - startMs),
    ...(warnings.length > 0 ? { warnings } : {}),
  };
};

/** The dense simulator, for checks of larger circuits. */
function denseRunner(team: KernelTeam | null): StateRunner {
  return (qubits, operations, watch) => {
    const state = DenseState.create(qubits, team === null ? {} : { team });
    state.applyAll(operations, watch);
    return state.amplitudes(watch);
  };
}
