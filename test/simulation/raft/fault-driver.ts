/** Turns the faults of a plan on and off at random moments, until the cluster is healed. */
import type { Chance } from '../kernel/chance.ts';
import { drawPartition, type Partition } from '../network/partition.ts';
import type { Cluster } from './cluster.ts';
import type { Operator } from './operator.ts';
import type { RaftNode } from './raft-node.ts';

/** Mean time between two faults of a kind, in milliseconds. */
const MEAN_MS: Readonly<Record<string, number>> = {
  crash: 1_000,
  power: 4_000,
  pause: 1_000,
  step: 1_000,
  upgrade: 4_000,
  wipe: 3_000,
  rot: 2_000,
  partition: 1_200,
  flap: 2_000,
  membership: 600,
  transfer: 1_000,
  news: 500,
};

export class FaultDriver {
  readonly #cluster: Cluster;
  readonly #operator: Operator;

  constructor(cluster: Cluster, operator: Operator) {
    this.#cluster = cluster;
    this.#operator = operator;
  }

  start(): void {
    const cluster = this.#cluster;
    if (['crash-leader', 'cut-leader'].some((fault) => cluster.plan.faults.has(fault))) {
      this.#hunt(cluster.simulation.chance.fork('hunt'));
    }
    for (const [fault, meanMs] of Object.entries(MEAN_MS)) {
      if (!cluster.plan.faults.has(fault)) continue;
      const chance = cluster.simulation.chance.fork(`fault ${fault}`);
      const factor = chance.spread(3);
      const delayUs = (): number => 1 + chance.exponential(meanMs * factor * 1_000);
      cluster.simulation.repeat(delayUs(), () => {
        if (cluster.isHealed) return undefined;
        this.#strike(fault, chance);
        return delayUs();
      });
    }
  }

  /** Leaders fall or are cut off within a few round trips of their election, when the most is under way. */
  #hunt(chance: Chance): void {
    const { simulation, plan } = this.#cluster;
    const rate = 0.2 + 0.6 * chance.unit();
    const meanUs = chance.pick([3_000, 20_000, 150_000]);
    this.#cluster.onLeader = (leader): void => {
      if (this.#cluster.isHealed || !chance.happens(rate)) return;
      const doesCrash =
        plan.faults.has('crash-leader') && (!plan.faults.has('cut-leader') || chance.happens(0.5));
      simulation.after(chance.exponential(meanUs), () => {
        if (this.#cluster.isHealed || !leader.isUp) return;
        if (doesCrash) this.#cluster.crash(leader);
        else this.#cutLeader(leader, chance);
      });
    };
  }

  /** Cuts a leader off from some of the others, in one direction or both. */
  #cutLeader(leader: RaftNode, chance: Chance): void {
    const { size } = this.#cluster.network;
    const direction = chance.below(3);
    const share = chance.pick([0.5, 1]);
    const cut = Array.from({ length: this.#cluster.nodes.size }, (_, other) => other)
      .filter((other) => other !== leader.endpoint && chance.happens(share))
      .flatMap((other) => {
        const [out, back] = [leader.endpoint * size + other, other * size + leader.endpoint];
        return [[out, back], [out], [back]][direction] ?? [];
      });
    this.#cut({ kind: 'isolate', cut }, chance.exponential(400_000));
  }

  #cut(partition: Partition, mendUs: number): void {
    const { network, simulation } = this.#cluster;
    const { size } = network;
    network.cut(partition);
    simulation.say(() => {
      const links = partition.cut.map(
        (link) => `${Math.floor(link / size) + 1}→${(link % size) + 1}`,
      );
      return `partition ${partition.kind} for ${mendUs / 1000} ms: ${links.join(' ')}`;
    });
    simulation.after(mendUs, () => {
      if (!this.#cluster.isHealed) network.mend(partition);
    });
  }

  #strike(fault: string, chance: Chance): void {
    const up = this.#cluster.up();
    if (fault === 'partition') return this.#partition(chance, 1_000_000);
    if (fault === 'flap') return this.#flap(chance);
    if (fault === 'membership') return this.#operator.changeMembers();
    if (fault === 'transfer') return this.#operator.transfer();
    if (up.length === 0) return;
    const node = chance.pick(up);
    switch (fault) {
      case 'crash':
        return this.#cluster.crash(node);
      case 'power':
        for (const each of up) this.#cluster.crash(each);
        return;
      case 'pause':
        return this.#pause(node, chance);
      case 'step':
        return this.#step(node, chance);
      case 'upgrade':
        for (const [place, each] of up.entries()) {
          this.#cluster.simulation.after(place * 400_000, () => {
            if (!this.#cluster.isHealed) this.#cluster.crash(each);
          });
        }
        return;
      case 'wipe':
        if (this.#operator.canLose(node.id)) this.#cluster.lose(node);
        return;
      case 'rot':
        return this.#rot(node, chance);
      case 'news':
        return this.#takeForDead(this.#cluster.leader() ?? node, chance);
      default:
    }
  }

  #pause(node: RaftNode, chance: Chance): void {
    if (node.isPaused) return;
    node.pause();
    const pausedUs = 10_000 + chance.exponential(chance.pick([50_000, 800_000]));
    this.#cluster.simulation.say(() => `${node.id} pauses for ${pausedUs / 1000} ms`);
    this.#cluster.simulation.after(pausedUs, () => node.resume());
  }

  /** The clock jumps ahead by many ticks, or stands still until time has caught up. */
  #step(node: RaftNode, chance: Chance): void {
    const ticks = chance.between(5, 100);
    this.#cluster.simulation.say(() => `the clock of ${node.id} steps by ${ticks} ticks`);
    if (chance.happens(0.5)) node.ticksHeld = ticks;
    else for (let tick = 0; tick < ticks && !node.isPaused; tick += 1) node.input({ kind: 'tick' });
  }

  /** A node that lives is taken for dead: by mistake, or because its network turns all others away. */
  #takeForDead(node: RaftNode, chance: Chance): void {
    if (chance.happens(0.5)) this.#cutLeader(node, chance);
    this.#cluster.tellGone(node);
  }

  #rot(node: RaftNode, chance: Chance): void {
    const { disk } = node;
    if (disk.entries.length === 0 || !this.#operator.canLose(node.id)) return;
    disk.rotten.add(disk.base.index + 1 + chance.below(disk.entries.length));
  }

  #partition(chance: Chance, meanUs: number): void {
    const { network } = this.#cluster;
    const partition = drawPartition(chance, this.#cluster.nodes.size);
    const { size } = network;
    const count = this.#cluster.nodes.size;
    // Drawn for the nodes there are; the network has room for more.
    const cut = partition.cut.map((link) => Math.floor(link / count) * size + (link % count));
    this.#cut({ kind: partition.kind, cut }, 1 + chance.exponential(meanUs));
  }

  #flap(chance: Chance): void {
    const endUs = this.#cluster.simulation.nowUs + 2_000_000;
    const periodUs = chance.between(50_000, 500_000);
    this.#cluster.simulation.repeat(0, () => {
      if (this.#cluster.isHealed || this.#cluster.simulation.nowUs > endUs) return undefined;
      this.#partition(chance, periodUs / 2);
      return periodUs;
    });
  }
}
