import { OrchestratorError, type ErrorDetails } from '../../base/errors.ts';
import { nearest } from '../../base/nearest.ts';

/** Source before and after the fault that a message shows of a long line. */
const SHOWN_AROUND_MAX = 60;

/** What a program can be refused for. */
export type QasmCode =
  /** Not of the language: something else was expected here. */
  | 'QASM_SYNTAX'
  /** A name that is unknown, or taken. */
  | 'QASM_NAME'
  /** A value of the wrong type, or too many or too few of them. */
  | 'QASM_TYPE'
  /** An index, size or angle out of bounds. */
  | 'QASM_RANGE'
  /** A part of the language that a circuit cannot hold. */
  | 'QASM_UNSUPPORTED'
  /** More source, qubits, operations or steps than the limits allow. */
  | 'QASM_TOO_LARGE'
  /** Nested or recursive past the limit. */
  | 'QASM_RECURSION'
  /** An `input` that the caller did not give. */
  | 'QASM_INPUT';

/** A stretch of source: UTF-16 units, `end` not included. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where something is, both counted from 1; columns in characters. */
interface Position {
  readonly line: number;
  readonly column: number;
}

/** The position of a UTF-16 unit of the source. O(source), meant for messages. */
function positionAt(source: string, offset: number): Position {
  let line = 1;
  let lineStart = 0;
  for (let at = source.indexOf('\n'); at !== -1 && at < offset; at = source.indexOf('\n', at + 1)) {
    line += 1;
    lineStart = at + 1;
  }
  return { line, column: Array.from(source.slice(lineStart, offset)).length + 1 };
}

/** The error of a stretch of source: the message tells the line and column, and shows the line. */
export function qasmError(
  code: QasmCode,
  source: string,
  span: Span,
  message: string,
): OrchestratorError {
  const { line, column } = positionAt(source, span.start);
  const details: ErrorDetails = { line, column, offset: span.start };
  const text = `line ${line}, column ${column}: ${message}\n${excerpt(source, span)}`;
  return new OrchestratorError(code, text, details);
}

/** The line of a stretch and a caret under each of its characters. */
function excerpt(source: string, { start, end }: Span): string {
  const lineStart = source.lastIndexOf('\n', start - 1) + 1;
  const found = source.indexOf('\n', start);
  const lineEnd = found === -1 ? source.length : found;
  const from = Math.max(lineStart, start - SHOWN_AROUND_MAX);
  const to = Math.min(lineEnd, start + SHOWN_AROUND_MAX);
  const before = Array.from(source.slice(from, start))
    .map((c) => (c === '\t' ? '\t' : ' '))
    .join('');
  const marked = Array.from(source.slice(start, Math.min(end, to))).length;
  const shown = source.slice(from, to).replace(/\r$/, '');
  return `  ${shown}\n  ${before}${'^'.repeat(Math.max(1, marked))}`;
}

/** ", did you mean 'x'?" where a known name is like the wrong one, else nothing. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const like = nearest(name, known);
  return like === null ? '' : `, did you mean '${like}'?`;
}
