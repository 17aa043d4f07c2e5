import type { Operation, UnitaryPart } from '../../circuit/operation.ts';
import { evaluate, isTrue, type ClassicalMemory } from '../../circuit/evaluate.ts';
import type { Watch } from '../../watch.ts';
import { StabilizerState } from './stabilizer-state.ts';

/** What one noiseless run found: 0 wherever an outcome was open. */
export interface ReferenceSample {
  /** Outcome of each measurement, in order. */
  readonly outcomes: readonly (0 | 1)[];
  /** Truth of each condition, in order. */
  readonly conditions: readonly boolean[];
}

const X = { kind: 'gate', name: 'x', params: [], controls: [] } as const;

function isUnitary(operation: Operation): operation is UnitaryPart {
  return (
    operation.kind === 'gate' || operation.kind === 'unitary' || operation.kind === 'global-phase'
  );
}

/** Runs a Clifford circuit once without its channels; conditions may only be those of frames. */
export function referenceSample(
  qubits: number,
  bits: number,
  operations: readonly Operation[],
  watch: Watch,
): ReferenceSample {
  const state = StabilizerState.create(qubits);
  const outcomes: (0 | 1)[] = [];
  const conditions: boolean[] = [];
  const memory: ClassicalMemory = { bits: new Uint8Array(bits), values: [], variables: [] };
  let pending: UnitaryPart[] = [];
  const flush = (): void => {
    state.applyAll(pending, watch);
    pending = [];
  };
  const read = (qubit: number): 0 | 1 => {
    flush();
    const outcome = state.probabilityOfOne(qubit) === 1 ? 1 : 0;
    state.collapse(qubit, outcome);
    return outcome;
  };
  for (const operation of operations) {
    if (operation.kind === 'measure') {
      const outcome = read(operation.qubit);
      outcomes.push(outcome);
      memory.bits[operation.bit] = outcome;
    } else if (operation.kind === 'reset') {
      if (read(operation.qubit) === 1) pending.push({ ...X, qubits: [operation.qubit] });
    } else if (operation.kind === 'if') {
      const truth = isTrue(evaluate(operation.condition, memory));
      conditions.push(truth);
      pending.push(...(truth ? operation.then : operation.otherwise).filter(isUnitary));
    } else if (isUnitary(operation)) {
      pending.push(operation);
    }
  }
  flush();
  return { outcomes, conditions };
}
