import type { Circuit } from '../../../quantum/circuit/circuit.ts';
import { parseQasm } from '../../../quantum/qasm/parse-qasm.ts';
import type { Watch } from '../../../quantum/watch.ts';

/** A circuit as text. */
export interface CircuitSource {
  /** OpenQASM 2 or 3. */
  readonly qasm: string;
  /** Values for the program's `input` declarations. */
  readonly inputs?: Readonly<Record<string, number | boolean | string>>;
}

/** The circuit and what its reader had to say. */
export interface ReadCircuit {
  readonly circuit: Circuit;
  readonly warnings: readonly string[];
}

/** Warnings beyond these are not told. */
const WARNINGS_MAX = 20;

/** @throws OrchestratorError QASM_* with line and column */
export function readCircuit({ inputs, qasm }: CircuitSource, watch: Watch): ReadCircuit {
  const warnings: string[] = [];
  const circuit = parseQasm(qasm, {
    watch,
    onWarning: (message) => {
      if (warnings.length < WARNINGS_MAX) warnings.push(message);
    },
    ...(inputs === undefined ? {} : { inputs }),
  });
  return { circuit, warnings };
}
