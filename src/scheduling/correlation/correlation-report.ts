import type { AgentId } from '../../core/index.ts';
import { correlated, failureModes, type Correlated } from './failure-modes.ts';
import {
  DOMAIN_LABELS,
  failingByWindow,
  mutualInformationBits,
  type DomainLabel,
  type FailureModel,
} from './failure-model.ts';
import { countShared, WINDOW_MS, WINDOWS_MAX } from './failure-windows.ts';
import type { Suspect } from './suspects.ts';

/** Two agents, or domains, that failed in the same windows. */
export interface FailurePair {
  readonly a: string;
  readonly b: string;
  /** Windows in which each failed, and both. */
  readonly failuresA: number;
  readonly failuresB: number;
  readonly together: number;
  /** Information that one has on the other, in bits a window, corrected for few windows. */
  readonly informationBits: number;
}

export interface AgentPair extends FailurePair {
  /** P(b fails in a window | a does), shrunk to what holds for their domain, 0..1. */
  readonly failsWith: number;
  /** Of their failures, shrunk as well, 0..0.999. */
  readonly correlation: number;
}

export interface FailureDomain {
  readonly label: DomainLabel;
  readonly name: string;
  /** Its agents that failed in one of the windows. */
  readonly failing: number;
  /** P(another of these fails in a window | one does), 0..1. */
  readonly togetherRate: number;
  /** Part of all failures, one for an agent and window, that is the domain's. */
  readonly failureShare: number;
}

/** What was learned of failures. What is null was not measured. */
export interface CorrelationReport {
  readonly windowMs: number;
  /** Windows in which anything ended, at most 256. */
  readonly windows: number;
  /** Agents that failed in one of them. */
  readonly agents: number;
  readonly modes: {
    /** Agents that it is about: those with most failures. */
    readonly agents: number;
    readonly effective: number;
    readonly spectral: number;
    readonly strongest: readonly { readonly share: number; readonly agents: readonly AgentId[] }[];
  } | null;
  /** Those with most information on each other first. */
  readonly pairs: readonly AgentPair[];
  readonly domains: readonly FailureDomain[];
  readonly domainPairs: readonly FailurePair[];
  /** Domains that are avoided at the moment. */
  readonly suspects: readonly {
    readonly label: DomainLabel;
    readonly name: string;
    readonly agents: number;
    readonly failing: number;
    readonly untilMs: number;
  }[];
}

const PAIRS_SHOWN = 20;
/** Pairs are sought among so many agents, and domains, with most failures. */
const COMPARED_MAX = 128;
const DOMAINS_SHOWN = 50;
/** Domains that one step looks at, and agents or domains that it compares with all others. */
const GROUPS_A_STEP = 64;
const ROWS_A_STEP = 16;
/** Failing together so often may be chance. */
const TOGETHER_MIN = 2;
/** A domain failed in a window where this part of its members did, two at least. */
const DOMAIN_SHARE = 1 / 2;

type NameOf = (agent: number) => AgentId;

export interface ReportContext {
  readonly suspects: readonly Suspect[];
  readonly nameOf: NameOf;
  /** The agent that the pairs are to be about; null for any. */
  readonly about: number | null;
}

/**
 * Puts what was learned into words and numbers. At most 128² pairs are compared.
 *
 * In steps of about a millisecond or two, each of which ends with a `yield`. What changes between them may be half in
 * it; pairs of agents that leave meanwhile are not.
 */
export function* correlationSteps(
  model: FailureModel,
  { about, nameOf, suspects }: ReportContext,
): Generator<void, CorrelationReport> {
  const { windows } = model;
  const agents = [...windows.agents()]
    .map((agent) => ({ agent, failures: windows.failures(agent) }))
    .toSorted((a, b) => b.failures - a.failures || a.agent - b.agent)
    .map(({ agent }) => agent);
  yield;
  const modes = namedModes(windows, nameOf);
  yield;
  const groups: Group[] = [];
  for (const label of DOMAIN_LABELS) {
    for (const [name, members] of model.groups(label)) groups.push({ label, name, members });
    yield;
  }
  const all = failuresOf(model, agents);
  yield;
  // Some may have left since.
  const left = agents.filter((agent) => windows.has(agent));
  const pairs = yield* agentPairs(model, left, { about, nameOf });
  const domains = yield* domainsOf(model, all, groups);
  return {
    windowMs: WINDOW_MS,
    windows: windows.count,
    agents: agents.length,
    modes: yield* modes,
    pairs,
    domains,
    domainPairs: yield* domainPairs(model, groups),
    suspects: suspects.map((suspect) => ({ ...suspect })),
  };
}

/** Looks at the agents and their names at once: they may leave before the steps that it returns. */
function namedModes(
  windows: FailureModel['windows'],
  nameOf: NameOf,
): Generator<void, CorrelationReport['modes']> {
  const known = correlated(windows);
  return modesOf(known, new Map(known?.agents.map((agent) => [agent, nameOf(agent)])));
}

