/**
 * How likely agents fail together, from the windows in which they failed.
 *
 * With N windows, fᵢ of them with a failure of i and cᵢⱼ with one of both:
 *
 *     P(j | i) = (cᵢⱼ + κ·t) / (fᵢ + κ),   t = max(pⱼ, rate of the nearest domain that both share)
 *
 * A pair of which little is known is thus taken for one like others of its host, its zone, or for two
 * that fail by themselves. Domain rates are among agents that failed at all, and are found anew when a
 * window has changed: O(agents that failed). Everything else costs O(1).
 */
import { countShared, WINDOWS_MAX, type FailureWindows } from './failure-windows.ts';

/** Windows that the target of the shrinkage counts for. */
const KAPPA = 4;
/** Pairs that a domain's rate counts for before it has any: of itself, a common domain says nothing. */
const PAIRS_MIN = 4;
/** Correlations are kept below it: two agents are never quite one. */
const CORRELATION_MAX = 0.999;

/** Labels that name a domain, the smaller first. */
export const DOMAIN_LABELS = ['host', 'zone'] as const;
export type DomainLabel = (typeof DOMAIN_LABELS)[number];

/** The value of a domain label of an agent; undefined where it has none. */
export type DomainOf = (agent: number, label: DomainLabel) => string | undefined;

/** What is known of the domains of a label, by name, as the windows were at a version. */
interface Domains {
  readonly version: number;
  /** Agents that failed of late. */
  readonly groups: ReadonlyMap<string, readonly number[]>;
  /** P(another of the domain that fails at times fails | one fails), of those that were asked for. */
  readonly rates: Map<string, number>;
}

export class FailureModel {
  readonly windows: FailureWindows;
  readonly domainOf: DomainOf;
  readonly #domains = new Map<DomainLabel, Domains>();

  constructor(windows: FailureWindows, domainOf: DomainOf) {
    this.windows = windows;
    this.domainOf = domainOf;
  }

  /** Part of the windows in which it failed, 0..1 and never quite either. */
  failureRate(agent: number): number {
    return (this.windows.failures(agent) + 0.5) / (this.windows.count + 1);
  }

  /** P(j fails | i fails) in one window, 0..1. */
  failsWith(j: number, i: number): number {
    const failures = this.windows.failures(i);
    const target = Math.max(this.failureRate(j), this.#domainRate(i, j));
    return (this.windows.together(i, j) + KAPPA * target) / (failures + KAPPA);
  }

  /** Correlation of their failures, 0..0.999: what is below 0 is no reason to place anything anywhere. */
  correlation(i: number, j: number): number {
    if (i === j) return 1;
    const [pI, pJ] = [this.failureRate(i), this.failureRate(j)];
    // Both ways differ by the shrinkage; their mean is symmetric.
    const both = (this.failsWith(j, i) * pI + this.failsWith(i, j) * pJ) / 2;
    const deviation = Math.sqrt(pI * (1 - pI) * pJ * (1 - pJ));
    return Math.min(CORRELATION_MAX, Math.max(0, (both - pI * pJ) / deviation));
  }

  /** Rate of a domain, 0..1; 0 for one in which no two failed. */
  rateOf(label: DomainLabel, name: string): number {
    const { groups, rates } = this.#domainsOf(label);
    const known = rates.get(name);
    if (known !== undefined) return known;
    const members = groups.get(name) ?? [];
    const rate = members.length < 2 ? 0 : pooledRate(this.windows, members);
    rates.set(name, rate);
    return rate;
  }

  /** Agents that failed of late, by the domain of a label. */
  groups(label: DomainLabel): ReadonlyMap<string, readonly number[]> {
    return this.#domainsOf(label).groups;
  }

  #domainRate(i: number, j: number): number {
    for (const label of DOMAIN_LABELS) {
      const name = this.domainOf(i, label);
      if (name !== undefined && name === this.domainOf(j, label)) return this.rateOf(label, name);
    }
    return 0;
  }

  /** As of now. O(1) where no window has changed since. */
  #domainsOf(label: DomainLabel): Domains {
    const { version } = this.windows;
    const known = this.#domains.get(label);
    if (known?.version === version) return known;
    const domains = { version, groups: membersOf(this, label), rates: new Map<string, number>() };
    this.#domains.set(label, domains);
    return domains;
  }
}

function membersOf({ domainOf, windows }: FailureModel, label: DomainLabel): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const agent of windows.agents()) {
    const name = domainOf(agent, label);
    if (name === undefined) continue;
    const members = groups.get(name);
    if (members === undefined) groups.set(name, [agent]);
    else members.push(agent);
  }
  return groups;
}

/** Of all ordered pairs of members, in all windows in which the first failed: how often the other did. */
function pooledRate(windows: FailureWindows, members: readonly number[]): number {
  let both = 0;
  let first = 0;
  for (const count of failingByWindow(windows, members)) {
    both += count * (count - 1);
    first += count * (members.length - 1);
  }
  return both / (first + PAIRS_MIN);
}

/** How many of the agents failed in each window. O(agents · windows). */
export function failingByWindow(windows: FailureWindows, agents: readonly number[]): Uint16Array {
  const counts = new Uint16Array(WINDOWS_MAX);
  for (const agent of agents) {
    const bits = windows.bitsOf(agent);
    if (bits === null) continue;
    for (let word = 0; word < bits.length; word++) {
      for (let rest = bits[word] as number; rest !== 0; rest &= rest - 1) {
        const slot = word * 32 + 31 - Math.clz32(rest & -rest);
        counts[slot] = (counts[slot] as number) + 1;
      }
    }
  }
  return counts;
}

/**
 * Information that one series of events has on another in `count` windows, in bits, with Miller and
 * Madow's correction (1955) for few of them.
 *
 * It is that of the joint distribution of two bits; in the words of a density matrix that is diagonal,
 * S(ρᵢ) + S(ρⱼ) − S(ρᵢⱼ).
 */
export function mutualInformationBits(a: Uint32Array, b: Uint32Array, count: number): number {
  const both = countShared(a, b);
  return informationBits(both, countShared(a, a) - both, countShared(b, b) - both, count);
}

function informationBits(both: number, onlyA: number, onlyB: number, count: number): number {
  const neither = count - both - onlyA - onlyB;
  const [a, b] = [both + onlyA, both + onlyB];
  if (a === 0 || b === 0 || a === count || b === count) return 0;
  const cells: readonly (readonly [number, number, number])[] = [
    [both, a, b],
    [onlyA, a, count - b],
    [onlyB, count - a, b],
    [neither, count - a, count - b],
  ];
  let nats = -1 / (2 * count);
  for (const [cell, row, column] of cells) {
    if (cell > 0) nats += (cell / count) * Math.log((cell * count) / (row * column));
  }
  return Math.max(0, nats / Math.LN2);
}
