/** Random circuits and their amplitudes by Q#'s simulator, many in one of its programs. */
import type { Rng } from '../../src/base/rng.ts';
import type { Circuit } from '../../src/quantum/circuit/circuit.ts';
import type { Control, GateOperation } from '../../src/quantum/circuit/operation.ts';
import {
  circuitOf,
  distinct,
  randomGate,
} from '../../src/quantum/simulate/testing/random-circuit.ts';
import { dumpedAmplitudes, qsharpProgram, qsharpStatements, type Qsharp } from './qsharp-oracle.ts';

/** Gates of the table on two to six qubits, a third of them under further controls on 0 and 1. */
export function randomControlled(rng: Rng): Circuit {
  const qubits = 2 + rng.below(5);
  const gates = Array.from({ length: 20 + rng.below(40) }, (): GateOperation => {
    const gate = randomGate(qubits, rng);
    const isUsed = new Set(gate.qubits);
    const free = distinct(qubits, qubits, rng).filter((qubit) => !isUsed.has(qubit));
    const more = rng.below(3) === 0 ? rng.below(free.length + 1) : 0;
    const controls = free
      .slice(0, more)
      .map((qubit): Control => ({ qubit, value: rng.below(2) as 0 | 1 }));
    return { ...gate, controls };
  });
  return circuitOf(qubits, gates);
}

/** The amplitudes of each circuit, in one run: reading a program takes longer than running it. */
export async function qsharpAmplitudes(
  qsharp: Qsharp,
  circuits: readonly Circuit[],
): Promise<readonly { readonly re: Float64Array; readonly im: Float64Array }[]> {
  const bodies = circuits.map(
    ({ qubits, operations }) =>
      `use q = Qubit[${qubits}];\n${qsharpStatements(operations)}\nStd.Diagnostics.DumpMachine(); ResetAll(q);`,
  );
  const [shot] = await qsharp.run('qsharp', qsharpProgram(bodies, 'Unit'), 1);
  const events = shot?.events ?? [];
  if (events.length !== circuits.length) throw new Error(`Q# dumped ${events.length} states`);
  return circuits.map(({ qubits }, k) => dumpedAmplitudes(qubits, events[k]));
}
