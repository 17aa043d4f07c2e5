/** One way through a circuit: swaps chosen one by one, or in rounds where there is no time for that. */
import { invariant } from '../../base/invariant.ts';
import type { Rng } from '../../base/rng.ts';
import type { Operation } from '../circuit/operation.ts';
import type { Coupling } from './coupling.ts';
import type { WorkLook } from './look.ts';
import { isWayOut } from './operation-order.ts';
import { PairRuns } from './pair-runs.ts';
import { NEVER, RoutingField } from './routing-field.ts';
import { routingPlan, type RoutingPlan } from './routing-plan.ts';
import type { RoutingStep } from './routing-step.ts';

/** Gates beyond the next ones that have a say in each swap: half as many as qubits; and how much. */
const SOON_MIN = 20;
const SOON_MAX = 128;
const SOON_WEIGHT = 0.5;
/** What a qubit's swap adds to its next ones' score, so that chains of swaps alternate. */
const DECAY = 0.001;
const DECAY_RESET = 5;
/** Share of the gates that come soon, as its inverse, after which they are looked for anew between rounds. */
const ROUND_STALENESS = 4;
/** Far below the difference between any two scores: decides between equal ones. */
const NOISE = 1e-6;

/** How swaps are chosen: the best of all, one by one; or all that bring something, those that bring most first. */
export type RoutingStyle = 'one-by-one' | 'rounds';

/** What a run goes over, and draws from. */
export interface RoutingGround {
  readonly coupling: Coupling;
  readonly rng: Rng;
  readonly work: WorkLook;
  readonly style: RoutingStyle;
  /** Whether time is up: then swaps are no longer compared one by one. */
  readonly isHurried: () => boolean;
  /** Called before each swap with the number of those before; throws where they are too many. */
  readonly onSwap: (swaps: number) => void;
}

