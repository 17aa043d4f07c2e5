import {
  describeValue,
  InvalidPayloadError,
  isPlainObject,
  readInteger,
  readObject,
  readOptional,
} from '../../payload.ts';
import type { CouplingMap } from '../../../quantum/optimize/coupling.ts';
import type { OptimizeCircuitRequest } from '../jobs/optimize-circuit-job.ts';
import { readBudget, type Budget } from './budget.ts';
import { CIRCUIT_FIELDS, readCircuitSource } from './circuit-source.ts';
import { readChoice, readList, readText } from './readers.ts';
import { SEED_MAX } from './run-payload.ts';

const FIELDS = [
  ...CIRCUIT_FIELDS,
  'level',
  'metric',
  'objective',
  'basis',
  'coupling',
  'timeMs',
  'seed',
  'qasmVersion',
  'budget',
];

export const METRIC_CHOICES: readonly OptimizeCircuitRequest['metric'][] = [
  'twoQubit',
  'gates',
  'depth',
  'twoQubitDepth',
  'tCount',
];

const LEVELS = [0, 1, 2, 3] as const;
const BASIS_MAX = 100;
const EDGES_MAX = 1_000_000;
const QUBITS_MAX = 10_000;
const SEARCH_MS_DEFAULT = 10_000;
/** What reading, checking and writing may take beside the search. */
const CHECK_MS = 60_000;

/** What a `quantum.circuit.optimize` task asks for. */
export interface OptimizePayload {
  readonly request: OptimizeCircuitRequest;
  readonly budget: Budget;
}

/**
 * Reads a `quantum.circuit.optimize` task.
 *
 * @throws InvalidPayloadError with the path of the fault
 */
export function readOptimizePayload(payload: unknown, drawSeed: () => number): OptimizePayload {
  const object = readObject(payload, 'payload', FIELDS);
  const integer = (name: string, min: number, max: number): number | undefined =>
    readOptional(object[name], `payload.${name}`, (value, path) =>
      readInteger(value, path, { min, max }),
    );
  const choice = <Choice extends string>(name: string, choices: readonly Choice[]): Choice =>
    readOptional(object[name], `payload.${name}`, (value, path) =>
      readChoice(value, path, choices),
    ) ?? (choices[0] as Choice);
  const timeMs = integer('timeMs', 1, 3_600_000) ?? SEARCH_MS_DEFAULT;
  const budget = readBudget(object['budget'], 'payload.budget');
  return {
    request: {
      ...readCircuitSource(object, 'payload'),
      level: LEVELS[integer('level', 0, 3) ?? 2] ?? 2,
      metric: choice('metric', METRIC_CHOICES),
      objective: choice('objective', ['unitary', 'measurement']),
      basis: readOptional(object['basis'], 'payload.basis', readBasis) ?? null,
      coupling: readOptional(object['coupling'], 'payload.coupling', readCoupling) ?? null,
      timeMs,
      seed: integer('seed', 0, SEED_MAX) ?? drawSeed(),
      version: (integer('qasmVersion', 2, 3) ?? 2) === 3 ? 3 : 2,
    },
    budget: { ...budget, timeMs: Math.max(budget.timeMs, timeMs + CHECK_MS) },
  };
}

function readBasis(value: unknown, path: string): readonly string[] {
  return readList(value, path, BASIS_MAX, (name, at) => readText(name, at, 100));
}

/**
 * A coupling map: a list of pairs, or `{ qubits, edges }` where there are qubits beyond the pairs' highest.
 *
 * @throws InvalidPayloadError with the path of the fault
 */
export function readCoupling(value: unknown, path: string): CouplingMap {
  if (!isPlainObject(value)) return withEdges(value, path, 0);
  const object = readObject(value, path, ['qubits', 'edges']);
  const qubits = readOptional(object['qubits'], `${path}.qubits`, (count, at) =>
    readInteger(count, at, { min: 1, max: QUBITS_MAX }),
  );
  return withEdges(object['edges'], `${path}.edges`, qubits ?? 0);
}

function withEdges(value: unknown, path: string, qubitsMin: number): CouplingMap {
  const edges = readList(value, path, EDGES_MAX, readEdge);
  const qubits = edges.reduce((most, [a, b]) => Math.max(most, a + 1, b + 1), qubitsMin);
  return { qubits, edges };
}

function readEdge(value: unknown, path: string): readonly [number, number] {
  if (!Array.isArray(value) || value.length !== 2) {
    throw new InvalidPayloadError(path, 'must be a pair of qubits', describeValue(value));
  }
  const qubit = (k: 0 | 1): number =>
    readInteger(value[k], `${path}[${k}]`, { min: 0, max: QUBITS_MAX - 1 });
  return [qubit(0), qubit(1)];
}
