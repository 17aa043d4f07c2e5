/**
 * A small deterministic cluster: everything that happens is drawn from one seed.
 *
 * Time goes in ticks. Each thing that takes time (a message, a write, an answer of the shell) is put into the tick it is
 * due in; within a tick the order is random. Lasts through a phase of faults, then heals and must come to rest.
 */
import { Rng } from '../../base/rng.ts';
import { foundCluster } from '../raft/found-cluster.ts';
import { genesisBase } from '../raft/entry-hash.ts';
import type { MemberChange } from '../raft/configuration.ts';
import type { RaftInput } from '../raft/inputs.ts';
import { membersOf } from '../raft/joint-quorum.ts';
import type { RaftMessage } from '../raft/messages.ts';
import type { PersistOutput, RaftOutput } from '../raft/outputs.ts';
import type { RaftView } from '../raft/core-contract.ts';
import { CheckFailure, ClusterChecks } from './cluster-checks.ts';
import { drawProfile, type ClusterProfile } from './cluster-profile.ts';
import { TestDisk } from './test-disk.ts';
import { testHasher } from './test-hasher.ts';
import { TestNode, type NodeSurroundings } from './test-node.ts';

const CLUSTER = 'test';
const HEAL_TICKS = 3000;
const NEWS_SEED = 0x676f6e65;

type Happening = () => void;

export class TestCluster {
  readonly profile: ClusterProfile;
  readonly checks = new ClusterChecks();
  readonly nodes = new Map<string, TestNode>();
  readonly trace: string[] = [];
  events = 0;
  readonly #rng: Rng;
  /** Draws of its own, so that the other faults of a seed stay what they are. */
  readonly #newsRng: Rng;
  readonly #isNewsTold: boolean;
  readonly #disks = new Map<string, TestDisk>();
  readonly #due = new Map<number, Happening[]>();
  #nowTick = 0;
  #isHealing = false;
  /** Between ticks, what happens at once happens in the next one. */
  #isPassing = false;
  #cut = new Set<string>();
  #nextNode = 1;
  #nextId = 1;
  #nextSeed = 1;
  readonly #readsBegun = new Map<number, { nodeId: string; life: number; committed: number }>();
  readonly #isTraced: boolean;

