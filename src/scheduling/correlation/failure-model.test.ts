import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { correlated, failureModes, type FailureModes } from './failure-modes.ts';
import { FailureModel, mutualInformationBits, type DomainLabel } from './failure-model.ts';
import { FailureWindows, WINDOW_MS } from './failure-windows.ts';
import { leftOver } from './repulsion.ts';
import { symmetricEigen } from './symmetric-eigen.ts';

/** Windows in each of which each group fails as one with the chance given. */
function groupsFailing(groups: readonly (readonly number[])[], count: number, chance: number) {
  const windows = new FailureWindows();
  const rng = Rng.fromSeed(1);
  for (let window = 0; window < count; window++) {
    windows.ended(window * WINDOW_MS);
    for (const group of groups) {
      if (rng.unit() >= chance) continue;
      for (const agent of group) windows.failed(agent, window * WINDOW_MS);
    }
  }
  return windows;
}

/** Takes all steps at once. */
function result<Value>(steps: Generator<void, Value>): Value {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

function modesOf(windows: FailureWindows): FailureModes | null {
  const known = correlated(windows);
  return known === null ? null : result(failureModes(known));
}

const nowhere = (): undefined => undefined;
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, at) => from + at);

describe('failure model', () => {
  test('agents that fail as one are expected to, those that fail apart are not', () => {
    const windows = groupsFailing([[0, 1], [2]], 200, 0.2);
    const model = new FailureModel(windows, nowhere);
    expect(model.failsWith(1, 0)).toBeGreaterThan(0.9);
    expect(model.failsWith(2, 0)).toBeLessThan(0.35);
    expect(model.correlation(0, 1)).toBeGreaterThan(0.85);
    expect(model.correlation(0, 2)).toBeLessThan(0.3);
    expect(model.correlation(0, 1)).toBe(model.correlation(1, 0));
  });

  test('of a pair hardly seen, its domain says what to expect', () => {
    const windows = groupsFailing([range(0, 10)], 100, 0.2);
    // Two agents with one failure each, apart: one in the domain of the ten, one in another.
    windows.failed(10, 200 * WINDOW_MS);
    windows.failed(11, 201 * WINDOW_MS);
    const zoneOf = (agent: number, label: DomainLabel): string | undefined =>
      label === 'zone' ? (agent === 11 ? 'b' : 'a') : undefined;
    const model = new FailureModel(windows, zoneOf);
    expect(model.failsWith(0, 10)).toBeGreaterThan(2 * model.failsWith(0, 11));
    expect(model.rateOf('zone', 'a')).toBeGreaterThan(0.8);
    expect(model.rateOf('zone', 'b')).toBe(0);
  });

  test('nothing seen is nothing learned: two agents without failures are not correlated', () => {
    const model = new FailureModel(groupsFailing([[0]], 50, 0.5), nowhere);
    expect(model.correlation(5, 6)).toBeLessThan(0.01);
  });

  test('information of equal series is their entropy, of independent ones about nothing', () => {
    const windows = groupsFailing([[0, 1], [2]], 256, 0.5);
    const bits = (agent: number): Uint32Array => windows.bitsOf(agent) as Uint32Array;
    const p = windows.failures(0) / 256;
    const entropyBits = -p * Math.log2(p) - (1 - p) * Math.log2(1 - p);
    const correction = 1 / (512 * Math.LN2);
    expect(mutualInformationBits(bits(0), bits(1), 256)).toBeCloseTo(entropyBits - correction, 10);
    expect(mutualInformationBits(bits(0), bits(2), 256)).toBeLessThan(0.02);
  });
});

describe('failure modes', () => {
  test('groups that fail as one count as one each', () => {
    const groups = [range(0, 10), range(10, 20), range(20, 30)];
    const modes = modesOf(groupsFailing(groups, 256, 0.2));
    expect(modes?.agents).toBe(30);
    expect(modes?.effective).toBeGreaterThan(2.8);
    expect(modes?.effective).toBeLessThan(3.2);
    expect(modes?.spectral).toBeGreaterThan(2.7);
    expect(modes?.spectral).toBeLessThan(3.01);
    for (const { agents } of modes?.strongest ?? []) expect(agents.length).toBeGreaterThan(9);
  });

  test('agents that fail by themselves count each, and what chance adds is taken off', () => {
    const modes = modesOf(
      groupsFailing(
        range(0, 40).map((agent) => [agent]),
        256,
        0.3,
      ),
    );
    expect(modes?.effective).toBeGreaterThan(36);
    expect(modes?.effective).toBeLessThanOrEqual(40);
    expect(modes?.spectral).toBeLessThan(modes?.effective ?? 0);
  });

  test('too little is no measure', () => {
    expect(modesOf(groupsFailing([[0], [1]], 5, 0.5))).toBeNull();
    expect(modesOf(groupsFailing([[0]], 100, 0.5))).toBeNull();
  });

  test('eigenvectors of a symmetric matrix give it back', () => {
    const rng = Rng.fromSeed(3);
    const matrix = range(0, 12).map(() => new Float64Array(12));
    for (let row = 0; row < 12; row++) {
      for (let column = 0; column <= row; column++) {
        const value = rng.unit() - 0.5;
        (matrix[row] as Float64Array)[column] = value;
        (matrix[column] as Float64Array)[row] = value;
      }
    }
    const { values, vectors } = result(symmetricEigen(matrix));
    for (let row = 0; row < 12; row++) {
      for (let column = 0; column < 12; column++) {
        let sum = 0;
        for (let k = 0; k < 12; k++) {
          const vector = vectors[k] as Float64Array;
          sum += (values[k] as number) * (vector[row] as number) * (vector[column] as number);
        }
        expect(sum).toBeCloseTo(matrix[row]?.[column] as number, 10);
      }
    }
  });
});

describe('repulsion', () => {
  const matrix = [
    [1, 0.8, 0.1, 0.4],
    [0.8, 1, 0.2, 0.3],
    [0.1, 0.2, 1, 0.5],
    [0.4, 0.3, 0.5, 1],
  ];
  const correlation = (i: number, j: number): number => matrix[i]?.[j] as number;

  test('what is left of an agent is the quotient of two determinants', () => {
    for (const chosen of [[0], [0, 1], [0, 1, 2], [2, 0]]) {
      const left = leftOver(3, chosen, correlation);
      const quotient = determinant([...chosen, 3]) / determinant(chosen);
      expect(left).toBeCloseTo(quotient, 12);
    }
  });

  test('of an agent like one that was chosen nothing is left, of one unlike all everything', () => {
    const same = (i: number, j: number): number => (i === j ? 1 : 0.9999999);
    expect(leftOver(1, [0], same)).toBeLessThan(1e-6);
    expect(leftOver(1, [0, 2], (i, j) => (i === j ? 1 : 0))).toBe(1);
  });

  /** By Laplace's expansion along the first row. */
  function determinant(agents: readonly number[]): number {
    const minor = (rows: readonly number[], columns: readonly number[]): number => {
      const [row, ...rest] = rows;
      if (row === undefined) return 1;
      return columns.reduce((sum, column, at) => {
        const others = columns.filter((one) => one !== column);
        return sum + (at % 2 === 0 ? 1 : -1) * correlation(row, column) * minor(rest, others);
      }, 0);
    };
    return minor(agents, agents);
  }
});
