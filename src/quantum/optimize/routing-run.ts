/** One way through a circuit: swaps chosen gate by gate. */
import { invariant } from '../../base/invariant.ts';
import type { Rng } from '../../base/rng.ts';
import type { Operation } from '../circuit/operation.ts';
import type { Coupling } from './coupling.ts';
import type { WorkLook } from './look.ts';
import { isWayOut } from './operation-order.ts';
import { isPair, routingPlan, type RoutingPlan } from './routing-plan.ts';
import type { RoutingStep } from './routing-step.ts';

/** Gates beyond the next ones that have a say in each swap, and how much. */
const EXTENDED_MAX = 20;
const EXTENDED_WEIGHT = 0.5;
/** What a qubit's swap adds to its next ones' score, so that chains of swaps alternate. */
const DECAY = 0.001;
const DECAY_RESET = 5;

/** What a run goes over, and draws from. */
export interface RoutingGround {
  readonly coupling: Coupling;
  readonly rng: Rng;
  readonly work: WorkLook;
  /** Whether time is up: then swaps are no longer compared. */
  readonly isHurried: () => boolean;
}

/** Goes through a plan from a layout, and notes each step. */
export class RoutingRun {
  readonly steps: RoutingStep[] = [];
  /** Swaps, those within branches and loops among them, each once. */
  swaps = 0;
  readonly #plan: RoutingPlan;
  readonly #ground: RoutingGround;
  readonly #coupling: Coupling;
  /** The run around a branch, where both are in one loop: what leaves the loop undoes its swaps too. */
  readonly #outer: RoutingRun | null;
  /** Swaps of this run's own, in order. */
  readonly #made: (readonly [number, number])[] = [];
  /** Machine qubit of each circuit qubit; and the circuit qubit of each machine qubit, or −1. */
  readonly layout: Int32Array;
  readonly #occupant: Int32Array;
  readonly #waits: Int32Array;
  readonly #decay: Float64Array;
  #front: number[] = [];

  constructor(
    plan: RoutingPlan,
    ground: RoutingGround,
    layout: ArrayLike<number>,
    outer: RoutingRun | null = null,
  ) {
    const { coupling } = ground;
    this.#plan = plan;
    this.#ground = ground;
    this.#coupling = coupling;
    this.#outer = outer;
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
      if (sinceProgress > patience || this.#ground.isHurried()) {
        this.#bringTogether(this.#front[0]);
        sinceProgress = 0;
      } else {
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
      this.#ground.work.didGates(1);
      this.#emit(i);
      done = true;
      for (const next of this.#plan.followers[i]) if (--this.#waits[next] === 0) stack.push(next);
    }
    return done;
  }

  #emit(i: number): void {
    const source = this.#plan.operations[i];
    switch (source.kind) {
      case 'if': {
        const then = this.#body(source.then, this);
        const otherwise = this.#body(source.otherwise, this);
        this.steps.push({ kind: 'branching', source, then, otherwise });
        return;
      }
      case 'while':
        this.steps.push({ kind: 'loop', source, body: this.#body(source.body, null) });
        return;
      case 'break':
      case 'continue':
        for (const swaps of this.#swapsOfLoop()) this.#undo(swaps);
        break;
      default:
    }
    this.steps.push({ kind: 'plain', source });
  }

  /** A branch or a loop's body: whichever way it is left, its qubits are where they were before it. */
  #body(operations: readonly Operation[], outer: RoutingRun | null): readonly RoutingStep[] {
    const plan = routingPlan(operations, this.#ground.work);
    const inner = new RoutingRun(plan, this.#ground, this.layout, outer);
    inner.run();
    if (!operations.some(isWayOut)) inner.#undo([...inner.#made]);
    this.swaps += inner.swaps;
    return inner.steps;
  }

  /** Swaps since the loop around began, the last branch's first. */
  #swapsOfLoop(): (readonly [number, number])[][] {
    return [[...this.#made], ...(this.#outer === null ? [] : this.#outer.#swapsOfLoop())];
  }

  #undo(swaps: readonly (readonly [number, number])[]): void {
    for (const [a, b] of swaps.toReversed()) this.#swap(a, b);
  }

  #swap(a: number, b: number): void {
    this.steps.push({ kind: 'swap', qubits: [a, b] });
    this.#made.push([a, b]);
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
    this.#ground.work.didGates(queue.length);
    return found;
  }

  #bestSwap(): readonly [number, number] {
    const { neighbours } = this.#coupling;
    const { rng, work } = this.#ground;
    const extended = this.#extended();
    let best: readonly [number, number] | null = null;
    let bestScore = Infinity;
    const places = new Set(
      this.#front.flatMap((i) => this.#plan.qubits[i]).map((q) => this.layout[q]),
    );
    for (const a of places) {
      for (const b of neighbours[a]) {
        if (places.has(b) && b < a) continue;
        work.did(this.#front.length + extended.length);
        const score = this.#scoreAfter(a, b, extended) + rng.unit() * 1e-6;
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