  constructor(seed: number, isTraced = false) {
    this.#rng = Rng.fromSeed(seed);
    this.#isTraced = isTraced;
    this.profile = drawProfile(this.#rng);
    this.#newsRng = Rng.fromSeed(seed ^ NEWS_SEED);
    this.#isNewsTold = this.#newsRng.unit() < 0.25;
    this.#nextSeed = seed * 1000;
    const voters = Array.from({ length: this.profile.nodes }, () => this.#newNodeId());
    const founding = foundCluster(CLUSTER, voters, testHasher);
    for (const nodeId of voters) this.#addNode(nodeId, new TestDisk(founding));
  }

  /** Runs both phases. Throws at the first thing that must not be. */
  run(): void {
    for (const node of this.nodes.values()) this.#start(node);
    while (this.#nowTick < this.profile.faultTicks) {
      this.#breakSomething();
      this.#useSomething();
      this.#passTick();
    }
    this.#heal();
  }

  #heal(): void {
    this.#isHealing = true;
    this.#cut = new Set();
    for (const node of this.nodes.values()) {
      node.pausedUntil = 0;
      if (node.core === null || node.isFailed) this.#restart(node);
    }
    const from = this.#nowTick;
    let probe = 0;
    while (this.#nowTick < from + HEAL_TICKS) {
      this.#passTick();
      const leader = this.#leader();
      if (leader !== null && this.#nowTick % 20 === 0) this.#leaveJoint(leader);
      if (leader !== null && probe === 0 && this.#nowTick > from + 100)
        probe = this.#proposeTo(leader);
      if (probe > 0 && this.#nowTick % 10 === 0 && this.#isAtRest()) return;
    }
    const text = [...this.nodes.values()].map((node) => describe(node.view)).join('; ');
    throw new CheckFailure(`the healed cluster must come to rest: ${text}`);
  }

  /** All members equal and nothing left to do. */
  #isAtRest(): boolean {
    const leader = this.#leader();
    const view = leader?.view ?? null;
    if (view === null || !view.isTermReady || view.commitIndex !== view.lastIndex) return false;
    if (view.appliedIndex !== view.lastIndex || view.readsWaiting > 0) return false;
    if (view.configuration.votersOutgoing.length > 0) return false;
    if (view.uncommittedBytes !== 0 || view.transferTarget !== null) return false;
    if (view.progress.some((peer) => peer.inFlightMessages > 0 || peer.inFlightBytes > 0))
      return false;
    return membersOf(view.configuration).every((nodeId) => {
      const member = this.nodes.get(nodeId)?.view ?? null;
      if (member?.appliedIndex !== view.lastIndex) return false;
      return member.configurationIndex === view.configurationIndex;
    });
  }

  #passTick(): void {
    this.#nowTick += 1;
    this.#isPassing = true;
    for (const node of this.nodes.values()) {
      if (node.core === null || node.pausedUntil > this.#nowTick) continue;
      this.#take(node, [{ kind: 'tick' }]);
    }
    const due = this.#due.get(this.#nowTick) ?? [];
    this.#due.set(this.#nowTick, due);
    while (due.length > 0) {
      // A healed network keeps the order of what it carries.
      const at = this.#isHealing ? 0 : this.#rng.below(due.length);
      const [happening] = due.splice(at, 1);
      happening?.();
    }
    this.#due.delete(this.#nowTick);
    this.#isPassing = false;
  }

  #after(ticks: number, happening: Happening): void {
    const at = this.#nowTick + (this.#isPassing ? ticks : Math.max(ticks, 1));
    const due = this.#due.get(at);
    if (due === undefined) this.#due.set(at, [happening]);
    else due.push(happening);
  }

  #take(node: TestNode, inputs: readonly RaftInput[]): void {
    this.events += inputs.length;
    if (this.#isTraced) {
      const text = inputs.map((input) => JSON.stringify(input, shorten)).join(' ');
      this.trace.push(`${this.#nowTick} ${node.nodeId} ${text}`);
    }
    for (const input of inputs) if (input.kind === 'snapshotInstalled') node.installed();
    node.take(inputs);
    if (this.#isTraced) this.trace.push(`    ${describe(node.view)}`);
  }

  #newNodeId(): string {
    this.#nextNode += 1;
    return `n${this.#nextNode - 1}`;
  }

  #addNode(nodeId: string, disk: TestDisk): TestNode {
    this.#disks.set(nodeId, disk);
    const node = new TestNode(nodeId, disk, this.#surroundings());
    this.nodes.set(nodeId, node);
    return node;
  }

  #start(node: TestNode): void {
    this.#nextSeed += 1;
    node.start(this.#nextSeed);
  }

  #restart(node: TestNode): void {
    node.crash(this.#rng.below(node.disk.pendingWrites + 1));
    this.#start(node);
  }

  #surroundings(): NodeSurroundings {
    return {
      settings: this.profile.settings,
      clusterId: CLUSTER,
      checks: this.checks,
      disks: this.#disks,
      isStateDurable: this.profile.isStateDurable,
      later: (node, input) => this.#later(node, this.#rng.below(3), () => [input]),
      write: (node, write) => this.#write(node, write),
      send: (from, to, message) => this.#send(from, to, message),
      told: (node, output) => this.#told(node, output),
    };
  }

