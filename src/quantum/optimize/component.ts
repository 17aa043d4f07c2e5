/** One connected piece of unitary operations: optimised, put in the basis, checked, and chosen. */
import { isOrchestratorError } from '../../base/errors.ts';
import { invariant } from '../../base/invariant.ts';
import type { Rng } from '../../base/rng.ts';
import type { Operation } from '../circuit/operation.ts';
import type { Watch } from '../watch.ts';
import { Basis } from './basis.ts';
import { costOfOperations, isCheaper, type CircuitCost, type Metric } from './cost.ts';
import { emit, type TurnStyle } from './emit.ts';
import { lookAt, lookEvery, type Look } from './look.ts';
import { lower } from './lower.ts';
import { NetworkBuilder } from './network-builder.ts';
import { isUnpermuted, type Network } from './network.ts';
import { costOf, withSwapsMade, type Priority } from './pieces.ts';
import {
  candidatesFor,
  sweepAll,
  type Candidate,
  type Level,
  type PortfolioOptions,
} from './portfolio.ts';
import { mergeRotations } from './rotation-form.ts';
import { renamed, type Component } from './segments.ts';
import { searchFewerT, type FewerT } from './t-search.ts';
import { translated } from './translate.ts';
import type { StateRunner } from './state-runner.ts';
import { expectedStateMs, unlessCanceled, verify, type Verification } from './verify.ts';
import { withoutUnseen, KEPT, type Ends } from './observation.ts';

/** Whether a share of the time for a piece, by default all, is up, or the caller has canceled. */
export type IsDue = (share?: number) => boolean;

/** What time a piece has. */
export interface PieceTime {
  readonly isDue: IsDue;
  /** Milliseconds that checks of its results should take in all. */
  readonly checkMs: number;
}

/** What holds for all pieces of a circuit. */
export interface ComponentContext {
  readonly level: Level;
  readonly metric: Metric;
  readonly basis: Basis;
  readonly rng: Rng;
  readonly seed: number;
  readonly watch: Watch;
  /** A fast simulator for checks; null where there is none. */
  readonly simulate: StateRunner | null;
  /** Whether results may be taken that no check decides about. */
  readonly allowsUnchecked: boolean;
  /** Whether qubits may come out under other names, so that swaps cost nothing. */
  readonly mayPermute: boolean;
  /** Whether only pairs of qubits that the piece entangles may be entangled. */
  readonly keepsPairs: boolean;
}

/** What became of a piece. */
export interface OptimizedComponent {
  readonly operations: readonly Operation[];
  /** Where the piece's k-th qubit comes out, as a place among its qubits. */
  readonly wires: readonly number[];
  /** The pass that the result came from; `given` where nothing better was found. */
  readonly pass: string;
  /** Null where the piece is as it was given. */
  readonly verification: Verification | null;
  /** Results that a check has found to be wrong: bugs of a pass. */
  readonly defects: readonly string[];
  /** Results that no check could decide about, and that were thrown away. */
  readonly unchecked: readonly string[];
}

/** Half turns under controls that are tried the other way round, by level. */
const REVERSALS: readonly number[] = [0, 0, 6, 40];
/** Share of the time after which no more T are looked for. */
const T_SHARE = 0.7;
/** Beginnings that are tried for fewer T, by level. */
const T_TRIALS: readonly number[] = [0, 0, 30, 300];
/** Milliseconds that a check may take however late it is. */
const CHECK_MS_MIN = 100;
/** Share of the time for results that keep their rotations. */
const FINDABLE_SHARE = 0.5;
/** Gates beyond which such trials take too long. */
const REVERSAL_GATES_MAX = 30_000;

function loweredWith(
  qubits: number,
  operations: readonly Operation[],
  isReversed: (() => boolean) | null,
  look: Look,
): Network {
  const builder = new NetworkBuilder(qubits, isReversed);
  for (const [i, operation] of operations.entries()) {
    lookEvery(i, look);
    lower(builder, operation);
  }
  return builder.build();
}

/** The network to start from: which way round half turns go decides what merges later. */
function startFrom(
  qubits: number,
  operations: readonly Operation[],
  context: ComponentContext,
): Network {
  const { level, rng, metric, watch } = context;
  const priority = priorityOf(metric);
  const look = lookAt(watch);
  let best = loweredWith(qubits, operations, null, look);
  const hasChoice = operations.some(hasHalfTurn);
  if (!hasChoice || best.length > REVERSAL_GATES_MAX) return best;
  let bestCost = costOf(mergeRotations(best, 'earlier', look), priority);
  for (let n = 0; n < REVERSALS[level] && !watch.isCanceled(); n++) {
    const network = loweredWith(qubits, operations, () => rng.below(2) === 0, look);
    const cost = costOf(mergeRotations(network, 'earlier', look), priority);
    if (cost >= bestCost) continue;
    bestCost = cost;
    best = network;
  }
  return best;
}

