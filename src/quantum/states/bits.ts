/** Qubits as bits of a basis state's number: qubit 0 is the least significant, and printed rightmost. */
import { OrchestratorError } from '../../base/errors.ts';

/**
 * Refuses qubits that are not distinct integers in 0 … count−1.
 *
 * @throws OrchestratorError QUANTUM_QUBITS_INVALID
 */
export function checkQubits(qubits: readonly number[], count: number): void {
  const seen = new Set<number>();
  for (const qubit of qubits) {
    if (!Number.isInteger(qubit) || qubit < 0 || qubit >= count || seen.has(qubit)) {
      throw new OrchestratorError(
        'QUANTUM_QUBITS_INVALID',
        `qubits must be distinct integers from 0 to ${count - 1}, got ${qubits.join(', ')}`,
        { qubit, count },
      );
    }
    seen.add(qubit);
  }
}

/**
 * Refuses a number of qubits whose representation would not be held; 16 bytes an entry.
 *
 * @throws OrchestratorError QUANTUM_TOO_LARGE with the bytes needed and available, QUANTUM_QUBITS_INVALID
 */
export function checkQubitCount(
  qubits: number,
  max: number,
  entriesOf: (n: number) => number,
): void {
  if (!Number.isInteger(qubits) || qubits < 0) {
    throw new OrchestratorError(
      'QUANTUM_QUBITS_INVALID',
      `the number of qubits must be an integer of at least 0, got ${qubits}`,
      { qubits },
    );
  }
  if (qubits <= max) return;
  const bytes = 16 * entriesOf(qubits);
  throw new OrchestratorError(
    'QUANTUM_TOO_LARGE',
    `there must be at most ${max} qubits (${16 * entriesOf(max)} bytes), got ${qubits} (${bytes} bytes)`,
    { qubits, bytesNeeded: bytes, bytesAvailable: 16 * entriesOf(max), qubitsFitting: max },
  );
}

/** Entry j has bit k of j at bit `qubits[k]`; length 2^qubits.length. */
export function bitOffsets(qubits: readonly number[]): Int32Array {
  const offsets = new Int32Array(2 ** qubits.length);
  for (const [k, qubit] of qubits.entries()) {
    const half = 2 ** k;
    for (let j = 0; j < half; j++) offsets[half + j] = offsets[j] + 2 ** qubit;
  }
  return offsets;
}

/** The number with a 1 at each of these bits, each below 31. */
export function maskOf(qubits: readonly number[]): number {
  let mask = 0;
  for (const qubit of qubits) mask |= 1 << qubit;
  return mask;
}

/** The next larger number that has no bit of `mask`, counting from one that has none. */
export function nextOutside(index: number, mask: number): number {
  return ((index | mask) + 1) & ~mask;
}

/** Qubits 0 … count−1 that are not listed, ascending. */
export function otherQubits(qubits: readonly number[], count: number): readonly number[] {
  const listed = new Set(qubits);
  return Array.from({ length: count }, (_, qubit) => qubit).filter((qubit) => !listed.has(qubit));
}

/** 1 if an odd number of bits is set, else 0; for 31 bits. */
export function parity(bits: number): number {
  let folded = bits ^ (bits >>> 16);
  folded ^= folded >>> 8;
  folded ^= folded >>> 4;
  return (0x6996 >>> (folded & 15)) & 1;
}
