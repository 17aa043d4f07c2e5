/**
 * Whoever runs the cluster: replaces a node that lost its disk, or whose journal is damaged; changes members; has a
 * leader leave.
 */
import type { Configuration } from '../../../src/consensus/index.ts';
import type { MemberChange } from '../../../src/log/index.ts';
import type { Chance } from '../kernel/chance.ts';
import type { StackCluster } from './stack-cluster.ts';
import type { SimulatedNode } from './simulated-node.ts';

const REPLACE_EVERY_US = 300_000;
const VOTERS_MIN = 3;

export class StackOperator {
  readonly #cluster: StackCluster;
  #lost: SimulatedNode | null = null;
  #replacement: SimulatedNode | null = null;

  constructor(cluster: StackCluster) {
    this.#cluster = cluster;
    cluster.onDamaged = (node): void => this.#giveUp(node);
  }

  /** True while a lost node is still a member. */
  get isReplacing(): boolean {
    return this.#lost !== null && this.#replacing(this.#lost, this.#cluster.leader()) !== null;
  }

  /** At most one disk is lost or damaged in a run, and only while all others are there: a quorum must outlive it. */
  get mayLoseOne(): boolean {
    const { nodes } = this.#cluster;
    const isAnyDamaged = [...nodes.values()].some(({ disk }) => disk.isDamaged);
    return this.#lost === null && !isAnyDamaged && this.#cluster.up().length === nodes.size;
  }

  start(): void {
    const { plan, simulation } = this.#cluster;
    if (!plan.faults.has('wipe') && !plan.faults.has('rot')) return;
    simulation.repeat(REPLACE_EVERY_US, () => {
      this.#replace();
      return REPLACE_EVERY_US;
    });
  }

  /** Takes a node's disk away for good. */
  wipe(node: SimulatedNode): void {
    if (this.mayLoseOne) this.#giveUp(node);
  }

  /** Tries one change of members that leaves enough of them: any of them may go, whoever leads too. */
  changeMembers(chance: Chance): void {
    const leader = this.#cluster.leader();
    const configuration = leader?.log?.status().configuration;
    if (leader === undefined || configuration === undefined) return;
    if (configuration.votersOutgoing.length > 0) return;
    const changes = this.#drawChanges(configuration, chance);
    if (changes.length > 0) this.#ask(leader, changes);
  }

  /** Has the leader leave, with no fault in the way. @returns how it ended, once it did */
  leave(leader: SimulatedNode): Promise<string> {
    const change = [{ kind: 'remove', nodeId: leader.nodeId }] as const;
    this.#cluster.simulation.say(() => `operator: ${leader.nodeId} leaves`);
    return (leader.log?.changeMembership(change) ?? Promise.reject(new Error('it is down'))).then(
      () => 'done',
      (error: unknown) => String(error instanceof Error && 'code' in error ? error.code : error),
    );
  }

  #giveUp(node: SimulatedNode): void {
    if (this.#lost !== null) return;
    this.#lost = node;
    this.#cluster.lose(node);
    this.#replacement = this.#cluster.join() ?? null;
  }

  #drawChanges({ learners, removed, voters }: Configuration, chance: Chance): MemberChange[] {
    const changes: MemberChange[] = [];
    const [learner] = learners;
    if (learner !== undefined) changes.push({ kind: 'promote', nodeId: learner });
    else if (chance.happens(0.6)) {
      const members = new Set([...voters, ...removed]);
      const waiting = [...this.#cluster.nodes.keys()].find((id) => !members.has(id));
      const nodeId = waiting ?? this.#cluster.join()?.nodeId;
      if (nodeId !== undefined) return [{ kind: 'addLearner', nodeId }];
    }
    if (voters.length + changes.length > VOTERS_MIN && chance.happens(0.7)) {
      const kind = chance.pick(['remove', 'remove', 'demote'] as const);
      changes.push({ kind, nodeId: chance.pick(voters) });
    }
    return changes;
  }

  #ask(leader: SimulatedNode, changes: readonly MemberChange[]): void {
    const { simulation, streams } = this.#cluster;
    simulation.say(() => `operator: ${leader.nodeId} ${JSON.stringify(changes)}`);
    const addresses = Object.fromEntries(
      changes
        .filter(({ kind }) => kind === 'addLearner')
        .map(({ nodeId }) => [nodeId, streams.addressOf(Number(nodeId.slice(1)) - 1)]),
    );
    void this.#cluster.call(leader, async ({ log }) => log?.changeMembership(changes, addresses));
  }

  #replace(): void {
    const leader = this.#cluster.leader();
    if (this.#lost === null || leader === undefined) return;
    const change = this.#replacing(this.#lost, leader);
    if (change !== null && change.length > 0) this.#ask(leader, change);
  }

  /** The next step; empty while one is under way, null where nothing is left to do. */
  #replacing(
    lost: SimulatedNode,
    leader: SimulatedNode | undefined,
  ): readonly MemberChange[] | null {
    const configuration = leader?.log?.status().configuration;
    if (configuration === undefined || configuration.votersOutgoing.length > 0) return [];
    const { learners, removed, voters } = configuration;
    const remove = { kind: 'remove', nodeId: lost.nodeId } as const;
    if (removed.includes(lost.nodeId)) return null;
    const next = this.#replacement?.nodeId;
    if (next === undefined || voters.includes(next)) return [remove];
    if (learners.includes(next)) return [{ kind: 'promote', nodeId: next }, remove];
    return [{ kind: 'addLearner', nodeId: next }];
  }
}
