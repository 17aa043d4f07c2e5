/** Whether what came out of the optimizer is what went in. */
import { isOrchestratorError } from '../../base/errors.ts';
import type { Operation } from '../circuit/operation.ts';
import { throwIfCanceled, type Watch } from '../watch.ts';
import { MEASURED, type Ends } from './observation.ts';
import { compareRotations, compareWithList } from './rotation-check.ts';
import type { RotationList } from './rotation-form.ts';
import { gatesOf, plainRunner, scrambling, type StateRunner } from './state-runner.ts';
import { overlap, type Statevector } from './statevector.ts';

/** Which check has shown two circuits equal; or that none has. */
export type VerificationMethod =
  'tableau' | 'state-overlap' | 'pauli-rotations' | 'phase-polynomial' | 'distribution' | 'none';

export interface Verification {
  readonly method: VerificationMethod;
  /** False where a check has shown the circuits different. */
  readonly isEqual: boolean;
  /** For `none`: why. */
  readonly reason?: string;
}

/** States that two circuits are compared on. */
const STATES = 3;
/** Amplitude updates that the plain simulator is asked for. */
const PLAIN_UPDATES_MAX = 400_000_000;
/** Up to here states come first: they share no code with the passes. */
const STATES_FIRST_QUBITS_MAX = 10;
/** Most qubits whose states are compared. */
export const STATES_QUBITS_MAX = 22;
/** Amplitude updates a millisecond that are counted on: of the plain simulator, and of a fast one. */
const PLAIN_UPDATES_PER_MS = 100_000;
const FAST_UPDATES_PER_MS = 2_000_000;
/** How much longer than it should a check may take. */
const PATIENCE = 2;
/** What should take no longer than that is ended by no clock: it would be by a busy machine alone. */
const SHORT_MS = 50;
/** Rounding of long circuits stays far below. */
const EPSILON = 1e-8;

export interface VerifyOptions {
  readonly seed: number;
  readonly watch: Watch;
  /** A faster simulator for larger circuits; null where there is none. */
  readonly simulate: StateRunner | null;
  /** Milliseconds that the check should take at most; without end where it is not given. */
  readonly msMax?: number;
}

/** Two circuits of unitary operations on the same qubits, and what is seen of them. */
export interface CircuitPair {
  readonly qubits: number;
  readonly first: readonly Operation[];
  readonly second: readonly Operation[];
  /** Null where they must agree as unitaries. */
  readonly ends: Ends | null;
  /** Steps between them, where rotations were replaced by others: shown equal when that was done. */
  readonly between?: {
    /** Has the rotations that were replaced. */
    readonly base: readonly Operation[];
    /** What replaced them. */
    readonly reduced: RotationList;
  };
}

interface ExpectedRun {
  readonly run: StateRunner;
  /** Expected for both circuits on one state. */
  readonly ms: number;
}

function runnerFor(
  qubits: number,
  gates: number,
  simulate: StateRunner | null,
): ExpectedRun | null {
  if (qubits > STATES_QUBITS_MAX) return null;
  const updates = 2 ** qubits * gates;
  const isPlain = updates * STATES <= PLAIN_UPDATES_MAX || qubits <= STATES_FIRST_QUBITS_MAX;
  if (isPlain) return { run: plainRunner, ms: updates / PLAIN_UPDATES_PER_MS };
  return simulate === null ? null : { run: simulate, ms: updates / FAST_UPDATES_PER_MS };
}

/** Milliseconds that a comparison on one state should take; infinite where states are out of reach. */
export function expectedStateMs(
  qubits: number,
  gates: number,
  simulate: StateRunner | null,
): number {
  return runnerFor(qubits, gates, simulate)?.ms ?? Infinity;
}

/** Whether both give the measured qubits one distribution. */
function agreeOnMeasured(first: Statevector, second: Statevector, { next }: Ends): boolean {
  let mask = 0;
  next.forEach((mode, k) => {
    if (mode === MEASURED) mask |= 1 << k;
  });
  const difference = new Map<number, number>();
  for (let i = 0; i < first.re.length; i++) {
    const change = first.re[i] ** 2 + first.im[i] ** 2 - second.re[i] ** 2 - second.im[i] ** 2;
    const outcome = i & mask;
    difference.set(outcome, (difference.get(outcome) ?? 0) + change);
  }
  for (const value of difference.values()) if (Math.abs(value) > EPSILON) return false;
  return true;
}

