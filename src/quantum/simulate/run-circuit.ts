/**
 * Runs circuits: chooses a method for each part that shares nothing with the others, simulates, counts.
 *
 * One final state serves all shots where nothing depends on a reading; otherwise shots share what they
 * have in common, as branches of a tree.
 */
import { OrchestratorError } from '../../base/errors.ts';
import { Rng } from '../../base/rng.ts';
import type { Circuit } from '../circuit/circuit.ts';
import type { Operation } from '../circuit/operation.ts';
import { throwIfCanceled, type Watch } from '../watch.ts';
import { requireFits } from './dense-bytes.ts';
import { bitstring, OutcomeCounts } from './outcome-counts.ts';
import { NOISELESS } from './noise/noise-model.ts';
import { planParts, summarize, type PartPlan } from './run/choose-method.ts';
import { DenseExact } from './run/dense-exact.ts';
import { drawJoint, joinDistributions } from './run/join-runs.ts';
import { runPart, type PartRun } from './run/part-run.ts';
import { someOperation } from './run/references.ts';
import {
  resolveOptions,
  type Method,
  type ResolvedOptions,
  type RunOptions,
} from './run/run-options.ts';

/** A part of a circuit and how it was simulated. */
export interface PartResult {
  readonly qubits: readonly number[];
  readonly method: Method;
  readonly reason: string;
  /** Estimate, made before the run. */
  readonly bytes: number;
}

export interface RunResult {
  /** Of the part that took most memory. */
  readonly method: Method;
  readonly reason: string;
  readonly parts: readonly PartResult[];
  readonly qubits: number;
  /** Places of an outcome's bitstring. */
  readonly bits: number;
  /** Which place of a bitstring is which bit, in words. */
  readonly bitOrder: string;
  /** Whether the circuit measures nothing, so that all of its qubits were read at the end. */
  readonly isMeasuredAtEnd: boolean;
  /** Outcomes over all classical bits, bit 0 rightmost; together as many as there were shots. */
  readonly counts: Readonly<Record<string, number>>;
  /**
   * Exact probabilities of the likeliest outcomes; absent where not asked for, or not to be had.
   * Keys that look like numbers are not in order: sort by value.
   */
  readonly probabilities?: Readonly<Record<string, number>>;
  /** Sum of the probabilities listed; below 1 where there are more outcomes than asked for. */
  readonly probabilityListed?: number;
  /** Amplitudes before the final measurements, at their basis state's number. */
  readonly statevector?: { readonly re: Float64Array; readonly im: Float64Array };
  /** Bound on the infidelity that truncation caused; of matrix product states alone. */
  readonly truncationError?: number;
  readonly seed: number;
  readonly shots: number;
  /** By the watch's clock. */
  readonly elapsedMs: number;
}

const OUTCOMES_PER_LOOK = 2 ** 12;

/** The circuit with its qubits measured at the end where it measures nothing. */
function withMeasurements(circuit: Circuit): {
  readonly circuit: Circuit;
  readonly isAdded: boolean;
} {
  const { operations, qubits } = circuit;
  const reads = ({ kind }: Operation): boolean => kind === 'measure' || kind === 'store';
  if (someOperation(operations, reads)) return { circuit, isAdded: false };
  const end = operations.findIndex(({ kind }) => kind === 'end');
  const measured = Array.from({ length: qubits }, (_, qubit): Operation => ({
    kind: 'measure',
    qubit,
    bit: qubit,
  }));
  const before = end < 0 ? operations : operations.slice(0, end);
  return {
    circuit: {
      ...circuit,
      bits: qubits,
      operations: [...before, ...measured],
      classicalRegisters: circuit.quantumRegisters,
    },
    isAdded: true,
  };
}

function orderInWords({ classicalRegisters, bits }: Circuit): string {
  if (bits === 0) return 'no bits';
  const names = classicalRegisters
    .filter(({ size }) => size > 0)
    .map(({ name, size }) => (size === 1 ? `${name}[0]` : `${name}[${size - 1}]…${name}[0]`));
  const first = classicalRegisters.find(({ size }) => size > 0);
  const rightmost = first === undefined ? 'bit 0' : `${first.name}[0]`;
  return `${names.toReversed().join(' ')}: ${rightmost} is rightmost`;
}

/** One plan for the whole circuit, idle qubits included: amplitudes have a place for each. */
function planWhole(circuit: Circuit, options: ResolvedOptions): readonly PartPlan[] {
  const { noise, method, precision, bytesMax } = options;
  const isPure = circuit.operations.every(
    ({ kind }) =>
      kind === 'gate' ||
      kind === 'unitary' ||
      kind === 'global-phase' ||
      kind === 'barrier' ||
      kind === 'measure',
  );
  if (!isPure || noise !== NOISELESS || (method !== 'auto' && method !== 'dense')) {
    throw new OrchestratorError(
      'QUANTUM_STATEVECTOR_UNAVAILABLE',
      'a statevector needs a circuit of gates and final measurements without noise, and the dense method, got something else',
      { method },
    );
  }
  requireFits(circuit.qubits, precision, bytesMax);
  const part = {
    qubits: Array.from({ length: circuit.qubits }, (_, q) => q),
    bits: Array.from({ length: circuit.bits }, (_, b) => b),
    operations: circuit.operations,
  };
  const bytes = 2 ** (circuit.qubits + (precision === 'f64' ? 4 : 3));
  return [{ part, method: 'dense', reason: 'amplitudes asked for', bytes }];
}

