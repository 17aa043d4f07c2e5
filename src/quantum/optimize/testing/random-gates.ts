import type { Rng } from '../../../base/rng.ts';
import { GATE_NAMES, gateSpec, type GateName } from '../../circuit/gate-table.ts';
import type { Circuit } from '../../circuit/circuit.ts';
import type { Control, GateOperation, Operation } from '../../circuit/operation.ts';

/** What random circuits are drawn from. */
export interface RandomGates {
  readonly qubits: number;
  readonly gates: number;
  readonly names?: readonly GateName[];
  /** Share of gates with further controls; 0 when not given. */
  readonly controlled?: number;
}

/** Angles where special cases live, and any others. */
function randomAngle(rng: Rng): number {
  switch (rng.below(4)) {
    case 0:
      return (rng.below(17) - 8) * (Math.PI / 4);
    case 1:
      return (rng.below(9) - 4) * (Math.PI / 2);
    case 2:
      return (rng.below(65) - 32) * (Math.PI / 16);
    default:
      return (rng.unit() - 0.5) * 4 * Math.PI;
  }
}

function drawnQubits(qubits: number, count: number, rng: Rng): number[] {
  const left = Array.from({ length: qubits }, (_, k) => k);
  return Array.from({ length: count }, () => left.splice(rng.below(left.length), 1)[0] ?? 0);
}

/** Gates of the table on random qubits, at special and at any angles. */
export function randomGates(options: RandomGates, rng: Rng): Operation[] {
  const { qubits, gates, controlled = 0 } = options;
  const names = (options.names ?? GATE_NAMES).filter((name) => gateSpec(name).qubits <= qubits);
  return Array.from({ length: gates }, (): GateOperation => {
    const spec = gateSpec(names[rng.below(names.length)] ?? 'id');
    const spare = qubits - spec.qubits;
    const extra = spare > 0 && rng.unit() < controlled ? 1 + rng.below(Math.min(2, spare)) : 0;
    const drawn = drawnQubits(qubits, spec.qubits + extra, rng);
    return {
      kind: 'gate',
      name: spec.name,
      params: Array.from({ length: spec.params }, () => randomAngle(rng)),
      qubits: drawn.slice(0, spec.qubits),
      controls: drawn
        .slice(spec.qubits)
        .map((qubit): Control => ({ qubit, value: rng.below(2) === 0 ? 0 : 1 })),
    };
  });
}

/** A circuit of these operations, with as many bits as qubits. */
export function circuitOf(qubits: number, operations: readonly Operation[]): Circuit {
  return {
    qubits,
    bits: qubits,
    operations,
    quantumRegisters: [{ name: 'q', start: 0, size: qubits }],
    classicalRegisters: [{ name: 'c', start: 0, size: qubits }],
    variables: [],
  };
}
