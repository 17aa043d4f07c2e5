/**
 * Runs simulations: `npm run simulate -- --suite raft --seeds 2000 --from 1`, or one of them in words: `--replay SEED`.
 *
 * Prints `N seeds, M failed` last and exits with 1 if a seed failed; with 2 where the command line makes no sense.
 */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { messageOf } from '../../src/base/errors.ts';
import { runSeeds, type RunSeed, type SeedOptions, type SeedOutcome } from './run-seeds.ts';
import { replayCommand, shrink } from './shrink.ts';
import { suites } from './suites.ts';

const USAGE = `npm run simulate -- [--suite ${Object.keys(suites).join('|')}] [--seeds N] [--from S] [--seconds S]
npm run simulate -- --suite S --replay SEED [--without FAULT,FAULT] [--nodes N] [--for-ms MS] [--lines N]`;

const values = valuesOf();
if (values.help === true) {
  console.log(USAGE);
  process.exit(0);
}

const run = Object.hasOwn(suites, values.suite) ? suites[values.suite] : undefined;
if (run === undefined) {
  console.error(`--suite must be one of ${Object.keys(suites).join(', ')}, got ${values.suite}`);
  process.exit(2);
}
const isFine = values.replay === undefined ? await search(run) : await replay(run);
process.exit(isFine ? 0 : 1);

function valuesOf(): ReturnType<typeof parsed> {
  try {
    return parsed();
  } catch (error) {
    console.error(`${messageOf(error)}\n${USAGE}`);
    return process.exit(2);
  }
}

function parsed() {
  return parseArgs({
    options: {
      help: { type: 'boolean', short: 'h' },
      suite: { type: 'string', default: 'raft' },
      seeds: { type: 'string', default: '100' },
      from: { type: 'string', default: '1' },
      seconds: { type: 'string' },
      replay: { type: 'string' },
      without: { type: 'string' },
      nodes: { type: 'string' },
      'for-ms': { type: 'string' },
      lines: { type: 'string' },
    },
  }).values;
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (text !== '' && Number.isSafeInteger(number) && number >= 0) return number;
  console.error(`--${name} must be a whole number from 0, got ${text}`);
  return process.exit(2);
}

async function search(runOne: RunSeed): Promise<boolean> {
  const count = wholeNumber('seeds', values.seeds);
  const from = wholeNumber('from', values.from);
  const endMs =
    values.seconds === undefined
      ? Infinity
      : performance.now() + 1000 * wholeNumber('seconds', values.seconds);
  const startedMs = performance.now();
  const before = process.cpuUsage();
  const result = await runSeeds(
    runOne,
    Array.from({ length: count }, (_, place) => from + place),
    {
      isOver: () => performance.now() > endMs,
      onOutcome: async (outcome) => {
        if (outcome.failure !== undefined) await report(runOne, outcome);
      },
    },
  );
  const seconds = (performance.now() - startedMs) / 1000;
  const { system, user } = process.cpuUsage(before);
  const processorSeconds = (system + user) / 1_000_000;
  const perSecond = Math.round(result.events / processorSeconds);
  console.log(
    `${result.events} events in ${seconds.toFixed(1)} s, ${processorSeconds.toFixed(1)} s of processor ` +
      `time (${perSecond}/s), ${Math.round(result.virtualMs / 1000)} s of virtual time`,
  );
  console.log(`${result.seeds} seeds, ${result.failures.length} failed`);
  return result.failures.length === 0;
}

async function report(runOne: RunSeed, failed: SeedOutcome): Promise<void> {
  console.log(`seed ${failed.seed} failed: ${failed.failure?.message}`);
  console.log(`  commit ${commit()}, node ${process.version}, faults ${failed.faults.join(', ')}`);
  console.log(`  ${replayCommand(values.suite, failed.seed, {})}`);
  const { options, outcome } = await shrink(runOne, failed);
  console.log(
    `  smaller: ${outcome.nodes} nodes, ${outcome.events} events, ${outcome.faultyMs} ms`,
  );
  console.log(`  ${replayCommand(values.suite, failed.seed, options)}`);
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

async function replay(runOne: RunSeed): Promise<boolean> {
  const options: SeedOptions = {
    traceLines: wholeNumber('lines', values.lines ?? '1000000'),
    ...(values.without === undefined ? {} : { without: new Set(values.without.split(',')) }),
    ...(values.nodes === undefined ? {} : { nodes: wholeNumber('nodes', values.nodes) }),
    ...(values['for-ms'] === undefined
      ? {}
      : { faultyMs: wholeNumber('for-ms', values['for-ms']) }),
  };
  const outcome = await runOne(wholeNumber('replay', values.replay ?? ''), options);
  for (const line of outcome.lines) console.log(line);
  console.log(
    `seed ${outcome.seed}: ${outcome.nodes} nodes, faults ${outcome.faults.join(', ') || 'none'}, ` +
      `${outcome.events} events, trace ${outcome.hash}`,
  );
  if (outcome.failure !== undefined) console.log(outcome.failure.stack);
  return outcome.failure === undefined;
}
