import { OrchestratorError } from '../../base/errors.ts';

import type { Precision } from '../kernels/kernels.ts';
export type { Precision };

/** Most qubits of a dense state: two parts of 1 GiB each, which one 32-bit memory can hold. */
export const DENSE_QUBITS_MAX: Readonly<Record<Precision, number>> = { f64: 27, f32: 28 };

/** Bytes that the amplitudes of a state of that many qubits take. */
export function denseBytes(qubits: number, precision: Precision = 'f64'): number {
  return 2 * bytesPerReal(precision) * 2 ** qubits;
}

export function bytesPerReal(precision: Precision): 4 | 8 {
  return precision === 'f64' ? 8 : 4;
}

/**
 * Refuses a state that does not fit, before anything is allocated.
 *
 * @throws OrchestratorError QUANTUM_TOO_LARGE with the bytes needed and available, and what would fit
 */
export function requireFits(qubits: number, precision: Precision, bytesMax: number): void {
  const bytesNeeded = denseBytes(qubits, precision);
  const qubitsMax = DENSE_QUBITS_MAX[precision];
  if (qubits <= qubitsMax && bytesNeeded <= bytesMax) return;
  const fitting = Math.min(qubitsMax, Math.floor(Math.log2(bytesMax / denseBytes(0, precision))));
  const bytesAvailable = Math.min(bytesMax, denseBytes(qubitsMax, precision));
  throw new OrchestratorError(
    'QUANTUM_TOO_LARGE',
    `a dense state in ${precision} must have at most ${Math.max(fitting, 0)} qubits to fit into ${bytesAvailable} bytes, got ${qubits} qubits, which need ${bytesNeeded} bytes`,
    { qubits, precision, bytesNeeded, bytesAvailable, qubitsFitting: Math.max(fitting, 0) },
  );
}
