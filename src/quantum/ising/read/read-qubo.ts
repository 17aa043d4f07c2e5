import { quboProblem, type QuboProblem } from '../problem/qubo-problem.ts';
import { PAIRS_MAX, VARIABLES_MAX } from '../problem/symmetric-rows.ts';
import { integerAt, lines, malformed, numberAt, type Line } from './line-reader.ts';

/**
 * Reads a QUBO in the coordinate format of qbsolv: "p qubo topology variables diagonals couplers", then "i j value".
 *
 * Indices count from 0; i = j is a linear coefficient; values of a pair count once, as they stand, and
 * repeated ones add up. Lines that begin with `c` are comments. Without a `p` line the greatest index
 * gives the size. The value is minimised.
 *
 * @throws OrchestratorError QUANTUM_PROBLEM_SYNTAX with the line
 */
export function readQubo(text: string): QuboProblem {
  const file = new QuboFile();
  let last = 1;
  for (const line of lines(text)) {
    last = line.number;
    const word = line.words[0];
    if (word.startsWith('c') || word.startsWith('#')) continue;
    if (word === 'p') file.takeHeader(line);
    else file.takeEntry(line);
  }
  return file.finish(last);
}

class QuboFile {
  #header: { size: number; diagonals: number; couplers: number } | undefined;
  readonly #diagonal: number[] = [];
  readonly #linear: number[] = [];
  readonly #first: number[] = [];
  readonly #second: number[] = [];
  readonly #value: number[] = [];
  #indexMax = -1;

  takeHeader(line: Line): void {
    if (this.#header !== undefined || this.#indexMax >= 0) {
      throw malformed(line.number, 'the p line must come once, before the entries');
    }
    if (line.words[1] !== 'qubo' || line.words.length !== 6) {
      throw malformed(
        line.number,
        'the p line must be "p qubo topology variables diagonals couplers"',
      );
    }
    const count = { min: 0, max: PAIRS_MAX };
    this.#header = {
      size: integerAt(line, 3, { what: 'the number of variables', min: 1, max: VARIABLES_MAX }),
      diagonals: integerAt(line, 4, { what: 'the number of diagonals', ...count }),
      couplers: integerAt(line, 5, { what: 'the number of couplers', ...count }),
    };
  }

  takeEntry(line: Line): void {
    if (line.words.length !== 3) {
      throw malformed(line.number, 'an entry must be two indices and a value');
    }
    const index = { what: 'an index', min: 0, max: (this.#header?.size ?? VARIABLES_MAX) - 1 };
    const i = integerAt(line, 0, index);
    const j = integerAt(line, 1, index);
    const value = numberAt(line, 2, 'a value');
    this.#indexMax = Math.max(this.#indexMax, i, j);
    if (i === j) {
      this.#diagonal.push(i);
      this.#linear.push(value);
      return;
    }
    this.#first.push(i);
    this.#second.push(j);
    this.#value.push(value);
  }

  finish(lastLine: number): QuboProblem {
    const header = this.#header;
    if (header === undefined && this.#indexMax < 0) {
      throw malformed(lastLine, 'a QUBO must have at least one entry, got none');
    }
    const { length: diagonals } = this.#diagonal;
    const { length: couplers } = this.#value;
    if (header && (header.diagonals !== diagonals || header.couplers !== couplers)) {
      throw malformed(
        lastLine,
        `${header.diagonals} diagonals and ${header.couplers} couplers were announced, got ${diagonals} and ${couplers}`,
      );
    }
    const linear = new Float64Array(header?.size ?? this.#indexMax + 1);
    for (let k = 0; k < diagonals; k++) linear[this.#diagonal[k]] += this.#linear[k];
    return quboProblem(linear, { first: this.#first, second: this.#second, value: this.#value });
  }
}
