/**
 * Circuits from rotations about strings of Paulis, sharing controlled Paulis between many strings.
 *
 * Greedy, after de Brugière and Martiel (2024): among the rotations that nothing hinders, one that acts
 * on the fewest qubits is brought onto one, by gates that shorten the strings to come the most. What is
 * left in the end is a Clifford.
 */
import { invariant } from '../../base/invariant.ts';
import type { Rng } from '../../base/rng.ts';
import { disentangle, localRest, type ImageRows } from './clifford-synthesis.ts';
import { lookEvery, NO_LOOK, type Look } from './look.ts';
import { NetworkBuilder } from './network-builder.ts';
import type { Network } from './network.ts';
import {
  axisAt,
  conjugate,
  doAnticommute,
  STRING_QUBITS_MAX,
  weightChange,
  weightOf,
  type PairGate,
} from './pauli-strings.ts';
import { rotationsOf, type RotationList } from './rotation-form.ts';

/** How the greedy choice looks ahead. */
export interface SynthesisOptions {
  /** Weight of each further rotation relative to the one before it, in (0, 1). */
  readonly discount: number;
  /** Weight of the Clifford that will be left, relative to the next rotation. */
  readonly frameWeight: number;
  /** Breaks ties; null takes the first. */
  readonly rng: Rng | null;
  readonly look?: Look;
  /** Once true, the rest is made without looking ahead. */
  readonly isDue?: (() => boolean) | undefined;
}

/** Strings looked at for each choice. */
const LOOKAHEAD_MAX = 80;
/** Rotations considered as the next one. */
const TARGETS_MAX = 6;

class Synthesis {
  readonly #strings: { x: Int32Array; z: Int32Array; sign: Uint8Array };
  readonly #angle: Float64Array;
  readonly #count: number;
  readonly #rows: ImageRows;
  readonly #builder: NetworkBuilder;
  readonly #options: SynthesisOptions;
  readonly #look: Look;
  /** Rotations still to be made, in order; and how many earlier ones each does not commute with. */
  #left: number[];
  readonly #blockers: Int32Array;
  readonly #histogram = new Float64Array(16);

