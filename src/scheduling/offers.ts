/**
 * What agents offer, interned: agents with the same capabilities and labels share one offer.
 *
 * A requirement is compared with offers, not with agents, and only with the offers that have its
 * rarest feature. A feature is a capability as it can be required (`name@version` offers `name`
 * too) or a label with its value.
 */
import { invariant } from '../base/invariant.ts';
import { NumberList } from '../base/number-list.ts';
import { requirementKey, type AgentSpec, type Requirement } from '../core/index.ts';
import type { AgentTable } from './agent-table.ts';
import type { Pool } from './pool.ts';

/** One thing that can be required, and who offers it. */
export interface Feature {
  readonly offers: Set<Offer>;
  /** Agents over all its offers. */
  agents: number;
}

/** One distinct set of capabilities and labels. */
export interface Offer {
  /** Names it in records of agents; used again once it is forgotten. */
  readonly number: number;
  readonly key: string;
  readonly capabilities: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Keys of what it meets, each once. */
  readonly features: readonly string[];
  /** The pools whose requirement it meets. */
  readonly pools: Set<Pool>;
  /** Indices of its agents, in no order. */
  readonly agents: NumberList;
}

export class Offers {
  readonly #table: AgentTable;
  readonly #offers = new Map<string, Offer>();
  readonly #byNumber: Offer[] = [];
  readonly #unused: number[] = [];
  /** Of specs that were asked about before: most agents share theirs. */
  readonly #ofSpec = new WeakMap<AgentSpec, Offer>();
  readonly #features = new Map<string, Feature>();

  constructor(table: AgentTable) {
    this.#table = table;
  }

  feature(key: string): Feature | undefined {
    return this.#features.get(key);
  }

  /** Keys of all that some agent offers. */
  featureKeys(): MapIterator<string> {
    return this.#features.keys();
  }

  /** The offer of a spec; `isNew` where its pools are not known yet. O(size of the spec). */
  intern(spec: AgentSpec): { offer: Offer; isNew: boolean } {
    const same = this.#ofSpec.get(spec);
    if (same !== undefined && this.#offers.get(same.key) === same)
      return { offer: same, isNew: false };
    const key = requirementKey(spec);
    const known = this.#offers.get(key);
    if (known !== undefined) {
      this.#ofSpec.set(spec, known);
      return { offer: known, isNew: false };
    }
    const { capabilities, labels } = spec;
    const features = offeredFeatures(spec);
    const number = this.#unused.pop() ?? this.#byNumber.length;
    const pools = new Set<Pool>();
    const agents = new NumberList();
    const offer: Offer = { number, key, capabilities, labels, features, pools, agents };
    this.#byNumber[number] = offer;
    this.#offers.set(key, offer);
    this.#ofSpec.set(spec, offer);
    for (const name of features) this.#internFeature(name).offers.add(offer);
    return { offer, isNew: true };
  }

  /** The offer of an agent, or null. */
  of(agent: number): Offer | null {
    return this.#byNumber[this.#table.offer(agent)] ?? null;
  }

  /** Whether a spec is one of those with this offer; O(1) where it was asked about before. */
  isOf(offer: Offer | null, spec: AgentSpec): boolean {
    return (
      offer !== null && (this.#ofSpec.get(spec) === offer || offer.key === requirementKey(spec))
    );
  }

  join(agent: number, offer: Offer): void {
    this.#table.setOffer(agent, offer.number);
    this.#table.setOfferPosition(agent, offer.agents.length);
    offer.agents.push(agent);
    for (const key of offer.features) this.#internFeature(key).agents += 1;
  }

  /** Takes the agent off its offer; an offer without agents is forgotten. */
  leave(agent: number): void {
    const offer = this.of(agent);
    invariant(offer !== null, 'an agent that leaves has an offer');
    const last = offer.agents.pop() as number;
    const position = this.#table.offerPosition(agent);
    if (last !== agent) {
      offer.agents.set(position, last);
      this.#table.setOfferPosition(last, position);
    }
    this.#table.setOffer(agent, -1);
    for (const key of offer.features) this.#internFeature(key).agents -= 1;
    if (offer.agents.length === 0) this.#forget(offer);
  }

  /** The offers that may meet a requirement: those with its rarest feature. */
  candidates(requires: Requirement): Iterable<Offer> {
    let rarest: Feature | null = null;
    for (const key of requiredFeatures(requires)) {
      const feature = this.#features.get(key);
      if (feature === undefined) return [];
      if (rarest === null || feature.agents < rarest.agents) rarest = feature;
    }
    return rarest === null ? this.#offers.values() : rarest.offers;
  }

  #forget(offer: Offer): void {
    this.#offers.delete(offer.key);
    this.#unused.push(offer.number);
    for (const key of offer.features) {
      const feature = this.#internFeature(key);
      feature.offers.delete(offer);
      if (feature.offers.size === 0) this.#features.delete(key);
    }
  }

  #internFeature(key: string): Feature {
    let feature = this.#features.get(key);
    if (feature === undefined) {
      feature = { offers: new Set(), agents: 0 };
      this.#features.set(key, feature);
    }
    return feature;
  }
}

export function agentFeature(agentId: string): string {
  return `agent ${agentId}`;
}

function capabilityFeature(name: string): string {
  return `capability ${name}`;
}

function labelFeature(name: string, value: string): string {
  return `label ${name}=${value}`;
}

/** Keys of all features that a requirement names, capabilities first; the agent that it may name is none. */
export function requiredFeatures(requires: Requirement): string[] {
  const labels = Object.entries(requires.labels);
  return [
    ...requires.capabilities.map(capabilityFeature),
    ...labels.map(([name, value]) => labelFeature(name, value)),
  ];
}

function offeredFeatures(spec: Pick<AgentSpec, 'capabilities' | 'labels'>): string[] {
  const keys = new Set<string>();
  for (const offered of spec.capabilities) {
    keys.add(capabilityFeature(offered));
    // Everything before an `@` is met too, as long as something follows the sign.
    let at = offered.indexOf('@');
    while (at >= 0 && at < offered.length - 1) {
      keys.add(capabilityFeature(offered.slice(0, at)));
      at = offered.indexOf('@', at + 1);
    }
  }
  for (const [name, value] of Object.entries(spec.labels)) keys.add(labelFeature(name, value));
  return [...keys];
}
