import { findField } from '../contract/query/query-fields.ts';
import { CliContext, type CliStreams } from './cli-context.ts';
import { createProgram } from './program.ts';
import { reportError } from './report-error.ts';

/**
 * A term of a query that is negated with a dash would be read as options, unless something stands before
 * the dash; queries do not mind a space. What follows a `--` is no option anyway.
 */
function shieldTerm(arg: string): string {
  const name = /^-([A-Za-z][\w.-]+)(?:[:=~<>]|!=)/.exec(arg)?.[1];
  const isField =
    name !== undefined && (findField(name) !== null || /^(label|metadata)\./.test(name));
  return isField || arg.startsWith('-(') ? ` ${arg}` : arg;
}

/** Runs one command line, without the program's own name; resolves with the exit code. Never rejects. */
export async function runCli(args: readonly string[], streams: CliStreams): Promise<number> {
  const ctx = new CliContext(streams);
  const program = createProgram(ctx);
  try {
    await program.parseAsync(args.map(shieldTerm), { from: 'user' });
    return ctx.exitCode;
  } catch (error) {
    const format = program.opts<{ output?: string }>().output;
    return reportError(error, streams, format === 'json' || format === 'jsonl');
  }
}
