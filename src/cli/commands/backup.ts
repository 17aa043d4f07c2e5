import { Option, type Command } from 'commander';
import type { CliContext } from '../cli-context.ts';
import { CONFIG_KEYS } from '../config/config-keys.ts';

const BACKUP_EXAMPLES = `Examples:
  uqo backup uqo-monday.tar                          of the server at --url, while it runs
  uqo restore uqo-monday.tar --check                 is it whole?
  uqo restore uqo-monday.tar --data /var/lib/uqo2    then: uqo start --data /var/lib/uqo2
`;

/** Copies of everything: taken from a running server, made into a data folder where none runs. */
export function addBackup(program: Command, ctx: CliContext): void {
  program
    .command('backup')
    .description('write everything the server has acknowledged into one file, while it runs')
    .argument('<file>', 'the tar file to make')
    .option('--force', 'replace the file if it is there')
    .addHelpText('before', BACKUP_EXAMPLES)
    .action(async (file: string, { force }: { readonly force?: true }, command: Command) => {
      const { saveBackup } = await import('../backup/save-backup.ts');
      const saved = await saveBackup(ctx.api(command).http, file, force === true);
      ctx.output(command).object(saved, [
        ['file', saved.file],
        ['bytes', saved.bytes],
        ['sha256', saved.sha256],
      ]);
    });
  const dataDir = CONFIG_KEYS.find(({ name }) => name === 'dataDir');
  program
    .command('restore')
    .description('make a data folder of a backup; nothing may be in the folder')
    .argument('<file>', 'the backup')
    .addOption(new Option('--data <dir>', 'the folder to make').env(dataDir?.env ?? ''))
    .option('--check', 'only read all of it and say whether it is whole')
    .addHelpText('before', BACKUP_EXAMPLES)
    .action(async (file: string, options: RestoreFlags, command: Command) => {
      const { restore } = await import('../backup/restore.ts');
      const restored = await restore(file, options);
      ctx
        .output(command)
        .object(restored, [
          ['taken', restored.takenAt],
          ['by version', restored.version],
          ['live tasks', restored.liveTasks],
          ['last entry', restored.lastIndex],
          ['files', restored.files],
          ['bytes', restored.bytes],
          ...(restored.dataDir === undefined ? [] : [['data', restored.dataDir] as const]),
        ]);
    });
}

interface RestoreFlags {
  readonly data?: string;
  readonly check?: true;
}
