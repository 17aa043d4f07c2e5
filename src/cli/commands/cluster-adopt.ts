import type { Command } from 'commander';
import { VERSION } from '../../base/version.ts';
import type { CliContext } from '../cli-context.ts';
import { CONFIG_KEYS } from '../config/config-keys.ts';

const EXAMPLES = `Examples:
  uqo cluster adopt --data uqo-data --node-id n1
  uqo start --log raft --data uqo-data --node-id n1 --peers n1=127.0.0.1:9101
  uqo restore nightly.tar --data n1 && uqo cluster adopt --data n1 --node-id n1
`;

interface Flags {
  readonly data: string;
  readonly nodeId: string;
  readonly clusterId: string;
}

/** For a single server that is to become a cluster. */
export function addClusterAdopt(group: Command, ctx: CliContext): void {
  const id = CONFIG_KEYS.find(({ name }) => name === 'cluster.id');
  group
    .command('adopt')
    .description('make the folder of a single server that of the first node; it must be stopped')
    .requiredOption('--data <dir>', 'folder of the server, or one made by `uqo restore`')
    .requiredOption('--node-id <id>', 'id of the node')
    .option('--cluster-id <id>', 'name of the cluster', String(id?.default))
    .addHelpText('before', EXAMPLES)
    .action(async ({ clusterId, data, nodeId }: Flags, command: Command) => {
      const { adoptFolder } = await import('../../runtime/index.ts');
      const adopted = await adoptFolder({ dataDir: data, clusterId, nodeId, version: VERSION });
      ctx.output(command).object(adopted, [
        ['entries kept', adopted.appliedIndex],
        ['old log', adopted.oldLog],
      ]);
    });
}
