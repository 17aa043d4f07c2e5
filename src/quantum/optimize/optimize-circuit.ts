/** Circuits made smaller: the one entry to all passes. */
import { OrchestratorError } from '../../base/errors.ts';
import { Rng } from '../../base/rng.ts';
import type { Circuit } from '../circuit/circuit.ts';
import type { Operation } from '../circuit/operation.ts';
import { UNWATCHED, type Watch } from '../watch.ts';
import { withoutAdjacentPairs } from './adjacent-pairs.ts';
import { Basis } from './basis.ts';
import type { ComponentContext } from './component.ts';
import { costOfCircuit, isCheaper, type CircuitCost, type Metric } from './cost.ts';
import { measuredCoupling, type CouplingMap } from './coupling.ts';
import { Optimization, type PassReport } from './optimization.ts';
import { lookAt } from './look.ts';
import type { Level } from './portfolio.ts';
import { route } from './route.ts';
import type { StateRunner } from './state-runner.ts';
import { translated } from './translate.ts';
import { unlessCanceled } from './verify.ts';

export interface OptimizeOptions {
  /** Default 2. 0 translates only, 1 is peephole, 2 re-synthesizes, 3 searches until time is up. */
  readonly level?: Level;
  /** What is made small; default `twoQubit`. */
  readonly metric?: Metric;
  /**
   * What must stay: the unitary up to a global phase (default), or what measurements show of a circuit
   * that begins in |0…0⟩, its qubits then free to come out under other numbers.
   */
  readonly objective?: 'unitary' | 'measurement';
  /** Names of gates to use; any one-qubit gates with cx and cz where none are given. */
  readonly basis?: readonly string[];
  /** Pairs of qubits that can be entangled; the result is then on this many qubits. */
  readonly coupling?: CouplingMap;
  /** Time after which the best so far is taken; default 2 s, 10 s and 30 s for levels 1 to 3. */
  readonly timeMs?: number;
  /** Default 1. */
  readonly seed?: number;
  /** Takes results also where no check can decide: more than 22 qubits, and angles that were merged anew. */
  readonly allowUnchecked?: boolean;
  /** A fast simulator for checking circuits of more than about ten qubits. */
  readonly simulate?: StateRunner;
}

export interface OptimizeResult {
  readonly circuit: Circuit;
  /** The circuit as given, every gate by itself in the basis, before routing. */
  readonly before: CircuitCost;
  readonly after: CircuitCost;
  /**
   * `state-overlap`, `tableau`, `pauli-rotations`, `distribution` (what is measured), `layout` (routing),
   * several of them, `unchanged`, or `not verified: …`.
   */
  readonly verified: string;
  readonly objective: 'unitary' | 'measurement';
  readonly passes: readonly PassReport[];
  /** Results of passes that a check has found wrong and that were thrown away: bugs, to be reported. */
  readonly defects: readonly string[];
  /** Better results that no check could decide about, thrown away for that; why. */
  readonly unchecked: readonly string[];
  /** Where each of the given circuit's qubits begins, with a coupling map. */
  readonly initialLayout?: readonly number[];
  /**
   * Where each ends, with a coupling map or the objective `measurement`: at the circuit's end, not at an
   * `end` within a branch or a loop.
   */
  readonly finalLayout?: readonly number[];
}

const TIME_MS: readonly number[] = [Infinity, 2_000, 10_000, 30_000];
/** Beginnings that routing tries, by level. */
const ROUTING_TRIALS: readonly number[] = [1, 4, 12, 40];
/** Share of the time that routing and what follows it take. */
const ROUTING_SHARE = 0.5;

interface Stage {
  readonly operations: readonly Operation[];
  readonly verified: readonly string[];
  readonly passes: readonly PassReport[];
  readonly defects: readonly string[];
  readonly unchecked: readonly string[];
  readonly layout: readonly number[] | null;
}

interface Setting {
  readonly context: ComponentContext;
  readonly timeMs: number;
  readonly objective: 'unitary' | 'measurement';
}

/** Optimises a circuit where it is, and keeps what is given where that is no worse. */
function improved(circuit: Circuit, { context, timeMs, objective }: Setting): Stage {
  const { basis, level, metric, watch } = context;
  const look = lookAt(watch);
  const given = translated(circuit.operations, basis, look);
  const before = costOfCircuit({ ...circuit, operations: given }, look);
  const reduced = level === 0 ? circuit.operations : withoutAdjacentPairs(circuit.operations, look);
  const run = new Optimization(context, timeMs, reduced);
  const found = unlessCanceled(() => {
    const { operations, layout } =
      objective === 'measurement' && level > 0
        ? run.measured(circuit.qubits, reduced)
        : { operations: run.unitary(circuit.qubits, reduced), layout: null };
    return { operations, layout, after: costOfCircuit({ ...circuit, operations }, look) };
  });
  const { passes, defects, unchecked } = run;
  // Gates that are none of an open basis may stay, but not where they cost more than what they stand for.
  const isInBasis =
    basis.isOpen ||
    (given.length === circuit.operations.length &&
      given.every((operation, i) => operation === circuit.operations[i]));
  const mayStay = isInBasis && !isCheaper(before, costOfCircuit(circuit, look), metric);
  const isTaken =
    found !== null &&
    (mayStay ? isCheaper(found.after, before, metric) : !isCheaper(before, found.after, metric));
  if (isTaken) {
    const { operations, layout } = found;
    return { operations, verified: [run.verified], passes, defects, unchecked, layout };
  }
  // Pieces are each no worse, but a depth may not be the sum of theirs.
  return {
    operations: mayStay ? circuit.operations : given,
    verified: ['unchanged'],
    passes,
    defects,
    unchecked,
    layout: null,
  };
}

