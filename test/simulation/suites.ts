import { runLogSeed } from './log/run-log-seed.ts';
import { runNodeSeed } from './node/run-node-seed.ts';
import { runRaftSeed } from './raft/run-raft-seed.ts';
import type { RunSeed } from './run-seeds.ts';
import { runStackSeed } from './stack/run-stack-seed.ts';

/** What can be simulated, by the name on the command line. */
export const suites: Readonly<Record<string, RunSeed>> = {
  raft: (seed, options) => runRaftSeed(seed, options),
  log: runLogSeed,
  stack: runStackSeed,
  node: runNodeSeed,
};
