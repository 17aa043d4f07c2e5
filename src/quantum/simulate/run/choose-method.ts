import { OrchestratorError } from '../../../base/errors.ts';
import type { Circuit } from '../../circuit/circuit.ts';
import { UNWATCHED, type Watch } from '../../watch.ts';
import { DENSE_QUBITS_MAX, denseBytes } from '../dense-bytes.ts';
import { DENSITY_QUBITS_MAX, densityBytes } from '../density/density-state.ts';
import { mpsBytes } from '../mps/matrix-product-state.ts';
import { applyNoise, readoutOf } from '../noise/apply-noise.ts';
import { sparseBytesEach } from '../sparse/sparse-state.ts';
import { Tableau } from '../stabilizer/tableau.ts';
import { bondBits, hasChannels, isCliffordPart, probeAmplitudes, siteOrder } from './part-facts.ts';
import { joinParts, splitParts, type Part } from './parts.ts';
import {
  resolveOptions,
  type Method,
  type ResolvedOptions,
  type RunOptions,
} from './run-options.ts';

/** Up to here a dense state is so small that nothing else is worth a thought. */
const ALWAYS_DENSE_QUBITS = 12;
/** Amplitudes that a bond's cube costs as much as, measured at bonds of 8 to 32. */
const AMPLITUDES_PER_BOND_CUBE = 400;

/** How a part of a circuit is simulated, and why. */
export interface PartPlan {
  readonly part: Part;
  readonly method: Method;
  readonly reason: string;
  /** Estimate of what its state takes. */
  readonly bytes: number;
}

interface Choice {
  readonly method: Method;
  readonly reason: string;
  readonly bytes: number;
}

function isNearIdentity(order: readonly number[]): boolean {
  return order.every((qubit, site) => qubit === site);
}

/** The site order whose bonds are bounded lower: by number, or by neighbourhood. */
export function bestOrder(part: Part): {
  readonly order: readonly number[];
  readonly bits: number;
} {
  const byNumber = part.qubits.map((_, k) => k);
  const near = siteOrder(part);
  const [a, b] = [bondBits(part, byNumber), isNearIdentity(near) ? Infinity : bondBits(part, near)];
  return a <= b ? { order: byNumber, bits: a } : { order: near, bits: b };
}

function stateBytes(method: Method, qubits: number, options: ResolvedOptions): number {
  switch (method) {
    case 'dense':
      return denseBytes(qubits, options.precision);
    case 'density':
      return densityBytes(qubits);
    case 'stabilizer':
      return 2 * Tableau.bytes(qubits);
    case 'sparse':
      return sparseBytesEach(qubits);
    default:
      return mpsBytes(qubits, options.bondMax);
  }
}

function fits(method: Method, qubits: number, options: ResolvedOptions): boolean {
  if (method === 'dense' && qubits > DENSE_QUBITS_MAX[options.precision]) return false;
  if (method === 'density' && qubits > DENSITY_QUBITS_MAX) return false;
  return stateBytes(method, qubits, options) <= options.bytesMax;
}

function tooLarge(qubits: number, method: Method, options: ResolvedOptions): never {
  const bytesNeeded = stateBytes(method, qubits, options);
  const { bytesMax, bondMax, precision } = options;
  let qubitsFitting = qubits;
  while (qubitsFitting > 0 && !fits(method, qubitsFitting, options)) qubitsFitting--;
  const others = (['dense', 'sparse', 'mps'] as const).filter(
    (other) => other !== method && fits(other, qubits, options),
  );
  const hint =
    others.length === 0
      ? 'no method fits'
      : `methods that may do: ${others.map((other) => (other === 'mps' ? `mps (approximate beyond bonds of ${bondMax})` : other)).join(', ')}`;
  const bits = method === 'dense' ? ` in ${precision}` : '';
  throw new OrchestratorError(
    'QUANTUM_TOO_LARGE',
    `a ${method} state${bits} must fit into ${bytesMax} bytes, which hold ${qubitsFitting} qubits, got ${qubits} qubits that need ${bytesNeeded} bytes; ${hint}`,
    { qubits, method, bytesNeeded, bytesAvailable: bytesMax, qubitsFitting },
  );
}

function chooseNoisy(qubits: number, options: ResolvedOptions): Choice | null {
  const bytes = stateBytes('density', qubits, options);
  if (!fits('density', qubits, options)) return null;
  // A trajectory costs 2^n a gate, the matrix 4^n.
  const isCheaper = 2 ** qubits <= 4 * options.shots;
  if (!isCheaper && !options.probabilities) return null;
  return {
    method: 'density',
    reason: `noise on ${qubits} qubits, whose density matrix holds all of it exactly`,
    bytes,
  };
}

function chooseSmall(part: Part, options: ResolvedOptions, watch: Watch): Choice | null {
  const count = part.qubits.length;
  const amplitudes = probeAmplitudes(part, watch);
  if (amplitudes !== null && amplitudes <= 2 ** (count - 6)) {
    const reason = `at most ${amplitudes} of 2^${count} amplitudes are ever not zero`;
    return { method: 'sparse', reason, bytes: amplitudes * sparseBytesEach(count) };
  }
  const { bits } = bestOrder(part);
  const bond = 2 ** bits;
  const isCheaper = count > 27 || AMPLITUDES_PER_BOND_CUBE * bond ** 3 <= 2 ** count;
  if (bond > options.bondMax || !isCheaper) return null;
  const reason = `little entanglement: bonds of a matrix product state are ${bond} at most, so that nothing is truncated`;
  return { method: 'mps', reason, bytes: mpsBytes(count, bond) };
}

