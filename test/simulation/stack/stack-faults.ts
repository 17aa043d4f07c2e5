/** Strikes with the faults of a plan until the cluster is healed. */
import type { Chance } from '../kernel/chance.ts';
import { drawPartition } from '../network/partition.ts';
import type { StackCluster } from './stack-cluster.ts';
import { RELEASES, type SimulatedNode } from './simulated-node.ts';
import type { StackOperator } from './stack-operator.ts';

/** Mean time between two faults of a kind, in milliseconds. */
const MEAN_MS: Readonly<Record<string, number>> = {
  partition: 1_000,
  crash: 800,
  power: 3_000,
  pause: 1_000,
  'clock-step': 1_000,
  wipe: 1_500,
  transfer: 1_000,
  membership: 500,
  rot: 500,
  upgrade: 600,
};
const UPGRADE_EVERY_US = 300_000;
const STEP_MS_MAX = 600_000;

export class StackFaults {
  readonly #cluster: StackCluster;
  readonly #operator: StackOperator;

  constructor(cluster: StackCluster, operator: StackOperator) {
    this.#cluster = cluster;
    this.#operator = operator;
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
    if (fault === 'upgrade') return this.#upgrade(all);
    if (up.length === 0) return;
    const node = chance.pick(up);
    if (fault === 'crash') return chance.pick(all).crash();
    if (fault === 'pause') return node.process?.pause(1 + chance.exponential(400_000));
    if (fault === 'clock-step') {
      node.wallOffsetMs = chance.between(-STEP_MS_MAX, STEP_MS_MAX);
      return;
    }
    if (fault === 'wipe') return this.#operator.wipe(node);
    if (fault === 'rot') return this.#rot(node, chance);
    if (fault === 'membership') return this.#operator.changeMembers(chance);
    this.#transfer(chance);
  }

  /** The next release, node by node, once all are of the last one. */
  #upgrade(nodes: readonly SimulatedNode[]): void {
    const there = nodes.filter(({ isLost }) => !isLost);
    const [release = 0, ...others] = there.map((node) => node.release);
    if (release + 1 === RELEASES.length || others.some((other) => other !== release)) return;
    for (const [place, node] of there.entries()) {
      this.#cluster.simulation.after(place * UPGRADE_EVERY_US, () => {
        if (this.#cluster.isHealed || node.release > release) return;
        node.release = release + 1;
        node.crash();
      });
    }
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

  /** Bytes of a journal change behind its node's back; at times it starts anew right then, and reads all of it. */
  #rot(node: SimulatedNode, chance: Chance): void {
    if (!this.#operator.mayLoseOne) return;
    const damage = node.disk.damage(chance);
    if (damage === null) return;
    this.#cluster.simulation.say(() => `the journal of ${node.nodeId} is damaged: ${damage}`);
    if (chance.happens(0.5)) node.crash();
  }
}
