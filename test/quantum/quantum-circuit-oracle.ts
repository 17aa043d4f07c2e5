/** The npm package quantum-circuit as an independent simulator of circuits of the gates that it knows. */
import { createRequire } from 'node:module';
import type { GateName } from '../../src/quantum/circuit/gate-table.ts';
import type { GateOperation } from '../../src/quantum/circuit/operation.ts';

interface OracleState {
  readonly state: Readonly<Record<string, { readonly re: number; readonly im: number }>>;
  readonly addGate: (
    name: string,
    column: number,
    wires: readonly number[],
    options: object,
  ) => void;
  readonly run: () => void;
}

const require = createRequire(import.meta.url);
const Oracle = require('quantum-circuit') as new (qubits: number) => OracleState;

/** Its name of each gate, and the names of its parameters. */
const NAMES: Partial<Record<GateName, readonly [string, ...string[]]>> = {
  x: ['x'],
  y: ['y'],
  z: ['z'],
  h: ['h'],
  s: ['s'],
  sdg: ['sdg'],
  t: ['t'],
  tdg: ['tdg'],
  sx: ['srn'],
  rx: ['rx', 'theta'],
  ry: ['ry', 'theta'],
  rz: ['rz', 'phi'],
  p: ['u1', 'lambda'],
  u: ['u3', 'theta', 'phi', 'lambda'],
  cx: ['cx'],
  cy: ['cy'],
  cz: ['cz'],
  ch: ['ch'],
  swap: ['swap'],
  iswap: ['iswap'],
  crx: ['crx', 'theta'],
  cry: ['cry', 'theta'],
  crz: ['crz', 'phi'],
  cp: ['cu1', 'lambda'],
  cs: ['cs'],
  csdg: ['csdg'],
  csx: ['csrn'],
  ccx: ['ccx'],
  cswap: ['cswap'],
  rxx: ['xx', 'theta'],
  ryy: ['yy', 'theta'],
  rzz: ['zz', 'theta'],
};

/** Gates that it knows. */
export const ORACLE_GATES: readonly GateName[] = Object.keys(NAMES) as GateName[];

/** A circuit of its own, ready to run. */
export function oracleCircuit(qubits: number, gates: readonly GateOperation[]): OracleState {
  const oracle = new Oracle(qubits);
  for (const { name, params, qubits: wires } of gates) {
    const [theirs, ...names] = NAMES[name]!;
    // Its xx and yy turn by twice the angle.
    const scale = theirs === 'xx' || theirs === 'yy' ? 0.5 : 1;
    const values = names.map((param, k) => [param, scale * params[k]!]);
    const options = { params: Object.fromEntries(values) as object };
    oracle.addGate(theirs, -1, wires, options);
  }
  return oracle;
}

/** Amplitudes that it finds, at their basis state's number. */
export function oracleAmplitudes(
  qubits: number,
  gates: readonly GateOperation[],
): { readonly re: Float64Array; readonly im: Float64Array } {
  const oracle = oracleCircuit(qubits, gates);
  oracle.run();
  const re = new Float64Array(2 ** qubits);
  const im = new Float64Array(2 ** qubits);
  for (const [index, amplitude] of Object.entries(oracle.state)) {
    re[Number(index)] = amplitude.re;
    im[Number(index)] = amplitude.im;
  }
  return { re, im };
}
