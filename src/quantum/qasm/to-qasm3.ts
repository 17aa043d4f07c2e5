import { unreachable } from '../../base/invariant.ts';
import type { Circuit } from '../circuit/circuit.ts';
import type { Expression, Variable } from '../circuit/classical.ts';
import type { GateName } from '../circuit/gate-table.ts';
import type { Control, Operation, UnitaryPart } from '../circuit/operation.ts';
import { gatesOfUnitary, MATRIX_QUBITS_MAX } from '../synthesis/gates-of-unitary.ts';
import { eulerAngles } from './euler-angles.ts';
import { exportNames, notExported, type ExportNames } from './export-names.ts';
import { ExpressionWriter } from './expression-writer.ts';
import { formatAngle, formatReal } from './format-number.ts';

/** Gates that stdgates.inc lacks and modifiers make of others. */
const MODIFIED: Readonly<Partial<Record<GateName, string>>> = {
  sxdg: 'inv @ sx',
  cs: 'ctrl @ s',
  csdg: 'ctrl @ sdg',
  csx: 'ctrl @ sx',
  ccz: 'ctrl(2) @ z',
  c3x: 'ctrl(3) @ x',
  c4x: 'ctrl(4) @ x',
};

/** Gates that stdgates.inc lacks and the program defines; phases exact, as controls tell them. */
const DEFINITIONS: Readonly<Partial<Record<GateName, string>>> = {
  u: 'gate u(theta, phi, lambda) a { gphase(-theta/2); U(theta, phi, lambda) a; }',
  iswap: 'gate iswap a, b { s a; s b; h a; cx a, b; cx b, a; h b; }',
  rxx: 'gate rxx(theta) a, b { h a; h b; cx a, b; rz(theta) b; cx a, b; h a; h b; }',
  ryy: 'gate ryy(theta) a, b { rx(pi/2) a; rx(pi/2) b; cx a, b; rz(theta) b; cx a, b; rx(-pi/2) a; rx(-pi/2) b; }',
  rzz: 'gate rzz(theta) a, b { cx a, b; rz(theta) b; cx a, b; }',
  rzx: 'gate rzx(theta) a, b { h b; cx a, b; rz(theta) b; cx a, b; h b; }',
};

interface Writing {
  readonly names: ExportNames;
  readonly used: Set<GateName>;
  readonly expressions: ExpressionWriter;
  readonly lines: string[];
}

/**
 * The circuit as an OpenQASM 3 program, which reads back as a circuit that does the same, global
 * phases included. Matrices become gates: up to 5,700 of them for six qubits, twice that under controls.
 *
 * @throws OrchestratorError QASM_UNSUPPORTED for channels, and matrices on more than six qubits
 */
export function toQasm3(circuit: Circuit): string {
  const names = exportNames(circuit, 3);
  const expressions = new ExpressionWriter(names);
  const writing: Writing = { names, used: new Set(), expressions, lines: [] };
  writeAll(circuit.operations, writing, '');
  const definitions = [...writing.used].flatMap((name) => DEFINITIONS[name] ?? []);
  const declarations = [
    ...names.quantumRegisters.map(({ name, size }) => `qubit[${size}] ${name};`),
    ...names.classicalRegisters.map(({ name, size }) => `bit[${size}] ${name};`),
    ...circuit.variables.map((variable, k) => declaration(variable, names.variable(k))),
    ...expressions.aliases,
  ];
  const header = ['OPENQASM 3.0;', 'include "stdgates.inc";'];
  return `${[...header, ...definitions, ...declarations, ...writing.lines].join('\n')}\n`;
}

function declaration({ type, initial }: Variable, name: string): string {
  switch (type.kind) {
    case 'bool':
      return `bool ${name} = ${String(initial)};`;
    case 'float':
      return `float[64] ${name} = ${formatReal(Number(initial))};`;
    case 'int':
      return `${type.isSigned ? 'int' : 'uint'}[${type.width}] ${name} = ${initial};`;
    default:
      return unreachable(type);
  }
}

function writeAll(operations: readonly Operation[], writing: Writing, indent: string): void {
  for (const operation of operations) write(operation, writing, indent);
}

