/**
 * Domains whose agents fail together at this moment.
 *
 * An agent is failing from a failed attempt, or its loss, until one completes or ten seconds pass. A domain
 * is suspect from when a third of its agents, and at least two, are failing, and at least three times the share
 * of those elsewhere: where all fail alike, no domain is to blame. That ends 30 s after the last such failure, or once
 * two attempts completed there since: agents that are well again are idle, and others work for them. At most
 * 4,096 failing agents are known; O(their domains) for a failure, O(1) for a success.
 */
import { DOMAIN_LABELS, type DomainLabel, type DomainOf } from './failure-model.ts';

const FAILING_MS = 10_000;
export const SUSPECT_MS = 30_000;
const FAILING_MAX = 4_096;
const SHARE_MIN = 1 / 3;
const AGENTS_MIN = 2;
const TIMES_ELSEWHERE = 3;
/** So many attempts that completed there since its last failure end a suspicion. */
const COMPLETED_MIN = 2;

export interface Suspect {
  readonly label: DomainLabel;
  readonly name: string;
  readonly agents: number;
  readonly failing: number;
  readonly untilMs: number;
}

/** Registered agents with a value of a label. */
export type SizeOf = (label: DomainLabel, name: string) => number;

/** An agent whose last attempt failed, and the domains that it was in then. */
interface Failing {
  readonly atMs: number;
  readonly domains: readonly Domain[];
}

interface Domain {
  readonly key: string;
  readonly label: DomainLabel;
  readonly name: string;
}

export interface SuspectsParts {
  readonly domainOf: DomainOf;
  readonly sizeOf: SizeOf;
  /** Registered agents. */
  readonly total: () => number;
}

export class Suspects {
  readonly #parts: SuspectsParts;
  /** Failing agents, the one that failed longest ago first. */
  readonly #failing = new Map<number, Failing>();
  /** How many of them are in each domain. */
  readonly #counts = new Map<string, number>();
  readonly #suspects = new Map<string, Suspect>();
  /** What completed in a suspect domain since it was judged last. */
  readonly #completed = new Map<string, number>();

  constructor(parts: SuspectsParts) {
    this.#parts = parts;
  }

  /** Whether there is any; those that have passed may still count. */
  get isEmpty(): boolean {
    return this.#suspects.size === 0;
  }

  succeeded(agent: number): void {
    if (this.#failing.size > 0) this.forget(agent);
    if (this.#suspects.size > 0) this.#clear(agent);
  }

  failed(agent: number, nowMs: number): void {
    const known = this.#failing.get(agent);
    const domains = known?.domains ?? this.#domainsOf(agent);
    if (known === undefined) {
      for (const { key } of domains) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    } else this.#failing.delete(agent);
    this.#failing.set(agent, { atMs: nowMs, domains });
    for (const [one, { atMs }] of this.#failing) {
      if (atMs + FAILING_MS >= nowMs && this.#failing.size <= FAILING_MAX) break;
      this.forget(one);
    }
    for (const domain of domains) this.#judge(domain, nowMs);
  }

  /** The agent is failing no more, or no more registered. */
  forget(agent: number): void {
    const known = this.#failing.get(agent);
    if (known === undefined) return;
    this.#failing.delete(agent);
    for (const { key } of known.domains) {
      const count = (this.#counts.get(key) ?? 0) - 1;
      if (count > 0) this.#counts.set(key, count);
      else this.#counts.delete(key);
    }
  }

  /** The suspect domain that the agent is in, or null. */
  of(agent: number, nowMs: number): Suspect | null {
    if (this.#suspects.size === 0) return null;
    for (const label of DOMAIN_LABELS) {
      const name = this.#parts.domainOf(agent, label);
      if (name === undefined) continue;
      const suspect = this.#suspects.get(`${label}=${name}`);
      if (suspect === undefined) continue;
      if (suspect.untilMs <= nowMs) this.#end(`${label}=${name}`);
      else if (this.#standsOut(suspect)) return suspect;
    }
    return null;
  }

  /** All that are suspect now. */
  all(nowMs: number): Suspect[] {
    return [...this.#suspects.values()].filter(
      (suspect) => suspect.untilMs > nowMs && this.#standsOut(suspect),
    );
  }

  #domainsOf(agent: number): Domain[] {
    const domains: Domain[] = [];
    for (const label of DOMAIN_LABELS) {
      const name = this.#parts.domainOf(agent, label);
      if (name !== undefined) domains.push({ key: `${label}=${name}`, label, name });
    }
    return domains;
  }

  #judge({ key, label, name }: Domain, nowMs: number): void {
    const failing = this.#counts.get(key) ?? 0;
    const agents = this.#parts.sizeOf(label, name);
    if (failing < Math.max(AGENTS_MIN, agents * SHARE_MIN)) return;
    this.#suspects.delete(key);
    this.#completed.delete(key);
    this.#suspects.set(key, { label, name, agents, failing, untilMs: nowMs + SUSPECT_MS });
    // In the order in which they will pass.
    for (const [other, { untilMs }] of this.#suspects) {
      if (untilMs > nowMs) break;
      this.#end(other);
    }
  }

  #clear(agent: number): void {
    for (const label of DOMAIN_LABELS) {
      const key = `${label}=${this.#parts.domainOf(agent, label) ?? ''}`;
      if (!this.#suspects.has(key)) continue;
      const completed = (this.#completed.get(key) ?? 0) + 1;
      if (completed < COMPLETED_MIN) this.#completed.set(key, completed);
      else this.#end(key);
    }
  }

  #end(key: string): void {
    this.#suspects.delete(key);
    this.#completed.delete(key);
  }

  /** Asked anew each time: where all fail, the first to be seen were of some domain, too. */
  #standsOut({ agents, failing, label, name }: Suspect): boolean {
    const elsewhere = Math.max(1, this.#parts.total() - agents);
    const others = this.#failing.size - (this.#counts.get(`${label}=${name}`) ?? 0);
    return failing / agents >= (TIMES_ELSEWHERE * others) / elsewhere;
  }
}
