import { zeros, type ComplexMatrix } from '../../linear/complex-matrix.ts';
import { ones } from '../stabilizer/bit-words.ts';

/** Adds i^turns × share to an entry. */
function addTurned({ re, im }: ComplexMatrix, at: number, turns: number, share: number): void {
  const sign = (turns & 2) === 0 ? share : -share;
  if ((turns & 1) === 0) re[at] += sign;
  else im[at] += sign;
}

/**
 * The density matrix of few qubits from the expectations of all Pauli strings on them; letter k of a
 * string is the k-th qubit's.
 */
export function densityOfExpectations(
  qubits: number,
  expectation: (letters: string) => number,
): ComplexMatrix {
  const size = 2 ** qubits;
  const result = zeros(size);
  for (let string = 0; string < 4 ** qubits; string++) {
    const letters = Array.from({ length: qubits }, (_, k) => 'IXYZ'[(string >>> (2 * k)) & 3]);
    const mask = (which: string): number =>
      letters.reduce((sum, letter, k) => sum + (which.includes(letter) ? 2 ** k : 0), 0);
    const [flips, signs] = [mask('XY'), mask('YZ')];
    // Y|b⟩ = i·(−1)^b|1−b⟩
    const imaginary = ones(mask('Y'));
    const share = expectation(letters.join('')) / size;
    for (let c = 0; c < size; c++) {
      addTurned(result, (c ^ flips) * size + c, imaginary + 2 * ones(c & signs), share);
    }
  }
  return result;
}
