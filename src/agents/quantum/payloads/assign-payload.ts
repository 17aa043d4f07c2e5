import {
  describeValue,
  InvalidPayloadError,
  isPlainObject,
  readInteger,
  readObject,
  readOptional,
} from '../../payload.ts';
import type { AssignmentSource, SolveAssignmentRequest } from '../jobs/solve-assignment-job.ts';
import { readBudget, type Budget } from './budget.ts';
import { readList, readNumbers, readText } from './readers.ts';
import { SEED_MAX } from './run-payload.ts';

const AGENTS_MAX = 10_000;
const TASKS_MAX = 1_000_000;
const TEXT_MAX = 64 * 1024 * 1024;
const SEARCH_MS_DEFAULT = 10_000;
/** What reading the problem may take beside the search. */
const READ_MS = 60_000;

/** What a `quantum.assign.solve` task asks for. */
export interface AssignPayload {
  readonly request: SolveAssignmentRequest;
  readonly budget: Budget;
}

/**
 * Reads a `quantum.assign.solve` task.
 *
 * @throws InvalidPayloadError with the path of the fault
 */
export function readAssignPayload(payload: unknown, drawSeed: () => number): AssignPayload {
  const object = readObject(payload, 'payload', ['problem', 'timeMs', 'seed', 'budget']);
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
    },
    budget: { ...budget, timeMs: Math.max(budget.timeMs, timeMs + READ_MS) },
  };
}

/** A file's text and the number of one of its problems, or costs, weights and capacities. */
function readProblem(value: unknown, path: string): AssignmentSource {
  if (isPlainObject(value) && value['text'] !== undefined) {
    const object = readObject(value, path, ['text', 'number']);
    const number = readOptional(object['number'], `${path}.number`, (given, at) =>
      readInteger(given, at, { min: 1, max: 1_000_000 }),
    );
    const text = readText(object['text'], `${path}.text`, TEXT_MAX);
    return { kind: 'file', text, number: number ?? 1 };
  }
  const object = readObject(value, path, ['costs', 'weights', 'capacities']);
  const costs = readTable(object['costs'], `${path}.costs`);
  const weights = readTable(object['weights'], `${path}.weights`);
  const capacities = readNumbers(object['capacities'], `${path}.capacities`, AGENTS_MAX);
  return {
    kind: 'tables',
    agents: capacities.length,
    tasks: costs.columns,
    costs: costs.entries,
    weights: weights.entries,
    capacities,
  };
}

/** Rows of numbers, one row for each agent. */
function readTable(
  value: unknown,
  path: string,
): { readonly columns: number; readonly entries: Float64Array } {
  const rows = readList(value, path, AGENTS_MAX, (row, at) => readNumbers(row, at, TASKS_MAX));
  const columns = rows[0]?.length ?? 0;
  const ragged = rows.findIndex((row) => row.length !== columns);
  if (ragged >= 0 || columns === 0) {
    const must = 'must be rows of one length, a row for each agent';
    throw new InvalidPayloadError(path, must, describeValue(value));
  }
  const entries = new Float64Array(rows.length * columns);
  for (const [k, row] of rows.entries()) entries.set(row, k * columns);
  return { columns, entries };
}
