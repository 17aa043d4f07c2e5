/**
 * Masses |cᵢ|² of complex amplitudes that a mixer can change all at once, in O(1).
 *
 * cᵢ = A·uᵢ + B·sᵢ with the reference sᵢ = √prior, a real A and a complex B for all. The mass below
 * a node is A²·Σ|u|² + |B|²·Σs² + 2·A·Re(B̄·Σu·s): four sums, each in a tree of its own, say it for any
 * A and B. So the Grover mixer 1 − (1 − e^(−iβ))|s⟩⟨s| of GM-QAOA (Bärtschi and Eidenbenz, 2020)
 * writes only B, and draws stay O(log₁₆ n). Where A·u and B·s nearly cancel, all are written anew: O(n),
 * which takes thousands of mixer steps to come due.
 */
import { FANOUT_SHIFT, SumTree } from './sum-tree.ts';

/** Past this ratio of what cancels to what is left, eight digits of a mass are left. */
const CANCELLATION_MAX = 1e8;
const SCALE_MAX = 1e100;

export class InterferingMasses {
  #a = 1;
  #bRe = 0;
  #bIm = 0;
  readonly #u: [re: number[], im: number[]] = [[], []];
  readonly #uu = new SumTree();
  readonly #ss = new SumTree();
  readonly #usRe = new SumTree('signed');
  readonly #usIm = new SumTree('signed');

  get size(): number {
    return this.#ss.size;
  }

  get total(): number {
    return this.#form(this.#uu.total, this.#ss.total, this.#usRe.total, this.#usIm.total);
  }

  at(position: number): number {
    const [re, im] = this.amplitude(position);
    return re * re + im * im;
  }

  /** cᵢ, up to a factor common to all. */
  amplitude(position: number): [re: number, im: number] {
    const re = this.#u[0][position] as number;
    const im = this.#u[1][position] as number;
    const s = Math.sqrt(this.#ss.at(position));
    return [this.#a * re + this.#bRe * s, this.#a * im + this.#bIm * s];
  }

  /** Appends an amplitude that is in phase with ⟨s|ψ⟩, as if it had always been part of the reference. */
  push(mass: number, prior: number): void {
    const [re, im] = this.#overlap();
    const norm = Math.hypot(re, im);
    const size = Math.sqrt(mass);
    for (const tree of [this.#uu, this.#ss, this.#usRe, this.#usIm]) tree.push(0);
    const isAlone = !(norm > 0);
    this.#put(
      this.size - 1,
      isAlone ? size : (size * re) / norm,
      isAlone ? 0 : (size * im) / norm,
      prior,
    );
  }

  pop(): void {
    for (const tree of [this.#uu, this.#ss, this.#usRe, this.#usIm]) tree.pop();
    for (const column of this.#u) column.pop();
  }

  /** Sets modulus and prior; the phase stays. */
  set(position: number, mass: number, prior: number): void {
    const [re, im] = this.amplitude(position);
    const norm = Math.hypot(re, im);
    const size = Math.sqrt(mass);
    if (norm > 0) this.#put(position, (size * re) / norm, (size * im) / norm, prior);
    else this.#put(position, size, 0, prior);
  }

  /** Copies an amplitude with its phase and prior to another position. */
  move(from: number, to: number): void {
    const [re, im] = this.amplitude(from);
    this.#put(to, re, im, this.#ss.at(from));
  }

  /** Turns the phase of one amplitude. */
  turn(position: number, angle: number): void {
    const [re, im] = this.amplitude(position);
    const cos = Math.cos(angle);
    const sin = Math.sin(angle);
    this.#put(position, re * cos - im * sin, re * sin + im * cos, this.#ss.at(position));
  }

  /** |ψ⟩ ← |ψ⟩ − (1 − e^(−iβ))|s⟩⟨s|ψ⟩ with s normed: keeps the norm. O(1). */
  mix(beta: number): void {
    const norm = this.#ss.total;
    if (!(norm > 0)) return;
    const [re, im] = this.#overlap();
    const kappaRe = 1 - Math.cos(beta);
    const kappaIm = Math.sin(beta);
    this.#bRe -= (kappaRe * re - kappaIm * im) / norm;
    this.#bIm -= (kappaRe * im + kappaIm * re) / norm;
    const parts = this.#a ** 2 * this.#uu.total;
    const whole = parts + this.#square(this.#bRe, this.#bIm) * norm;
    if (whole > CANCELLATION_MAX * this.total) this.#rebuild();
  }

  find(target: number): number {
    let rest = target;
    let node = 0;
    for (let level = this.#ss.levelCount - 1; level >= 0; level--) {
      let child = node << FANOUT_SHIFT;
      let reached = child;
      const end = (node + 1) << FANOUT_SHIFT;
      for (; child < end; child++) {
        const sum = this.#sumAt(level, child);
        if (sum <= 0) continue;
        reached = child;
        if (rest < sum) break;
        rest -= sum;
      }
      node = reached;
    }
    return node;
  }

  before(position: number): number {
    const trees = [this.#uu, this.#ss, this.#usRe, this.#usIm] as const;
    const [uu, ss, usRe, usIm] = trees.map((tree) => tree.before(position));
    return this.#form(uu as number, ss as number, usRe as number, usIm as number);
  }

  scale(factor: number): void {
    const root = Math.sqrt(factor);
    this.#a *= root;
    this.#bRe *= root;
    this.#bIm *= root;
    if (!(this.#a < SCALE_MAX && this.#a > 1 / SCALE_MAX)) this.#rebuild();
  }

  /** ⟨s|ψ⟩ = A·Σu·s + B·Σs², with s as it is. */
  #overlap(): [re: number, im: number] {
    const ss = this.#ss.total;
    const re = this.#usRe.total;
    const im = this.#usIm.total;
    return [this.#a * re + this.#bRe * ss, this.#a * im + this.#bIm * ss];
  }

  #sumAt(level: number, node: number): number {
    return this.#form(
      this.#uu.sumAt(level, node),
      this.#ss.sumAt(level, node),
      this.#usRe.sumAt(level, node),
      this.#usIm.sumAt(level, node),
    );
  }

  #form(uu: number, ss: number, usRe: number, usIm: number): number {
    const own = this.#a ** 2 * uu + this.#square(this.#bRe, this.#bIm) * ss;
    return Math.max(0, own + 2 * this.#a * (this.#bRe * usRe + this.#bIm * usIm));
  }

  #square(re: number, im: number): number {
    return re * re + im * im;
  }

  /** Makes u = (c − B·s) / A. */
  #put(position: number, re: number, im: number, prior: number): void {
    const s = Math.sqrt(prior);
    const uRe = (re - this.#bRe * s) / this.#a;
    const uIm = (im - this.#bIm * s) / this.#a;
    this.#u[0][position] = uRe;
    this.#u[1][position] = uIm;
    this.#uu.set(position, uRe * uRe + uIm * uIm);
    this.#ss.set(position, prior);
    this.#usRe.set(position, uRe * s);
    this.#usIm.set(position, uIm * s);
  }

  #rebuild(): void {
    const amplitudes = Array.from({ length: this.size }, (_, at) => this.amplitude(at));
    this.#a = 1;
    this.#bRe = 0;
    this.#bIm = 0;
    for (const [at, [re, im]] of amplitudes.entries()) this.#put(at, re, im, this.#ss.at(at));
  }
}
