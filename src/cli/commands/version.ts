import type { Command } from 'commander';
import { VERSION } from '../../base/version.ts';
import type { CliContext } from '../cli-context.ts';

export function addVersion(program: Command, ctx: CliContext): void {
  program
    .command('version')
    .description('print the version, and that of Node')
    .action((_options: unknown, command: Command) => {
      const version = { version: VERSION, node: process.versions.node };
      ctx.output(command).object(version, [
        ['uqo', version.version],
        ['node', version.node],
      ]);
    });
}
