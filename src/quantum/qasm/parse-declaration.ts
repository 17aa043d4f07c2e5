/** Declarations that their first word tells. */
import type { PlainStatement } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { parseConcatenated, parseDeclaredValue, parseExpression } from './parse-expression.ts';
import {
  parseCastType,
  parseDesignator,
  parseOptionalDesignator,
  parseQubitType,
  parseScalarType,
} from './parse-type.ts';

export function parseAlias(cursor: Cursor): PlainStatement {
  const word = cursor.advance();
  const name = cursor.name('a name');
  cursor.expect('=');
  const parts = [parseExpression(cursor), ...parseConcatenated(cursor)];
  cursor.expect(';');
  return { kind: 'alias', name, parts, ...cursor.spanFrom(word) };
}

export function parseConst(cursor: Cursor): PlainStatement {
  const word = cursor.advance();
  const type = parseScalarType(cursor);
  const name = cursor.name('the name of a constant');
  cursor.expect('=');
  const value = parseDeclaredValue(cursor);
  cursor.expect(';');
  return { kind: 'declare', isConst: true, type, name, value, ...cursor.spanFrom(word) };
}

export function parseInputOutput(cursor: Cursor): PlainStatement {
  const word = cursor.advance();
  const direction = word.text === 'input' ? 'input' : 'output';
  const type = parseCastType(cursor);
  const name = cursor.name('a name');
  cursor.expect(';');
  return { kind: 'io', direction, type, name, ...cursor.spanFrom(word) };
}

export function parseOldDeclaration(cursor: Cursor): PlainStatement {
  const word = cursor.advance();
  const name = cursor.name('the name of a register');
  const size = cursor.version === 2 ? parseDesignator(cursor) : parseOptionalDesignator(cursor);
  cursor.expect(';');
  const register = word.text === 'creg' ? 'creg' : 'qreg';
  return { kind: 'old-declare', register, name, size, ...cursor.spanFrom(word) };
}

export function parseQubits(cursor: Cursor): PlainStatement {
  const type = parseQubitType(cursor);
  const name = cursor.name('the name of a qubit or register');
  cursor.expect(';');
  return { kind: 'declare-qubits', type, name, ...cursor.spanFrom(type) };
}
