import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spread } from './statistics.ts';

export const ROOT: string = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** One figure over several runs. */
export interface Measure {
  readonly name: string;
  readonly unit: string;
  readonly values: readonly number[];
}

/** Collects the figures of several runs under their names. */
export class Measures {
  readonly #measures = new Map<string, { unit: string; values: number[] }>();

  add(name: string, unit: string, value: number): void {
    const measure = this.#measures.get(name) ?? { unit, values: [] };
    measure.values.push(value);
    this.#measures.set(name, measure);
  }

  get all(): Measure[] {
    return [...this.#measures].map(([name, { unit, values }]) => ({ name, unit, values }));
  }
}

/** Prints the figures as a table and keeps them, with where they come from, in `bench/results/`. */
export function report(
  bench: string,
  measures: readonly Measure[],
  setting: Readonly<Record<string, unknown>>,
): void {
  const origin = {
    machine: machine(),
    node: process.version,
    commit: commit(),
    at: new Date().toISOString(),
  };
  console.log(`\n${bench}: ${origin.machine}, Node ${origin.node}, commit ${origin.commit}`);
  console.log(JSON.stringify(setting));
  console.log(`| measure | median | range | runs |\n|---|---:|---:|---:|`);
  for (const { name, unit, values } of measures) {
    const { max, median, min } = spread(values);
    console.log(
      `| ${name} (${unit}) | ${figure(median)} | ${figure(min)} – ${figure(max)} | ${values.length} |`,
    );
  }
  const folder = join(ROOT, 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, `${bench}.json`),
    `${JSON.stringify({ bench, ...origin, setting, measures }, null, 2)}\n`,
  );
}

/** Whether the short form was asked for. */
export function isQuick(): boolean {
  return process.argv.includes('--quick');
}

/** Where figures come from, in words. */
export function originText(): string {
  return `${machine()}, Node ${process.version}, commit ${commit()}`;
}

function machine(): string {
  const processors = cpus();
  return `${processors.length} × ${processors[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
}

function commit(): string {
  try {
    const text = (args: string[]): string =>
      execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();
    return (
      text(['rev-parse', '--short', 'HEAD']) + (text(['status', '--porcelain']) === '' ? '' : '+')
    );
  } catch {
    // A copy without its history is no reason not to measure.
    return 'unknown';
  }
}

function figure(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US');
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