function hasHalfTurn(operation: Operation): boolean {
  if (operation.kind !== 'gate') return false;
  return (
    operation.controls.length > 0 || ['ccx', 'ccz', 'cswap', 'c3x', 'c4x'].includes(operation.name)
  );
}

function portfolioOptions(context: ComponentContext, isDue: IsDue): PortfolioOptions {
  const { level, metric, rng, keepsPairs, watch } = context;
  const priority = priorityOf(metric);
  const look = lookAt(watch);
  return { level, priority, rng, isDue, look, keepsPairs, keepsRotations: false };
}

function priorityOf(metric: Metric): Priority {
  return metric === 'tCount' ? 'rotations' : 'entanglers';
}

interface Emitted {
  readonly ends: Ends | null;
  readonly between: FewerT | null;
  readonly pass: string;
  readonly operations: readonly Operation[];
  readonly wires: readonly number[];
  readonly cost: CircuitCost;
}

/** Fewer T by phase polynomials, where T is what counts; an answer has its swaps made. */
function fewerT(piece: Piece, context: ComponentContext, isDue: IsDue): Candidate[] {
  const { level, metric, rng, keepsPairs, watch } = context;
  const look = lookAt(watch);
  if (metric !== 'tCount' || level < 2 || keepsPairs) return [];
  const found = searchFewerT(
    (n) => {
      const isReversed = n === 0 ? null : (): boolean => rng.below(2) === 0;
      return withSwapsMade(loweredWith(piece.qubits, piece.operations, isReversed, look), look);
    },
    { rng, isDue: () => isDue(T_SHARE), isLate: () => isDue(), look, trials: T_TRIALS[level] },
  );
  if (found === null) return [];
  const options = { ...portfolioOptions(context, isDue), level: 2 } as const;
  const network = sweepAll(withSwapsMade(found.network, look), options);
  return [{ pass: 'phase polynomials', network, between: found }];
}

/** A candidate in the basis; null where the basis cannot make it, though it can make what was given. */
function emitted(
  { pass, network, ends, between }: Candidate & { readonly ends: Ends | null },
  qubits: number,
  { basis, mayPermute, watch }: ComponentContext,
  turns: TurnStyle,
): Emitted | null {
  const look = lookAt(watch);
  const made = mayPermute || isUnpermuted(network) ? network : withSwapsMade(network, look);
  try {
    const operations = emit(made, basis, turns, look);
    const cost = costOfOperations(qubits, operations, look);
    return { pass, ends, between: between ?? null, operations, wires: [...made.wires], cost };
  } catch (error) {
    if (isOrchestratorError(error) && error.code === 'QUANTUM_BASIS_UNREACHABLE') return null;
    throw error;
  }
}

/** Swaps that bring qubits back from where `wires` has them come out: for checking. */
function swapsOf(wires: readonly number[]): Operation[] {
  const at = [...wires];
  const swaps: Operation[] = [];
  for (let k = 0; k < at.length; k++) {
    while (at[k] !== k) {
      const other = at[k];
      swaps.push({ kind: 'gate', name: 'swap', params: [], qubits: [k, other], controls: [] });
      at[k] = at[other];
      at[other] = other;
    }
  }
  return swaps;
}

/** What a piece is optimised for: its unitary, or what is seen of it. */
interface Piece {
  readonly qubits: number;
  /** On 0 … qubits − 1. */
  readonly operations: readonly Operation[];
  /** Null where all of the unitary counts. */
  readonly ends: Ends | null;
}

function pieceOf({ qubits, operations }: Component, ends: Ends | null, look: Look): Piece {
  const places = new Int32Array((qubits.at(-1) ?? 0) + 1);
  qubits.forEach((qubit, k) => {
    places[qubit] = k;
  });
  const own = ends && {
    zero: Uint8Array.from(qubits, (qubit) => ends.zero[qubit]),
    next: Uint8Array.from(qubits, (qubit) => ends.next[qubit]),
  };
  return {
    qubits: qubits.length,
    operations: operations.map((operation, i) => {
      lookEvery(i, look);
      return renamed(operation, places);
    }),
    ends: own === null || own.next.includes(KEPT) ? null : own,
  };
}

/** Whether a piece and one of its length can be compared by states in some milliseconds. */
export function canCompareStates(
  { qubits, operations }: { readonly qubits: number; readonly operations: readonly Operation[] },
  { simulate }: ComponentContext,
  checkMs: number,
): boolean {
  const ms = expectedStateMs(qubits, 2 * operations.length, simulate);
  return Number.isFinite(ms) && ms <= checkMs;
}