const CANCELED: Verification = { method: 'none', isEqual: true, reason: 'canceled' };

/** What `run` makes, or null where it was canceled on the way. */
export function unlessCanceled<T>(run: () => T): T | null {
  try {
    return run();
  } catch (error) {
    if (isOrchestratorError(error) && error.code === 'QUANTUM_CANCELED') return null;
    throw error;
  }
}

function byStates(pair: CircuitPair, options: VerifyOptions): Verification | null {
  const { qubits, first, second, ends } = pair;
  const { simulate, msMax = Infinity } = options;
  const runner = runnerFor(qubits, first.length + second.length, simulate);
  const states = Math.min(STATES, Math.floor(msMax / (runner?.ms ?? Infinity)));
  if (runner === null || states < 1) return null;
  const { run } = runner;
  const all = Array.from({ length: qubits }, (_, k) => k);
  const free = ends === null ? all : all.filter((k) => ends.zero[k] === 0);
  const method = ends === null ? 'state-overlap' : 'distribution';
  for (let n = 0; n < (free.length === 0 ? 1 : states); n++) {
    throwIfCanceled(options.watch);
    const start = scrambling(free, options.seed + n);
    const [a, b] = [first, second].map((operations) =>
      run(qubits, [...start, ...gatesOf(operations)], options.watch),
    );
    const isEqual =
      ends === null ? Math.abs(overlap(a, b) - 1) < EPSILON : agreeOnMeasured(a, b, ends);
    if (!isEqual) return { method, isEqual };
  }
  return { method, isEqual: true };
}

function byRotations({ qubits, first, second }: CircuitPair, watch: Watch): Verification | null {
  switch (compareRotations(qubits, first, second, watch)) {
    case 'clifford-equal':
      return { method: 'tableau', isEqual: true };
    case 'clifford-different':
      return { method: 'tableau', isEqual: false };
    case 'equal':
      return { method: 'pauli-rotations', isEqual: true };
    default:
      return null;
  }
}

/** The given circuit has the rotations that were replaced, and the other one those that replaced them. */
function byPhasePolynomial(
  { qubits, first, second, between }: CircuitPair,
  watch: Watch,
): Verification | null {
  if (between === undefined) return null;
  const { base, reduced } = between;
  if (compareRotations(qubits, first, base, watch) !== 'equal') return null;
  return compareWithList(second, reduced, watch) === 'equal'
    ? { method: 'phase-polynomial', isEqual: true }
    : null;
}

/** Checks two circuits by the first method that decides in time: by random states where they are small. */
export function verify(pair: CircuitPair, options: VerifyOptions): Verification {
  const { msMax = Infinity, watch } = options;
  const gates = pair.first.length + pair.second.length;
  const isShort = STATES * expectedStateMs(pair.qubits, gates, options.simulate) <= SHORT_MS;
  const lateMs = isShort ? Infinity : watch.nowMs() + PATIENCE * msMax;
  const isLate = (): boolean => watch.nowMs() > lateMs;
  const impatient: Watch = { ...watch, isCanceled: () => watch.isCanceled() || isLate() };
  const found = unlessCanceled(() => decided(pair, { ...options, watch: impatient }));
  return found ?? (watch.isCanceled() ? CANCELED : undecided(pair, true));
}

function decided(pair: CircuitPair, options: VerifyOptions): Verification {
  const { watch } = options;
  const isSmall = pair.qubits <= STATES_FIRST_QUBITS_MAX;
  const found =
    isSmall || pair.ends !== null
      ? byStates(pair, options)
      : (byRotations(pair, watch) ?? byStates(pair, options) ?? byPhasePolynomial(pair, watch));
  const { simulate, msMax = Infinity } = options;
  const gates = pair.first.length + pair.second.length;
  return found ?? undecided(pair, expectedStateMs(pair.qubits, gates, simulate) > msMax);
}

function undecided({ qubits }: CircuitPair, isLate: boolean): Verification {
  const none = (because: string): Verification => ({
    method: 'none',
    isEqual: true,
    reason: `no form was found in which both agree, and ${because}`,
  });
  if (qubits > STATES_QUBITS_MAX) return none(`${qubits} qubits are too many for states`);
  return none(
    isLate ? 'there was no time for states' : 'states of this size need a fast simulator',
  );
}
