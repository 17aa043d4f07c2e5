import { OrchestratorError } from '../../base/errors.ts';
import { CircuitBuilder } from './circuit-builder.ts';
import type { Circuit, Register } from './circuit.ts';
import type { Operation } from './operation.ts';
import { inverseOf } from './unitary-part.ts';

/**
 * The circuit that undoes another one.
 *
 * @throws OrchestratorError QUANTUM_NOT_INVERTIBLE where it measures, resets, or branches
 */
export function inverse(circuit: Circuit): Circuit {
  const operations = circuit.operations.map((operation, at): Operation => {
    const { kind } = operation;
    if (kind === 'barrier') return operation;
    if (kind === 'gate' || kind === 'unitary' || kind === 'global-phase')
      return inverseOf(operation);
    const message = `only unitary operations have an inverse, got '${kind}' at ${at}`;
    throw new OrchestratorError('QUANTUM_NOT_INVERTIBLE', message, { kind, at });
  });
  return { ...circuit, operations: operations.toReversed() };
}

/**
 * One circuit, then another: its qubit k on `qubits[k]` and its bit k on `bits[k]` of the first, in
 * order by default; the first grows where the second is larger.
 *
 * @throws OrchestratorError as `checkCircuit`
 */
export function compose(
  first: Circuit,
  second: Circuit,
  places: { readonly qubits?: readonly number[]; readonly bits?: readonly number[] } = {},
): Circuit {
  const builder = new CircuitBuilder({
    quantumRegisters: grown(
      first.quantumRegisters,
      first.qubits,
      needed(second.qubits, places.qubits),
    ),
    classicalRegisters: grown(
      first.classicalRegisters,
      first.bits,
      needed(second.bits, places.bits),
    ),
    variables: [...first.variables],
  });
  for (const operation of first.operations) builder.add(operation);
  return builder.append(second, places).build();
}

/** Places that the second circuit needs in order; given places must be there. */
function needed(count: number, places: readonly number[] | undefined): number {
  return places === undefined ? count : 0;
}

function grown(registers: readonly Register[], count: number, wanted: number): Register[] {
  if (wanted <= count) return [...registers];
  let name = 'more';
  while (registers.some((register) => register.name === name)) name += '_';
  return [...registers, { name, start: count, size: wanted - count }];
}
