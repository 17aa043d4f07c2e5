/** Where a circuit's qubits are on a machine, which of them wait for each other, and what swaps would bring. */
import type { Coupling } from './coupling.ts';
import type { RoutingPlan } from './routing-plan.ts';

/** Pairs that wait now, no two of them on one qubit; and pairs that come soon, listed at each of their qubits. */
export class RoutingField {
  readonly #coupling: Coupling;
  readonly #distance: Uint16Array;
  readonly #size: number;
  /** Machine qubit of each circuit qubit; and the circuit qubit of each machine qubit, or −1. */
  readonly layout: Int32Array;
  readonly occupant: Int32Array;
  /** The qubit that each circuit qubit waits for, and the number of their gate; −1 where it waits for none. */
  readonly partner: Int32Array;
  readonly gateOf: Int32Array;
  /** Pairs that wait, and the steps between them in all. */
  waiting = 0;
  steps = 0;
  /** Pairs that come soon, and the steps between them in all. */
  soon = 0;
  soonSteps = 0;
  readonly #soonHead: Int32Array;
  #soonNext = new Int32Array(64);
  #soonOther = new Int32Array(64);
  #soonQubits: number[] = [];
  /** Gains of edges that were not looked at since what they depend on has changed are not known. */
  readonly #gains: Int32Array;
  readonly #soonGains: Int32Array;
  readonly #stale: Places;
  /** The same for what pairs gain that come soon. */
  readonly #soonStale: Places;

  constructor(coupling: Coupling, layout: ArrayLike<number>) {
    this.#coupling = coupling;
    this.#distance = coupling.distance;
    this.#size = coupling.qubits;
    this.layout = Int32Array.from(layout);
    this.occupant = new Int32Array(coupling.qubits).fill(-1);
    this.layout.forEach((at, qubit) => {
      this.occupant[at] = qubit;
    });
    this.partner = new Int32Array(this.layout.length).fill(-1);
    this.gateOf = new Int32Array(this.layout.length).fill(-1);
    this.#soonHead = new Int32Array(this.layout.length).fill(-1);
    this.#gains = new Int32Array(coupling.edges.length).fill(NEVER);
    this.#soonGains = new Int32Array(coupling.edges.length);
    this.#stale = new Places(coupling.qubits);
    this.#soonStale = new Places(coupling.qubits);
  }

  /** Steps between two of the circuit's qubits. */
  between(s: number, t: number): number {
    return this.#distance[this.layout[s] * this.#size + this.layout[t]];
  }

  /** Has two qubits wait for each other. */
  wait(gate: number, s: number, t: number): void {
    this.partner[s] = t;
    this.partner[t] = s;
    this.gateOf[s] = gate;
    this.gateOf[t] = gate;
    this.waiting++;
    this.steps += this.between(s, t);
    this.#stale.add(this.layout[s]);
    this.#stale.add(this.layout[t]);
  }

  /** Ends that two qubits wait for each other. */
  release(s: number, t: number): void {
    this.partner[s] = -1;
    this.partner[t] = -1;
    this.gateOf[s] = -1;
    this.gateOf[t] = -1;
    this.waiting--;
    this.steps -= this.between(s, t);
    this.#stale.add(this.layout[s]);
    this.#stale.add(this.layout[t]);
  }

  /** The first qubit from `from` on, in a circle, that waits; there must be one. */
  someWaiting(from: number): number {
    let qubit = from;
    while (this.partner[qubit] < 0) qubit = (qubit + 1) % this.partner.length;
    return qubit;
  }

  /** Takes the pairs that come soon. */
  lookAhead(plan: RoutingPlan, pairs: readonly number[]): void {
    for (const qubit of this.#soonQubits) {
      this.#soonHead[qubit] = -1;
      this.#soonStale.add(this.layout[qubit]);
    }
    this.#soonQubits = [];
    this.soon = pairs.length;
    this.soonSteps = 0;
    if (this.#soonNext.length < 2 * pairs.length) {
      this.#soonNext = new Int32Array(4 * pairs.length);
      this.#soonOther = new Int32Array(4 * pairs.length);
    }
    for (const [k, pair] of pairs.entries()) {
      const s = plan.first[pair];
      const t = plan.second[pair];
      this.soonSteps += this.between(s, t);
      this.#listSoon(2 * k, s, t);
      this.#listSoon(2 * k + 1, t, s);
    }
  }

