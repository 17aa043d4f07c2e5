/** Whoever runs the cluster: changes its members, hands leadership over, replaces nodes that lost their disk. */
import type { MemberChange, NodeId } from '../../../src/consensus/index.ts';
import type { Chance } from '../kernel/chance.ts';
import type { Cluster } from './cluster.ts';
import type { RaftNode } from './raft-node.ts';

const REPLACE_EVERY_US = 200_000;
const LEARNERS_MAX = 2;

export class Operator {
  readonly #cluster: Cluster;
  readonly #chance: Chance;
  /** New node by the one whose place it takes. */
  readonly #replacements = new Map<NodeId, NodeId>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#chance = cluster.simulation.chance.fork('operator');
    cluster.onLost = (lost): void => {
      const replacement = cluster.join();
      if (replacement !== undefined) this.#replacements.set(lost.id, replacement.id);
    };
    cluster.simulation.repeat(REPLACE_EVERY_US, () => {
      this.#replace();
      return REPLACE_EVERY_US;
    });
  }

  /** Whether the cluster can do with one node less for ever, by what every node believes. */
  canLose(id: NodeId): boolean {
    const { checker, nodes } = this.#cluster;
    const { configuration, configurationIndex } = checker;
    if (configuration === undefined || this.#cluster.isHealed) return false;
    const { voters, votersOutgoing, learners } = configuration;
    const members = [...voters, ...learners];
    if (votersOutgoing.length > 0 || voters.length < 3 || !members.includes(id)) return false;
    const isWhole = members.every((member) => {
      const node = nodes.get(member);
      return node?.isUp === true && !isRotten(node) && !checker.wiped.has(member);
    });
    const isSettled = this.#cluster.up().every((node) => {
      const view = node.core?.inspect();
      return view === undefined || view.configurationIndex <= configurationIndex;
    });
    return (
      isWhole &&
      isSettled &&
      [...nodes.values()].every((node) => node.isUp || checker.wiped.has(node.id))
    );
  }

  transfer(): void {
    const { configuration } = this.#cluster.checker;
    const leader = this.#cluster.leader();
    if (configuration === undefined || leader === undefined) return;
    const to = this.#chance.pick([...configuration.voters, ...configuration.learners]);
    this.#cluster.simulation.say(() => `operator: ${leader.id} hands over to ${to}`);
    leader.transfer(to);
  }

  /** Tries one change of members, sensible by the newest configuration that was applied. */
  changeMembers(): void {
    const { configuration } = this.#cluster.checker;
    const leader = this.#cluster.leader();
    if (configuration === undefined || leader === undefined) return;
    // Members are not taken away while another one is gone, or will be as soon as it looks at its disk.
    if (this.#lost().length > 0 || [...this.#cluster.nodes.values()].some(isRotten)) return;
    if (configuration.votersOutgoing.length > 0 && !configuration.isAutoLeave)
      return leader.leaveJoint();
    const changes = this.#drawChanges(configuration.voters, configuration.learners);
    if (changes.length === 0) return;
    this.#cluster.simulation.say(() => `operator: ${leader.id} ${JSON.stringify(changes)}`);
    leader.changeMembership(changes, this.#chance.happens(0.8));
  }

  /** Lost nodes that are still members. */
  #lost(): NodeId[] {
    const { configuration, wiped } = this.#cluster.checker;
    if (configuration === undefined) return [];
    const { voters, votersOutgoing, learners, learnersNext } = configuration;
    const members = new Set([...voters, ...votersOutgoing, ...learners, ...learnersNext]);
    return [...members].filter((id) => wiped.has(id));
  }

  #drawChanges(voters: readonly NodeId[], learners: readonly NodeId[]): MemberChange[] {
    const changes: MemberChange[] = [];
    if (learners.length > 0 && this.#chance.happens(0.6)) {
      changes.push({ kind: 'promote', nodeId: this.#chance.pick(learners) });
    } else if (learners.length < LEARNERS_MAX && this.#chance.happens(0.5)) {
      const joined = this.#cluster.join();
      if (joined !== undefined) changes.push({ kind: 'addLearner', nodeId: joined.id });
    }
    if (voters.length > 1 && this.#chance.happens(changes.length === 0 ? 0.8 : 0.4)) {
      const kind = this.#chance.pick(['remove', 'demote'] as const);
      changes.push({ kind, nodeId: this.#chance.pick(voters) });
    }
    return changes;
  }

  /** A step towards having a new node in the place of each lost one. */
  #replace(): void {
    const { configuration } = this.#cluster.checker;
    const leader = this.#cluster.leader();
    const [lost] = this.#lost();
    if (configuration === undefined || leader === undefined) return;
    if (configuration.votersOutgoing.length > 0) {
      if (!configuration.isAutoLeave && (lost !== undefined || this.#cluster.isHealed))
        leader.leaveJoint();
      return;
    }
    if (lost === undefined) return;
    const replacement = this.#replacements.get(lost);
    const remove = { kind: 'remove', nodeId: lost } as const;
    if (replacement === undefined || configuration.learners.includes(lost)) {
      leader.changeMembership([remove], true);
    } else if (configuration.learners.includes(replacement)) {
      leader.changeMembership([{ kind: 'promote', nodeId: replacement }, remove], true);
    } else if (configuration.voters.includes(replacement)) {
      leader.changeMembership([remove], true);
    } else if (!configuration.removed.includes(replacement)) {
      leader.changeMembership([{ kind: 'addLearner', nodeId: replacement }], true);
    }
  }
}

function isRotten({ disk }: RaftNode): boolean {
  return disk.rotten.size > 0;
}
