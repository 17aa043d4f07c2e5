/** What goes wrong with whole nodes beside what goes wrong with any cluster. */
import type { Chance } from '../kernel/chance.ts';
import type { StackCluster } from '../stack/stack-cluster.ts';
import type { RuntimeNode } from './runtime-node.ts';

/** Faults that a seed of this suite may turn on beside those of the stack. */
export const NODE_FAULTS: readonly string[] = ['hand-over', 'overload', 'agent-death'];

const HAND_OVER_MEAN_US = 1_500_000;
const OVERLOAD_MEAN_US = 1_500_000;
const OVERLOADED_MEAN_US = 500_000;

/** Begins to strike, until the cluster is healed. */
export function beginNodeFaults(cluster: StackCluster<RuntimeNode>): void {
  strike(cluster, 'hand-over', HAND_OVER_MEAN_US, (node) => node.stop());
  strike(cluster, 'overload', OVERLOAD_MEAN_US, (node, chance) => {
    node.memoryShare = 1;
    cluster.simulation.after(chance.exponential(OVERLOADED_MEAN_US), () => {
      node.memoryShare = 0;
    });
  });
}

function strike(
  cluster: StackCluster<RuntimeNode>,
  fault: string,
  meanUs: number,
  hit: (node: RuntimeNode, chance: Chance) => void,
): void {
  const { plan, simulation } = cluster;
  if (!plan.faults.has(fault)) return;
  const chance = simulation.chance.fork(`fault ${fault}`);
  simulation.repeat(1 + chance.exponential(meanUs), () => {
    if (cluster.isHealed) return undefined;
    const up = cluster.up();
    if (up.length > 0) hit(chance.pick(up), chance);
    return 1 + chance.exponential(meanUs);
  });
}
