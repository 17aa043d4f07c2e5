import type { Rng } from '../../../base/rng.ts';
import { GATE_NAMES, gateSpec, type GateName } from '../../circuit/gate-table.ts';
import type { Circuit } from '../../circuit/circuit.ts';
import type { GateOperation, Operation } from '../../circuit/operation.ts';

/** Gates that are Clifford whatever their parameters. */
export const CLIFFORD_NAMES: readonly GateName[] = [
  'id',
  'x',
  'y',
  'z',
  'h',
  's',
  'sdg',
  'sx',
  'sxdg',
  'cx',
  'cy',
  'cz',
  'swap',
  'iswap',
];

/** `count` different numbers below `bound`. */
export function distinct(count: number, bound: number, rng: Rng): number[] {
  const all = Array.from({ length: bound }, (_, i) => i);
  for (let i = 0; i < count; i++) {
    const j = i + rng.below(bound - i);
    [all[i], all[j]] = [all[j] as number, all[i] as number];
  }
  return all.slice(0, count);
}

/** A gate on distinct qubits; angles are anything, or multiples of π/2 where `quarter` says so. */
export function randomGate(
  qubits: number,
  rng: Rng,
  { names = GATE_NAMES, quarter = false }: { names?: readonly GateName[]; quarter?: boolean } = {},
): GateOperation {
  const fitting = names.filter((name) => gateSpec(name).qubits <= qubits);
  const name = fitting[rng.below(fitting.length)] as GateName;
  const spec = gateSpec(name);
  const angle = (): number =>
    quarter ? ((rng.below(9) - 4) * Math.PI) / 2 : (rng.unit() - 0.5) * 4 * Math.PI;
  const params = Array.from({ length: spec.params }, angle);
  return { kind: 'gate', name, params, qubits: distinct(spec.qubits, qubits, rng), controls: [] };
}

/** A circuit around operations, with one register of qubits and one of bits. */
export function circuitOf(qubits: number, operations: readonly Operation[], bits = 0): Circuit {
  return {
    qubits,
    bits,
    operations,
    quantumRegisters: qubits === 0 ? [] : [{ name: 'q', start: 0, size: qubits }],
    classicalRegisters: bits === 0 ? [] : [{ name: 'c', start: 0, size: bits }],
    variables: [],
  };
}
