import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { messageOf, OrchestratorError } from '../../base/errors.ts';
import type { CliContext } from '../cli-context.ts';
import { CONFIG_KEYS } from '../config/config-keys.ts';
import { noteRecovery } from '../server/recovery-notes.ts';
import { usageError } from '../usage-error.ts';

const EXAMPLES = `Examples:
  uqo cluster recover --data n2 --node-id n2 --majority-is-lost    then start it as before, and add others
`;

interface Flags {
  readonly data: string;
  readonly nodeId: string;
  readonly clusterId: string;
  readonly majorityIsLost?: true;
}

/** For the day on which most nodes are gone for good. */
export function addClusterRecover(group: Command, ctx: CliContext): void {
  const id = CONFIG_KEYS.find(({ name }) => name === 'cluster.id');
  group
    .command('recover')
    .description('let a node go on alone after a majority was lost for good; it must be stopped')
    .requiredOption('--data <dir>', 'folder of the node that is left: the one that has most')
    .requiredOption('--node-id <id>', 'its id')
    .option('--cluster-id <id>', 'name of the cluster', String(id?.default))
    .option(
      '--majority-is-lost',
      'do it: what only the lost nodes had is lost, acknowledged or not',
    )
    .addHelpText('before', EXAMPLES)
    .action(async (flags: Flags, command: Command) => {
      const taken = await recover(flags);
      ctx.output(command).object(taken, [
        ['entries kept', taken.commands],
        ['members gone', taken.removed.join(', ')],
      ]);
    });
}

async function recover({ clusterId, data, majorityIsLost, nodeId }: Flags): Promise<{
  readonly commands: number;
  readonly removed: readonly string[];
}> {
  const { lockDataDirectory, takeOverAlone } = await import('../../log/index.ts');
  const dataDir = resolve(data);
  const directory = join(dataDir, 'raft');
  if (!existsSync(directory)) {
    const message = `the folder must be that of a node of a cluster, got ${dataDir}`;
    throw new OrchestratorError('JOURNAL_MISSING', message, { directory });
  }
  if (majorityIsLost !== true) {
    throw usageError(
      'NOT_CONFIRMED',
      'the node would be the only member, and what only lost nodes had would be lost',
      'stop every other node of the cluster for ever, back the folder up, then say --majority-is-lost',
    );
  }
  const lock = lockDataDirectory(dataDir);
  const who = { clusterId, nodeId };
  try {
    noteRecovery(dataDir, { step: 'begun', ...who });
    const taken = await takeOverAlone({ directory, ...who });
    const { commands: entriesKept, removed: membersGone } = taken;
    noteRecovery(dataDir, { step: 'done', ...who, entriesKept, membersGone });
    return taken;
  } catch (error) {
    noteRecovery(dataDir, { step: 'failed', ...who, error: messageOf(error) });
    throw error;
  } finally {
    lock.release();
  }
}