function* modesOf(
  known: Correlated | null,
  names: ReadonlyMap<number, AgentId>,
): Generator<void, CorrelationReport['modes']> {
  if (known === null) return null;
  const modes = yield* failureModes(known);
  const strongest = modes.strongest.map(({ agents, share }) => ({
    share,
    agents: agents.map((agent) => names.get(agent) as AgentId),
  }));
  return { ...modes, strongest };
}

interface Series {
  readonly name: string;
  readonly bits: Uint32Array;
  readonly failures: number;
}

function* agentPairs(
  model: FailureModel,
  agents: readonly number[],
  { about, nameOf }: Pick<ReportContext, 'about' | 'nameOf'>,
): Generator<void, AgentPair[]> {
  const { windows } = model;
  const seriesOf = (agent: number): Series & { readonly agent: number } => {
    const bits = windows.bitsOf(agent) as Uint32Array;
    return { name: nameOf(agent), bits, failures: windows.failures(agent), agent };
  };
  const isKnown = about !== null && windows.bitsOf(about) !== null;
  const firsts = about === null ? agents.slice(0, COMPARED_MAX) : isKnown ? [about] : [];
  const others = about === null ? firsts : agents.filter((agent) => agent !== about);
  const [from, to] = [firsts.map(seriesOf), others.map(seriesOf)];
  // All names are known: from here on agents may leave, and pairs of those are left out.
  yield;
  const found = yield* pairsOf(from, about === null ? null : to, windows.count);
  const left = found.filter(({ one, other }) => windows.has(one.agent) && windows.has(other.agent));
  return left.map(({ one, other, pair }) => ({
    ...pair,
    failsWith: model.failsWith(other.agent, one.agent),
    correlation: model.correlation(one.agent, other.agent),
  }));
}

function* domainPairs(
  model: FailureModel,
  groups: readonly Group[],
): Generator<void, FailurePair[]> {
  const series: Series[] = [];
  for (const [at, group] of groups.entries()) {
    if (at % GROUPS_A_STEP === GROUPS_A_STEP - 1) yield;
    if (group.members.length > 1) series.push(seriesOfDomain(model, group));
  }
  const compared = series
    .filter(({ failures }) => failures > 0)
    .toSorted((a, b) => b.failures - a.failures)
    .slice(0, COMPARED_MAX);
  const found = yield* pairsOf(compared, null, model.windows.count);
  return found.map(({ pair }) => pair);
}

function seriesOfDomain({ windows }: FailureModel, { label, members, name }: Group): Series {
  const least = Math.max(2, members.length * DOMAIN_SHARE);
  const bits = new Uint32Array(WINDOWS_MAX / 32);
  let failures = 0;
  for (const [slot, count] of failingByWindow(windows, members).entries()) {
    if (count < least) continue;
    bits[slot >>> 5] = (bits[slot >>> 5] as number) | (1 << (slot & 31));
    failures += 1;
  }
  return { name: `${label}=${name}`, bits, failures };
}

/** Those that failed together more than once, the most telling first; of all pairs where `others` is null. */
function* pairsOf<Of extends Series>(
  series: readonly Of[],
  others: readonly Of[] | null,
  count: number,
): Generator<void, { one: Of; other: Of; pair: FailurePair }[]> {
  const found: { one: Of; other: Of; pair: FailurePair }[] = [];
  for (const [at, one] of series.entries()) {
    for (const other of others ?? series.slice(at + 1)) {
      const together = countShared(one.bits, other.bits);
      // Failing together less than by chance is information, too, but not what is looked for.
      if (together < TOGETHER_MIN || together * count <= one.failures * other.failures) continue;
      const informationBits = mutualInformationBits(one.bits, other.bits, count);
      if (informationBits === 0) continue;
      const [failuresA, failuresB] = [one.failures, other.failures];
      const pair = { a: one.name, b: other.name, failuresA, failuresB, together, informationBits };
      found.push({ one, other, pair });
    }
    if (at % ROWS_A_STEP === ROWS_A_STEP - 1) yield;
  }
  return found
    .toSorted((a, b) => b.pair.informationBits - a.pair.informationBits)
    .slice(0, PAIRS_SHOWN);
}

interface Group {
  readonly label: DomainLabel;
  readonly name: string;
  readonly members: readonly number[];
}

function* domainsOf(
  model: FailureModel,
  allFailures: number,
  groups: readonly Group[],
): Generator<void, FailureDomain[]> {
  const domains: FailureDomain[] = [];
  for (const [at, { label, members, name }] of groups.entries()) {
    if (at % GROUPS_A_STEP === GROUPS_A_STEP - 1) yield;
    const togetherRate = model.rateOf(label, name);
    const failureShare = failuresOf(model, members) / allFailures;
    domains.push({ label, name, failing: members.length, togetherRate, failureShare });
  }
  return domains
    .toSorted((a, b) => b.togetherRate - a.togetherRate || b.failureShare - a.failureShare)
    .slice(0, DOMAINS_SHOWN);
}

function failuresOf({ windows }: FailureModel, members: readonly number[]): number {
  return members.reduce((sum, agent) => sum + windows.failures(agent), 0);
}