function write(operation: Operation, writing: Writing, indent: string): void {
  const { names, lines, expressions } = writing;
  const line = (text: string): unknown => lines.push(indent + text);
  switch (operation.kind) {
    case 'gate':
    case 'unitary':
    case 'global-phase':
      for (const text of unitaryStatements(operation, writing)) line(text);
      return;
    case 'measure':
      line(`${names.bit(operation.bit)} = measure ${names.qubit(operation.qubit)};`);
      return;
    case 'reset':
      line(`reset ${names.qubit(operation.qubit)};`);
      return;
    case 'barrier':
      line(`barrier ${operation.qubits.map(names.qubit).join(', ')};`);
      return;
    case 'if':
      return writeIf(operation, writing, indent);
    case 'while':
      line(`while (${expressions.condition(operation.condition)}) {`);
      writeAll(operation.body, writing, `${indent}  `);
      line('}');
      return;
    case 'assign':
      line(`${names.variable(operation.variable)} = ${expressions.value(operation.value)};`);
      return;
    case 'store': {
      const target = expressions.bits(operation.bits);
      const size = operation.bits.length;
      line(`${target} = bit[${size}](${storable(operation.value, size, expressions)});`);
      return;
    }
    case 'break':
    case 'continue':
    case 'end':
      line(`${operation.kind};`);
      return;
    case 'channel':
      throw notExported(`channel '${operation.channel.name}'`, 3);
  }
}

/** An integer of as many bits as are written. */
function storable(value: Expression, size: number, expressions: ExpressionWriter): string {
  return `uint[${size}](${expressions.value(value)})`;
}

function writeIf(operation: Operation & { kind: 'if' }, writing: Writing, indent: string): void {
  const { lines, expressions } = writing;
  const { condition, then, otherwise } = operation;
  lines.push(`${indent}if (${expressions.condition(condition)}) {`);
  writeAll(then, writing, `${indent}  `);
  if (otherwise.length > 0) {
    lines.push(`${indent}} else {`);
    writeAll(otherwise, writing, `${indent}  `);
  }
  lines.push(`${indent}}`);
}

function unitaryStatements(operation: UnitaryPart, writing: Writing): string[] {
  const { names, used } = writing;
  if (operation.kind === 'global-phase') return [`gphase(${formatAngle(operation.angle)});`];
  const { controls, qubits } = operation;
  const modifiers = modifiersOf(controls);
  const on = controls.map(({ qubit }) => names.qubit(qubit));
  if (operation.kind === 'unitary') {
    if (qubits.length > MATRIX_QUBITS_MAX) {
      throw notExported(`a matrix on ${qubits.length} qubits`, 3);
    }
    if (qubits.length > 1) {
      return gatesOfUnitary(operation).flatMap((part) => unitaryStatements(part, writing));
    }
    const { theta, phi, lambda, phase } = eulerAngles(operation.matrix);
    // U carries a phase of its own, half of its first angle.
    const rest = formatAngle(phase - theta / 2);
    const angles = [theta, phi, lambda].map(formatAngle).join(', ');
    const where = [...on, names.qubit(qubits[0])].join(', ');
    const gphase = `${modifiers}gphase(${rest})${on.length === 0 ? '' : ` ${on.join(', ')}`};`;
    return [gphase, `${modifiers}U(${angles}) ${where};`];
  }
  const { name, params } = operation;
  used.add(name);
  const angles = params.length === 0 ? '' : `(${params.map(formatAngle).join(', ')})`;
  const where = [...on, ...qubits.map(names.qubit)].join(', ');
  return [`${modifiers}${MODIFIED[name] ?? name}${angles} ${where};`];
}

/** `ctrl @ negctrl(2) @ `, runs of the same kind together. */
function modifiersOf(controls: readonly Control[]): string {
  let text = '';
  for (let k = 0; k < controls.length;) {
    const { value } = controls[k];
    let end = k;
    while (end < controls.length && controls[end].value === value) end++;
    const count = end - k === 1 ? '' : `(${end - k})`;
    text += `${value === 1 ? 'ctrl' : 'negctrl'}${count} @ `;
    k = end;
  }
  return text;
}
