import { OrchestratorError } from '../../../base/errors.ts';

/** The refusal of a file that is not of its format. Lines count from 1. */
export function malformed(line: number, message: string): OrchestratorError {
  return new OrchestratorError('QUANTUM_PROBLEM_SYNTAX', `line ${line}: ${message}`, { line });
}

/** A line of a file, split at blanks. */
export interface Line {
  /** Counts from 1. */
  readonly number: number;
  readonly words: readonly string[];
}

/** The lines that hold anything; LF and CRLF both end a line. */
export function* lines(text: string): Generator<Line, void> {
  let number = 0;
  let at = 0;
  while (at < text.length) {
    const end = text.indexOf('\n', at);
    const line = text.slice(at, end < 0 ? text.length : end).trim();
    number += 1;
    at = end < 0 ? text.length : end + 1;
    if (line !== '') yield { number, words: line.split(/\s+/) };
  }
}

/** A finite decimal number. @throws OrchestratorError QUANTUM_PROBLEM_SYNTAX */
export function numberAt(line: Line, index: number, what: string): number {
  const word = line.words[index] ?? '';
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(word) ? Number(word) : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw malformed(line.number, `${what} must be a finite number, got ${shown(word)}`);
}

/** An integer in [min, max]. @throws OrchestratorError QUANTUM_PROBLEM_SYNTAX */
export function integerAt(line: Line, index: number, range: IntegerRange): number {
  const word = line.words[index] ?? '';
  const value = /^[+-]?\d+$/.test(word) ? Number(word) : Number.NaN;
  if (value >= range.min && value <= range.max) return value;
  throw malformed(
    line.number,
    `${range.what} must be an integer from ${range.min} to ${range.max}, got ${shown(word)}`,
  );
}

export interface IntegerRange {
  readonly what: string;
  readonly min: number;
  readonly max: number;
}

function shown(word: string): string {
  return word === '' ? 'nothing' : JSON.stringify(word.slice(0, 40));
}
