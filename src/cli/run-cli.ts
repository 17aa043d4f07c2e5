import { CliContext, type CliStreams } from './cli-context.ts';
import { createProgram } from './program.ts';
import { reportError } from './report-error.ts';

/** Runs one command line, without the program's own name; resolves with the exit code. Never rejects. */
export async function runCli(args: readonly string[], streams: CliStreams): Promise<number> {
  const ctx = new CliContext(streams);
  const program = createProgram(ctx);
  try {
    await program.parseAsync(args, { from: 'user' });
    return ctx.exitCode;
  } catch (error) {
    const format = program.opts<{ output?: string }>().output;
    return reportError(error, streams, format === 'json' || format === 'jsonl');
  }
}