/** Goes through a plan from a layout, and notes each step. */
export class RoutingRun {
  readonly steps: RoutingStep[] = [];
  /** Swaps, those within branches and loops among them, each once. */
  swaps = 0;
  #entanglersInside = 0;
  readonly #runs: PairRuns;
  readonly #plan: RoutingPlan;
  readonly #ground: RoutingGround;
  readonly #coupling: Coupling;
  readonly #field: RoutingField;
  /** The run around a branch, where both are in one loop: what leaves the loop undoes its swaps too. */
  readonly #outer: RoutingRun | null;
  /** Edges of this run's own swaps, in order, where they may have to be undone. */
  readonly #made: number[] = [];
  #isInner = false;
  readonly #swapSteps: (RoutingStep | undefined)[] = [];
  readonly #waits: Int32Array;
  readonly #decay: Float64Array;
  #decayed: number[] = [];
  #ready: number[] = [];
  /** Operations done since it was last looked for what comes soon. */
  #doneSinceAhead = 1;
  readonly #aheadMark: Int32Array;
  readonly #aheadWaits: Int32Array;
  #aheads = 0;

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
    this.#field = new RoutingField(coupling, layout);
    this.#runs = new PairRuns(coupling.qubits);
    this.#waits = plan.waits.slice();
    this.#decay = new Float64Array(coupling.qubits).fill(1);
    this.#aheadMark = new Int32Array(plan.waits.length);
    this.#aheadWaits = new Int32Array(plan.waits.length);
  }

  /** Machine qubit of each circuit qubit. */
  get layout(): Int32Array {
    return this.#field.layout;
  }

  /** Entanglers that are left once neighbours are made as one, about. */
  get entanglers(): number {
    return this.#runs.entanglers + this.#entanglersInside;
  }

  run(): void {
    for (let i = this.#waits.length - 1; i >= 0; i--) if (this.#waits[i] === 0) this.#ready.push(i);
    this.#runReady();
    if (this.#ground.style === 'one-by-one') this.#oneByOne();
    this.#inRounds();
    this.#ready = [];
  }

  /** Emits what can be emitted, and what becomes ready by that; true where anything was. */
  #runReady(): boolean {
    const { first, second, start, followers } = this.#plan;
    const field = this.#field;
    let done = false;
    for (let i = this.#ready.pop(); i !== undefined; i = this.#ready.pop()) {
      const s = first[i];
      const isWaiting = s >= 0 && field.gateOf[s] === i;
      if (s >= 0 && field.between(s, second[i]) > 1) {
        if (!isWaiting) field.wait(i, s, second[i]);
        continue;
      }
      if (isWaiting) field.release(s, second[i]);
      this.#ground.work.didGates(1);
      if (s >= 0) this.#runs.gate(field.layout[s], field.layout[second[i]]);
      this.#emit(i);
      this.#doneSinceAhead++;
      done = true;
      for (let k = start[i + 1] - 1; k >= start[i]; k--) {
        if (--this.#waits[followers[k]] === 0) this.#ready.push(followers[k]);
      }
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
        for (const edges of this.#swapsOfLoop()) this.#undo(edges);
        break;
      default:
    }
    this.steps.push({ kind: 'plain', source });
  }

  /** A branch or a loop's body: whichever way it is left, its qubits are where they were before it. */
  #body(operations: readonly Operation[], outer: RoutingRun | null): readonly RoutingStep[] {
    const plan = routingPlan(operations, this.#ground.work);
    const inner = new RoutingRun(plan, this.#ground, this.layout, outer);
    inner.#isInner = true;
    inner.run();
    if (!operations.some(isWayOut)) inner.#undo([...inner.#made]);
    this.swaps += inner.swaps;
    this.#entanglersInside += inner.entanglers;
    return inner.steps;
  }

  /** Swaps since the loop around began, the last branch's first. */
  #swapsOfLoop(): (readonly number[])[] {
    return [[...this.#made], ...(this.#outer === null ? [] : this.#outer.#swapsOfLoop())];
  }

  #undo(edges: readonly number[]): void {
    for (const edge of edges.toReversed()) this.#swap(edge);
  }

  /** Swaps along an edge; pairs that are side by side by that are ready. */
  #swap(edge: number): void {
    this.#ground.onSwap(this.swaps);
    const qubits = this.#coupling.edges[edge];
    this.steps.push((this.#swapSteps[edge] ??= { kind: 'swap', qubits }));
    if (this.#isInner) this.#made.push(edge);
    this.swaps++;
    const field = this.#field;
    const [a, b] = qubits;
    field.swap(a, b);
    this.#runs.swap(a, b);
    for (const place of qubits) {
      const qubit = field.occupant[place];
      if (qubit < 0 || field.partner[qubit] < 0) continue;
      if (field.between(qubit, field.partner[qubit]) === 1) this.#ready.push(field.gateOf[qubit]);
    }
  }

  /** Has the field know the pairs that come soonest after those that wait. */
  #lookAhead(): void {
    this.#doneSinceAhead = 0;
    const { first, start, followers } = this.#plan;
    const field = this.#field;
    const most = Math.min(SOON_MAX, Math.max(SOON_MIN, field.layout.length >> 1));
    const found: number[] = [];
    const queue: number[] = [];
    field.partner.forEach((other, qubit) => {
      if (other > qubit) queue.push(field.gateOf[qubit]);
    });
    this.#aheads++;
    for (let at = 0; at < queue.length && found.length < most; at++) {
      for (let k = start[queue[at]]; k < start[queue[at] + 1]; k++) {
        const next = followers[k];
        if (this.#aheadMark[next] !== this.#aheads) {
          this.#aheadMark[next] = this.#aheads;
          this.#aheadWaits[next] = this.#waits[next];
        }
        if (--this.#aheadWaits[next] > 0) continue;
        queue.push(next);
        if (first[next] >= 0) found.push(next);
      }
    }
    this.#ground.work.did(8 * queue.length);
    field.lookAhead(this.#plan, found);
  }

  /** Until nothing waits, or time is up. */
  #oneByOne(): void {
    const field = this.#field;
    const patience = 3 * this.#coupling.qubits + 10;
    let sinceProgress = 0;
    while (field.waiting > 0 && !this.#ground.isHurried()) {
      if (sinceProgress > patience) {
        this.#bringTogether(field.someWaiting(0));
      } else {
        if (this.#doneSinceAhead > 0) this.#lookAhead();
        const edge = this.#bestSwap();
        this.#swap(edge);
        for (const place of this.#coupling.edges[edge]) {
          this.#decay[place] += DECAY;
          this.#decayed.push(place);
        }
        if (++sinceProgress % DECAY_RESET === 0) this.#resetDecay();
      }
      if (!this.#runReady()) continue;
      sinceProgress = 0;
      this.#resetDecay();
    }
  }

  #resetDecay(): void {
    for (const place of this.#decayed) this.#decay[place] = 1;
    this.#decayed = [];
  }

  #bestSwap(): number {
    const field = this.#field;
    const { edges } = this.#coupling;
    const { rng, work } = this.#ground;
    const gains = field.gains();
    const soonGains = field.soonGains();
    const weight = 1 / field.waiting;
    const soonWeight = field.soon === 0 ? 0 : SOON_WEIGHT / field.soon;
    const base = weight * field.steps + soonWeight * field.soonSteps;
    let best = -1;
    let bestScore = Infinity;
    work.did(edges.length);
    for (let edge = 0; edge < edges.length; edge++) {
      const score = weight * gains[edge] + soonWeight * soonGains[edge];
      // Decay makes scores larger alone.
      if (base + score >= bestScore || gains[edge] === NEVER) continue;
      const [a, b] = edges[edge];
      const decay = Math.max(this.#decay[a], this.#decay[b]);
      const decayed = decay * (base + score) + rng.unit() * NOISE;
      if (decayed >= bestScore) continue;
      bestScore = decayed;
      best = edge;
    }
    invariant(best >= 0, 'a waiting gate has neighbours to swap with');
    return best;
  }

  /** Until nothing waits: about linear in the swaps. */
  #inRounds(): void {
    const field = this.#field;
    while (field.waiting > 0) {
      // Some that are done by now among those that come soon do little harm.
      if (this.#doneSinceAhead * ROUND_STALENESS > field.soon) this.#lookAhead();
      const before = this.swaps;
      const edges = this.#gainingEdges();
      // Both qubits nearer to their partners; then one, and those that come soon nearer; no farther; in any case.
      for (const soonMax of [null, -1, 0, NEVER]) this.#sweep(edges, soonMax);
      if (this.swaps > before) continue;
      this.#bringTogether(field.someWaiting(this.#ground.rng.below(field.layout.length)));
      this.#runReady();
    }
  }

  /** Edges along which a swap brings waiting pairs nearer, from any one on. */
  #gainingEdges(): readonly number[] {
    const { rng, work } = this.#ground;
    const gains = this.#field.gains();
    const from = rng.below(gains.length);
    const found: number[] = [];
    work.did(gains.length);
    for (let edge = from; edge < gains.length; edge++) if (gains[edge] < 0) found.push(edge);
    for (let edge = 0; edge < from; edge++) if (gains[edge] < 0) found.push(edge);
    return found;
  }

  /** Swaps along all edges that still bring two steps, or one where pairs that come soon gain so much. */
  #sweep(candidates: readonly number[], soonMax: number | null): void {
    const field = this.#field;
    const { edges } = this.#coupling;
    this.#ground.work.did(4 * candidates.length);
    for (const edge of candidates) {
      const [a, b] = edges[edge];
      const gain = field.gain(a, b);
      if (gain >= 0 || (soonMax === null && gain > -2)) continue;
      if (soonMax !== null && soonMax < NEVER && field.soonGain(a, b) > soonMax) continue;
      this.#swap(edge);
      if (this.#ready.length > 0) this.#runReady();
    }
  }

  /** Swaps a qubit along a shortest way to the one it waits for. */
  #bringTogether(qubit: number): void {
    const { distance, edges, edgesAt, qubits } = this.#coupling;
    const field = this.#field;
    const other = field.partner[qubit];
    while (field.between(qubit, other) > 1) {
      const at = field.layout[qubit];
      const to = field.layout[other];
      const nearer = edgesAt[at].find((edge) => {
        const [a, b] = edges[edge];
        const next = a === at ? b : a;
        return distance[next * qubits + to] < distance[at * qubits + to];
      });
      invariant(nearer !== undefined, 'a connected map has a shortest way');
      this.#swap(nearer);
    }
  }
}
