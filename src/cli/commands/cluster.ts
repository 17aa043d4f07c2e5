import type { Command } from 'commander';
import { formatBytes } from '../../base/byte-size.ts';
import type { ClusterView } from '../../contract/index.ts';
import type { CliContext } from '../cli-context.ts';
import { pathOf } from '../server-api.ts';
import { addClusterAdopt } from './cluster-adopt.ts';
import { addClusterRecover } from './cluster-recover.ts';

const EXAMPLES = `Examples:
  uqo start --log raft --node-id n1 --peers n1=127.0.0.1:9101,n2=127.0.0.1:9102,n3=127.0.0.1:9103
  uqo cluster status                       as the node at --url sees it
  uqo cluster transfer --to n2
  uqo cluster add n4 127.0.0.1:9104        then start it: --node-id n4 --join --peers …
  uqo cluster promote n4                   once it has caught up, it votes
  uqo cluster remove n1                    for ever: the id is not used again
`;

const MEMBERS = 'members';
/** A clock this far off is worth a line. */
const SKEW_MS_MAX = 2_000;

export function addCluster(program: Command, ctx: CliContext): void {
  const group = program
    .command('cluster')
    .description('show and change the nodes that keep the log together')
    .addHelpText('before', EXAMPLES);
  group
    .command('status')
    .description('show the cluster as one node sees it')
    .action(async (_options: unknown, command: Command) => {
      show(await ctx.api(command).get<ClusterView>('/cluster'), command, ctx);
    });
  group
    .command('add')
    .description('let a new node receive the log')
    .argument('<id>', 'id of the node; never one that was used before')
    .argument('<address>', 'host:port where the other nodes reach it')
    .action(async (nodeId: string, address: string, _options: unknown, command: Command) => {
      const body = { nodeId, address };
      show(await ctx.api(command).post<ClusterView>('/cluster/members', body), command, ctx);
    });
  for (const [kind, doc] of [
    ['promote', 'let a node that has caught up vote'],
    ['demote', 'let a voter only receive the log'],
  ] as const) {
    group
      .command(kind)
      .description(doc)
      .argument('<id>', 'id of the node')
      .action(async (id: string, _options: unknown, command: Command) => {
        const path = pathOf('cluster', MEMBERS, id, kind);
        show(await ctx.api(command).post<ClusterView>(path), command, ctx);
      });
  }
  group
    .command('remove')
    .description('take a node out, for ever')
    .argument('<id>', 'id of the node')
    .action(async (id: string, _options: unknown, command: Command) => {
      const answer = await ctx.api(command).delete(pathOf('cluster', MEMBERS, id));
      show(answer as ClusterView, command, ctx);
    });
  group
    .command('transfer')
    .description('hand leadership to another node')
    .option('--to <id>', 'which; default the one that lacks least')
    .action(async ({ to }: { readonly to?: string }, command: Command) => {
      const body = to === undefined ? {} : { to };
      show(await ctx.api(command).post<ClusterView>('/cluster/transfer', body), command, ctx);
    });
  addClusterAdopt(group, ctx);
  addClusterRecover(group, ctx);
}

function show(view: ClusterView, command: Command, ctx: CliContext): void {
  const output = ctx.output(command);
  const { appliedIndex, clockSkewMs, clusterId, committedIndex, leader, nodeId, role, term } = view;
  output.message(
    `cluster ${clusterId}, seen by ${nodeId} (${role}, term ${term}): ${leader === null ? 'nobody leads' : `${leader} leads`}, ${committedIndex} entries committed, ${appliedIndex} applied here${view.isChanging ? ', members are being changed' : ''}`,
  );
  if (view.isRemoved) {
    output.message(
      `${nodeId} was removed from the cluster, for ever: stop it; what it says of the others is old`,
    );
  }
  if (clockSkewMs !== null && Math.abs(clockSkewMs) > SKEW_MS_MAX) {
    output.message(
      `the clock of ${nodeId} is ${clockSkewMs} ms off the leader's: set it right (NTP)`,
    );
  }
  if (view.hasSameWebhooks === false) {
    output.message(
      `secret or allowed networks of webhooks of ${nodeId} are not those of the leader: give all nodes the same`,
    );
  }
  const { kept, missing, missingBytes } = view.artifacts;
  if (missing > 0) {
    output.message(
      `${nodeId} keeps ${kept} artifacts and lacks ${missing} (${formatBytes(missingBytes)}): they are being copied`,
    );
  }
  output.list(view, view.members, [
    { title: 'node', value: (member) => member.nodeId },
    { title: 'role', value: (member) => (member.isLeader ? `${member.role}, leads` : member.role) },
    { title: 'reachable', value: (member) => (member.isReachable ? 'yes' : 'no') },
    { title: 'lacks', value: (member) => member.lagEntries ?? '', align: 'right' },
    {
      title: 'lacks artifacts',
      value: (member) => member.artifactsMissing ?? '',
      align: 'right',
    },
    { title: 'address', value: (member) => member.address ?? '' },
  ]);
}
