/**
 * How near the Ising and assignment solvers come to the best values known, and how fast.
 *
 *   node bench/quantum-ising.ts [--quick] [--only gset|bqp|gap] [--seed 1]
 *
 * Reads `gset`, `bqp` and `gap` of the folder in `UQO_DATA` (default ../shared/data). One thread; each solve ends at
 * its limit, or once it has the best value known: 5 s for graphs of up to 2,000 vertices and 10 s for larger ones, 1 s
 * for bqp of up to 250 variables and 5 s for larger ones, 10 s for GAP. `--quick` takes every fourth instance and a
 * fifth of the time. `cpu` is what this process got of the time to the end: below 1, others had the rest.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  readAssignments,
  readBqp,
  readGset,
  solveAssignment,
  solveMaxCut,
  solveQubo,
  type Improvement,
} from '../src/quantum/ising/index.ts';
import type { Watch } from '../src/quantum/watch.ts';

const WATCH: Watch = {
  nowMs: () => performance.now(),
  isCanceled: () => false,
  progress: () => undefined,
};

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    seed: { type: 'string', default: '1' },
  },
});

const DATA = resolve(import.meta.dirname, '..', process.env['UQO_DATA'] ?? '../shared/data');

interface Instance {
  readonly name: string;
  /** Best value known; undefined where no list has it. */
  readonly best: number | undefined;
  /** 1 where values are to be small, −1 where they are to be great. */
  readonly sense: 1 | -1;
  /** Greatest gap in percent that is a pass. */
  readonly gapMax: number;
  readonly timeMs: number;
  readonly solve: (limits: Limits) => Solved;
}

interface Limits {
  readonly timeMs: number;
  readonly seed: number;
  readonly target?: number;
}

interface Solved {
  readonly value: number;
  readonly feasible: boolean;
  readonly history: readonly Improvement[];
}

function gsetInstances(): Instance[] {
  const folder = join(DATA, 'gset');
  const best = new Map<string, number>();
  for (const line of linesOf(join(folder, 'best_known_reconciled.csv')).slice(1)) {
    const columns = line.split(',');
    best.set(columns[0] ?? '', Number(columns.at(-1)));
  }
  const files = readdirSync(folder).filter((file) => /^G\d+\.txt$/.test(file));
  return files.map((file): Instance => {
    const graph = readGset(readFileSync(join(folder, file), 'utf8'));
    const name = file.slice(0, -4);
    const isSmall = graph.size <= 2000;
    return {
      name,
      best: best.get(name),
      sense: -1,
      gapMax: isSmall ? 0.1 : 0.5,
      timeMs: isSmall ? 5000 : 10_000,
      solve: (limits) => ({ ...solveMaxCut(graph, limits, WATCH), feasible: true }),
    };
  });
}

function bqpInstances(): Instance[] {
  return ['beasley', 'gka'].flatMap((set) => {
    const folder = join(DATA, 'bqp', set);
    const best = new Map<string, number>();
    for (const line of linesOf(join(folder, 'optimal_energy.txt'))) {
      const [name, value] = line.split(/\s+/);
      best.set(name ?? '', Number(value));
    }
    const files = readdirSync(folder).filter((file) => file.endsWith('.sparse'));
    return files.map((file): Instance => {
      const qubo = readBqp(readFileSync(join(folder, file), 'utf8'));
      const name = file.slice(0, -'.sparse'.length);
      return {
        name,
        best: best.get(name),
        sense: 1,
        gapMax: 0,
        timeMs: qubo.size <= 250 ? 1000 : 5000,
        solve: (limits) => ({ ...solveQubo(qubo, limits, WATCH), feasible: true }),
      };
    });
  });
}

function gapInstances(): Instance[] {
  const folder = join(DATA, 'gap');
  const best = new Map<string, number>();
  for (const line of linesOf(join(folder, 'data.fontanf.csv')).slice(1)) {
    const columns = line.split(',');
    best.set(columns[0] ?? '', Number(columns.at(-1)));
  }
  return ['cattrysse1994', 'chu1997', 'yagiura2004'].flatMap((set) =>
    readdirSync(join(folder, set)).map((file): Instance => {
      const [problem] = readAssignments(readFileSync(join(folder, set, file), 'utf8'));
      if (problem === undefined) throw new Error(`${file} must hold a problem`);
      return {
        name: file,
        best: best.get(`${set}/${file}`),
        sense: 1,
        gapMax: 1,
        timeMs: 10_000,
        solve: (limits) => {
          const solution = solveAssignment(problem, limits, WATCH);
          return { ...solution, value: solution.cost };
        },
      };
    }),
  );
}

function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
}

interface Row {
  readonly name: string;
  readonly gap: number | undefined;
  readonly passed: boolean;
  readonly bestMs: number;
}

function measure(instance: Instance): Row {
  const { best } = instance;
  const timeMs = flags.quick ? instance.timeMs / 5 : instance.timeMs;
  const target = best === undefined ? {} : { target: best };
  const startedMs = performance.now();
  const before = process.cpuUsage();
  const solved = instance.solve({ timeMs, seed: Number(flags.seed), ...target });
  const used = process.cpuUsage(before);
  const cpuShare = (used.user + used.system) / 1000 / (performance.now() - startedMs);
  const last = solved.history.at(-1);
  const bestMs = last?.timeMs ?? 0;
  // Below zero: better than the list.
  const gap =
    best === undefined
      ? undefined
      : (100 * instance.sense * (solved.value - best)) / Math.abs(best);
  const passed = solved.feasible && (gap === undefined || gap <= instance.gapMax);
  console.log(
    [
      instance.name.padEnd(12),
      String(solved.value).padStart(9),
      String(best ?? '-').padStart(9),
      `${gap?.toFixed(3) ?? '-'} %`.padStart(9),
      `${bestMs.toFixed(0)} ms`.padStart(9),
      `cpu ${Math.min(1, cpuShare).toFixed(2)}`.padStart(9),
      passed ? '' : solved.feasible ? '  beyond its limit' : '  infeasible',
    ].join(' '),
  );
  return { name: instance.name, gap, passed, bestMs };
}

const SETS = { gset: gsetInstances, bqp: bqpInstances, gap: gapInstances };

function runSet(set: keyof typeof SETS): void {
  if (!existsSync(join(DATA, set))) {
    console.log(`${set}: skipped, ${join(DATA, set)} is not there`);
    return;
  }
  console.log(
    `\n${set}: value, best known, gap, time to the value, share of a processor (load ${loadavg()[0]?.toFixed(1)})`,
  );
  const chosen = SETS[set]().filter((_, k) => !flags.quick || k % 4 === 0);
  const rows = chosen.map(measure);
  const known = rows.filter((row) => row.gap !== undefined);
  const worst = known.reduce((most, row) => ((row.gap ?? 0) > (most.gap ?? 0) ? row : most));
  const mean = known.reduce((sum, row) => sum + (row.gap ?? 0), 0) / known.length;
  const passed = rows.filter((row) => row.passed).length;
  console.log(
    `${set}: ${passed} of ${rows.length} within their limit; mean gap ${mean.toFixed(4)} %, worst ${worst.gap?.toFixed(3)} % (${worst.name})`,
  );
}

for (const set of ['gset', 'bqp', 'gap'] as const) {
  if (flags.only === undefined || flags.only === set) runSet(set);
}
