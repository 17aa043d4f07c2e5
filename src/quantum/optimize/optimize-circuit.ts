/** Circuits made smaller: the one entry to all passes. */
import { OrchestratorError } from '../../base/errors.ts';
import { Rng } from '../../base/rng.ts';
import type { Circuit } from '../circuit/circuit.ts';
import type { Operation } from '../circuit/operation.ts';
import { UNWATCHED, type Watch } from '../watch.ts';
import { Basis } from './basis.ts';
import type { ComponentContext } from './component.ts';
import { costOfCircuit, type CircuitCost, type Metric } from './cost.ts';
import { measuredCoupling, type Coupling, type CouplingMap } from './coupling.ts';
import { improvedInTime, REST_MS_PER_OPERATION, type Stage } from './improve.ts';
import { lookAt, NO_LOOK, type Look } from './look.ts';
import type { PassReport } from './optimization.ts';
import type { Level } from './portfolio.ts';
import { expectedOperations, route } from './route.ts';
import type { StateRunner } from './state-runner.ts';
import { translated } from './translate.ts';

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
const ROUTING_TRIALS: readonly number[] = [1, 10, 60, 200];
/** Milliseconds that an operation takes once it is routed: to be written, put in the basis and counted. */
const AFTER_MS_PER_OPERATION = 0.001;

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

const SWAP: Operation = { kind: 'gate', name: 'swap', params: [], qubits: [0, 1], controls: [] };

/** Shares of the time by which the circuit has been improved before routing, and by which layouts are tried. */
const FIRST_SHARE = 0.4;
const FIRST_SHARE_MIN = 0.2;
const ROUTING_SHARE = 0.65;

/** Operations that are counted within some milliseconds. */
const COUNTED_MAX = 50_000;

/** Operations by which a machine's speed can be told: fewer take no time to speak of. */
const SAMPLE_MIN = 20_000;

/** When a run began, and how long it may take. */
interface Span {
  readonly startMs: number;
  readonly timeMs: number;
  /** How much slower than expected the machine is. */
  readonly slowness: number;
}

