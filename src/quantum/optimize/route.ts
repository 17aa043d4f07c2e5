/**
 * Circuits on machines where not every two qubits can be entangled.
 *
 * After Li, Ding and Xie (2019, "SABRE"): swaps are chosen that bring the next gates' qubits together,
 * with an eye on those that follow; running the circuit to and fro finds where its qubits begin.
 */
import { OrchestratorError } from '../../base/errors.ts';
import type { Rng } from '../../base/rng.ts';
import type { Circuit } from '../circuit/circuit.ts';
import type { Operation } from '../circuit/operation.ts';
import type { Coupling } from './coupling.ts';
import { qubitsOf } from './cost.ts';
import { WorkLook, type Look } from './look.ts';
import { SWAP_GATES, writtenCircuit, type RoutedSteps } from './routed-circuit.ts';
import { routingPlan, type RoutingPlan } from './routing-plan.ts';
import { RoutingRun, type RoutingGround } from './routing-run.ts';
import { unlessCanceled } from './verify.ts';

/** A circuit on a machine's qubits. */
export interface Routed {
  readonly operations: readonly Operation[];
  /** Machine qubit of each of the circuit's, at first and at last. */
  readonly initialLayout: readonly number[];
  readonly finalLayout: readonly number[];
}

function shuffled(count: number, rng: Rng): number[] {
  const order = Array.from({ length: count }, (_, k) => k);
  for (let k = count - 1; k > 0; k--) {
    const other = rng.below(k + 1);
    [order[k], order[other]] = [order[other], order[k]];
  }
  return order;
}

export interface RouteOptions {
  readonly rng: Rng;
  /** Beginnings that are tried, at least 1; the first leaves every qubit where it is. */
  readonly trials: number;
  /**
   * Milliseconds that are left where the circuit becomes so many operations: once there are none, the first
   * trial takes any swaps that do, and the others are left out.
   */
  readonly leftMs: (operations: number) => number;
  /** Throws once the run is canceled; for as long as there is no result. */
  readonly look: Look;
  /** Most operations that the circuit may become; 10,000,000 where it is not given. */
  readonly operationsMax?: number;
  /** Gates for a swap of qubits 0 and 1; three cx where they are not given. */
  readonly swapGates?: readonly Operation[];
}

/** Some hundred megabytes as text. */
const ROUTED_OPERATIONS_MAX = 10_000_000;
/** Pairs of a circuit beyond which a first result is made in rounds, and swaps are compared once there is one. */
const SMALL_PAIRS_MAX = 2_000;

/** Swaps that a better way may have more: next to gates they cost less. */
const SWAPS_MORE = 8;
/** Swaps for each step between a gate's qubits where they are at first: what a swap brings others is not known. */
const SWAPS_PER_STEP = 0.8;

/** About how many operations a circuit becomes; each at its place, without any swap before it. */
export function expectedOperations(
  { operations }: Circuit,
  coupling: Coupling,
  swapGates: readonly Operation[] = SWAP_GATES,
): number {
  let steps = 0;
  for (const operation of operations) {
    if (operation.kind !== 'gate' && operation.kind !== 'unitary') continue;
    const [a, b] = qubitsOf(operation);
    if (b !== undefined) steps += (coupling.distance[a * coupling.qubits + b] ?? 1) - 1;
  }
  return operations.length + swapGates.length * SWAPS_PER_STEP * steps;
}

/** How much longer it takes at least to compare swaps one by one. */
const SEARCH_TO_ROUNDS = 3;

/** A circuit to be routed, and its pairs alone, both ways. */
interface Plans {
  readonly whole: RoutingPlan;
  readonly forwards: RoutingPlan;
  readonly backwards: RoutingPlan;
}

/** A layout from which the circuit, run to and fro, is near its gates. */
function settledLayout(
  qubits: number,
  { forwards, backwards }: Plans,
  ground: RoutingGround,
): ArrayLike<number> {
  let layout: ArrayLike<number> = shuffled(ground.coupling.qubits, ground.rng).slice(0, qubits);
  for (const way of [forwards, backwards, forwards, backwards]) {
    const run = new RoutingRun(way, ground, layout);
    run.run();
    layout = run.layout;
  }
  return layout;
}

interface Trial extends RoutedSteps {
  readonly swaps: number;
  readonly entanglers: number;
}

function trial({ whole }: Plans, layout: ArrayLike<number>, ground: RoutingGround): Trial {
  const run = new RoutingRun(whole, ground, layout);
  run.run();
  const { steps, swaps, entanglers } = run;
  return { steps, swaps, entanglers, initialLayout: Array.from(layout) };
}

