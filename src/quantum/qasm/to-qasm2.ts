import { unreachable } from '../../base/invariant.ts';
import type { Circuit, Register } from '../circuit/circuit.ts';
import type { Expression } from '../circuit/classical.ts';
import type { GateName } from '../circuit/gate-table.ts';
import type { Control, GateOperation, Operation, UnitaryPart } from '../circuit/operation.ts';
import { exportNames, notExported, type ExportNames } from './export-names.ts';
import { formatAngle } from './format-number.ts';
import { withoutExtraControls } from './lower-controls.ts';

/** What qelib1.inc calls gates; null for those it lacks. */
const NAMES: Readonly<Partial<Record<GateName, string>>> = {
  p: 'u1',
  cp: 'cu1',
  u: 'u3',
};

/** Gates that no qelib1.inc has. */
const DEFINITIONS: Readonly<Partial<Record<GateName, string>>> = {
  cs: 'gate cs a,b { u1(pi/4) a; cx a,b; u1(-pi/4) b; cx a,b; u1(pi/4) b; }',
  csdg: 'gate csdg a,b { u1(-pi/4) a; cx a,b; u1(pi/4) b; cx a,b; u1(-pi/4) b; }',
  csx: 'gate csx a,b { h b; cu1(pi/2) a,b; h b; }',
  sxdg: 'gate sxdg a { s a; h a; s a; }',
  ccz: 'gate ccz a,b,c { h c; ccx a,b,c; h c; }',
  iswap: 'gate iswap a,b { s a; s b; h a; cx a,b; cx b,a; h b; }',
  ryy: 'gate ryy(theta) a,b { rx(pi/2) a; rx(pi/2) b; cx a,b; rz(theta) b; cx a,b; rx(-pi/2) a; rx(-pi/2) b; }',
  rzx: 'gate rzx(theta) a,b { h b; cx a,b; rz(theta) b; cx a,b; h b; }',
};

/**
 * The circuit as an OpenQASM 2 program, which reads back as a circuit that does the same up to a
 * global phase.
 *
 * Gates are those of qelib1.inc, with `sx` as most versions of that file have it; what it lacks is
 * defined in the program. Controls beyond names, and matrices, are taken apart.
 *
 * @throws OrchestratorError QASM_UNSUPPORTED for loops, variables, channels, matrices on more than six
 *   qubits, more than ten controls (with the qubits of a matrix on several), and conditions other than
 *   a register's value
 */
export function toQasm2(circuit: Circuit): string {
  const names = exportNames(circuit, 2);
  const lines: string[] = [];
  const used = new Set<GateName>();
  for (const operation of circuit.operations) {
    for (const text of statements(operation, { names, used, circuit })) lines.push(text);
  }
  const definitions = [...used].flatMap((name) => DEFINITIONS[name] ?? []);
  const declarations = [
    ...names.quantumRegisters.map(({ name, size }) => `qreg ${name}[${size}];`),
    ...names.classicalRegisters.map(({ name, size }) => `creg ${name}[${size}];`),
  ];
  const header = ['OPENQASM 2.0;', 'include "qelib1.inc";'];
  return `${[...header, ...definitions, ...declarations, ...lines].join('\n')}\n`;
}

interface Writing {
  readonly names: ExportNames;
  readonly used: Set<GateName>;
  readonly circuit: Circuit;
}

function statements(operation: Operation, writing: Writing): string[] {
  const { names } = writing;
  switch (operation.kind) {
    case 'gate':
    case 'unitary':
      return unitaryStatements(operation, writing);
    case 'global-phase':
      // Nothing in OpenQASM 2 can tell it.
      return [];
    case 'measure':
      return [`measure ${names.qubit(operation.qubit)} -> ${names.bit(operation.bit)};`];
    case 'reset':
      return [`reset ${names.qubit(operation.qubit)};`];
    case 'barrier':
      return [`barrier ${operation.qubits.map(names.qubit).join(', ')};`];
    case 'if':
      return conditional(operation, writing);
    case 'channel':
    case 'while':
    case 'assign':
    case 'store':
    case 'break':
    case 'continue':
    case 'end':
      throw notExported(`'${operation.kind}'`, 2);
    default:
      return unreachable(operation);
  }
}

