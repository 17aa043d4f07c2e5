/**
 * What the pure Raft core costs: three cores in one process, messages handed over at once, writes finished at once.
 *
 * No disk, no network, no copies: the upper bound of what a shell can reach on one thread. Prints commands a second for
 * several batch sizes, and steps of the leader, each by second of processor time: a shared machine counts less.
 */
import { createHash } from 'node:crypto';
import { Rng } from '../src/base/rng.ts';
import { foundCluster } from '../src/consensus/raft/found-cluster.ts';
import { HASH_BYTES, type Hasher } from '../src/consensus/raft/hasher.ts';
import type { RaftInput } from '../src/consensus/raft/inputs.ts';
import { RaftCore } from '../src/consensus/raft/raft-core.ts';
import { DEFAULT_RAFT_SETTINGS } from '../src/consensus/raft/settings.ts';

const IDS = ['a', 'b', 'c'];
const COMMAND_BYTES = 256;

const sha256: Hasher = {
  hash(parts) {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    return new Uint8Array(hash.digest().subarray(0, HASH_BYTES));
  },
};

/** Cores joined without anything between them. */
class Joined {
  readonly cores = new Map<string, RaftCore>();
  readonly #queue: [string, RaftInput][] = [];
  leader = '';
  term = 0;
  steps = 0;
  applied = 0;

  constructor() {
    const founding = foundCluster('bench', IDS, sha256);
    for (const [at, nodeId] of IDS.entries()) {
      const recovered = { ...founding, snapshot: null, appliedIndex: 1 };
      const rng = Rng.fromSeed(at);
      const settings = { ...DEFAULT_RAFT_SETTINGS, trailingEntries: 0 };
      const identity = { nodeId, clusterId: 'bench' };
      const core = new RaftCore({ ...identity, settings, recovered, rng, hasher: sha256 });
      this.cores.set(nodeId, core);
      core.start();
    }
    while (this.leader === '') {
      for (const nodeId of IDS) this.#queue.push([nodeId, { kind: 'tick' }]);
      this.run();
    }
  }

  propose(bodies: readonly Uint8Array[]): void {
    const proposals = bodies.map((body, proposalId) => ({ proposalId, body }));
    this.#queue.push([this.leader, { kind: 'propose', term: this.term, proposals }]);
    this.run();
  }

  run(): void {
    for (let at = 0; at < this.#queue.length; at += 1) {
      const [nodeId, input] = this.#queue[at] ?? ['', { kind: 'tick' }];
      if (nodeId === this.leader) this.steps += 1;
      this.#take(nodeId, input);
    }
    this.#queue.length = 0;
  }

  #take(nodeId: string, input: RaftInput): void {
    for (const output of this.cores.get(nodeId)?.step(input) ?? []) {
      if (output.kind === 'persist') {
        this.#queue.push([nodeId, { kind: 'persisted', token: output.token }]);
      } else if (output.kind === 'send' || output.kind === 'sendAfter') {
        const { to, message } = output;
        this.#queue.push([to, { kind: 'receive', from: nodeId, message }]);
      } else if (output.kind === 'apply') {
        const index = output.entries.at(-1)?.index ?? 0;
        this.#queue.push([nodeId, { kind: 'applied', index }]);
        if (nodeId === this.leader) this.applied += output.entries.length;
      } else if (output.kind === 'role' && output.isTermReady) {
        this.leader = nodeId;
        this.term = output.term;
      }
    }
  }
}

for (const batch of [1, 10, 100, 1000]) {
  const cluster = new Joined();
  const bodies = Array.from({ length: batch }, () => new Uint8Array(COMMAND_BYTES));
  const until = performance.now() + 500;
  while (performance.now() < until) cluster.propose(bodies);
  cluster.steps = 0;
  cluster.applied = 0;
  const from = process.cpuUsage();
  const end = performance.now() + 2000;
  while (performance.now() < end) cluster.propose(bodies);
  const { user, system } = process.cpuUsage(from);
  const seconds = (user + system) / 1e6;
  const rate = Math.round(cluster.applied / seconds);
  const steps = Math.round(cluster.steps / seconds);
  console.log(
    `batch ${batch}: ${rate} commands/s through three cores, ${steps} leader steps/s, ${((seconds / cluster.applied) * 1e6).toFixed(1)} µs a command`,
  );
}