  /** Gives `inputs` to a node after a while, unless it crashed meanwhile. */
  #later(node: TestNode, ticks: number, inputs: () => readonly RaftInput[]): void {
    const { life } = node;
    this.#after(ticks, () => {
      if (node.core === null || node.life !== life) return;
      const pause = node.pausedUntil - this.#nowTick;
      if (pause > 0) this.#later(node, pause, inputs);
      else this.#take(node, inputs());
    });
  }

  #write(node: TestNode, { token }: PersistOutput): void {
    const { diskTicksMax, diskFailRate } = this.profile;
    const ticks = this.#isHealing ? 0 : this.#rng.below(diskTicksMax + 1);
    const isFailing = this.#rng.unit() < diskFailRate;
    this.#later(node, ticks, () => {
      if (node.isFailed) return [];
      if (isFailing && !this.#isHealing)
        return [{ kind: 'persistFailed', token, message: 'no space' }];
      node.completeWrites(token.seq);
      return [{ kind: 'persisted', token }];
    });
  }

  #send(from: string, to: string, message: RaftMessage): void {
    const { loss, duplicate, delayTicksMax, lateRate } = this.profile;
    if (!this.#isHealing && this.#rng.unit() < loss) return;
    const copies = !this.#isHealing && this.#rng.unit() < duplicate ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      const isLate = !this.#isHealing && this.#rng.unit() < lateRate;
      const ticks = isLate ? this.#rng.below(60) : this.#rng.below(delayTicksMax);
      this.#after(ticks, () => this.#deliver(from, to, message));
    }
  }

  #deliver(from: string, to: string, message: RaftMessage): void {
    const node = this.nodes.get(to);
    if (node === undefined || node.core === null || this.#cut.has(`${from} ${to}`)) return;
    const pause = node.pausedUntil - this.#nowTick;
    if (pause > 0) this.#after(pause, () => this.#deliver(from, to, message));
    else this.#take(node, [{ kind: 'receive', from, message }]);
  }

  #told(node: TestNode, output: RaftOutput): void {
    if (this.#isTraced && output.kind !== 'apply')
      this.trace.push(`  > ${node.nodeId} ${JSON.stringify(output, shorten)}`);
    if (output.kind === 'failed') {
      const isOwnDisk = output.code === 'WRITE_FAILED';
      this.checks.must(isOwnDisk, `${node.nodeId} failed: ${output.code} ${output.message}`);
    } else if (output.kind === 'peerFault') {
      this.checks.must(false, `${node.nodeId} blames ${output.nodeId}: ${output.message}`);
    } else if (output.kind === 'proposalAccepted') {
      const isOfTerm = node.core?.termAt(output.index) === output.term;
      this.checks.must(
        isOfTerm,
        `${node.nodeId} takes a proposal of term ${output.term} in another`,
      );
    } else if (output.kind === 'readReady') {
      const read = this.#readsBegun.get(output.readId);
      if (read !== undefined) this.checks.readAnswered(node.nodeId, output.index, read.committed);
      this.#readsBegun.delete(output.readId);
    } else if (output.kind === 'readRefused') {
      this.#readsBegun.delete(output.readId);
    }
  }

  #leader(): TestNode | null {
    let best: TestNode | null = null;
    for (const node of this.nodes.values())
      if (node.core !== null && node.isLeader && (best === null || node.term > best.term))
        best = node;
    return best;
  }

  #proposeTo(node: TestNode): number {
    const proposals = Array.from({ length: 1 + this.#rng.below(3) }, () => {
      this.#nextId += 1;
      const body = new Uint8Array(this.#rng.below(30) + 4).fill(this.#nextId & 255);
      new DataView(body.buffer).setUint32(0, this.#nextId);
      return { proposalId: this.#nextId, body };
    });
    const term = this.#rng.unit() < 0.05 ? Math.max(1, node.term - 1) : node.term;
    this.#take(node, [{ kind: 'propose', term, proposals }]);
    return this.#nextId;
  }

  #anyNode(): TestNode | null {
    const running = [...this.nodes.values()].filter((node) => node.core !== null);
    return running[this.#rng.below(Math.max(running.length, 1))] ?? null;
  }

  #useSomething(): void {
    const { proposeRate, readRate, memberRate, transferRate } = this.profile;
    for (const node of this.nodes.values()) {
      if (node.core === null || node.pausedUntil > this.#nowTick) continue;
      if (node.isLeader && this.#rng.unit() < proposeRate) this.#proposeTo(node);
      if (this.#rng.unit() < readRate) this.#read(node);
      const behind = node.state.index - (node.disk.snapshot?.meta.lastIndex ?? 0);
      if (behind >= this.profile.snapshotEntries) node.makeSnapshot();
    }
    if (this.#rng.unit() < memberRate) this.#changeMembers();
    if (this.#rng.unit() < transferRate) {
      const to = this.#anyNode();
      const leader = this.#leader();
      if (leader !== null && to !== null) this.#take(leader, [{ kind: 'transfer', to: to.nodeId }]);
    }
  }

  #read(node: TestNode): void {
    this.#nextId += 1;
    const readId = this.#nextId;
    const { nodeId, life } = node;
    this.#readsBegun.set(readId, { nodeId, life, committed: this.checks.committedIndex });
    const mode = this.#rng.unit() < 0.5 ? 'lease' : 'readIndex';
    this.#take(node, [{ kind: 'read', readId, mode }]);
  }

  #changeMembers(): void {
    const leader = this.#leader();
    const view = leader?.view ?? null;
    if (leader === null || view === null) return;
    const { voters, learners, votersOutgoing } = view.configuration;
    this.#nextId += 1;
    const changeId = this.#nextId;
    if (votersOutgoing.length > 0) {
      this.#take(leader, [{ kind: 'leaveJoint', changeId }]);
      return;
    }
    const changes: MemberChange[] = [];
    const pick = (list: readonly string[]): string | undefined =>
      list[this.#rng.below(Math.max(list.length, 1))];
    const learner = pick(learners);
    const voter = pick(voters);
    if (learners.length < 2 && this.nodes.size < 9 && this.#rng.unit() < 0.6)
      changes.push({ kind: 'addLearner', nodeId: this.#join() });
    if (learner !== undefined && this.#rng.unit() < 0.7)
      changes.push({ kind: 'promote', nodeId: learner });
    if (voter !== undefined && voters.length > 1 && this.#rng.unit() < 0.5)
      changes.push({ kind: this.#rng.unit() < 0.5 ? 'remove' : 'demote', nodeId: voter });
    const isAutoLeave = this.#rng.unit() < 0.7;
    this.#take(leader, [{ kind: 'changeMembership', changeId, changes, isAutoLeave }]);
  }

  #leaveJoint(leader: TestNode): void {
    if ((leader.view?.configuration.votersOutgoing.length ?? 0) === 0) return;
    this.#nextId += 1;
    this.#take(leader, [{ kind: 'leaveJoint', changeId: this.#nextId }]);
  }

  /** A new node with an empty disk. */
  #join(): string {
    const base = genesisBase(CLUSTER, testHasher);
    const hardState = { term: 0, votedFor: null, commitIndex: 0 };
    const nodeId = this.#newNodeId();
    this.#start(this.#addNode(nodeId, new TestDisk({ hardState, base, entries: [] })));
    return nodeId;
  }

  #breakSomething(): void {
    const { crashRate, pauseRate, partitionRate } = this.profile;
    for (const node of this.nodes.values()) {
      if (node.core === null || node.isFailed) {
        if (this.#rng.unit() < 0.1) this.#restart(node);
      } else if (this.#rng.unit() < crashRate) {
        node.crash(this.#rng.below(node.disk.pendingWrites + 1));
      } else if (this.#rng.unit() < pauseRate) {
        node.pausedUntil = this.#nowTick + this.#rng.below(40);
      }
    }
    if (this.#rng.unit() < crashRate / 20)
      for (const node of this.nodes.values()) if (node.core !== null) this.#restart(node);
    this.#breakLeader();
    const isCutting = this.#rng.unit() < partitionRate;
    const isMending = this.#rng.unit() < partitionRate;
    if (isCutting) this.#partition();
    else if (isMending) this.#cut = new Set();
  }

  /** The node whose loss costs most: crashed, or alone with what it was told last. */
  #breakLeader(): void {
    const leader = this.#leader();
    if (leader === null || this.#rng.unit() >= this.profile.leaderFaultRate) return;
    if (this.#rng.unit() < 0.4) {
      leader.crash(this.#rng.below(leader.disk.pendingWrites + 1));
      this.#tellGone(leader);
      return;
    }
    this.#tellGone(leader);
    const isOneWay = this.#rng.unit() < 0.3;
    for (const nodeId of this.nodes.keys()) {
      this.#cut.add(`${leader.nodeId} ${nodeId}`);
      if (!isOneWay) this.#cut.add(`${nodeId} ${leader.nodeId}`);
    }
    const cut = this.#cut;
    this.#after(10 + this.#rng.below(40), () => {
      if (this.#cut === cut) this.#cut = new Set();
    });
  }

  /** News that a leader's process ended: true of one that crashed, wrong of one that is only cut off. */
  #tellGone({ nodeId: gone }: TestNode): void {
    if (!this.#isNewsTold) return;
    for (const node of this.nodes.values()) {
      if (node.nodeId === gone || node.core === null) continue;
      this.#later(node, this.#newsRng.below(3), () => [{ kind: 'peerGone', nodeId: gone }]);
    }
  }

  /** Cuts the network in two, one way or both, or cuts single links. */
  #partition(): void {
    this.#cut = new Set();
    const style = this.#rng.below(3);
    const ids = [...this.nodes.keys()];
    const side = new Map(ids.map((nodeId) => [nodeId, this.#rng.below(2)]));
    for (const from of ids) {
      for (const to of ids) {
        const isAcross =
          style === 2 ? this.#rng.unit() < 0.3 : (side.get(from) ?? 0) < (side.get(to) ?? 0);
        if (!isAcross) continue;
        this.#cut.add(`${from} ${to}`);
        if (style === 0) this.#cut.add(`${to} ${from}`);
      }
    }
  }
}

function describe(view: RaftView | null): string {
  if (view === null) return 'down';
  const { nodeId, role, term, baseIndex, stableIndex, commitIndex, appliedIndex, lastIndex } = view;
  const { voters, votersOutgoing, learners } = view.configuration;
  const members = `[${voters.join()}|${votersOutgoing.join()}|${learners.join()}]`;
  const peers = view.progress.map(
    (peer) =>
      `${peer.nodeId}:${peer.state}:${peer.matchIndex}<${peer.nextIndex}:${peer.inFlightMessages}`,
  );
  return `${nodeId} ${role} t${term} base=${baseIndex} stable=${stableIndex} applied=${appliedIndex} commit=${commitIndex} last=${lastIndex} ${members} ${peers.join(' ')} reads=${view.readsWaiting} bytes=${view.uncommittedBytes}`;
}

function shorten(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? `${value.length}B` : value;
}