/** Results in the order in which they are to be taken, those no better than what is given left out. */
function ranked(
  { qubits, operations, ends }: Piece,
  context: ComponentContext,
  { isDue, checkMs }: PieceTime,
  givenCost: CircuitCost,
): Emitted[] {
  const { level, metric, mayPermute } = context;
  const piece = { qubits, operations, ends };
  const start = startFrom(qubits, operations, context);
  const look = lookAt(context.watch);
  const made = mayPermute ? start : withSwapsMade(start, look);
  const options = portfolioOptions(context, isDue);
  // Where states are out of reach, results are checked by their rotations, which must be found again.
  const isLarge = !canCompareStates(piece, context, checkMs);
  const findable = { ...options, keepsRotations: true, isDue: () => isDue(FINDABLE_SHARE) };
  const found: (Candidate & { readonly ends: Ends | null })[] = [
    ...fewerT(piece, context, isDue),
    ...(isLarge ? candidatesFor(made, findable) : []),
    ...candidatesFor(made, options),
  ].map((candidate) => ({ ...candidate, ends: null }));
  if (ends !== null && level > 0) {
    const seen = withoutUnseen(made, ends, look);
    for (const { pass, network } of candidatesFor(seen, options)) {
      const left = withoutUnseen(network, ends, look);
      found.push({ pass: `${pass}, unseen left out`, network: left, ends });
    }
  }
  return found
    .flatMap((candidate) => [
      emitted(candidate, qubits, context, 'merged'),
      isLarge ? emitted(candidate, qubits, context, 'apart') : null,
    ])
    .filter((candidate) => candidate !== null)
    .filter(({ cost }) => isCheaper(cost, givenCost, metric))
    .toSorted((s, t) =>
      isCheaper(s.cost, t.cost, metric) ? -1 : Number(isCheaper(t.cost, s.cost, metric)),
    );
}

/**
 * Optimises one piece until its time is up; what comes back is never worse than the piece in the basis.
 *
 * @param ends - what is seen of the circuit's qubits; null where the unitary is to stay
 */
export function optimizeComponent(
  component: Component,
  context: ComponentContext,
  time: PieceTime,
  ends: Ends | null = null,
): OptimizedComponent {
  const { basis, seed, watch, simulate } = context;
  const look = lookAt(watch);
  const identity = component.qubits.map((_, k) => k);
  if (watch.isCanceled() && basis.isOpen) {
    const { operations } = component;
    const nothing = { pass: 'given', verification: null, defects: [], unchecked: [] };
    return { operations, wires: identity, ...nothing };
  }
  const piece = pieceOf(component, ends, look);
  const { qubits } = piece;
  const given = translated(piece.operations, basis, look);
  const givenCost = costOfOperations(qubits, given, look);
  const defects: string[] = [];
  let lastMs = watch.nowMs() + time.checkMs;
  const check = (
    operations: readonly Operation[],
    seen: Ends | null,
    by: FewerT | null = null,
  ): Verification => {
    const pair = { qubits, first: piece.operations, second: operations, ends: seen };
    const between = by && {
      base: emit(by.base, new Basis(null), 'apart', look),
      reduced: by.reduced,
    };
    const msMax = Math.max(CHECK_MS_MIN, lastMs - watch.nowMs());
    const options = { seed, watch, simulate, msMax };
    return verify(between === null ? pair : { ...pair, between }, options);
  };
  const back = (list: readonly Operation[]): Operation[] =>
    list.map((operation, i) => {
      lookEvery(i, look);
      return renamed(operation, component.qubits);
    });
  const unchecked: string[] = [];
  const candidates = unlessCanceled(() => ranked(piece, context, time, givenCost)) ?? [];
  lastMs = watch.nowMs() + time.checkMs;
  for (const candidate of candidates) {
    const { pass, operations, wires, ends: seen, between } = candidate;
    const verification = check([...operations, ...swapsOf(wires)], seen, between);
    if (!verification.isEqual) {
      defects.push(`${pass}: found different by ${verification.method}`);
      continue;
    }
    if (verification.method === 'none' && !context.allowsUnchecked) {
      unchecked.push(`${pass}: ${verification.reason ?? 'no check applied'}`);
      continue;
    }
    return { operations: back(operations), wires, pass, verification, defects, unchecked };
  }
  const unchanged = { wires: identity, pass: 'given', defects, unchecked };
  const isAsGiven =
    given.length === piece.operations.length &&
    given.every((operation, i) => operation === piece.operations[i]);
  if (isAsGiven) {
    return { ...unchanged, operations: component.operations, verification: null };
  }
  const verification = check(given, null);
  invariant(verification.isEqual, 'gates of a basis are the gates that they stand for');
  return { ...unchanged, operations: back(given), verification };
}