function amplitudesOf(
  run: PartRun,
  watch: Watch,
): { readonly re: Float64Array; readonly im: Float64Array } {
  const state = run.finalState();
  if (state instanceof DenseExact) return state.amplitudes(watch);
  throw new OrchestratorError(
    'QUANTUM_STATEVECTOR_UNAVAILABLE',
    'a statevector needs measurements to come last, got operations behind a measurement',
  );
}

/** Progress that only grows, within a stretch of the whole. */
function stretch(watch: Watch, from: number, to: number): Watch {
  let most = from;
  return {
    ...watch,
    progress: (fraction) => {
      const next = from + (to - from) * fraction;
      if (next > most) watch.progress((most = next));
    },
  };
}

function record(counts: OutcomeCounts, watch: Watch): Record<string, number> {
  const result: Record<string, number> = {};
  const { keys, words } = counts.table;
  for (let i = 0; i < counts.size; i++) {
    result[bitstring(keys, i * words, counts.bits)] = counts.counts[i];
    if (i % OUTCOMES_PER_LOOK === 0) throwIfCanceled(watch);
  }
  return result;
}

function probabilitiesOf(
  runs: readonly PartRun[],
  bits: number,
  { probabilities, top }: ResolvedOptions,
  watch: Watch,
): Pick<RunResult, 'probabilities' | 'probabilityListed'> {
  const joint = probabilities ? joinDistributions(runs, bits, top, watch) : null;
  if (joint === null) return {};
  const result: Record<string, number> = {};
  let listed = 0;
  for (const [i, p] of joint.probabilities.entries()) {
    result[bitstring(joint.keys, i * joint.words, bits)] = p;
    listed += p;
  }
  return { probabilities: result, probabilityListed: Math.min(1, listed) };
}

/**
 * Simulates a circuit.
 *
 * Deterministic for equal options, `team` apart. Time and memory depend on the method: see
 * {@link chooseMethod}, which this does first.
 *
 * @throws OrchestratorError QUANTUM_OPTIONS_INVALID, QUANTUM_TOO_LARGE (with the bytes needed, before
 *   anything is allocated), QUANTUM_NOT_CLIFFORD, QUANTUM_STEPS_EXCEEDED, QUANTUM_ARITHMETIC,
 *   QUANTUM_STATEVECTOR_UNAVAILABLE, QUANTUM_CANCELED
 */
export function runCircuit(circuit: Circuit, options: RunOptions, watch: Watch): RunResult {
  const startMs = watch.nowMs();
  const resolved = resolveOptions(options);
  const { circuit: measured, isAdded } = withMeasurements(circuit);
  throwIfCanceled(watch);
  const plans = resolved.statevector
    ? planWhole(measured, resolved)
    : planParts(measured, resolved, watch);
  const step = 1 / (plans.length + 1);
  const runs = plans.map((plan, k) =>
    runPart(plan, measured, resolved, stretch(watch, k * step, (k + 1) * step)),
  );
  const counts = new OutcomeCounts(measured.bits, resolved.outcomesMax);
  const rng = Rng.fromSeed(resolved.seed);
  const last = stretch(watch, 1 - step, 1);
  if (resolved.shots > 0) drawJoint(runs, resolved.shots, { rng, counts, watch: last });
  const probabilities = probabilitiesOf(runs, measured.bits, resolved, watch);
  const isTruncating = plans.some(({ method }) => method === 'mps');
  const kept = runs.reduce((product, run) => product * (1 - run.truncationError()), 1);
  const { method, reason } = summarize(plans, circuit.qubits);
  return {
    method,
    reason,
    parts: plans.map(({ part, method: of, reason: why, bytes }) => ({
      qubits: part.qubits,
      method: of,
      reason: why,
      bytes,
    })),
    qubits: circuit.qubits,
    bits: measured.bits,
    bitOrder: orderInWords(measured),
    isMeasuredAtEnd: isAdded,
    counts: record(counts, watch),
    ...probabilities,
    ...(resolved.statevector ? { statevector: amplitudesOf(runs[0], watch) } : {}),
    ...(isTruncating ? { truncationError: Math.max(0, 1 - kept) } : {}),
    seed: resolved.seed,
    shots: resolved.shots,
    elapsedMs: watch.nowMs() - startMs,
  };
}
