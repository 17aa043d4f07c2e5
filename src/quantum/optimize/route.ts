/**
 * Circuits on machines where not every two qubits can be entangled.
 *
 * After Li, Ding and Xie (2019, "SABRE"): swaps are chosen that bring the next gates' qubits together,
 * with an eye on those that follow; running the circuit to and fro finds where its qubits begin.
 */
import { OrchestratorError } from '../../base/errors.ts';
import type { Rng } from '../../base/rng.ts';
import type { Operation } from '../circuit/operation.ts';
import type { Coupling } from './coupling.ts';
import { WorkLook, type Look } from './look.ts';
import { writtenCircuit, type RoutedSteps } from './routed-circuit.ts';
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
  /** Whether time is up: the first trial then takes any swaps that do, and the others are left out. */
  readonly isDue: () => boolean;
  /** Throws once the run is canceled; for as long as there is no result. */
  readonly look: Look;
}

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
}

function trial({ whole }: Plans, layout: ArrayLike<number>, ground: RoutingGround): Trial {
  const run = new RoutingRun(whole, ground, layout);
  run.run();
  return { steps: run.steps, swaps: run.swaps, initialLayout: Array.from(layout) };
}

/**
 * Puts operations of one- and two-qubit gates on a machine's qubits, with cx in threes for swaps.
 *
 * The result is checked as it is written: see {@link writtenCircuit}.
 *
 * @throws OrchestratorError QUANTUM_ROUTING_UNSUPPORTED
 */
export function route(
  qubits: number,
  operations: readonly Operation[],
  coupling: Coupling,
  { rng, trials, isDue, look }: RouteOptions,
): Routed {
  if (qubits > coupling.qubits) {
    throw new OrchestratorError(
      'QUANTUM_ROUTING_UNSUPPORTED',
      `the machine must have as many qubits as the circuit, got ${coupling.qubits} for ${qubits}`,
      { qubits, machineQubits: coupling.qubits },
    );
  }
  const pairs = operations.filter(({ kind }) => kind === 'gate' || kind === 'unitary');
  let isHurried = false;
  const first = new WorkLook(() => {
    look();
    isHurried ||= isDue();
  });
  // There is a result already: what is not done in time is not wanted.
  const later = new WorkLook(() => {
    if (isDue()) throw new OrchestratorError('QUANTUM_CANCELED', 'routing was to end by now');
  });
  const plans: Plans = {
    whole: routingPlan(operations, first),
    forwards: routingPlan(pairs, first),
    backwards: routingPlan(pairs.toReversed(), first),
  };
  const identity = Array.from({ length: qubits }, (_, k) => k);
  const start = { coupling, rng, work: first, isHurried: () => isHurried };
  let best = trial(plans, identity, start);
  const ground: RoutingGround = { coupling, rng, work: later, isHurried: () => false };
  for (let n = 1; n < trials && !isDue(); n++) {
    const found = unlessCanceled(() => trial(plans, settledLayout(qubits, plans, ground), ground));
    if (found === null) break;
    if (found.swaps < best.swaps) best = found;
  }
  const { initialLayout } = best;
  return { ...writtenCircuit(operations, best, coupling, look), initialLayout };
}