function unitaryStatements(operation: UnitaryPart, writing: Writing): string[] {
  const parts = withoutExtraControls(operation);
  if (parts === null) throw notExported(sizeOf(operation), 2);
  return parts.flatMap((part) => (part.kind === 'gate' ? gateStatement(part, writing) : []));
}

function sizeOf(operation: UnitaryPart): string {
  if (operation.kind === 'global-phase') return 'a phase';
  const { kind, controls, qubits } = operation;
  const what = kind === 'gate' ? `'${operation.name}'` : `a matrix on ${qubits.length} qubits`;
  return controls.length === 0 ? what : `${what} under ${controls.length} controls`;
}

function gateStatement(operation: GateOperation, { names, used }: Writing): string {
  const { name, params, qubits, controls } = operation;
  used.add(name);
  const own = controls.length === 1 ? 'cu3' : (NAMES[name] ?? name);
  const angles = params.length === 0 ? '' : `(${params.map(formatAngle).join(',')})`;
  const on = [...controls.map((control: Control) => control.qubit), ...qubits];
  return `${own}${angles} ${on.map(names.qubit).join(',')};`;
}

/** `if(c==k)` before each statement; none of them may change c. */
function conditional(operation: Operation & { kind: 'if' }, writing: Writing): string[] {
  const { condition, then, otherwise } = operation;
  const test = registerTest(condition, writing);
  if (test === null) throw notExported('a condition that is not a register equal to a number', 2);
  const { register, value } = test;
  const other = register.size === 1 ? 1n - value : null;
  if (otherwise.length > 0 && other === null) throw notExported("an 'else'", 2);
  const side = (operations: readonly Operation[], equal: bigint): string[] => {
    const changes = operations.some(
      (inner, k) => changesRegister(inner, register) && k < operations.length - 1,
    );
    if (changes) throw notExported('a branch that changes its own condition', 2);
    if (operations.some(({ kind }) => kind === 'if' || kind === 'barrier')) {
      throw notExported("an 'if' or a barrier inside a branch", 2);
    }
    const texts = operations.flatMap((inner) => statements(inner, writing));
    return texts.map((text) => `if(${register.name}==${equal}) ${text}`);
  };
  const isChanged = then.some((inner) => changesRegister(inner, register));
  if (isChanged && otherwise.length > 0)
    throw notExported('a branch that changes its condition', 2);
  return [...side(then, value), ...(other === null ? [] : side(otherwise, other))];
}

function changesRegister(operation: Operation, { start, size }: Register): boolean {
  return operation.kind === 'measure' && operation.bit >= start && operation.bit < start + size;
}

/** The register and number that a condition compares, or null when it is another one. */
function registerTest(
  condition: Expression,
  { names }: Writing,
): { readonly register: Register; readonly value: bigint } | null {
  if (condition.kind === 'cast' && condition.type.kind === 'bool') {
    return bitTest(condition.operand, 1n, names);
  }
  if (condition.kind === 'bit') return bitTest(condition, 1n, names);
  if (condition.kind === 'unary' && condition.operator === '!') {
    const inner = registerTest(condition.operand, { names } as Writing);
    return inner === null || inner.register.size !== 1
      ? null
      : { ...inner, value: 1n - inner.value };
  }
  if (condition.kind !== 'binary' || condition.operator !== '==') return null;
  const { left, right } = condition;
  if (right.kind !== 'literal' || typeof right.value !== 'bigint' || right.value < 0n) return null;
  return bitTest(left, right.value, names);
}

function bitTest(
  expression: Expression,
  value: bigint,
  { classicalRegisters }: ExportNames,
): { readonly register: Register; readonly value: bigint } | null {
  const bits =
    expression.kind === 'bit'
      ? [expression.bit]
      : expression.kind === 'bits'
        ? expression.bits
        : [];
  const register = classicalRegisters.find(
    ({ start, size }) => size === bits.length && bits.every((bit, k) => bit === start + k),
  );
  return register === undefined ? null : { register, value };
}
