/** Strikes with the faults of a plan until the cluster is healed, and replaces nodes that lost their disk, then too. */
import type { MemberChange } from '../../../src/log/index.ts';
import type { Chance } from '../kernel/chance.ts';
import { drawPartition } from '../network/partition.ts';
import type { StackCluster } from './stack-cluster.ts';
import type { StackNode } from './stack-node.ts';

/** Mean time between two faults of a kind, in milliseconds. */
const MEAN_MS: Readonly<Record<string, number>> = {
  partition: 1_000,
  crash: 800,
  power: 3_000,
  pause: 1_000,
  'clock-step': 1_000,
  wipe: 1_500,
  transfer: 1_000,
};
const REPLACE_EVERY_US = 300_000;
const STEP_MS_MAX = 600_000;

export class StackFaults {
  readonly #cluster: StackCluster;
  #lost: StackNode | null = null;
  #replacement: StackNode | null = null;

  constructor(cluster: StackCluster) {
    this.#cluster = cluster;
  }

  /** True while a lost node is still a member. */
  get isReplacing(): boolean {
    return this.#lost !== null && this.#change(this.#lost, this.#cluster.leader()) !== null;
  }

  start(): void {
    const { plan, simulation } = this.#cluster;
    for (const [fault, meanMs] of Object.entries(MEAN_MS)) {
      if (!plan.faults.has(fault)) continue;
      const chance = simulation.chance.fork(`fault ${fault}`);
      const factor = chance.spread(3);
      const delayUs = (): number => 1 + chance.exponential(meanMs * factor * 1_000);
      simulation.repeat(delayUs(), () => {
        if (this.#cluster.isHealed) return undefined;
        this.#strike(fault, chance);
        return delayUs();
      });
    }
    if (plan.faults.has('crash-leader')) this.#hunt(simulation.chance.fork('hunt'));
    if (plan.faults.has('wipe')) {
      simulation.repeat(REPLACE_EVERY_US, () => {
        this.#replace();
        return REPLACE_EVERY_US;
      });
    }
  }

  /** Leaders fall shortly after their election, when the most is under way. */
  #hunt(chance: Chance): void {
    const rate = 0.2 + 0.5 * chance.unit();
    const meanUs = chance.pick([3_000, 50_000, 300_000]);
    this.#cluster.onLeader = (leader): void => {
      if (this.#cluster.isHealed || !chance.happens(rate)) return;
      const { process } = leader;
      this.#cluster.simulation.after(chance.exponential(meanUs), () => {
        if (!this.#cluster.isHealed && leader.process === process) leader.crash();
      });
    };
  }

  #strike(fault: string, chance: Chance): void {
    const cluster = this.#cluster;
    const up = cluster.up();
    const all = [...cluster.nodes.values()];
    if (fault === 'partition') return this.#partition(chance);
    if (fault === 'power') {
      for (const node of all) node.crash();
      return;
    }
    if (up.length === 0) return;
    const node = chance.pick(up);
    if (fault === 'crash') return chance.pick(all).crash();
    if (fault === 'pause') return node.process?.pause(1 + chance.exponential(400_000));
    if (fault === 'clock-step') {
      node.wallOffsetMs = chance.between(-STEP_MS_MAX, STEP_MS_MAX);
      return;
    }
    if (fault === 'wipe') return this.#wipe(node);
    this.#transfer(chance);
  }

  #partition(chance: Chance): void {
    const { nodes, simulation, streams } = this.#cluster;
    const count = nodes.size;
    const drawn = drawPartition(chance, count);
    const cut = drawn.cut.map((link) => Math.floor(link / count) * streams.size + (link % count));
    const partition = { kind: drawn.kind, cut };
    const mendUs = 1 + chance.exponential(900_000);
    simulation.note(4, cut.length, mendUs);
    simulation.say(() => `partition ${drawn.kind} for ${mendUs / 1_000} ms`);
    streams.cut(partition);
    simulation.after(mendUs, () => {
      if (!this.#cluster.isHealed) streams.mend(partition);
    });
  }

  #transfer(chance: Chance): void {
    const leader = this.#cluster.leader();
    const voters = leader?.log?.status().configuration.voters ?? [];
    if (leader === undefined || voters.length === 0) return;
    const to = chance.pick(voters);
    void this.#cluster.call(leader, async ({ log }) => {
      // Handing over to oneself is refused with a code of its own.
      if (to !== leader.nodeId) await log?.transfer(to);
    });
  }

  /** At most one disk is lost in a run, and only while all others are there: a quorum must outlive it. */
  #wipe(node: StackNode): void {
    const cluster = this.#cluster;
    if (this.#lost !== null || cluster.up().length < cluster.nodes.size) return;
    const replacement = cluster.join();
    if (replacement === undefined) return;
    cluster.lose(node);
    this.#lost = node;
    this.#replacement = replacement;
  }

  #replace(): void {
    const leader = this.#cluster.leader();
    const lost = this.#lost;
    if (lost === null || leader === undefined) return;
    const change = this.#change(lost, leader);
    if (change === null || change.length === 0) return;
    const { streams } = this.#cluster;
    const addresses = Object.fromEntries(
      change
        .filter(({ kind }) => kind === 'addLearner')
        .map(({ nodeId }) => [nodeId, streams.addressOf(Number(nodeId.slice(1)) - 1)]),
    );
    void this.#cluster.call(leader, async ({ log }) => log?.changeMembership(change, addresses));
  }

  /** The next step; empty while one is under way, null where nothing is left to do. */
  #change(lost: StackNode, leader: StackNode | undefined): readonly MemberChange[] | null {
    const configuration = leader?.log?.status().configuration;
    if (configuration === undefined || configuration.votersOutgoing.length > 0) return [];
    const { learners, removed, voters } = configuration;
    const next = this.#replacement?.nodeId ?? '';
    const remove = { kind: 'remove', nodeId: lost.nodeId } as const;
    if (removed.includes(lost.nodeId)) return null;
    if (voters.includes(next)) return [remove];
    if (learners.includes(next)) return [{ kind: 'promote', nodeId: next }, remove];
    return [{ kind: 'addLearner', nodeId: next }];
  }
}
