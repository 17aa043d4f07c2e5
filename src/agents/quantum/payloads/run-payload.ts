import { readInteger, readObject, readOptional } from '../../payload.ts';
import type { RunCircuitRequest } from '../jobs/run-circuit-job.ts';
import { readBudget, type Budget } from './budget.ts';
import { CIRCUIT_FIELDS, readCircuitSource } from './circuit-source.ts';
import { readBoolean, readChoice } from './readers.ts';

/** Ways to simulate that can be asked for. */
export const METHOD_CHOICES: readonly RunCircuitRequest['method'][] = [
  'auto',
  'dense',
  'density',
  'stabilizer',
  'sparse',
  'mps',
];

/** A task's result has at most so many counts, probabilities and amplitudes each, and of characters. */
const LISTED_MAX = 4096;
const LISTED_CHARACTERS_MAX = 2 ** 18;
const LISTED_DEFAULT = 1000;
const SHOTS_DEFAULT = 1024;
export const SEED_MAX: number = 2 ** 31 - 1;

const FIELDS = [
  ...CIRCUIT_FIELDS,
  'shots',
  'seed',
  'method',
  'precision',
  'probabilities',
  'top',
  'noise',
  'bitOrder',
  'statevector',
  'budget',
];

/** What a `quantum.circuit.run` task asks for. */
export interface RunPayload {
  readonly request: Omit<RunCircuitRequest, 'statevectorFile'>;
  /** Whether the amplitudes shall be in a file. */
  readonly wantsFile: boolean;
  readonly budget: Budget;
}

/**
 * Reads a `quantum.circuit.run` task.
 *
 * @param drawSeed - a seed for a task that names none
 * @throws InvalidPayloadError with the path of the fault
 */
export function readRunPayload(payload: unknown, drawSeed: () => number): RunPayload {
  const object = readObject(payload, 'payload', FIELDS);
  const integer = (name: string, min: number, max: number): number | undefined =>
    readOptional(object[name], `payload.${name}`, (value, path) =>
      readInteger(value, path, { min, max }),
    );
  const choice = <Choice extends string>(name: string, choices: readonly Choice[]): Choice =>
    readOptional(object[name], `payload.${name}`, (value, path) =>
      readChoice(value, path, choices),
    ) ?? (choices[0] as Choice);
  const top = integer('top', 1, LISTED_MAX) ?? LISTED_DEFAULT;
  const statevector = choice('statevector', ['none', 'top', 'file']);
  return {
    request: {
      ...readCircuitSource(object, 'payload'),
      shots: integer('shots', 0, Number.MAX_SAFE_INTEGER) ?? SHOTS_DEFAULT,
      seed: integer('seed', 0, SEED_MAX) ?? drawSeed(),
      method: choice('method', METHOD_CHOICES),
      precision: choice('precision', ['f64', 'f32']),
      probabilities:
        readOptional(object['probabilities'], 'payload.probabilities', readBoolean) ?? false,
      top,
      countsTop: top,
      noise: object['noise'] ?? null,
      printing: choice('bitOrder', ['q0-right', 'q0-left']),
      amplitudes: statevector === 'none' ? 0 : top,
      listedCharactersMax: LISTED_CHARACTERS_MAX,
    },
    wantsFile: statevector === 'file',
    budget: readBudget(object['budget'], 'payload.budget'),
  };
}
