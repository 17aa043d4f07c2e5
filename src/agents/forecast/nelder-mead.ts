/**
 * Minimum of a function in a box, without derivatives.
 *
 * Source: J. A. Nelder & R. Mead, Computer Journal 7 (1965) 308, with the usual coefficients 1, 2, ½
 * and ½; points outside the box are moved onto its faces. Deterministic.
 */
import { invariant } from '../../base/invariant.ts';
import type { Steps } from '../steps.ts';

export interface Box {
  /** Bounds of each coordinate; may be infinite. */
  readonly lower: readonly number[];
  readonly upper: readonly number[];
}

export interface SearchOptions {
  readonly box: Box;
  readonly evaluationsMax: number;
  /** Ends when the simplex's values differ by less than this share of the best, or … */
  readonly toleranceRelative: number;
  /** … when the best is not above this: as good as a minimum need be. */
  readonly valueEnough: number;
}

export interface Minimum {
  readonly point: readonly number[];
  readonly value: number;
  readonly evaluations: number;
}

type Objective = (point: readonly number[]) => number;

/** Edge of the first simplex along each coordinate. */
const FIRST_STEP = 0.15;

/** The best point found from `start`; never worse than it. Pauses after each evaluation. */
export function* minimize(
  objective: Objective,
  start: readonly number[],
  options: SearchOptions,
): Steps<Minimum> {
  const dimensions = start.length;
  invariant(dimensions > 0, 'a search needs a coordinate, got none');
  const search = new Simplex(objective, options.box);
  for (const point of firstSimplex(start, options.box)) {
    search.add(point);
    yield undefined;
  }
  while (search.evaluations < options.evaluationsMax && !search.isDone(options)) {
    search.move();
    yield undefined;
  }
  return { ...search.best, evaluations: search.evaluations };
}

function firstSimplex(start: readonly number[], box: Box): readonly (readonly number[])[] {
  const corners = start.map((value, coordinate) => {
    const corner = [...start];
    // Inwards where the step would leave the box, so that the simplex is never flat.
    const fits = value + FIRST_STEP <= box.upper[coordinate]!;
    corner[coordinate] = value + (fits ? FIRST_STEP : -FIRST_STEP);
    return corner;
  });
  return [start, ...corners];
}

interface Vertex {
  readonly point: readonly number[];
  readonly value: number;
}

class Simplex {
  readonly #objective: Objective;
  readonly #box: Box;
  /** Ascending by value. */
  readonly #vertices: Vertex[] = [];
  evaluations = 0;

  constructor(objective: Objective, box: Box) {
    this.#objective = objective;
    this.#box = box;
  }

  get best(): Vertex {
    return this.#vertices[0]!;
  }

  add(point: readonly number[]): void {
    this.#insert(this.#evaluate(point));
  }

  isDone({ toleranceRelative, valueEnough }: SearchOptions): boolean {
    const best = this.best.value;
    const worst = this.#vertices.at(-1)!.value;
    return best <= valueEnough || worst - best <= toleranceRelative * Math.abs(best);
  }

  /** Replaces the worst vertex by a better point, or draws all vertices towards the best. */
  move(): void {
    const worst = this.#vertices.at(-1)!;
    const centre = this.#centreWithoutWorst();
    const along = (factor: number): Vertex =>
      this.#evaluate(centre.map((value, k) => value + factor * (value - worst.point[k]!)));
    const reflected = along(1);
    if (reflected.value < this.best.value) {
      const expanded = along(2);
      this.#replaceWorst(expanded.value < reflected.value ? expanded : reflected);
      return;
    }
    if (reflected.value < this.#vertices.at(-2)!.value) {
      this.#replaceWorst(reflected);
      return;
    }
    const contracted = along(reflected.value < worst.value ? 0.5 : -0.5);
    if (contracted.value < Math.min(reflected.value, worst.value)) this.#replaceWorst(contracted);
    else this.#shrink();
  }

  #evaluate(point: readonly number[]): Vertex {
    this.evaluations += 1;
    const inside = point.map((value, k) =>
      Math.min(Math.max(value, this.#box.lower[k]!), this.#box.upper[k]!),
    );
    const value = this.#objective(inside);
    return { point: inside, value: Number.isNaN(value) ? Number.POSITIVE_INFINITY : value };
  }

  #centreWithoutWorst(): readonly number[] {
    const others = this.#vertices.slice(0, -1);
    return this.best.point.map(
      (_, k) => others.reduce((sum, { point }) => sum + point[k]!, 0) / others.length,
    );
  }

  #replaceWorst(vertex: Vertex): void {
    this.#vertices.pop();
    this.#insert(vertex);
  }

  #shrink(): void {
    const { best } = this;
    const others = this.#vertices.splice(1);
    for (const { point } of others) {
      this.add(point.map((value, k) => (value + best.point[k]!) / 2));
    }
  }

  #insert(vertex: Vertex): void {
    const place = this.#vertices.findIndex((other) => other.value > vertex.value);
    this.#vertices.splice(place === -1 ? this.#vertices.length : place, 0, vertex);
  }
}
