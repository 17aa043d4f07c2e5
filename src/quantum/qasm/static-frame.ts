/** Names and what they stand for, as far as that is known before a program is read. */
import type {
  BinarySign,
  DefStatementNode,
  ExpressionNode,
  Name,
  OperandNode,
  StatementNode,
  ValueNode,
} from './ast.ts';
import type { GateDefinition } from './elaborator.ts';
import {
  asDeclared,
  ofOperands,
  staticValue,
  valueOfSymbol,
  type Lookup,
  type StaticValue,
} from './static-value.ts';
import type { Scope } from './symbols.ts';

/** Names of a block that the bound follows. */
export class Frame {
  readonly names: Map<string, StaticValue | null> = new Map();
  readonly parent: Frame | null;
  /** What is around it: all names of the reader, or those that definitions see. */
  readonly scope: Scope;
  readonly isDefinition: boolean;
  /** Gates of at least this order are not known yet. */
  readonly order: number;
  /** True once a name of its own was asked for whose value is not known. */
  isAsked = false;
  /** Qubits that something happens to. */
  readonly touched: Set<string>;

  constructor(parent: Frame | null, base: Pick<Frame, 'scope' | 'isDefinition' | 'order'>) {
    this.parent = parent;
    this.scope = base.scope;
    this.isDefinition = base.isDefinition;
    this.order = base.order;
    this.touched = parent?.touched ?? new Set();
  }

  get isGate(): boolean {
    return this.order !== Infinity;
  }

  inner(): Frame {
    return new Frame(this, this);
  }

  find(name: string): StaticValue | null {
    const found = this.names.get(name);
    if (found === null) this.isAsked = true;
    if (found !== undefined) return found;
    if (this.parent !== null) return this.parent.find(name);
    const symbol = this.isDefinition ? this.scope.names.get(name) : this.scope.find(name);
    return symbol === undefined || symbol === null
      ? null
      : valueOfSymbol(symbol, this.isDefinition);
  }

  /** Changes a name where it is known. */
  set(name: string, value: StaticValue | null): void {
    if (this.names.has(name) || this.parent === null) this.names.set(name, value);
    else this.parent.set(name, value);
  }
}

export function lookupIn(frame: Frame): Lookup {
  return (name) => frame.find(name);
}

/** How many qubits an operand surely names. */
export function sizeOf(operand: OperandNode, frame: Frame): number {
  if (operand.kind !== 'indexed-name' || operand.indices.length > 0) return 1;
  const found = frame.find(operand.name.text);
  return found?.kind === 'register' ? found.size : 1;
}

export function touch(operand: OperandNode, frame: Frame): void {
  if (operand.kind === 'indexed-name') frame.touched.add(operand.name.text);
}

export function isNoExpression(value: ValueNode): value is Exclude<ValueNode, ExpressionNode> {
  return ['array-literal', 'concatenation', 'measure', 'quantum-call'].includes(value.kind);
}

/** What a variable is after an assignment, as far as that is known. */
export function assigned(
  { sign, target, value }: StatementNode & { kind: 'assign' },
  before: StaticValue | null,
  frame: Frame,
): StaticValue | null {
  if (before === null || target.indices.length > 0 || isNoExpression(value)) return null;
  const right = staticValue(value, lookupIn(frame));
  if (right === null) return null;
  const result = sign === '=' ? right : ofOperands(sign.slice(0, -1) as BinarySign, before, right);
  if (result?.kind !== before.kind) return null;
  if (result.kind !== 'int' || before.kind !== 'int') return result;
  const { min, max } = before;
  return result.value >= min && result.value <= max ? { ...result, min, max } : null;
}

/** The parameters of a gate are numbers; its qubits are what they are given. */
function bindGate(
  frame: Frame,
  { node }: GateDefinition,
  values: readonly (StaticValue | null)[],
): void {
  for (const [k, name] of (node.params ?? []).entries()) {
    const value = values[k];
    const isNumber = value?.kind === 'float' || value?.kind === 'int';
    frame.names.set(name.text, isNumber ? { kind: 'float', value: value.value } : null);
  }
  for (const name of node.qubits) frame.names.set(name.text, null);
}

function bindCall(
  frame: Frame,
  node: DefStatementNode,
  values: readonly (StaticValue | null)[],
): void {
  const lookup = lookupIn(frame);
  for (const [k, { name, type }] of node.params.entries()) {
    const given = values[k];
    if (type.kind === 'scalar-type') {
      frame.names.set(name.text, asDeclared(type, given, lookup));
      continue;
    }
    const size =
      type.kind === 'array-reference-type' || type.size === null
        ? null
        : staticValue(type.size, lookup);
    const isQubits =
      type.kind === 'qubit-type' || (type.kind === 'old-type' && type.name === 'qreg');
    frame.names.set(
      name.text,
      size?.kind === 'int'
        ? { kind: 'register', size: size.value, isQubits, isMeasured: false }
        : null,
    );
  }
}

/** The names of a definition's body, with the values of a call. */
export function definitionFrame(
  node: DefStatementNode | GateDefinition,
  around: Frame,
  values: readonly (StaticValue | null)[],
): Frame {
  let { scope } = around;
  while (scope.parent !== null) scope = scope.parent;
  const isGate = 'node' in node;
  const order = isGate ? node.order : Infinity;
  const frame = new Frame(null, { scope, isDefinition: true, order });
  if (isGate) bindGate(frame, node, values);
  else bindCall(frame, node, values);
  return frame;
}

/** A call's values as text: those that are the same do the same. */
export function keyOf(name: Name, kind: string, values: readonly (StaticValue | null)[]): string {
  const texts = values.map((value) => {
    if (value === null || value.kind === 'measured') return '?';
    return `${value.kind}:${value.kind === 'register' ? value.size : value.value}`;
  });
  return `${kind} ${name.text}(${texts.join()})`;
}
