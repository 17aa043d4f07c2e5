/**
 * A chain of tensors with one orthogonality centre: those left of it are isometries from the left, those
 * right of it from the right, so that the centre alone holds the norm and splits are optimal.
 *
 * Source: Schollwöck, Annals of Physics 326 (2011) 96, §4.
 */
import { invariant } from '../../../base/invariant.ts';
import { adjoint } from '../../linear/arithmetic.ts';
import type { ComplexMatrix } from '../../linear/complex-matrix.ts';
import { qr } from '../../linear/qr.ts';
import type { Watch } from '../../watch.ts';
import { leftVectors } from './left-vectors.ts';
import { product } from './product.ts';

/** Discarded weight that is rounding, not truncation. */
const NEGLIGIBLE_WEIGHT = 1e-16;

/** One site: entry (left, p, right) at (left × 2 + p) × rightSize + right. */
export interface Site {
  readonly left: number;
  readonly right: number;
  readonly re: Float64Array;
  readonly im: Float64Array;
}

function asTall({ left, right, re, im }: Site): ComplexMatrix {
  return { rows: 2 * left, columns: right, re, im };
}

function asWide({ left, right, re, im }: Site): ComplexMatrix {
  return { rows: left, columns: 2 * right, re, im };
}

function fromTall({ rows, columns, re, im }: ComplexMatrix): Site {
  return { left: rows / 2, right: columns, re, im };
}

function fromWide({ rows, columns, re, im }: ComplexMatrix): Site {
  return { left: rows, right: columns / 2, re, im };
}

/** The first `count` columns. */
function firstColumns(a: ComplexMatrix, count: number): ComplexMatrix {
  if (count === a.columns) return a;
  const re = new Float64Array(a.rows * count);
  const im = new Float64Array(a.rows * count);
  for (let r = 0; r < a.rows; r++) {
    for (let c = 0; c < count; c++) {
      re[r * count + c] = a.re[r * a.columns + c];
      im[r * count + c] = a.im[r * a.columns + c];
    }
  }
  return { rows: a.rows, columns: count, re, im };
}

/** Multiplies a matrix of ours by a factor. */
function scale({ im, re }: ComplexMatrix, factor: number): void {
  for (let i = 0; i < re.length; i++) {
    re[i] *= factor;
    im[i] *= factor;
  }
}

export class SiteChain {
  readonly sites: Site[];
  readonly bondMax: number;
  /** Product over all truncations of the weight that was kept. */
  fidelity = 1;
  #center = 0;

  /** |0…0⟩. */
  constructor(length: number, bondMax: number) {
    this.bondMax = bondMax;
    this.sites = Array.from({ length }, () => ({
      left: 1,
      right: 1,
      re: Float64Array.of(1, 0),
      im: new Float64Array(2),
    }));
  }

  /** The same chain; tensors are shared, as nothing changes them in place. */
  copy(): SiteChain {
    const twin = new SiteChain(0, this.bondMax);
    twin.sites.push(...this.sites);
    twin.fidelity = this.fidelity;
    twin.#center = this.#center;
    return twin;
  }

  /** Largest bond. */
  get bond(): number {
    return this.sites.reduce((most, { right }) => Math.max(most, right), 1);
  }

  /** Makes a site the centre. O(distance · bond³). */
  moveCenter(site: number, watch: Watch): void {
    while (this.#center < site) {
      const { q, r } = qr(asTall(this.sites[this.#center]), watch);
      this.sites[this.#center] = fromTall(q);
      this.#center++;
      this.sites[this.#center] = fromWide(product(r, asWide(this.sites[this.#center]), watch));
    }
    while (this.#center > site) {
      const { q, r } = qr(adjoint(asWide(this.sites[this.#center])), watch);
      this.sites[this.#center] = fromWide(adjoint(q));
      this.#center--;
      const before = asTall(this.sites[this.#center]);
      this.sites[this.#center] = fromTall(product(before, adjoint(r), watch));
    }
  }

  /** Sites `first` … as one matrix of bond × (2^count · bond), the first site's state most significant. */
  joined(first: number, count: number, watch: Watch): ComplexMatrix {
    // The centre must be among them; the nearest end is cheapest.
    this.moveCenter(Math.min(Math.max(this.#center, first), first + count - 1), watch);
    let joint = asWide(this.sites[first]);
    for (let k = 1; k < count; k++) {
      const next = asWide(this.sites[first + k]);
      const { re, im } = joint;
      const rows = re.length / next.rows;
      const grown = product({ rows, columns: next.rows, re, im }, next, watch);
      joint = { ...grown, rows: this.sites[first].left, columns: 0 };
    }
    return { ...joint, columns: joint.re.length / joint.rows };
  }

  /** Puts a joined block back, site by site, truncating; the centre is then its last site. */
  split(first: number, count: number, block: ComplexMatrix, watch: Watch): void {
    let rest = block;
    for (let k = 0; k < count - 1; k++) {
      const { re, im } = rest;
      const rows = 2 * rest.rows;
      const { left, remainder } = this.#decompose(
        { rows, columns: re.length / rows, re, im },
        watch,
      );
      this.sites[first + k] = fromTall(left);
      rest = remainder;
    }
    this.sites[first + count - 1] = fromWide(rest);
    this.#center = first + count - 1;
  }

  #decompose(
    a: ComplexMatrix,
    watch: Watch,
  ): { readonly left: ComplexMatrix; readonly remainder: ComplexMatrix } {
    const { left, values } = leftVectors(a, watch);
    const total = values.reduce((sum, value) => sum + value * value, 0);
    let kept = values.length;
    let discarded = 0;
    while (kept > 1) {
      const more = discarded + values[kept - 1] ** 2 / total;
      if (kept <= this.bondMax && more > NEGLIGIBLE_WEIGHT) break;
      discarded = more;
      kept--;
    }
    this.fidelity *= 1 - discarded;
    const basis = firstColumns(left, kept);
    const remainder = product(adjoint(basis), a, watch);
    scale(remainder, 1 / Math.sqrt(1 - discarded));
    return { left: basis, remainder };
  }

  /** Replaces the centre's tensor. */
  setCenter(site: number, tensor: Site): void {
    invariant(site === this.#center, 'only the centre is replaced');
    this.sites[site] = tensor;
  }

  /** Shrinks bonds around the centre as far as its neighbours have become dependent. */
  compress(watch: Watch): void {
    const site = this.#center;
    for (let s = site; s < this.sites.length - 1; s++) {
      const before = this.sites[s].right;
      this.split(s, 2, this.joined(s, 2, watch), watch);
      if (this.sites[s].right === before) break;
    }
    for (let s = Math.min(site, this.sites.length - 1); s > 0; s--) {
      this.moveCenter(s, watch);
      const before = this.sites[s].left;
      this.split(s - 1, 2, this.joined(s - 1, 2, watch), watch);
      if (this.sites[s].left === before) break;
    }
  }
}
