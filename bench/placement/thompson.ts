import { grown } from '../../src/base/grown.ts';
import type { Outcome } from '../../src/scheduling/strategy.ts';
import { MEAN_SHARE, Plain } from './classical.ts';
import type { ChooserContext, Setting } from './policy.ts';

/** Normal variates at hand, a power of two: a Gamma variate is a cube of one (Wilson and Hilferty, 1931). */
const NORMALS = 4_096;

/** Fields of what is known of a member: tasks done, milliseconds they took, successes and failures, all discounted; … */
const DONE = 0;
const TOOK = 1;
const GOOD = 2;
const BAD = 3;
/** … and what follows for a draw: the middle and divisor of the speed's cube root, the chance of success and its deviation. */
const MIDDLE = 4;
const DIVISOR = 5;
const SUCCESS = 6;
const DEVIATION = 7;
const FACTS = 8;

/** Thompson sampling of each agent's speed (Gamma) and of its success (Beta, as a normal); least cost goes. */
export class Thompson extends Plain {
  readonly #normals = new Float64Array(NORMALS);
  #facts = new Float64Array(64 * FACTS);
  /** How many tasks there were, by member, when each of its own was sent. */
  readonly #positions: number[][] = [];
  readonly #setting: Setting;
  #meanMs = 1_000;

  constructor(context: ChooserContext, setting: Setting) {
    super(context);
    this.#setting = setting;
    const { rng } = context;
    for (let at = 0; at < NORMALS; at++) {
      const radius = Math.sqrt(-2 * Math.log(1 - rng.unit()));
      this.#normals[at] = radius * Math.cos(2 * Math.PI * rng.unit());
    }
  }

  override added(member: number): void {
    while ((member + 1) * FACTS > this.#facts.length) {
      this.#facts = grown(this.#facts, new Float64Array(this.#facts.length * 2));
    }
    this.#know(member, [0, 0, 0, 0]);
    this.#positions[member] = [];
  }

  pick(): number {
    let at = this.context.rng.u32();
    const { table } = this.context;
    return this.least((member) => {
      at += 2;
      const normal = this.#normals[at & (NORMALS - 1)] as number;
      const other = this.#normals[(at + 1) & (NORMALS - 1)] as number;
      return (table.inFlight(member) + 1) / this.#drawWorth(member, normal, other);
    });
  }

  override picked(member: number): void {
    this.#positions[member]?.push(this.context.table.inFlight(member) + 1);
  }

  observed(member: number, { ok, runMs }: Outcome): void {
    const position = this.#positions[member]?.shift() ?? 1;
    const { discount = 1 } = this.#setting;
    const [done, took, good, bad] = [DONE, TOOK, GOOD, BAD].map(
      (field) => (this.#facts[member * FACTS + field] as number) * discount,
    ) as [number, number, number, number];
    if (!ok) {
      this.#know(member, [done, took, good, bad + 1]);
      return;
    }
    // Agents work in order: of a run, each task ahead took its part.
    const serviceMs = runMs / position;
    this.#meanMs += (serviceMs - this.#meanMs) * MEAN_SHARE;
    this.#know(member, [done + 1, took + serviceMs, good + 1, bad]);
  }

  /** Keeps what is known of a member, and what is drawn by: draws are many more than changes. */
  #know(member: number, known: readonly [number, number, number, number]): void {
    const { prior = 1 } = this.#setting;
    const [done, , good, bad] = known;
    const at = member * FACTS;
    this.#facts.set(known, at);
    const shape = prior + done;
    this.#facts[at + MIDDLE] = 1 - 1 / (9 * shape);
    this.#facts[at + DIVISOR] = 3 * Math.sqrt(shape);
    const trials = good + bad + 2;
    const success = (good + 1.9) / trials;
    this.#facts[at + SUCCESS] = success;
    this.#facts[at + DEVIATION] = Math.sqrt((success * Math.max(0, 1 - success)) / (trials + 1));
  }

  #drawWorth(member: number, normal: number, other: number): number {
    const { prior = 1 } = this.#setting;
    const at = member * FACTS;
    const facts = this.#facts;
    const shape = prior + (facts[at + DONE] as number);
    const root = (facts[at + MIDDLE] as number) + normal / (facts[at + DIVISOR] as number);
    const speed =
      (shape * Math.max(0.01, root * root * root)) /
      (prior * this.#meanMs + (facts[at + TOOK] as number));
    const success = (facts[at + SUCCESS] as number) + (facts[at + DEVIATION] as number) * other;
    return speed * Math.min(1, Math.max(0.02, success));
  }
}
