/**
 * Circuits on machines where not every two qubits can be entangled.
 *
 * After Li, Ding and Xie (2019, "SABRE"): swaps are chosen that bring the next gates' qubits together,
 * with an eye on those that follow; running the circuit to and fro finds where its qubits begin.
 */
import { OrchestratorError } from '../../base/errors.ts';
import { invariant } from '../../base/invariant.ts';
import type { Rng } from '../../base/rng.ts';
import type { Operation } from '../circuit/operation.ts';
import type { Coupling } from './coupling.ts';
import { qubitsOf } from './cost.ts';
import { lookEvery, type Look } from './look.ts';
import { renamed } from './segments.ts';

/** Gates beyond the next ones that have a say in each swap, and how much. */
const EXTENDED_MAX = 20;
const EXTENDED_WEIGHT = 0.5;
/** What a qubit's swap adds to its next ones' score, so that chains of swaps alternate. */
const DECAY = 0.001;
const DECAY_RESET = 5;

/** A circuit on a machine's qubits. */
export interface Routed {
  readonly operations: readonly Operation[];
  readonly steps: readonly RoutingStep[];
  readonly swaps: number;
  /** Machine qubit of each of the circuit's, at first and at last. */
  readonly initialLayout: readonly number[];
  readonly finalLayout: readonly number[];
}

/** A given operation on the machine's qubits, or a swap of two of these. */
export type RoutingStep = {
  readonly operations: readonly Operation[];
} & (
  | { readonly swapped: null; readonly source: Operation }
  | { readonly swapped: readonly [number, number] }
);

/** Operations with what each waits for. */
interface Plan {
  readonly operations: readonly Operation[];
  readonly qubits: readonly (readonly number[])[];
  readonly followers: readonly (readonly number[])[];
  readonly waits: Int32Array;
}

function planOf(operations: readonly Operation[], look: Look): Plan {
  const last = new Map<number, number>();
  let lastFixed = -1;
  const followers: number[][] = operations.map(() => []);
  const waits = new Int32Array(operations.length);
  const qubits = operations.map(qubitsOf);
  operations.forEach((operation, i) => {
    lookEvery(i, look);
    const before = new Set<number>();
    for (const qubit of qubits[i]) {
      const earlier = last.get(qubit);
      if (earlier !== undefined) before.add(earlier);
      last.set(qubit, i);
    }
    // What reads or writes classical values keeps its order.
    if (operation.kind !== 'gate' && operation.kind !== 'unitary') {
      if (lastFixed >= 0) before.add(lastFixed);
      lastFixed = i;
    }
    for (const earlier of before) followers[earlier].push(i);
    waits[i] = before.size;
  });
  return { operations, qubits, followers, waits };
}

function isPair(plan: Plan, i: number): boolean {
  const { kind } = plan.operations[i];
  return (kind === 'gate' || kind === 'unitary') && plan.qubits[i].length === 2;
}

/** What a run draws from, and ends by. */
type Chance = Pick<RouteOptions, 'rng' | 'look'>;

class RoutingRun {
  readonly steps: RoutingStep[] = [];
  swaps = 0;
  readonly #plan: Plan;
  readonly #coupling: Coupling;
  readonly #chance: Chance;
  /** Machine qubit of each circuit qubit; and the circuit qubit of each machine qubit, or −1. */
  readonly layout: Int32Array;
  readonly #occupant: Int32Array;
  readonly #waits: Int32Array;
  readonly #decay: Float64Array;
  #front: number[] = [];
  #emitted = 0;

  constructor(plan: Plan, coupling: Coupling, layout: ArrayLike<number>, chance: Chance) {
    this.#plan = plan;
    this.#coupling = coupling;
    this.#chance = chance;
    this.layout = Int32Array.from(layout);
    this.#occupant = new Int32Array(coupling.qubits).fill(-1);
    this.layout.forEach((at, qubit) => {
      this.#occupant[at] = qubit;
    });
    this.#waits = plan.waits.slice();
    this.#decay = new Float64Array(coupling.qubits).fill(1);
  }

