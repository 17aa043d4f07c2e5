/** Programs define gates again that the table has: a definition that does the same counts as that gate. */
import { findGate } from '../circuit/gate-table.ts';
import type { UnitaryPart } from '../circuit/operation.ts';
import { productMatrix } from '../circuit/unitary-power.ts';
import type { GateStatementNode } from './ast.ts';
import { standardGates, type StandardGate } from './standard-gates.ts';
import type { QasmVersion } from './token.ts';

/** Angles at which two gates are compared: no multiples of anything. */
const PROBES: readonly (readonly number[])[] = [
  [0.7391, 1.2113, -0.4337, 0.9173],
  [-2.1157, 0.3719, 1.7351, -0.2239],
];
const DISTANCE_MAX = 1e-11;
const QUBITS_MAX = 3;
const STATEMENTS_MAX = 64;

/**
 * The standard gate that a definition of the same name is, or null: OpenQASM 2 leaves a global phase
 * open, in OpenQASM 3 it must be the same.
 */
export function recognizedGate(
  node: GateStatementNode,
  version: QasmVersion,
  expand: (params: readonly number[], qubits: readonly number[]) => readonly UnitaryPart[],
): StandardGate | null {
  const standard =
    findGate(node.name.text) === null ? undefined : standardGates(version).get(node.name.text);
  if (standard === undefined || standard.qubits > QUBITS_MAX) return null;
  if (node.body.statements.length > STATEMENTS_MAX) return null;
  const isAlike =
    node.qubits.length === standard.qubits && (node.params?.length ?? 0) === standard.params;
  if (!isAlike) return null;
  const qubits = Array.from({ length: standard.qubits }, (_, k) => k);
  for (const probe of PROBES) {
    const params = probe.slice(0, standard.params);
    const parts = expand(params, qubits);
    if (parts.length > STATEMENTS_MAX || !isSame(standard, params, { parts, version })) return null;
  }
  return standard;
}

function isSame(
  standard: StandardGate,
  params: readonly number[],
  { parts, version }: { readonly parts: readonly UnitaryPart[]; readonly version: QasmVersion },
): boolean {
  const qubits = Array.from({ length: standard.qubits }, (_, k) => k);
  const a = productMatrix(standard.operations(params, qubits), qubits);
  const b = productMatrix(parts, qubits);
  let re = 0;
  let im = 0;
  for (let i = 0; i < a.re.length; i++) {
    re += a.re[i] * b.re[i] + a.im[i] * b.im[i];
    im += a.im[i] * b.re[i] - a.re[i] * b.im[i];
  }
  // Tr(A†B) has length rows where they are one gate up to a phase, and angle 0 where that is none.
  const isOne = Math.abs(Math.hypot(re, im) / a.rows - 1) < DISTANCE_MAX;
  return isOne && (version === 2 || Math.abs(im) + Math.abs(re - a.rows) < DISTANCE_MAX * a.rows);
}