  constructor(rotations: RotationList, options: SynthesisOptions) {
    const { count, frame } = rotations;
    const { qubits } = frame;
    const size = count + 2 * qubits;
    const strings = {
      x: new Int32Array(size),
      z: new Int32Array(size),
      sign: new Uint8Array(size),
    };
    strings.x.set(rotations.x);
    strings.z.set(rotations.z);
    strings.x.set(frame.x.subarray(0, 2 * qubits), count);
    strings.z.set(frame.z.subarray(0, 2 * qubits), count);
    strings.sign.set(frame.sign.subarray(0, 2 * qubits), count);
    this.#strings = strings;
    this.#angle = rotations.angle;
    this.#count = count;
    this.#rows = { strings, first: count, qubits };
    this.#builder = new NetworkBuilder(qubits);
    this.#options = options;
    this.#look = options.look ?? NO_LOOK;
    this.#left = Array.from({ length: count }, (_, i) => i);
    this.#blockers = new Int32Array(count);
    for (let i = 0; i < count; i++) {
      lookEvery(i, this.#look);
      for (let j = 0; j < i; j++) if (doAnticommute(strings, i, j)) this.#blockers[i]++;
    }
  }

  run(): Network {
    for (;;) {
      this.#look();
      this.#makeReady();
      if (this.#left.length === 0) break;
      this.#apply(this.#bestGate());
    }
    for (const { a, p, b, q } of disentangle(this.#rows, this.#options.rng)) {
      this.#builder.controlledPauli(a, p, b, q);
    }
    const { frames, wires } = localRest(this.#rows);
    frames.forEach((clifford, k) => {
      this.#builder.local(k, clifford);
    });
    // A network of its own, so that its wires can be named.
    const inner = this.#builder.build();
    return { ...inner, wires: Int32Array.from(wires) };
  }

  /** Makes all rotations that act on one qubit and that nothing hinders. */
  #makeReady(): void {
    const strings = this.#strings;
    for (let changed = true; changed;) {
      changed = false;
      const kept: number[] = [];
      for (const i of this.#left) {
        if (this.#blockers[i] > 0 || weightOf(strings, i) !== 1) {
          kept.push(i);
          continue;
        }
        const qubit = 31 - Math.clz32(strings.x[i] | strings.z[i]);
        const angle = strings.sign[i] === 1 ? -this.#angle[i] : this.#angle[i];
        this.#builder.rotate(qubit, axisAt(strings, i, qubit), angle);
        this.#release(i);
        changed = true;
      }
      this.#left = kept;
    }
  }

  #release(made: number): void {
    for (const j of this.#left) {
      if (j > made && doAnticommute(this.#strings, j, made)) this.#blockers[j]--;
    }
  }

  #apply(gate: PairGate): void {
    const strings = this.#strings;
    this.#builder.controlledPauli(gate.a, gate.p, gate.b, gate.q);
    for (const i of this.#left) conjugate(strings, i, gate);
    const end = strings.x.length;
    for (let i = this.#count; i < end; i++) conjugate(strings, i, gate);
  }

  /** The rotations that nothing hinders and that act on the fewest qubits. */
  #targets(): number[] {
    let least = Infinity;
    let targets: number[] = [];
    for (const i of this.#left) {
      if (this.#blockers[i] > 0) continue;
      const weight = weightOf(this.#strings, i);
      if (weight < least) {
        least = weight;
        targets = [i];
      } else if (weight === least && targets.length < TARGETS_MAX) targets.push(i);
    }
    return targets;
  }

  #bestGate(): PairGate {
    let best: PairGate | null = null;
    let bestScore = Infinity;
    const targets = this.#targets();
    if (this.#options.isDue?.() === true) return this.#anyGate(targets[0]);
    for (const target of targets) {
      for (const [a, b] of this.#pairsOf(target)) {
        const found = this.#bestOn(target, a, b);
        if (found.score >= bestScore) continue;
        bestScore = found.score;
        best = found.gate;
      }
    }
    invariant(best !== null, 'a rotation about two or more qubits can be shortened');
    return best;
  }

  /** A gate that shortens a string by its last qubit. */
  #anyGate(target: number): PairGate {
    const [a, b] = this.#pairsOf(target)[0];
    const p = axisAt(this.#strings, target, a);
    return { a, p: (p % 3) + 1, b, q: axisAt(this.#strings, target, b) };
  }

  /** Pairs of qubits that a string acts on. */
  #pairsOf(i: number): (readonly [number, number])[] {
    const support = this.#strings.x[i] | this.#strings.z[i];
    const qubits: number[] = [];
    for (let k = 0; k < this.#rows.qubits; k++) if ((support >> k) & 1) qubits.push(k);
    return qubits.flatMap((a, n) => qubits.slice(n + 1).map((b) => [a, b] as const));
  }

  #bestOn(
    target: number,
    a: number,
    b: number,
  ): { readonly gate: PairGate; readonly score: number } {
    this.#fillHistogram(a, b);
    const l = axisAt(this.#strings, target, a);
    const m = axisAt(this.#strings, target, b);
    const { rng } = this.#options;
    let score = Infinity;
    let gate: PairGate = { a, p: l, b, q: m };
    for (let p = 1; p < 4; p++) {
      for (let q = 1; q < 4; q++) {
        if (weightChange(p, q, l, m) >= 0) continue;
        let sum = rng === null ? 0 : rng.unit() * 1e-3;
        for (let axes = 0; axes < 16; axes++) {
          sum += this.#histogram[axes] * weightChange(p, q, axes >> 2, axes & 3);
        }
        if (sum >= score) continue;
        score = sum;
        gate = { a, p, b, q };
      }
    }
    return { gate, score };
  }

  /** How much weight strings with each two axes on these qubits have, the next ones most. */
  #fillHistogram(a: number, b: number): void {
    const strings = this.#strings;
    const histogram = this.#histogram.fill(0);
    const { discount, frameWeight } = this.#options;
    const end = Math.min(this.#left.length, LOOKAHEAD_MAX);
    let weight = 1;
    for (let n = 0; n < end; n++) {
      const i = this.#left[n];
      histogram[4 * axisAt(strings, i, a) + axisAt(strings, i, b)] += weight;
      weight *= discount;
    }
    const share = frameWeight / this.#rows.qubits;
    if (share === 0) return;
    for (let i = this.#count; i < strings.x.length; i++) {
      histogram[4 * axisAt(strings, i, a) + axisAt(strings, i, b)] += share;
    }
  }
}

/** Whether a network can be made anew from its rotations: few enough qubits and rotations. */
export function canSynthesize(network: Network, rotationsMax: number): boolean {
  if (network.qubits > STRING_QUBITS_MAX) return false;
  let rotations = 0;
  for (let i = 0; i < network.length; i++) if (network.b[i] < 0) rotations++;
  return rotations <= rotationsMax;
}

/**
 * A network of at most 30 qubits from rotations and a Clifford. It may come out with its qubits permuted.
 * Time grows with (rotations)² and with qubits² × gates.
 */
export function synthesizedFrom(rotations: RotationList, options: SynthesisOptions): Network {
  return new Synthesis(rotations, options).run();
}

/** Makes a network anew from its own rotations and Clifford. */
export function synthesized(network: Network, options: SynthesisOptions): Network {
  return synthesizedFrom(rotationsOf(network, options.look), options);
}
