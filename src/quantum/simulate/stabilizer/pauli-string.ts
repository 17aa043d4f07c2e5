import { OrchestratorError } from '../../../base/errors.ts';
import { wordsFor } from '../packed-table.ts';

/** A Pauli string on many qubits: bit q mod 32 of word q / 32 is qubit q's; Y where both are set. */
export interface PauliString {
  readonly qubits: number;
  readonly x: Uint32Array;
  readonly z: Uint32Array;
  readonly isNegative: boolean;
}

/**
 * Reads text like `-XIZ`, the last letter being qubit 0's.
 *
 * @throws OrchestratorError QUANTUM_PAULI_INVALID
 */
export function parsePauli(text: string): PauliString {
  const match = /^([+-]?)([IXYZ]+)$/.exec(text);
  if (match === null) {
    throw new OrchestratorError(
      'QUANTUM_PAULI_INVALID',
      `a Pauli string must be letters I, X, Y and Z after an optional sign, got ${JSON.stringify(text)}`,
    );
  }
  const letters = match[2];
  const qubits = letters.length;
  const x = new Uint32Array(wordsFor(qubits));
  const z = new Uint32Array(wordsFor(qubits));
  for (let q = 0; q < qubits; q++) {
    const letter = letters[qubits - 1 - q];
    const bit = 1 << (q & 31);
    if (letter === 'X' || letter === 'Y') x[q >>> 5] |= bit;
    if (letter === 'Z' || letter === 'Y') z[q >>> 5] |= bit;
  }
  return { qubits, x, z, isNegative: match[1] === '-' };
}

/** Text that {@link parsePauli} reads, with its sign. */
export function formatPauli({ qubits, x, z, isNegative }: PauliString): string {
  let text = isNegative ? '-' : '+';
  for (let q = qubits - 1; q >= 0; q--) {
    const index = ((x[q >>> 5] >>> (q & 31)) & 1) + 2 * ((z[q >>> 5] >>> (q & 31)) & 1);
    text += 'IXZY'[index];
  }
  return text;
}