function routed(
  circuit: Circuit,
  coupling: Coupling,
  context: ComponentContext,
  { startMs, timeMs, slowness }: Span,
): { readonly circuit: Circuit; readonly stage: Stage; readonly initialLayout: readonly number[] } {
  const { rng, level, watch } = context;
  const look = lookAt(watch);
  const operations = translated(circuit.operations, new Basis(null), look);
  requireSmallGates(operations);
  const endMs = startMs + timeMs;
  const untilMs = startMs + ROUTING_SHARE * timeMs;
  const leftMs = (count: number): number => {
    if (watch.isCanceled()) return 0;
    return Math.min(untilMs, endMs - slowness * AFTER_MS_PER_OPERATION * count) - watch.nowMs();
  };
  const trials = ROUTING_TRIALS[level];
  const swapGates = translated([SWAP], context.basis);
  const found = route(circuit.qubits, operations, coupling, {
    rng,
    trials,
    leftMs,
    look,
    swapGates,
  });
  const onMachine: Circuit = {
    ...circuit,
    qubits: coupling.qubits,
    operations: found.operations,
    quantumRegisters: [{ name: 'q', start: 0, size: coupling.qubits }],
  };
  const stage = improvedInTime(onMachine, {
    context: { ...context, keepsPairs: true },
    endMs: endMs - slowness * REST_MS_PER_OPERATION * found.operations.length,
    slowness,
    objective: 'unitary',
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
 *   QUANTUM_COUPLING_INVALID, QUANTUM_ROUTING_UNSUPPORTED, QUANTUM_ROUTING_TOO_LARGE,
 *   QUANTUM_CANCELED
 */
export function optimizeCircuit(
  circuit: Circuit,
  options: OptimizeOptions = {},
  watch: Watch = UNWATCHED,
): OptimizeResult {
  const { level = 2, metric = 'twoQubit', seed = 1, objective = 'unitary' } = options;
  const basis = new Basis(options.basis ?? null);
  const startMs = watch.nowMs();
  const timeMs = options.timeMs ?? TIME_MS[level];
  const context: ComponentContext = {
    level,
    metric,
    basis,
    seed,
    watch: withProgressOf(startMs, timeMs, watch),
    rng: Rng.fromSeed(seed),
    simulate: options.simulate ?? null,
    allowsUnchecked: options.allowUnchecked ?? false,
    mayPermute: false,
    keepsPairs: false,
  };
  const { coupling } = options;
  const look = lookAt(watch);
  const inBasis = translated(circuit.operations, basis, look);
  const before = costOfCircuit({ ...circuit, operations: inBasis }, look);
  const endMs = startMs + timeMs;
  const count = inBasis.length;
  const slowness = slownessOf(watch.nowMs() - startMs, count);
  if (coupling === undefined) {
    const restMs = slowness * REST_MS_PER_OPERATION * count;
    const stage = improvedInTime(circuit, { context, endMs: endMs - restMs, slowness, objective });
    const { operations, layout } = stage;
    // What stays may stand for gates in the basis, and was counted as these.
    const after =
      operations === circuit.operations ? before : costAfter({ ...circuit, operations }, look);
    return { ...resultOf(stage, { circuit, before, after, objective }), ...layoutOf(layout) };
  }
  return onMachine(circuit, measuredCoupling(coupling, look), {
    context,
    before,
    objective,
    span: { startMs, timeMs, slowness },
  });
}

/** A run for a machine. */
interface MachineRun {
  readonly context: ComponentContext;
  readonly before: CircuitCost;
  readonly objective: 'unitary' | 'measurement';
  readonly span: Span;
}

/** Improves a circuit, routes it, and improves what became of it. */
function onMachine(
  circuit: Circuit,
  coupling: Coupling,
  { context, before, objective, span }: MachineRun,
): OptimizeResult {
  const { startMs, timeMs, slowness } = span;
  const swapGates = translated([SWAP], context.basis);
  const laterMs =
    slowness * AFTER_MS_PER_OPERATION * expectedOperations(circuit, coupling, swapGates);
  const share = Math.max(FIRST_SHARE_MIN, Math.min(FIRST_SHARE, 1 - laterMs / timeMs));
  const first = improvedInTime(circuit, {
    context: { ...context, basis: new Basis(null) },
    endMs: startMs + share * timeMs,
    slowness,
    objective,
  });
  const second = routed({ ...circuit, operations: first.operations }, coupling, context, span);
  const at = second.stage.layout ?? [];
  const layout = first.layout === null ? at : first.layout.map((qubit) => at[qubit]);
  const stage: Stage = {
    operations: second.circuit.operations,
    verified: [...first.verified, ...second.stage.verified],
    passes: [...first.passes, ...second.stage.passes],
    defects: [...first.defects, ...second.stage.defects],
    unchecked: [...first.unchecked, ...second.stage.unchecked],
    layout,
  };
  const after = costAfter(second.circuit, lookAt(context.watch));
  return {
    ...resultOf(stage, { circuit: second.circuit, before, after, objective }),
    initialLayout: second.initialLayout,
    finalLayout: layout,
  };
}

/** How much slower a machine is than expected, by what reading a circuit has taken: 1 … 4. */
function slownessOf(takenMs: number, operations: number): number {
  const ratio = takenMs / (REST_MS_PER_OPERATION * Math.max(1, operations));
  return operations < SAMPLE_MIN ? 1 : Math.min(4, Math.max(1, ratio));
}

/** What a result costs. A canceled run answers what it has, unless even counting takes long. */
function costAfter(circuit: Circuit, look: Look): CircuitCost {
  return costOfCircuit(circuit, circuit.operations.length > COUNTED_MAX ? look : NO_LOOK);
}

function resultOf(
  { operations, verified, passes, defects, unchecked }: Stage,
  given: Pick<OptimizeResult, 'circuit' | 'before' | 'after' | 'objective'>,
): OptimizeResult {
  const circuit: Circuit = { ...given.circuit, operations };
  return { ...given, circuit, verified: joined(verified), passes, defects, unchecked };
}

function layoutOf(layout: readonly number[] | null): Pick<OptimizeResult, 'finalLayout'> {
  return layout === null ? {} : { finalLayout: layout };
}

/** Takes progress as the share of the time that is over. */
function withProgressOf(startMs: number, timeMs: number, watch: Watch): Watch {
  const progress = (): void => {
    const passedMs = watch.nowMs() - startMs;
    watch.progress(passedMs < timeMs ? passedMs / timeMs : 1);
  };
  return { nowMs: watch.nowMs, isCanceled: watch.isCanceled, progress };
}
