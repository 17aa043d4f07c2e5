import { describeValue, InvalidPayloadError, readObject, readOptional } from '../../payload.ts';
import type { PayloadObject } from '../../payload.ts';
import type { CircuitSource } from '../jobs/read-circuit.ts';
import { readText } from './readers.ts';

/** Longest program, in UTF-16 units: files of the command line may be that long. */
const QASM_LENGTH_MAX = 64 * 1024 * 1024;

/** The fields of a payload that {@link readCircuitSource} reads. */
export const CIRCUIT_FIELDS = ['qasm', 'inputs'] as const;

/** `qasm`, and `inputs` where the program has some. */
export function readCircuitSource(object: PayloadObject, path: string): CircuitSource {
  const qasm = readText(object['qasm'], `${path}.qasm`, QASM_LENGTH_MAX);
  const inputs = readOptional(object['inputs'], `${path}.inputs`, readInputs);
  return { qasm, ...(inputs === undefined ? {} : { inputs }) };
}

function readInputs(value: unknown, path: string): Record<string, number | boolean | string> {
  const known = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  const object = readObject(value, path, known);
  return Object.fromEntries(
    Object.entries(object).map(([name, input]) => {
      if (typeof input === 'number' || typeof input === 'boolean' || typeof input === 'string') {
        return [name, input];
      }
      const must = 'must be a number, a boolean or a text';
      throw new InvalidPayloadError(`${path}.${name}`, must, describeValue(input));
    }),
  );
}
