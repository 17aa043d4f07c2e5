import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  readAssignments,
  readBqp,
  readGset,
  solveAssignment,
  solveMaxCut,
  solveQubo,
} from '../../src/quantum/ising/index.ts';
import { UNWATCHED } from '../../src/quantum/watch.ts';
import { dataFolder } from './data-folder.ts';

const gset = dataFolder('gset');
const bqp = dataFolder('bqp');
const gap = dataFolder('gap');

// Limits are steps, so that a busy machine takes longer but finds the same.
describe.skipIf(!gset.isThere)(`best cuts known of Gset (${gset.path})`, () => {
  test.each([
    { name: 'G1', best: 11_624, gapMax: 0 },
    { name: 'G43', best: 6660, gapMax: 0.001 },
    { name: 'G32', best: 1410, gapMax: 0.002 },
    { name: 'G55', best: 10_299, gapMax: 0.005 },
  ])('$name is cut within $gapMax of $best', ({ name, best, gapMax }) => {
    const graph = readGset(readFileSync(join(gset.path, `${name}.txt`), 'utf8'));
    const solution = solveMaxCut(graph, { stepsMax: 2e8, target: best }, UNWATCHED);
    expect(solution.value).toBeGreaterThanOrEqual(best * (1 - gapMax));
    expect(solution.bound).toBeGreaterThanOrEqual(best);
  });
});

describe.skipIf(!bqp.isThere)(`optimal values of bqp (${bqp.path})`, () => {
  const sets = bqp.isThere ? ['beasley', 'gka'] : [];
  const instances = sets.flatMap((set) =>
    readFileSync(join(bqp.path, set, 'optimal_energy.txt'), 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .map(([name = '', value]) => ({ set, name, optimum: Number(value) })),
  );
  const present = instances.filter(({ set, name }) =>
    readdirSync(join(bqp.path, set)).includes(`${name}.sparse`),
  );

  test.each(present)('$name comes to $optimum', ({ set, name, optimum }) => {
    const problem = readBqp(readFileSync(join(bqp.path, set, `${name}.sparse`), 'utf8'));
    const solution = solveQubo(problem, { stepsMax: 2e9, target: optimum }, UNWATCHED);
    // The list is a best known for 500 variables, and for bqp500-2 not the best there is.
    if (problem.size <= 250) expect(solution.value).toBe(optimum);
    expect(solution.value).toBeLessThanOrEqual(optimum);
    expect(solution.bound).toBeLessThanOrEqual(solution.value);
  });
});

describe.skipIf(!gap.isThere)(`best costs known of assignment problems (${gap.path})`, () => {
  test.each([
    { file: 'cattrysse1994/gap12-0' },
    { file: 'chu1997/a20200' },
    { file: 'chu1997/d10200' },
    { file: 'yagiura2004/e20400' },
  ])('$file costs within a percent of the best', ({ file }) => {
    const row = readFileSync(join(gap.path, 'data.fontanf.csv'), 'utf8')
      .split('\n')
      .find((line) => line.startsWith(`${file},`));
    const best = Number(row?.trim().split(',').at(-1));
    const [problem] = readAssignments(readFileSync(join(gap.path, file), 'utf8'));
    const solution = solveAssignment(problem!, { stepsMax: 2e8, target: best }, UNWATCHED);
    expect(solution.feasible).toBe(true);
    expect(solution.cost).toBeLessThanOrEqual(1.01 * best);
    expect(solution.cost).toBeGreaterThanOrEqual(best);
    expect(solution.bound).toBeLessThanOrEqual(best);
  });
});