function chooseAuto(part: Part, options: ResolvedOptions, watch: Watch): Choice {
  const count = part.qubits.length;
  if (count === 0) return { method: 'sparse', reason: 'no qubits', bytes: sparseBytesEach(0) };
  const isNoisy = hasChannels(part);
  const noisy = isNoisy ? chooseNoisy(count, options) : null;
  if (noisy !== null && options.probabilities) return noisy;
  if (fits('stabilizer', count, options) && isCliffordPart(part)) {
    const reason = isNoisy
      ? 'all gates are Clifford and all noise is Pauli'
      : 'all gates are Clifford';
    return { method: 'stabilizer', reason, bytes: stateBytes('stabilizer', count, options) };
  }
  if (noisy !== null) return noisy;
  if (count > ALWAYS_DENSE_QUBITS) {
    const small = chooseSmall(part, options, watch);
    if (small !== null && small.bytes <= options.bytesMax) return small;
  }
  if (!fits('dense', count, options)) tooLarge(count, 'dense', options);
  const reason = `${isNoisy ? 'noise by trajectories of' : 'all amplitudes of'} ${count} qubits`;
  return { method: 'dense', reason, bytes: stateBytes('dense', count, options) };
}

function chooseForPart(part: Part, options: ResolvedOptions, watch: Watch): PartPlan {
  if (options.method === 'auto') return { part, ...chooseAuto(part, options, watch) };
  const { method } = options;
  const count = part.qubits.length;
  if (count === 0) return { part, ...chooseAuto(part, options, watch) };
  if (!fits(method, count, options)) tooLarge(count, method, options);
  return { part, method, reason: 'asked for', bytes: stateBytes(method, count, options) };
}

/** Clifford parts go into one tableau: it costs no more than many. */
function gathered(plans: readonly PartPlan[], options: ResolvedOptions): readonly PartPlan[] {
  const clifford = plans.filter(({ method }) => method === 'stabilizer');
  const isWorth = clifford.length > 1 && !options.probabilities;
  if (!isWorth) return plans;
  const part = joinParts(clifford.map((plan) => plan.part));
  if (!fits('stabilizer', part.qubits.length, options)) return plans;
  const bytes = stateBytes('stabilizer', part.qubits.length, options);
  const joined: PartPlan = { ...clifford[0], part, bytes };
  return [joined, ...plans.filter(({ method }) => method !== 'stabilizer')];
}

/** Final states of all parts are kept until shots are drawn. */
function checkTotal(plans: readonly PartPlan[], { bytesMax }: ResolvedOptions): void {
  const bytesNeeded = plans.reduce((sum, { bytes }) => sum + bytes, 0);
  if (bytesNeeded <= bytesMax) return;
  throw new OrchestratorError(
    'QUANTUM_TOO_LARGE',
    `all parts of a circuit must fit into ${bytesMax} bytes together, got ${plans.length} parts that need ${bytesNeeded} bytes: run them apart`,
    { parts: plans.length, bytesNeeded, bytesAvailable: bytesMax },
  );
}

/** A plan for each part of a circuit with its noise in it; memory is checked before anything is made. */
export function planParts(
  circuit: Circuit,
  options: ResolvedOptions,
  watch: Watch,
): readonly PartPlan[] {
  const operations = applyNoise(circuit.operations, options.noise);
  const parts = splitParts({ ...circuit, operations }, readoutOf(options.noise));
  const plans = gathered(
    parts.map((part) => chooseForPart(part, options, watch)),
    options,
  );
  checkTotal(plans, options);
  return plans;
}

/** The method of the part that takes most, and what all take. */
export interface MethodChoice {
  readonly method: Method;
  readonly reason: string;
  readonly bytes: number;
}

/** Sums up plans; with several parts the reason says how many there are. */
export function summarize(plans: readonly PartPlan[], qubits: number): MethodChoice {
  const largest = plans.reduce<PartPlan | null>(
    (most, plan) => (most === null || plan.bytes > most.bytes ? plan : most),
    null,
  );
  if (largest === null)
    return { method: 'sparse', reason: 'nothing happens to any qubit', bytes: 0 };
  const used = plans.reduce((sum, { part }) => sum + part.qubits.length, 0);
  const notes = [largest.reason];
  if (plans.length > 1) notes.push(`${plans.length} parts that share nothing run apart`);
  if (used < qubits) notes.push(`${qubits - used} idle qubits left out`);
  const bytes = plans.reduce((sum, plan) => sum + plan.bytes, 0);
  return { method: largest.method, reason: notes.join('; '), bytes };
}

/**
 * How {@link runCircuit} would simulate a circuit, and an estimate of the memory it would take.
 *
 * @throws OrchestratorError QUANTUM_TOO_LARGE, QUANTUM_OPTIONS_INVALID
 */
export function chooseMethod(
  circuit: Circuit,
  options: RunOptions = {},
  watch: Watch = UNWATCHED,
): MethodChoice {
  return summarize(planParts(circuit, resolveOptions(options), watch), circuit.qubits);
}
