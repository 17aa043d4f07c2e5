import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { CliContext } from '../cli-context.ts';

const EXAMPLES = `Examples:
  uqo verify                       about half a minute; leaves nothing behind
  uqo verify --output json
`;

export function addVerify(program: Command, ctx: CliContext): void {
  program
    .command('verify')
    .description('check that everything works here: real servers, agents and tasks, and a crash')
    .addHelpText('before', EXAMPLES)
    .action(async (_options: unknown, command: Command) => {
      const { verify } = await import('../verify/verify.ts');
      ctx.exitCode = await verify(entryFile(), ctx.output(command));
    });
}

/** The file that `uqo` runs: beside this folder, with the same ending, in the sources as in the build. */
function entryFile(): string {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`../main.${ending}`, import.meta.url));
}