/** By what is to be left of both, then by swaps. */
function isBetter(found: Trial, best: Trial): boolean {
  const fewer = best.entanglers - found.entanglers;
  return fewer > 0 || (fewer === 0 && found.swaps < best.swaps);
}

/** Refuses what becomes too many operations. */
function requireRoom(operations: number, made: number, operationsMax: number): void {
  if (operations + made <= operationsMax) return;
  throw new OrchestratorError(
    'QUANTUM_ROUTING_TOO_LARGE',
    `a routed circuit must have at most ${operationsMax} operations, got more with the swaps that ${operations} need`,
    { operations, operationsMax },
  );
}

/**
 * The best of some trials within the time.
 *
 * What a large circuit has to begin with is made in rounds; swaps one by one, and other layouts, are for the
 * time that is left.
 */
function bestTrial(
  qubits: number,
  operations: readonly Operation[],
  coupling: Coupling,
  options: RouteOptions,
): Trial {
  const { rng, trials, leftMs, look, operationsMax = ROUTED_OPERATIONS_MAX } = options;
  const perSwap = (options.swapGates ?? SWAP_GATES).length;
  let expected = operations.length;
  const isDue = (): boolean => leftMs(expected) <= 0;
  let isHurried = false;
  const first = new WorkLook(() => {
    look();
    isHurried ||= isDue();
  });
  const stop = (): never => {
    throw new OrchestratorError('QUANTUM_CANCELED', 'routing was to end by now');
  };
  // There is a result already: what is not done in time is not wanted.
  const later = new WorkLook(() => {
    if (isDue()) stop();
  });
  const pairs = operations.filter(({ kind }) => kind === 'gate' || kind === 'unitary');
  const plans: Plans = {
    whole: routingPlan(operations, first),
    forwards: routingPlan(pairs, first),
    backwards: routingPlan(pairs.toReversed(), first),
  };
  const isLarge = plans.forwards.first.reduce((n, s) => n + Number(s >= 0), 0) > SMALL_PAIRS_MAX;
  const beforeMs = leftMs(expected);
  const identity = Array.from({ length: qubits }, (_, k) => k);
  let best = trial(plans, identity, {
    coupling,
    rng,
    work: first,
    style: isLarge ? 'rounds' : 'one-by-one',
    isHurried: () => isHurried,
    onSwap: (swaps) => requireRoom(operations.length, perSwap * (swaps + 1), operationsMax),
  });
  const takenMs = beforeMs - leftMs(expected);
  expected += perSwap * best.swaps;
  // What would not be done in time is not begun.
  if (isLarge && leftMs(expected) < SEARCH_TO_ROUNDS * takenMs) return best;
  const onMap = { coupling, rng, work: later, isHurried: () => false } as const;
  const settling: RoutingGround = { ...onMap, style: isLarge ? 'rounds' : 'one-by-one', onSwap };
  const searching: RoutingGround = {
    ...onMap,
    style: 'one-by-one',
    onSwap: (swaps) => {
      if (swaps >= best.swaps + SWAPS_MORE) stop();
    },
  };
  for (let n = isLarge ? 0 : 1; n < trials && !isDue(); n++) {
    const found = unlessCanceled(() => {
      const layout = n === 0 ? identity : settledLayout(qubits, plans, settling);
      return trial(plans, layout, searching);
    });
    if (found !== null && isBetter(found, best)) best = found;
  }
  return best;
}

function onSwap(): void {
  // Ways to and fro only end in a layout.
}

/**
 * Puts operations of one- and two-qubit gates on a machine's qubits, with gates for swaps.
 *
 * The result is checked as it is written: see {@link writtenCircuit}. Linear in the gates and swaps, but for
 * swaps that are compared one by one: those take time by the edges of the map, as far as there is time.
 *
 * @throws OrchestratorError QUANTUM_ROUTING_UNSUPPORTED, QUANTUM_ROUTING_TOO_LARGE
 */
export function route(
  qubits: number,
  operations: readonly Operation[],
  coupling: Coupling,
  options: RouteOptions,
): Routed {
  if (qubits > coupling.qubits) {
    throw new OrchestratorError(
      'QUANTUM_ROUTING_UNSUPPORTED',
      `the machine must have as many qubits as the circuit, got ${coupling.qubits} for ${qubits}`,
      { qubits, machineQubits: coupling.qubits },
    );
  }
  const best = bestTrial(qubits, operations, coupling, options);
  const { initialLayout } = best;
  const machine = { coupling, swapGates: options.swapGates ?? SWAP_GATES };
  return { ...writtenCircuit(operations, best, machine, options.look), initialLayout };
}
