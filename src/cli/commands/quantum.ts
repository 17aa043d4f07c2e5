import { Option, type Command } from 'commander';
import type { CliContext } from '../cli-context.ts';
import { durationValue, integerValue } from '../option-values.ts';
import type { OptimizeFlags } from '../quantum/optimize-circuit.ts';
import type { LocalRun, RunFlags } from '../quantum/run-circuit.ts';
import type { AssignFlags } from '../quantum/solve-assignment.ts';
import type { IsingFlags } from '../quantum/solve-ising.ts';

const EXAMPLES = `Examples:
  uqo quantum run bell.qasm --shots 1000
  uqo quantum run ghz.qasm --probabilities --top 10 -o json
  uqo quantum info circuit.qasm                      how large is it, and how would it be simulated?
  uqo quantum optimize circuit.qasm --basis rz,sx,x,cz --time 10s -o json | jq -r .qasm
  uqo quantum ising G1.txt --format gset --time 5s --seed 1
  uqo quantum draw circuit.qasm --format svg > circuit.svg
`;

/** As the agent reads them; a test keeps the two equal. */
export const METHOD_CHOICES: readonly string[] = [
  'auto',
  'dense',
  'density',
  'stabilizer',
  'sparse',
  'mps',
];

/** As the solver has them; a test keeps the two equal. */
export const ISING_CHOICES: readonly string[] = [
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

/** As the agent reads them; a test keeps the two equal. */
export const METRIC_CHOICES: readonly string[] = [
  'twoQubit',
  'gates',
  'depth',
  'twoQubitDepth',
  'tCount',
];

const SEED_MAX = 2 ** 31 - 1;
const FILE = 'OpenQASM 2 or 3; - reads standard input';

export function addQuantum(program: Command, ctx: CliContext): void {
  const group = program
    .command('quantum')
    .description('simulate, optimize and draw circuits, and solve Ising problems, on this machine')
    .addHelpText('before', EXAMPLES);
  addRun(group, ctx);
  addOptimize(group, ctx);
  addIsing(group, ctx);
  addAssign(group, ctx);
  addDraw(group, ctx);
  addInfo(group, ctx);
}

function localRun(file: string, command: Command, ctx: CliContext): LocalRun {
  const { stdin } = ctx.streams;
  return { file, stdin, output: ctx.output(command), timeMs: ctx.waitMs(command) };
}

function seedOption(): Option {
  return new Option(
    '--seed <number>',
    'for the same result again; drawn where it is not given',
  ).argParser(integerValue(0, SEED_MAX));
}

function timeOption(preset: string, ms: number): Option {
  return new Option('--time <duration>', 'how long to look for something better')
    .argParser(durationValue)
    .default(ms, preset);
}

function addRun(group: Command, ctx: CliContext): void {
  group
    .command('run')
    .description('simulate a circuit and count what is measured')
    .argument('<file>', FILE)
    .addOption(
      new Option('--shots <number>', 'how often it is run')
        .argParser(integerValue(0, Number.MAX_SAFE_INTEGER))
        .default(1024),
    )
    .option('--probabilities', 'exact probabilities as well, where the method has them')
    .addOption(
      new Option('--top <number>', 'most probabilities, and rows of the table').argParser(
        integerValue(1, 2 ** 22),
      ),
    )
    .addOption(
      new Option('--method <method>', 'how to simulate').choices(METHOD_CHOICES).default('auto'),
    )
    .addOption(
      new Option('--precision <precision>', 'of dense states')
        .choices(['f64', 'f32'])
        .default('f64'),
    )
    .option('--noise <file>', 'noise model as JSON')
    .addOption(seedOption())
    .addOption(
      new Option('--bit-order <order>', 'where bit 0 is printed')
        .choices(['q0-right', 'q0-left'])
        .default('q0-right'),
    )
    .addOption(
      new Option('--amplitudes <number>', 'list that many of the largest amplitudes').argParser(
        integerValue(1, 100_000),
      ),
    )
    .option('--statevector <file>', 'write all amplitudes, as pairs of little-endian doubles')
    .action(async (file: string, flags: RunFlags, command: Command) => {
      const { runCircuitFile } = await import('../quantum/run-circuit.ts');
      await runCircuitFile(localRun(file, command, ctx), flags);
    });
}

function addOptimize(group: Command, ctx: CliContext): void {
  group
    .command('optimize')
    .description('make a circuit smaller; what comes out is checked against what went in')
    .argument('<file>', FILE)
    .option('--basis <gates>', 'gates to use, joined by commas, such as rz,sx,x,cz')
    .option('--coupling <file>', 'pairs of qubits that gates may act on, as JSON: [[0,1],[1,2]]')
    .addOption(
      new Option('--level <level>', 'how much is tried').choices(['0', '1', '2', '3']).default('2'),
    )
    .addOption(
      new Option('--metric <metric>', 'what is made small')
        .choices(METRIC_CHOICES)
        .default('twoQubit'),
    )
    .addOption(
      new Option('--objective <what>', 'what must stay: the unitary, or what is measured')
        .choices(['unitary', 'measurement'])
        .default('unitary'),
    )
    .addOption(timeOption('10s', 10_000))
    .addOption(seedOption())
    .addOption(
      new Option('--qasm <version>', 'version of OpenQASM to write')
        .choices(['2', '3'])
        .default('2'),
    )
    .action(async (file: string, flags: OptimizeFlags, command: Command) => {
      const { optimizeCircuitFile } = await import('../quantum/optimize-circuit.ts');
      await optimizeCircuitFile(localRun(file, command, ctx), flags);
    });
}

function addIsing(group: Command, ctx: CliContext): void {
  group
    .command('ising')
    .description('find a large cut, or a small value of an Ising or QUBO problem')
    .argument('<file>', 'the problem; - reads standard input')
    .addOption(
      new Option('--format <format>', 'gset: largest cut; bqp, qubo: smallest value')
        .choices(['gset', 'bqp', 'qubo'])
        .makeOptionMandatory(),
    )
    .addOption(timeOption('5s', 5_000))
    .addOption(seedOption())
    .addOption(
      new Option('--method <method>', 'how to search').choices(ISING_CHOICES).default('auto'),
    )
    .action(async (file: string, flags: IsingFlags, command: Command) => {
      const { solveIsingFile } = await import('../quantum/solve-ising.ts');
      await solveIsingFile(localRun(file, command, ctx), flags);
    });
}

function addAssign(group: Command, ctx: CliContext): void {
  group
    .command('assign')
    .description('give jobs to agents of bounded capacity at the least cost (GAP)')
    .argument('<file>', 'problems in the format of the OR-Library; - reads standard input')
    .addOption(
      new Option('--problem <number>', 'which problem of the file')
        .argParser(integerValue(1, 1_000_000))
        .default(1),
    )
    .addOption(timeOption('10s', 10_000))
    .addOption(seedOption())
    .action(async (file: string, flags: AssignFlags, command: Command) => {
      const { solveAssignmentFile } = await import('../quantum/solve-assignment.ts');
      await solveAssignmentFile(localRun(file, command, ctx), flags);
    });
}

function addDraw(group: Command, ctx: CliContext): void {
  group
    .command('draw')
    .description('draw a circuit')
    .argument('<file>', FILE)
    .addOption(
      new Option('--format <format>', 'what to draw it in')
        .choices(['text', 'svg'])
        .default('text'),
    )
    .action(async (file: string, flags: { format: 'text' | 'svg' }, command: Command) => {
      const { drawCircuitFile } = await import('../quantum/draw-circuit.ts');
      await drawCircuitFile(localRun(file, command, ctx), flags.format);
    });
}

function addInfo(group: Command, ctx: CliContext): void {
  group
    .command('info')
    .description('say how large a circuit is, and how it would be simulated')
    .argument('<file>', FILE)
    .action(async (file: string, _flags: unknown, command: Command) => {
      const { describeCircuitFile } = await import('../quantum/describe-circuit.ts');
      await describeCircuitFile(localRun(file, command, ctx));
    });
}
