import {
  describeValue,
  InvalidPayloadError,
  isPlainObject,
  readObject,
  readOptional,
  type PayloadObject,
} from '../../payload.ts';
import type { PauliTermSource } from '../../../quantum/states/pauli.ts';
import type { AnalyzeStateRequest } from '../jobs/analyze-state-job.ts';
import type { ComplexNumbers, StateSource } from '../jobs/state-source.ts';
import { readBudget, type Budget } from './budget.ts';
import { CIRCUIT_FIELDS, readCircuitSource } from './circuit-source.ts';
import { readBoolean, readList, readNumber, readNumbers, readQubits, readText } from './readers.ts';

/** 2^20 amplitudes; a payload's own bound is reached long before. */
const NUMBERS_MAX = 2 ** 20;
const OBSERVABLES_MAX = 1000;
const TERMS_MAX = 100_000;
const PARTS_MAX = 100;

const STATE_FIELDS = [...CIRCUIT_FIELDS, 'noise', 'amplitudes', 'normalise', 'density'];
const FIELDS = [...STATE_FIELDS, 'observables', 'parts', 'with', 'correlations', 'budget'];

/** What a `quantum.state.analyze` task asks for. */
export interface AnalyzePayload {
  readonly request: AnalyzeStateRequest;
  readonly budget: Budget;
}

/**
 * Reads a `quantum.state.analyze` task.
 *
 * @throws InvalidPayloadError with the path of the fault
 */
export function readAnalyzePayload(payload: unknown): AnalyzePayload {
  const object = readObject(payload, 'payload', FIELDS);
  const list = <Element>(
    name: string,
    max: number,
    read: (value: unknown, path: string) => Element,
  ): readonly Element[] =>
    readOptional(object[name], `payload.${name}`, (value, path) =>
      readList(value, path, max, read),
    ) ?? [];
  return {
    request: {
      state: readState(object, 'payload'),
      observables: list('observables', OBSERVABLES_MAX, readObservable),
      parts: list('parts', PARTS_MAX, readQubits),
      other:
        readOptional(object['with'], 'payload.with', (value, path) =>
          readState(readObject(value, path, STATE_FIELDS), path),
        ) ?? null,
      correlations:
        readOptional(object['correlations'], 'payload.correlations', readBoolean) ?? true,
    },
    budget: readBudget(object['budget'], 'payload.budget'),
  };
}

function readState(object: PayloadObject, path: string): StateSource {
  const ways = ['qasm', 'amplitudes', 'density'].filter((way) => object[way] !== undefined);
  if (ways.length !== 1) {
    const got = ways.length === 0 ? 'none' : ways.join(' and ');
    throw new InvalidPayloadError(path, 'must have one of qasm, amplitudes and density', got);
  }
  if (object['amplitudes'] !== undefined) {
    return {
      kind: 'amplitudes',
      amplitudes: readComplexNumbers(object['amplitudes'], `${path}.amplitudes`),
      normalise: readOptional(object['normalise'], `${path}.normalise`, readBoolean) ?? false,
    };
  }
  if (object['density'] !== undefined) return readDensity(object['density'], `${path}.density`);
  return {
    kind: 'circuit',
    source: readCircuitSource(object, path),
    noise: object['noise'] ?? null,
  };
}

/** `{ re, im }` of numbers each, or a list of numbers and pairs. */
function readComplexNumbers(value: unknown, path: string): ComplexNumbers {
  if (isPlainObject(value)) {
    const object = readObject(value, path, ['re', 'im']);
    const re = readNumbers(object['re'], `${path}.re`, NUMBERS_MAX);
    const im =
      object['im'] === undefined
        ? new Float64Array(re.length)
        : readNumbers(object['im'], `${path}.im`, NUMBERS_MAX);
    if (re.length === im.length) return { re, im };
    const got = `${re.length} and ${im.length} numbers`;
    throw new InvalidPayloadError(path, 'must have as many numbers in im as in re', got);
  }
  const numbers = readList(value, path, NUMBERS_MAX, readComplex);
  return {
    re: Float64Array.from(numbers, ([re]) => re),
    im: Float64Array.from(numbers, ([, im]) => im),
  };
}

function readComplex(value: unknown, path: string): readonly [number, number] {
  if (!Array.isArray(value)) return [readNumber(value, path), 0];
  if (value.length !== 2) {
    const must = 'must be a number, or real and imaginary part';
    throw new InvalidPayloadError(path, must, describeValue(value));
  }
  return [readNumber(value[0], `${path}[0]`), readNumber(value[1], `${path}[1]`)];
}

/** Rows of numbers and pairs. */
function readDensity(value: unknown, path: string): StateSource {
  const rows = readList(value, path, 512, (row, at) => readList(row, at, 512, readComplex));
  const ragged = rows.findIndex((row) => row.length !== rows.length);
  if (ragged >= 0 || rows.length === 0) {
    const got = rows.length === 0 ? 'no rows' : `${rows[ragged]?.length} entries in row ${ragged}`;
    throw new InvalidPayloadError(path, 'must be a square matrix', got);
  }
  const flat = rows.flat();
  return {
    kind: 'density',
    rows: rows.length,
    entries: {
      re: Float64Array.from(flat, ([re]) => re),
      im: Float64Array.from(flat, ([, im]) => im),
    },
  };
}

/** A Pauli string, or a list of terms. */
function readObservable(value: unknown, path: string): readonly PauliTermSource[] {
  if (typeof value === 'string') return [{ pauli: readPauli(value, path) }];
  return readList(value, path, TERMS_MAX, readTerm);
}

function readTerm(value: unknown, path: string): PauliTermSource {
  if (typeof value === 'string') return { pauli: readPauli(value, path) };
  const object = readObject(value, path, ['pauli', 'coefficient']);
  const coefficient = readOptional(object['coefficient'], `${path}.coefficient`, (given, at) =>
    readNumber(given, at),
  );
  return {
    pauli: readPauli(object['pauli'], `${path}.pauli`),
    ...(coefficient === undefined ? {} : { coefficient }),
  };
}

/** A string, or qubits under X, Y and Z; whether they fit the state is seen later. */
function readPauli(value: unknown, path: string): PauliTermSource['pauli'] {
  if (!isPlainObject(value)) return readText(value, path, 1000);
  const object = readObject(value, path, ['X', 'Y', 'Z']);
  return Object.fromEntries(
    Object.entries(object).map(([name, qubits]) => [name, readQubits(qubits, `${path}.${name}`)]),
  );
}
