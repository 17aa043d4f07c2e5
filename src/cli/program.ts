/** The tree of commands. Building it is cheap: what a command needs is loaded when it runs. */
import { Command, Option } from 'commander';
import { VERSION } from '../base/version.ts';
import type { CliContext } from './cli-context.ts';
import { addAgent } from './commands/agent.ts';
import { addBackup } from './commands/backup.ts';
import { addBulk } from './commands/bulk.ts';
import { addCluster } from './commands/cluster.ts';
import { addCompletion } from './commands/completion.ts';
import { addDlq } from './commands/dlq.ts';
import { addDoctor } from './commands/doctor.ts';
import { addFlow } from './commands/flow.ts';
import { addBreaker } from './commands/breaker.ts';
import { addKill } from './commands/kill.ts';
import { addOperation } from './commands/operation.ts';
import { addFairness } from './commands/fairness.ts';
import { addLimit } from './commands/limit.ts';
import { addQuantum } from './commands/quantum.ts';
import { addQueue } from './commands/queue.ts';
import { addSchedule } from './commands/schedule.ts';
import { addStart } from './commands/start.ts';
import { addStatus } from './commands/status.ts';
import { addRecoveries } from './commands/recoveries.ts';
import { addTop } from './commands/top.ts';
import { addTask } from './commands/task.ts';
import { addVerify } from './commands/verify.ts';
import { addVersion } from './commands/version.ts';
import { EXIT_MEANINGS } from './exit-codes.ts';
import { durationValue } from './option-values.ts';
import { OUTPUT_FORMATS } from './output/output.ts';

const EXAMPLES = `Examples:
  uqo start                                             run a server on this machine
  uqo task submit data.analyze --payload @table.json --wait
  uqo task list --state queued,running
  uqo task explain ID                                   why is it not running?
  uqo dlq redrive --queue email --dry-run
  uqo bulk cancel 'state:queued age>1d' --dry-run
  uqo quantum run bell.qasm --shots 1000
  uqo status
`;

export function createProgram(ctx: CliContext): Command {
  const { stderr, stdout } = ctx.streams;
  const program = new Command('uqo')
    .description('The Unified Quantum Orchestrator: durable tasks for fleets of agents.')
    .version(VERSION, '-V, --version', 'print the version')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', exitCodeHelp())
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text),
    })
    .showHelpAfterError('(more with --help)')
    .exitOverride();
  addSharedOptions(program);
  addStart(program, ctx);
  addTask(program, ctx);
  addAgent(program, ctx);
  addQueue(program, ctx);
  addFlow(program, ctx);
  addBreaker(program, ctx);
  addKill(program, ctx);
  addLimit(program, ctx);
  addFairness(program, ctx);
  addSchedule(program, ctx);
  addDlq(program, ctx);
  addBulk(program, ctx);
  addOperation(program, ctx);
  addQuantum(program, ctx);
  addStatus(program, ctx);
  addTop(program, ctx);
  addRecoveries(program, ctx);
  addBackup(program, ctx);
  addCluster(program, ctx);
  addDoctor(program, ctx);
  addVerify(program, ctx);
  addCompletion(program, ctx);
  addVersion(program, ctx);
  return program;
}

function addSharedOptions(program: Command): void {
  program
    .addOption(
      new Option('-o, --output <format>', 'how data is written')
        .choices(OUTPUT_FORMATS)
        .default('table')
        .env('UQO_OUTPUT'),
    )
    .addOption(
      new Option('--url <url>', 'address of the server')
        .default('http://127.0.0.1:8080')
        .env('UQO_URL'),
    )
    .addOption(
      new Option(
        '--timeout <duration>',
        'longest wait for an answer (30s), or for a task where one is waited for (no bound)',
      )
        .argParser(durationValue)
        .env('UQO_TIMEOUT'),
    )
    .addOption(
      new Option(
        '--stale',
        'in a cluster: read what the node at --url has, which may be old, also while nobody leads',
      ),
    );
}

function exitCodeHelp(): string {
  const lines = EXIT_MEANINGS.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`);
  return `\nExit codes:\n${lines.join('\n')}`;
}
