/** What reading some sites of a chain gives whose centre is its first site. */
import type { Rng } from '../../../base/rng.ts';
import { qr } from '../../linear/qr.ts';
import { throwIfCanceled, type Watch } from '../../watch.ts';
import { drawBinomial } from '../../states/draw-binomial.ts';
import type { Distribution } from '../exact-state.ts';
import { distributionOf, unpack } from '../outcome-counts.ts';
import { PackedTable, wordsFor } from '../packed-table.ts';
import type { Outcomes } from '../simulated-state.ts';
import type { Site } from './site-chain.ts';

/** Outcomes of lower probability are rounding. */
const PROBABILITY_MIN = 1e-16;

/** F of the environment F†F that the sites read so far leave to the next: `rank` rows of its size. */
interface Factor {
  readonly rank: number;
  readonly size: number;
  readonly re: Float64Array;
  readonly im: Float64Array;
}

const START: Factor = { rank: 1, size: 1, re: Float64Array.of(1), im: Float64Array.of(0) };

/** F·A_p for a site read as p. */
function read({ rank, size, re: fRe, im: fIm }: Factor, site: Site, p: 0 | 1): Factor {
  const { right } = site;
  const re = new Float64Array(rank * right);
  const im = new Float64Array(rank * right);
  for (let v = 0; v < rank; v++) {
    for (let left = 0; left < size; left++) {
      const fr = fRe[v * size + left];
      const fi = fIm[v * size + left];
      if (fr === 0 && fi === 0) continue;
      const from = (left * 2 + p) * right;
      for (let k = 0; k < right; k++) {
        re[v * right + k] += fr * site.re[from + k] - fi * site.im[from + k];
        im[v * right + k] += fr * site.im[from + k] + fi * site.re[from + k];
      }
    }
  }
  return { rank, size: right, re, im };
}

/** A site that nobody reads: both products one below the other, made short again by QR. */
function passed(factor: Factor, site: Site, watch: Watch): Factor {
  const [zero, one] = [read(factor, site, 0), read(factor, site, 1)];
  const re = new Float64Array(2 * zero.re.length);
  const im = new Float64Array(2 * zero.im.length);
  re.set(zero.re);
  re.set(one.re, zero.re.length);
  im.set(zero.im);
  im.set(one.im, zero.im.length);
  const { size } = zero;
  const rank = 2 * factor.rank;
  if (rank <= size) return { rank, size, re, im };
  const { r } = qr({ rows: rank, columns: size, re, im }, watch);
  return { rank: r.rows, size, re: r.re, im: r.im };
}

function weight({ re, im }: Factor): number {
  let sum = 0;
  for (let i = 0; i < re.length; i++) sum += re[i] * re[i] + im[i] * im[i];
  return sum;
}

/** A walk over outcomes, from the first site to the last that is read. */
interface Walk {
  readonly sites: readonly Site[];
  /** Place in an outcome of each site, −1 where nobody reads it. */
  readonly places: readonly number[];
  readonly watch: Watch;
  /** How much of `share` goes to each of two branches with these weights; 0 leaves a branch out. */
  readonly divide: (share: number, zero: number, one: number) => readonly [number, number];
  /** False ends the walk. */
  readonly leaf: (outcome: Uint32Array, share: number) => boolean;
}

function visit(
  walk: Walk,
  site: number,
  factor: Factor,
  at: { readonly outcome: Uint32Array; readonly share: number },
): boolean {
  let current = factor;
  let s = site;
  while (s < walk.sites.length && walk.places[s] < 0) {
    current = passed(current, walk.sites[s], walk.watch);
    s++;
  }
  if (s === walk.sites.length) return walk.leaf(at.outcome, at.share);
  throwIfCanceled(walk.watch);
  const place = walk.places[s];
  const halves = [read(current, walk.sites[s], 0), read(current, walk.sites[s], 1)];
  const shares = walk.divide(at.share, weight(halves[0]), weight(halves[1]));
  for (const p of [0, 1] as const) {
    const share = shares[p];
    if (share <= 0) continue;
    if (p === 1) at.outcome[place >>> 5] |= 1 << (place & 31);
    const goesOn = visit(walk, s + 1, halves[p], { outcome: at.outcome, share });
    at.outcome[place >>> 5] &= ~(1 << (place & 31));
    if (!goesOn) return false;
  }
  return true;
}

/** Sites up to the last that is read: what is behind it changes nothing. */
function readPart(sites: readonly Site[], places: readonly number[]): readonly Site[] {
  return sites.slice(0, places.findLastIndex((place) => place >= 0) + 1);
}

/** All outcomes with their probabilities, or null where there are more than `countMax`. */
export function chainDistribution(
  sites: readonly Site[],
  places: readonly number[],
  countMax: number,
  watch: Watch,
): Distribution | null {
  const words = wordsFor(places.filter((place) => place >= 0).length);
  const table = new PackedTable(words);
  const weights: number[] = [];
  const isComplete = visit(
    {
      sites: readPart(sites, places),
      places,
      watch,
      divide: (_, zero, one) => [
        zero > PROBABILITY_MIN ? zero : 0,
        one > PROBABILITY_MIN ? one : 0,
      ],
      leaf: (outcome, share) => {
        weights[table.add(outcome, 0)] = share;
        return table.size <= countMax;
      },
    },
    0,
    START,
    { outcome: new Uint32Array(words), share: 1 },
  );
  return isComplete ? distributionOf(table, Float64Array.from(weights)) : null;
}

/** Draws shots; those that agree so far share the work. */
export function drawFromChain(
  sites: readonly Site[],
  places: readonly number[],
  shots: number,
  { rng, watch }: { readonly rng: Rng; readonly watch: Watch },
): Outcomes {
  const words = wordsFor(places.filter((place) => place >= 0).length);
  const outcomes = new Map<bigint, number>();
  visit(
    {
      sites: readPart(sites, places),
      places,
      watch,
      divide: (share, zero, one) => {
        const ones = drawBinomial(share, one / (zero + one), rng);
        return [share - ones, ones];
      },
      leaf: (outcome, share) => {
        outcomes.set(unpack(outcome, 0, words), share);
        return true;
      },
    },
    0,
    START,
    { outcome: new Uint32Array(words), share: shots },
  );
  return outcomes;
}
