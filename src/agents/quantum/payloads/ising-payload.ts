import {
  describeValue,
  InvalidPayloadError,
  isPlainObject,
  readInteger,
  readObject,
  readOptional,
} from '../../payload.ts';
import type { Pairs } from '../../../quantum/ising/problem/symmetric-rows.ts';
import type { IsingMethod } from '../../../quantum/ising/solve-ising.ts';
import type { BinaryFormat } from '../../../quantum/ising/solve-problem.ts';
import type { IsingSource, SolveIsingRequest } from '../jobs/solve-ising-job.ts';
import { readBudget, type Budget } from './budget.ts';
import { readChoice, readNumber, readNumbers, readText } from './readers.ts';
import { SEED_MAX } from './run-payload.ts';

/** As the solver has them; a test keeps the two equal. */
export const METHOD_NAMES: readonly IsingMethod[] = [
  'auto',
  'exact',
  'population',
  'annealing',
  'tabu',
  'breakout',
  'ballistic-bifurcation',
  'discrete-bifurcation',
  'quantum-annealing',
  'qaoa',
];

/** As the reader has them; a test keeps the two equal. */
export const FORMAT_NAMES: readonly BinaryFormat[] = ['gset', 'bqp', 'qubo'];

const VARIABLES_MAX = 1_000_000;
const PAIRS_MAX = 5_000_000;
const TEXT_MAX = 64 * 1024 * 1024;
const SEARCH_MS_DEFAULT = 5_000;
/** What reading the problem may take beside the search. */
const READ_MS = 60_000;

const KINDS = ['ising', 'qubo', 'max-cut', 'file'] as const;

/** What a `quantum.ising.solve` task asks for. */
export interface IsingPayload {
  readonly request: SolveIsingRequest;
  readonly budget: Budget;
}

/**
 * Reads a `quantum.ising.solve` task.
 *
 * @throws InvalidPayloadError with the path of the fault
 */
export function readIsingPayload(payload: unknown, drawSeed: () => number): IsingPayload {
  const object = readObject(payload, 'payload', ['problem', 'timeMs', 'seed', 'method', 'budget']);
  const integer = (name: string, min: number, max: number): number | undefined =>
    readOptional(object[name], `payload.${name}`, (value, path) =>
      readInteger(value, path, { min, max }),
    );
  const timeMs = integer('timeMs', 1, 3_600_000) ?? SEARCH_MS_DEFAULT;
  const budget = readBudget(object['budget'], 'payload.budget');
  return {
    request: {
      problem: readProblem(object['problem'], 'payload.problem'),
      timeMs,
      seed: integer('seed', 0, SEED_MAX) ?? drawSeed(),
      method:
        readOptional(object['method'], 'payload.method', (value, path) =>
          readChoice(value, path, METHOD_NAMES),
        ) ?? 'auto',
    },
    budget: { ...budget, timeMs: Math.max(budget.timeMs, timeMs + READ_MS) },
  };
}

function readProblem(value: unknown, path: string): IsingSource {
  const kind = readChoice(isPlainObject(value) ? value['kind'] : value, `${path}.kind`, KINDS);
  if (kind === 'file') {
    const object = readObject(value, path, ['kind', 'format', 'text']);
    return {
      kind,
      format: readChoice(object['format'], `${path}.format`, FORMAT_NAMES),
      text: readText(object['text'], `${path}.text`, TEXT_MAX),
    };
  }
  if (kind === 'max-cut') {
    const object = readObject(value, path, ['kind', 'vertices', 'edges']);
    const vertices = readInteger(object['vertices'], `${path}.vertices`, {
      min: 1,
      max: VARIABLES_MAX,
    });
    return { kind, vertices, pairs: readPairs(object['edges'], `${path}.edges`, vertices) };
  }
  const [linearName, pairsName] =
    kind === 'ising' ? (['fields', 'couplings'] as const) : (['linear', 'quadratic'] as const);
  const object = readObject(value, path, ['kind', linearName, pairsName, 'offset']);
  const linear = readNumbers(object[linearName], `${path}.${linearName}`, VARIABLES_MAX);
  const pairs = readPairs(object[pairsName] ?? [], `${path}.${pairsName}`, linear.length);
  const offset = readOptional(object['offset'], `${path}.offset`, (given, at) =>
    readNumber(given, at),
  );
  return { kind, linear, pairs, offset: offset ?? 0 };
}

/** `[i, j, value]` each, indices from 0; a missing value is 1. */
function readPairs(value: unknown, path: string, size: number): Pairs {
  if (!Array.isArray(value) || value.length > PAIRS_MAX) {
    const must = `must be an array of at most ${PAIRS_MAX} pairs`;
    throw new InvalidPayloadError(path, must, describeValue(value));
  }
  const first = new Int32Array(value.length);
  const second = new Int32Array(value.length);
  const weight = new Float64Array(value.length);
  const index = { min: 0, max: size - 1 };
  for (const [k, pair] of (value as readonly unknown[]).entries()) {
    const at = `${path}[${k}]`;
    if (!Array.isArray(pair) || pair.length < 2 || pair.length > 3) {
      throw new InvalidPayloadError(at, 'must be two indices and a number', describeValue(pair));
    }
    first[k] = readInteger(pair[0], `${at}[0]`, index);
    second[k] = readInteger(pair[1], `${at}[1]`, index);
    weight[k] = pair.length === 3 ? readNumber(pair[2], `${at}[2]`) : 1;
  }
  return { first, second, value: weight };
}
