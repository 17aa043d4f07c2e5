/** Whole production nodes with runtime, command loop and hub, their clients and agents. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ArtifactStore } from '../../../src/store/index.ts';
import type { SeedOptions, SeedOutcome } from '../run-seeds.ts';
import { runClusterSeed } from '../stack/run-cluster-seed.ts';
import { beginAgent } from './node-agents.ts';
import { NodeChecker } from './node-checker.ts';
import { NodeClients } from './node-clients.ts';
import { beginNodeFaults, NODE_FAULTS } from './node-faults.ts';
import { RuntimeNode } from './runtime-node.ts';

const AGENTS = ['a1', 'a2', 'a3'];

let opened: Promise<ArtifactStore> | null = null;

export async function runNodeSeed(seed: number, options: SeedOptions = {}): Promise<SeedOutcome> {
  opened ??= noArtifacts();
  const artifacts = await opened;
  let checker: NodeChecker | null = null;
  return runClusterSeed<RuntimeNode>(seed, options, {
    faults: NODE_FAULTS,
    create: (node) => {
      checker ??= new NodeChecker(node.simulation, node.checker);
      return new RuntimeNode(node, { checker, artifacts });
    },
    begin: (cluster) => {
      checker ??= new NodeChecker(cluster.simulation, cluster.checker);
      for (const id of AGENTS) beginAgent(cluster, checker, id);
      beginNodeFaults(cluster);
      return new NodeClients(cluster, checker);
    },
  });
}

/** A store that nobody puts anything into: its folder is not needed any more once it was found empty. */
async function noArtifacts(): Promise<ArtifactStore> {
  const directory = await mkdtemp(path.join(tmpdir(), 'no-artifacts-'));
  const store = await ArtifactStore.open({ directory, now: () => 0 });
  await rm(directory, { recursive: true });
  return store;
}