  #listSoon(slot: number, qubit: number, other: number): void {
    this.#soonOther[slot] = other;
    this.#soonNext[slot] = this.#soonHead[qubit];
    this.#soonHead[qubit] = slot;
    this.#soonQubits.push(qubit);
    this.#soonStale.add(this.layout[qubit]);
  }

  /** Puts what is on two machine qubits on each other's place. */
  swap(a: number, b: number): void {
    const s = this.occupant[a];
    const t = this.occupant[b];
    this.steps += this.gain(a, b);
    this.soonSteps += this.soonGain(a, b);
    this.occupant[a] = t;
    this.occupant[b] = s;
    if (s >= 0) this.layout[s] = b;
    if (t >= 0) this.layout[t] = a;
    this.#stale.add(a);
    this.#stale.add(b);
    this.#touchPartners(s);
    this.#touchPartners(t);
  }

  #touchPartners(qubit: number): void {
    if (qubit < 0) return;
    if (this.partner[qubit] >= 0) this.#stale.add(this.layout[this.partner[qubit]]);
    for (let k = this.#soonHead[qubit]; k >= 0; k = this.#soonNext[k]) {
      this.#soonStale.add(this.layout[this.#soonOther[k]]);
    }
  }

  /** By how many steps pairs that wait would be farther from each other after a swap. O(1). */
  gain(a: number, b: number): number {
    const s = this.occupant[a];
    const t = this.occupant[b];
    let change = 0;
    const forS = s < 0 ? -1 : this.partner[s];
    const forT = t < 0 ? -1 : this.partner[t];
    if (forS >= 0 && forS !== t) change += this.#moved(a, b, forS);
    if (forT >= 0 && forT !== s) change += this.#moved(b, a, forT);
    return change;
  }

  /** The same for pairs that come soon. */
  soonGain(a: number, b: number): number {
    const s = this.occupant[a];
    const t = this.occupant[b];
    return this.#soonMoved(a, b, t) + this.#soonMoved(b, a, s);
  }

  #soonMoved(from: number, to: number, exceptFor: number): number {
    const qubit = this.occupant[from];
    let change = 0;
    if (qubit < 0) return 0;
    for (let k = this.#soonHead[qubit]; k >= 0; k = this.#soonNext[k]) {
      const other = this.#soonOther[k];
      if (other !== exceptFor) change += this.#moved(from, to, other);
    }
    return change;
  }

  #moved(from: number, to: number, other: number): number {
    const place = this.layout[other];
    return this.#distance[to * this.#size + place] - this.#distance[from * this.#size + place];
  }

  /** Whether a qubit that waits is on one of two machine qubits. */
  #concerns(a: number, b: number): boolean {
    const s = this.occupant[a];
    const t = this.occupant[b];
    return (s >= 0 && this.partner[s] >= 0) || (t >= 0 && this.partner[t] >= 0);
  }

  /** What a swap along each edge would bring, kept from call to call; far more than it is where none waits there. */
  gains(): Int32Array {
    const { edges, edgesAt } = this.#coupling;
    for (const place of this.#stale.taken()) {
      this.#soonStale.add(place);
      for (const edge of edgesAt[place]) {
        const [a, b] = edges[edge];
        this.#gains[edge] = this.#concerns(a, b) ? this.gain(a, b) : NEVER;
      }
    }
    return this.#gains;
  }

  /** The same for pairs that come soon, where any waits; after {@link gains}. */
  soonGains(): Int32Array {
    const { edges, edgesAt } = this.#coupling;
    for (const place of this.#soonStale.taken()) {
      for (const edge of edgesAt[place]) {
        const [a, b] = edges[edge];
        if (this.#gains[edge] < NEVER) this.#soonGains[edge] = this.soonGain(a, b);
      }
    }
    return this.#soonGains;
  }
}

/** More than any gain. */
export const NEVER = 1_000_000_000;

/** Machine qubits, each once. */
class Places {
  readonly #isIn: Uint8Array;
  #list: number[] = [];

  constructor(count: number) {
    this.#isIn = new Uint8Array(count);
  }

  add(place: number): void {
    if (this.#isIn[place] === 1) return;
    this.#isIn[place] = 1;
    this.#list.push(place);
  }

  /** All of them; none is left. */
  taken(): readonly number[] {
    const list = this.#list;
    for (const place of list) this.#isIn[place] = 0;
    this.#list = [];
    return list;
  }
}
