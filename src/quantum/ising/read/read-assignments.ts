import {
  COSTS_MAX,
  checkAssignmentProblem,
  type AssignmentProblem,
} from '../assignment/assignment-problem.ts';
import { integerAt, lines, malformed, numberAt, type IntegerRange } from './line-reader.ts';

/**
 * Reads generalised assignment problems as the OR-Library writes them; the cost is to be minimised.
 *
 * "agents tasks", the costs agent by agent, what the tasks take of each agent in the same order, and
 * the capacities; line breaks mean nothing. A file may hold several, after their number.
 *
 * @throws OrchestratorError QUANTUM_PROBLEM_SYNTAX with the line
 */
export function readAssignments(text: string): readonly AssignmentProblem[] {
  const numbers = numbersOf(text);
  const single = numbers.values.length === lengthOf(numbers.values[0], numbers.values[1]);
  const reader = new NumberReader(numbers);
  const count = single ? 1 : manyOrOne(reader, numbers.values);
  const problems = Array.from({ length: count }, () => readOne(reader));
  reader.expectEnd();
  return problems;
}

interface Numbers {
  readonly values: readonly number[];
  readonly lineOf: readonly number[];
}

function numbersOf(text: string): Numbers {
  const values: number[] = [];
  const lineOf: number[] = [];
  for (const line of lines(text)) {
    for (let k = 0; k < line.words.length; k++) {
      values.push(numberAt(line, k, 'an entry'));
      lineOf.push(line.number);
    }
  }
  if (values.length < 2) {
    throw malformed(
      1,
      `the numbers of agents and tasks must come first, got ${values.length} numbers`,
    );
  }
  return { values, lineOf };
}

function lengthOf(agents: number, tasks: number): number {
  return 2 + 2 * agents * tasks + agents;
}

/** A first number that is followed by whole problems to the end counts them. */
function manyOrOne(reader: NumberReader, values: readonly number[]): number {
  let at = 1;
  for (let k = 0; k < values[0] && at + 1 < values.length; k++) {
    at += lengthOf(values[at], values[at + 1]);
  }
  if (at !== values.length) return 1;
  return reader.integer({ what: 'the number of problems', min: 1, max: values.length });
}

class NumberReader {
  readonly #numbers: Numbers;
  #at = 0;

  constructor(numbers: Numbers) {
    this.#numbers = numbers;
  }

  number(what: string, min: number): number {
    const { values, lineOf } = this.#numbers;
    if (this.#at === values.length) {
      throw malformed(lineOf[values.length - 1], `${what} must follow, got the end of the file`);
    }
    const value = values[this.#at];
    if (value < min) {
      throw malformed(lineOf[this.#at], `${what} must be at least ${min}, got ${value}`);
    }
    this.#at += 1;
    return value;
  }

  integer(range: IntegerRange): number {
    const value = this.number(range.what, range.min);
    const line = { number: this.#numbers.lineOf[this.#at - 1], words: [String(value)] };
    return integerAt(line, 0, range);
  }

  expectSize(size: number): void {
    const { values, lineOf } = this.#numbers;
    if (size <= Math.min(values.length - this.#at, 3 * COSTS_MAX)) return;
    throw malformed(
      lineOf[values.length - 1],
      `${size} numbers must follow the counts, got ${values.length - this.#at}`,
    );
  }

  expectEnd(): void {
    const { values, lineOf } = this.#numbers;
    if (this.#at === values.length) return;
    throw malformed(
      lineOf[this.#at],
      `the file must end after the capacities, got ${values.length - this.#at} more numbers`,
    );
  }
}

function readOne(reader: NumberReader): AssignmentProblem {
  const agents = reader.integer({ what: 'the number of agents', min: 1, max: COSTS_MAX });
  const tasks = reader.integer({ what: 'the number of tasks', min: 1, max: COSTS_MAX });
  reader.expectSize(lengthOf(agents, tasks) - 2);
  const many = (length: number, what: string, min: number): Float64Array =>
    Float64Array.from({ length }, () => reader.number(what, min));
  const problem = {
    agents,
    tasks,
    costs: many(agents * tasks, 'a cost', -Infinity),
    weights: many(agents * tasks, 'a weight', 0),
    capacities: many(agents, 'a capacity', 0),
  };
  checkAssignmentProblem(problem);
  return problem;
}
