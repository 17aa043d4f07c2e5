/** Nodes with production core, log, journal and transport, driven by commands. */
import type { SeedOptions, SeedOutcome } from '../run-seeds.ts';
import { runClusterSeed } from './run-cluster-seed.ts';
import { StackClients } from './stack-clients.ts';
import { StackNode } from './stack-node.ts';

export function runStackSeed(seed: number, options: SeedOptions = {}): Promise<SeedOutcome> {
  return runClusterSeed(seed, options, {
    create: (node) => new StackNode(node),
    begin: (cluster) => new StackClients(cluster),
  });
}