  run(): void {
    let ready: number[] = [];
    this.#waits.forEach((count, i) => {
      if (count === 0) ready.push(i);
    });
    let sinceProgress = 0;
    const patience = 3 * this.#coupling.qubits + 10;
    for (;;) {
      const done = this.#runReady(ready);
      ready = [];
      if (this.#front.length === 0) return;
      if (done) {
        sinceProgress = 0;
        this.#decay.fill(1);
      }
      if (sinceProgress > patience) {
        this.#bringTogether(this.#front[0]);
        sinceProgress = 0;
      } else {
        lookEvery(this.swaps, this.#chance.look);
        const [a, b] = this.#bestSwap();
        this.#swap(a, b);
        this.#decay[a] += DECAY;
        this.#decay[b] += DECAY;
        if (++sinceProgress % DECAY_RESET === 0) this.#decay.fill(1);
      }
      ready = this.#front;
      this.#front = [];
    }
  }

  /** Emits what can be emitted, and what becomes ready by that; true where anything was. */
  #runReady(start: readonly number[]): boolean {
    const stack = [...start].sort((a, b) => b - a);
    let done = false;
    while (stack.length > 0) {
      const i = stack.pop() ?? 0;
      if (isPair(this.#plan, i) && this.#distanceOf(i) > 1) {
        this.#front.push(i);
        continue;
      }
      lookEvery(this.#emitted++, this.#chance.look);
      this.#emit(i);
      done = true;
      for (const next of this.#plan.followers[i]) if (--this.#waits[next] === 0) stack.push(next);
    }
    return done;
  }

  #emit(i: number): void {
    const source = this.#plan.operations[i];
    this.steps.push({ operations: [this.#placed(source)], swapped: null, source });
  }

  #placed(operation: Operation): Operation {
    if (operation.kind === 'while') return { ...operation, body: this.#body(operation.body) };
    if (operation.kind !== 'if') return renamed(operation, this.layout);
    const then = this.#body(operation.then);
    const otherwise = this.#body(operation.otherwise);
    return { ...operation, then, otherwise };
  }

  /** A branch or a loop's body: its swaps are undone at its end, for it may run any number of times. */
  #body(operations: readonly Operation[]): Operation[] {
    const mayLeave = operations.some(({ kind }) => kind === 'break' || kind === 'continue');
    const inner = new RoutingRun(
      planOf(operations, this.#chance.look),
      this.#coupling,
      this.layout,
      this.#chance,
    );
    inner.run();
    if (inner.swaps > 0 && mayLeave) {
      throw new OrchestratorError(
        'QUANTUM_ROUTING_UNSUPPORTED',
        'a loop that is left from within must not need swaps inside, got a gate between qubits that are not coupled',
      );
    }
    const made = inner.steps.filter(({ swapped }) => swapped !== null);
    this.swaps += 2 * inner.swaps;
    return [...inner.steps, ...made.toReversed()].flatMap(({ operations: placed }) => placed);
  }

  #swap(a: number, b: number): void {
    this.steps.push({ operations: swapOperations(a, b), swapped: [a, b] });
    this.swaps++;
    const [s, t] = [this.#occupant[a], this.#occupant[b]];
    this.#occupant[a] = t;
    this.#occupant[b] = s;
    if (s >= 0) this.layout[s] = b;
    if (t >= 0) this.layout[t] = a;
  }

  #distanceOf(i: number): number {
    const [s, t] = this.#plan.qubits[i];
    return this.#coupling.distance[this.layout[s] * this.#coupling.qubits + this.layout[t]];
  }

  /** Gates on pairs that come soonest after the front. */
  #extended(): number[] {
    const found: number[] = [];
    const waits = new Map<number, number>();
    const queue = [...this.#front];
    for (let at = 0; at < queue.length && found.length < EXTENDED_MAX; at++) {
      for (const next of this.#plan.followers[queue[at]]) {
        const left = (waits.get(next) ?? this.#waits[next]) - 1;
        waits.set(next, left);
        if (left > 0) continue;
        queue.push(next);
        if (isPair(this.#plan, next)) found.push(next);
      }
    }
    return found;
  }

  #bestSwap(): readonly [number, number] {
    const { neighbours } = this.#coupling;
    const extended = this.#extended();
    let best: readonly [number, number] | null = null;
    let bestScore = Infinity;
    const places = new Set(
      this.#front.flatMap((i) => this.#plan.qubits[i]).map((q) => this.layout[q]),
    );
    for (const a of places) {
      for (const b of neighbours[a]) {
        if (places.has(b) && b < a) continue;
        const score = this.#scoreAfter(a, b, extended) + this.#chance.rng.unit() * 1e-6;
        if (score >= bestScore) continue;
        bestScore = score;
        best = [a, b];
      }
    }
    invariant(best !== null, 'a waiting gate has neighbours to swap with');
    return best;
  }

  #scoreAfter(a: number, b: number, extended: readonly number[]): number {
    const { distance, qubits } = this.#coupling;
    const moved = (qubit: number): number => {
      const at = this.layout[qubit];
      return at === a ? b : at === b ? a : at;
    };
    const mean = (gates: readonly number[]): number => {
      let sum = 0;
      for (const i of gates) {
        const [s, t] = this.#plan.qubits[i];
        sum += distance[moved(s) * qubits + moved(t)];
      }
      return gates.length === 0 ? 0 : sum / gates.length;
    };
    const score = mean(this.#front) + EXTENDED_WEIGHT * mean(extended);
    return Math.max(this.#decay[a], this.#decay[b]) * score;
  }

  /** Swaps one qubit of a gate along a shortest way to the other. */
  #bringTogether(i: number): void {
    const { distance, neighbours, qubits } = this.#coupling;
    const [s, t] = this.#plan.qubits[i];
    while (this.#distanceOf(i) > 1) {
      const at = this.layout[s];
      const to = this.layout[t];
      const step = neighbours[at].find(
        (next) => distance[next * qubits + to] < distance[at * qubits + to],
      );
      invariant(step !== undefined, 'a connected map has a shortest way');
      this.#swap(at, step);
    }
  }
}

function swapOperations(a: number, b: number): Operation[] {
  const flip = (control: number, target: number): Operation => ({
    kind: 'gate',
    name: 'cx',
    params: [],
    qubits: [control, target],
    controls: [],
  });
  return [flip(a, b), flip(b, a), flip(a, b)];
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
  readonly isDue: () => boolean;
  readonly look: Look;
}

/**
 * Puts operations of one- and two-qubit gates on a machine's qubits, with cx in threes for swaps.
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
  const plan = planOf(operations, look);
  const pairs = operations.filter(({ kind }) => kind === 'gate' || kind === 'unitary');
  const backwards = planOf(pairs.toReversed(), look);
  const forwards = planOf(pairs, look);
  let best: Routed | null = null;
  for (let n = 0; n < trials && (best === null || !isDue()); n++) {
    let layout: ArrayLike<number> =
      n === 0
        ? Array.from({ length: qubits }, (_, k) => k)
        : shuffled(coupling.qubits, rng).slice(0, qubits);
    for (let round = 0; n > 0 && round < 2; round++) {
      for (const way of [forwards, backwards]) {
        const run = new RoutingRun(way, coupling, layout, { rng, look });
        run.run();
        layout = run.layout;
      }
    }
    const initialLayout = Array.from(layout);
    const run = new RoutingRun(plan, coupling, layout, { rng, look });
    run.run();
    if (best !== null && run.swaps >= best.swaps) continue;
    best = {
      operations: run.steps.flatMap((step) => step.operations),
      steps: run.steps,
      swaps: run.swaps,
      initialLayout,
      finalLayout: [...run.layout],
    };
  }
  invariant(best !== null, 'routing takes one trial or more');
  return best;
}

/**
 * Whether what was routed is the circuit that was given: read back with its swaps undone, every qubit
 * sees the same operations in the same order, and every gate acts on coupled qubits.
 *
 * Branches and loops are compared by their gates' coupling alone where routing has put swaps in them.
 */
export function isFaithful(
  given: readonly Operation[],
  found: Routed,
  coupling: Coupling,
  look: Look,
): boolean {
  const queues = new Map<number, Operation[]>();
  for (const [i, operation] of given.entries()) {
    lookEvery(i, look);
    for (const qubit of qubitsOf(operation)) {
      const queue = queues.get(qubit);
      if (queue === undefined) queues.set(qubit, [operation]);
      else queue.push(operation);
    }
  }
  for (const queue of queues.values()) queue.reverse();
  const layout = [...found.initialLayout];
  for (const [i, step] of found.steps.entries()) {
    lookEvery(i, look);
    if (!isCoupled(step.operations, coupling)) return false;
    if (step.swapped !== null) {
      const [a, b] = step.swapped;
      layout.forEach((at, qubit) => {
        if (at === a) layout[qubit] = b;
        else if (at === b) layout[qubit] = a;
      });
      continue;
    }
    for (const qubit of qubitsOf(step.source)) {
      if (queues.get(qubit)?.pop() !== step.source) return false;
    }
    const expected =
      step.source.kind === 'if' || step.source.kind === 'while'
        ? null
        : JSON.stringify(qubitsOf(renamed(step.source, layout)));
    if (expected !== null && expected !== JSON.stringify(qubitsOf(step.operations[0])))
      return false;
  }
  const isAllDone = [...queues.values()].every((queue) => queue.length === 0);
  return isAllDone && layout.every((at, qubit) => at === found.finalLayout[qubit]);
}

function isCoupled(operations: readonly Operation[], coupling: Coupling): boolean {
  return operations.every((operation) => {
    if (operation.kind === 'if') {
      return isCoupled([...operation.then, ...operation.otherwise], coupling);
    }
    if (operation.kind === 'while') return isCoupled(operation.body, coupling);
    if (operation.kind !== 'gate' && operation.kind !== 'unitary') return true;
    const [a, b] = qubitsOf(operation);
    return b === undefined || coupling.distance[a * coupling.qubits + b] === 1;
  });
}
