import type {
  ArrayReferenceNode,
  ArrayTypeNode,
  ExpressionNode,
  OldTypeNode,
  ParameterNode,
  QubitTypeNode,
  ScalarName,
  ScalarTypeNode,
} from './ast.ts';
import type { Cursor } from './cursor.ts';

const SCALARS: ReadonlySet<string> = new Set<ScalarName>([
  'bit',
  'int',
  'uint',
  'float',
  'angle',
  'bool',
  'duration',
  'stretch',
  'complex',
]);

/** Words that a classical type starts with. */
export const TYPE_WORDS: ReadonlySet<string> = new Set([...SCALARS, 'array']);

const UNSIZED: ReadonlySet<string> = new Set(['bool', 'duration', 'stretch']);

/** `[size]` */
export function parseDesignator(cursor: Cursor): ExpressionNode {
  cursor.expect('[');
  const size = cursor.grammar.expression(cursor);
  cursor.expect(']');
  return size;
}

/** `[size]` or nothing. */
export function parseOptionalDesignator(cursor: Cursor): ExpressionNode | null {
  return cursor.isAt('[') ? parseDesignator(cursor) : null;
}

function isAtScalarType(cursor: Cursor): boolean {
  return cursor.isAtKind('keyword') && SCALARS.has(cursor.token.text);
}

export function parseScalarType(cursor: Cursor): ScalarTypeNode {
  if (!isAtScalarType(cursor)) throw cursor.expected('a classical type');
  return cursor.nested(() => {
    const word = cursor.advance();
    const name = word.text as ScalarName;
    let size: ExpressionNode | null = null;
    let component: ScalarTypeNode | null = null;
    if (name === 'complex') {
      if (cursor.take('[')) {
        component = parseScalarType(cursor);
        cursor.expect(']');
      }
    } else if (!UNSIZED.has(name)) {
      size = parseOptionalDesignator(cursor);
    }
    return { kind: 'scalar-type', name, size, component, ...cursor.spanFrom(word) };
  });
}

/** `array[type, dimension, …]` */
function parseArrayType(cursor: Cursor): ArrayTypeNode {
  const word = cursor.expect('array');
  cursor.expect('[');
  const element = parseScalarType(cursor);
  cursor.expect(',');
  const dimensions = cursor.list(cursor.grammar.expression, ']');
  cursor.expect(']');
  return { kind: 'array-type', element, dimensions, ...cursor.spanFrom(word) };
}

/** What can be declared, or cast to. */
export function parseCastType(cursor: Cursor): ScalarTypeNode | ArrayTypeNode {
  return cursor.isAt('array') ? parseArrayType(cursor) : parseScalarType(cursor);
}

export function parseQubitType(cursor: Cursor): QubitTypeNode {
  const word = cursor.expect('qubit');
  const size = parseOptionalDesignator(cursor);
  return { kind: 'qubit-type', size, ...cursor.spanFrom(word) };
}

/** `readonly array[type, …]`, where `#dim = n` may stand for the dimensions. */
function parseArrayReference(cursor: Cursor): ArrayReferenceNode {
  const word = cursor.advance();
  const access = word.text === 'mutable' ? 'mutable' : 'readonly';
  cursor.expect('array');
  cursor.expect('[');
  const element = parseScalarType(cursor);
  cursor.expect(',');
  let dimensions: ExpressionNode[] | null = null;
  let dimensionCount: ExpressionNode | null = null;
  if (cursor.take('#dim')) {
    cursor.expect('=');
    dimensionCount = cursor.grammar.expression(cursor);
  } else {
    dimensions = cursor.list(cursor.grammar.expression, ']');
  }
  cursor.expect(']');
  const span = cursor.spanFrom(word);
  return { kind: 'array-reference-type', access, element, dimensions, dimensionCount, ...span };
}

function isAtArrayReference(cursor: Cursor): boolean {
  return cursor.isAt('readonly') || cursor.isAt('mutable');
}

function isAtOldType(cursor: Cursor): boolean {
  return cursor.isAt('creg') || cursor.isAt('qreg');
}

/** True where a subroutine's parameter starts. */
export function isAtParameter(cursor: Cursor): boolean {
  return (
    isAtScalarType(cursor) ||
    cursor.isAt('qubit') ||
    isAtArrayReference(cursor) ||
    isAtOldType(cursor)
  );
}

/** One parameter of a `def`. */
export function parseParameter(cursor: Cursor): ParameterNode {
  const { token } = cursor;
  if (isAtOldType(cursor)) {
    cursor.advance();
    const name = cursor.name('the name of a parameter');
    const size = parseOptionalDesignator(cursor);
    const span = cursor.spanFrom(token);
    const word = token.text === 'creg' ? 'creg' : 'qreg';
    return {
      kind: 'parameter',
      type: { kind: 'old-type', name: word, size, ...span },
      name,
      ...span,
    };
  }
  const type = parseParameterType(cursor);
  const name = cursor.name('the name of a parameter');
  return { kind: 'parameter', type, name, ...cursor.spanFrom(token) };
}

function parseParameterType(cursor: Cursor): ScalarTypeNode | ArrayReferenceNode | QubitTypeNode {
  if (isAtArrayReference(cursor)) return parseArrayReference(cursor);
  if (cursor.isAt('qubit')) return parseQubitType(cursor);
  if (!isAtScalarType(cursor)) throw cursor.expected("a parameter's type");
  return parseScalarType(cursor);
}

/** One argument type of an `extern`. */
export function parseExternParameter(
  cursor: Cursor,
): ScalarTypeNode | ArrayReferenceNode | OldTypeNode {
  const { token } = cursor;
  if (isAtArrayReference(cursor)) return parseArrayReference(cursor);
  if (!cursor.take('creg')) return parseScalarType(cursor);
  const size = parseOptionalDesignator(cursor);
  return { kind: 'old-type', name: 'creg', size, ...cursor.spanFrom(token) };
}

/** `-> type` or nothing. */
export function parseReturnType(cursor: Cursor): ScalarTypeNode | null {
  return cursor.take('->') ? parseScalarType(cursor) : null;
}