function requireSmallGates(operations: readonly Operation[]): void {
  for (const operation of operations) {
    if (operation.kind === 'if') {
      requireSmallGates(operation.then);
      requireSmallGates(operation.otherwise);
    } else if (operation.kind === 'while') requireSmallGates(operation.body);
    else if (
      operation.kind === 'unitary' &&
      operation.qubits.length + operation.controls.length > 2
    ) {
      throw new OrchestratorError(
        'QUANTUM_ROUTING_UNSUPPORTED',
        `unitaries without a name must have one or two qubits to be routed, got ${operation.label}`,
        { label: operation.label },
      );
    }
  }
}

function routed(
  circuit: Circuit,
  map: CouplingMap,
  setting: Setting,
): { readonly circuit: Circuit; readonly stage: Stage; readonly initialLayout: readonly number[] } {
  const { context } = setting;
  const { rng, level, watch } = context;
  const coupling = measuredCoupling(map);
  const look = lookAt(watch);
  const operations = translated(circuit.operations, new Basis(null), look);
  requireSmallGates(operations);
  const until = watch.nowMs() + setting.timeMs * ROUTING_SHARE;
  const isDue = (): boolean => watch.nowMs() > until || watch.isCanceled();
  const trials = ROUTING_TRIALS[level];
  const found = route(circuit.qubits, operations, coupling, { rng, trials, isDue, look });
  const onMachine: Circuit = {
    ...circuit,
    qubits: map.qubits,
    operations: found.operations,
    quantumRegisters: [{ name: 'q', start: 0, size: map.qubits }],
  };
  const stage = improved(onMachine, {
    ...setting,
    objective: 'unitary',
    context: { ...context, keepsPairs: true },
  });
  return {
    circuit: { ...onMachine, operations: stage.operations },
    stage: { ...stage, verified: ['layout', ...stage.verified], layout: found.finalLayout },
    initialLayout: found.initialLayout,
  };
}

function joined(verified: readonly string[]): string {
  const refusal = verified.find((method) => method.startsWith('not verified'));
  if (refusal !== undefined) return refusal;
  const methods = new Set(verified.flatMap((method) => method.split(', ')));
  if (methods.size > 1) methods.delete('unchanged');
  return [...methods].toSorted().join(', ');
}

/**
 * A circuit that does the same up to a global phase, at no more of the chosen cost.
 *
 * Measurements, resets, barriers and control flow stay where they are on each qubit; what lies between
 * is optimised. Every result is compared with what was given, and thrown away where it differs. With a
 * coupling map, swaps may make the result larger than what was given; else it never is. Canceled, it
 * answers the best it has, if it has one.
 *
 * @throws OrchestratorError QUANTUM_BASIS_UNKNOWN_GATE, QUANTUM_BASIS_UNREACHABLE,
 *   QUANTUM_COUPLING_INVALID, QUANTUM_ROUTING_UNSUPPORTED, QUANTUM_CANCELED
 */
export function optimizeCircuit(
  circuit: Circuit,
  options: OptimizeOptions = {},
  watch: Watch = UNWATCHED,
): OptimizeResult {
  const { level = 2, metric = 'twoQubit', seed = 1, objective = 'unitary' } = options;
  const basis = new Basis(options.basis ?? null);
  const context: ComponentContext = {
    level,
    metric,
    basis,
    seed,
    watch,
    rng: Rng.fromSeed(seed),
    simulate: options.simulate ?? null,
    allowsUnchecked: options.allowUnchecked ?? false,
    mayPermute: false,
    keepsPairs: false,
  };
  const timeMs = options.timeMs ?? TIME_MS[level];
  const look = lookAt(watch);
  const translation = translated(circuit.operations, basis, look);
  const before = costOfCircuit({ ...circuit, operations: translation }, look);
  const { coupling } = options;
  if (coupling === undefined) {
    const stage = improved(circuit, { context, timeMs, objective });
    const result: Circuit = { ...circuit, operations: stage.operations };
    const after = stage.operations === circuit.operations ? before : costOfCircuit(result);
    const { passes, defects, unchecked, layout } = stage;
    const verified = joined(stage.verified);
    const common = {
      circuit: result,
      before,
      after,
      verified,
      objective,
      passes,
      defects,
      unchecked,
    };
    return layout === null ? common : { ...common, finalLayout: layout };
  }
  const open: ComponentContext = { ...context, basis: new Basis(null) };
  const first = improved(circuit, { context: open, timeMs: timeMs / 2, objective });
  const second = routed({ ...circuit, operations: first.operations }, coupling, {
    context,
    timeMs: timeMs / 2,
    objective,
  });
  const at = second.stage.layout ?? [];
  const finalLayout = first.layout === null ? at : first.layout.map((qubit) => at[qubit]);
  return {
    circuit: second.circuit,
    before,
    after: costOfCircuit(second.circuit),
    verified: joined([...first.verified, ...second.stage.verified]),
    objective,
    passes: [...first.passes, ...second.stage.passes],
    defects: [...first.defects, ...second.stage.defects],
    unchecked: [...first.unchecked, ...second.stage.unchecked],
    initialLayout: second.initialLayout,
    finalLayout,
  };
}
