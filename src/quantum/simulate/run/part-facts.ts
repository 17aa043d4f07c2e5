/** What can be known about a part of a circuit before it is simulated. */
import { OrchestratorError } from '../../../base/errors.ts';
import type { Operation, UnitaryPart } from '../../circuit/operation.ts';
import type { Watch } from '../../watch.ts';
import { actionQubits, asMonomial, gateAction } from '../gate-action.ts';
import { pauliMixture } from '../noise/pauli-mixture.ts';
import { SparseState } from '../sparse/sparse-state.ts';
import { CliffordRecognizer } from '../stabilizer/clifford-action.ts';
import type { Part } from './parts.ts';
import { eachOperation, someOperation } from './references.ts';

/** Whether unitaries are Clifford and channels mixtures of Pauli errors. */
export function isCliffordPart({ operations }: Part): boolean {
  const recognizer = new CliffordRecognizer();
  return !someOperation(operations, (operation) => {
    if (operation.kind === 'gate' || operation.kind === 'unitary') {
      return recognizer.recognize(operation) === null;
    }
    return operation.kind === 'channel' && pauliMixture(operation.channel) === null;
  });
}

export function hasChannels({ operations }: Part): boolean {
  return someOperation(operations, ({ kind }) => kind === 'channel');
}

function hasLoops({ operations }: Part): boolean {
  return operations.some(({ kind }) => kind === 'while');
}

function isUnitary(operation: Operation): operation is UnitaryPart {
  return (
    operation.kind === 'gate' || operation.kind === 'unitary' || operation.kind === 'global-phase'
  );
}

const PROBE_ENTRIES_MAX = 4096;
/** Entries touched in all before a probe gives up; some 100 ms. */
const PROBE_WORK_MAX = 4_000_000;

/**
 * Most amplitudes of a part that are ever not zero, or null where there are many: found by trying.
 *
 * Measurements only take amplitudes away, and channels may add some; conditions are taken to hold
 * wherever that makes more. Loops are not followed.
 */
export function probeAmplitudes(part: Part, watch: Watch): number | null {
  if (hasLoops(part) || hasChannels(part)) return null;
  if (part.operations.some(({ kind }) => kind === 'if')) return null;
  const state = SparseState.withMost(part.qubits.length, PROBE_ENTRIES_MAX);
  let work = 0;
  let most = 1;
  try {
    for (const operation of part.operations) {
      if (!isUnitary(operation)) continue;
      state.applyAll([operation], watch);
      most = Math.max(most, state.size);
      work += state.size;
      if (work > PROBE_WORK_MAX) return null;
    }
  } catch (error) {
    if (error instanceof OrchestratorError && error.code === 'QUANTUM_TOO_LARGE') return null;
    throw error;
  }
  return most;
}

/** log₂ of the Schmidt rank that a gate may have across a cut. */
function rankBits(operation: UnitaryPart): number {
  if (operation.kind === 'global-phase') return 0;
  const { matrix, targets, controls } = gateAction(operation);
  if (targets.length === 1) return controls.length === 0 ? 0 : 1;
  const isDiagonal = targets.length === 2 && asMonomial(matrix)?.isDiagonal === true;
  if (controls.length === 0) {
    const isRotation = operation.kind === 'gate' && /^r(xx|yy|zz|zx)$/.test(operation.name);
    if (isRotation || isDiagonal) return 1;
  }
  return targets.length;
}

/**
 * log₂ of the largest bond that a part's state can need with its qubits in that order of sites.
 *
 * Each gate across a cut multiplies the rank there by its own; 2^cut bounds it too.
 */
export function bondBits(part: Part, order: readonly number[]): number {
  if (hasLoops(part)) return Infinity;
  const count = order.length;
  const siteOf = new Int32Array(count);
  for (const [site, qubit] of order.entries()) siteOf[qubit] = site;
  // Differences: what starts at a cut and what ends there.
  const changes = new Float64Array(count + 1);
  eachOperation(part.operations, (operation) => {
    const qubits =
      operation.kind === 'channel'
        ? operation.qubits
        : isUnitary(operation) && operation.kind !== 'global-phase'
          ? actionQubits(gateAction(operation))
          : [];
    if (qubits.length < 2) return;
    const sites = qubits.map((qubit) => siteOf[qubit]);
    const bits = operation.kind === 'channel' ? qubits.length : rankBits(operation as UnitaryPart);
    changes[Math.min(...sites)] += bits;
    changes[Math.max(...sites)] -= bits;
  });
  let [sum, most] = [0, 0];
  for (let cut = 0; cut < count - 1; cut++) {
    sum += changes[cut];
    most = Math.max(most, Math.min(sum, cut + 1, count - 1 - cut));
  }
  return most;
}

/** Qubits in an order that keeps those that interact near: breadth first from a far end, low degrees first. */
export function siteOrder({ qubits, operations }: Part): readonly number[] {
  const count = qubits.length;
  const neighbours = Array.from({ length: count }, () => new Set<number>());
  eachOperation(operations, (operation) => {
    if (operation.kind !== 'gate' && operation.kind !== 'unitary') return;
    const touched = actionQubits(gateAction(operation));
    for (const a of touched) for (const b of touched) neighbours[a].add(b);
  });
  const byDegree = (a: number, b: number): number => neighbours[a].size - neighbours[b].size;
  // Cuthill and McKee, "Reducing the bandwidth of sparse symmetric matrices" (1969).
  const walk = (start: number, seen: Uint8Array): number[] => {
    const order = [start];
    seen[start] = 1;
    for (let i = 0; i < order.length; i++) {
      for (const next of [...neighbours[order[i]]].toSorted(byDegree)) {
        if (seen[next] === 1) continue;
        seen[next] = 1;
        order.push(next);
      }
    }
    return order;
  };
  const seen = new Uint8Array(count);
  const order: number[] = [];
  for (const start of Array.from({ length: count }, (_, q) => q).sort(byDegree)) {
    if (seen[start] === 1) continue;
    const far = walk(start, seen.slice()).at(-1) ?? start;
    order.push(...walk(far, seen));
  }
  return order;
}
