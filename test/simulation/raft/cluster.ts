/** A simulated cluster: nodes, the network between them, and a few ids to spare for those that join later. */
import { crc32 } from 'node:zlib';
import type { NodeId, RaftMessage } from '../../../src/consensus/index.ts';
import type { Chance } from '../kernel/chance.ts';
import type { Simulation } from '../kernel/simulation.ts';
import { drawLinkFaults, HEALTHY_LINK } from '../network/link-faults.ts';
import { SimulatedNetwork } from '../network/simulated-network.ts';
import { QuickDisk } from '../storage/quick-disk.ts';
import { drawDiskFaults, HEALTHY_DISK } from '../storage/quick-disk-faults.ts';
import { ClusterChecker } from './cluster-checker.ts';
import type { RaftAdapter } from './raft-adapter.ts';
import { RaftNode } from './raft-node.ts';
import type { RaftPlan } from './raft-plan.ts';

const CLUSTER_ID = 'simulated';
const SPARES = 5;
const CHECKSUM_BYTES = 4;
const DELIVERED = 10;

export class Cluster {
  readonly simulation: Simulation;
  readonly plan: RaftPlan;
  readonly nodes = new Map<NodeId, RaftNode>();
  readonly checker: ClusterChecker;
  readonly network: SimulatedNetwork<Uint8Array>;
  /** Told of a node whose disk can no longer be trusted: it is down and stays down. */
  onLost: (node: RaftNode) => void = () => undefined;
  /** Told of each node that has just won an election. */
  onLeader: (node: RaftNode) => void = () => undefined;
  isHealed = false;
  readonly #retired = new Set<NodeId>();
  readonly #adapter: RaftAdapter;
  readonly #chance: Chance;
  readonly #news: Chance;
  readonly #sizeMax: number;
  /** Whether links damage frames in this run: only then is a checksum worth its cost. */
  readonly #isDamaging: boolean;

  constructor(simulation: Simulation, plan: RaftPlan, adapter: RaftAdapter) {
    this.simulation = simulation;
    this.plan = plan;
    this.#adapter = adapter;
    this.#chance = simulation.chance.fork('cluster');
    this.#news = simulation.chance.fork('news');
    this.#sizeMax = plan.nodes + SPARES;
    this.#isDamaging = plan.faults.has('corrupt');
    this.checker = new ClusterChecker(this.nodes, adapter);
    this.network = new SimulatedNetwork(simulation, this.#sizeMax, (from, to, frame) =>
      this.#deliver(from, to, frame),
    );
    const links = simulation.chance.fork('links');
    this.network.setFaults(() => drawLinkFaults(links, plan.faults));
    const ids = Array.from({ length: plan.nodes }, (_, place) => nodeId(place));
    const founding = adapter.foundCluster(CLUSTER_ID, ids, adapter.hasher);
    for (const id of ids) {
      const node = this.#add(id);
      node.disk.hardState = founding.hardState;
      node.disk.entries = [...founding.entries];
      node.start();
    }
  }

  /** Starts a node that was never a member, with an empty disk; undefined when no id is left. */
  join(): RaftNode | undefined {
    if (this.nodes.size === this.#sizeMax) return undefined;
    const node = this.#add(nodeId(this.nodes.size));
    node.start();
    return node;
  }

  up(): RaftNode[] {
    return [...this.nodes.values()].filter((node) => node.isUp);
  }

  /** The node that leads in the newest term, as far as it knows itself. */
  leader(): RaftNode | undefined {
    const leaders = this.up().filter((node) => node.role.role === 'leader');
    return leaders.toSorted((a, b) => b.role.term - a.role.term)[0];
  }

  /** Ends the process and starts it again in a while, unless its disk is lost. */
  crash(node: RaftNode): void {
    if (!node.isUp) return;
    node.crash();
    this.#restart(node);
  }

  /** Takes a node's disk away for good: it never returns, and a new one must take its place. */
  lose(node: RaftNode): void {
    node.crash();
    this.checker.wiped.add(node.id);
    this.simulation.say(() => `${node.id} has lost its disk`);
    this.onLost(node);
  }

  /** Ends every fault: links, disks and clocks are well, everyone runs who has a disk. */
  heal(): void {
    this.isHealed = true;
    this.network.heal();
    this.network.setFaults(() => HEALTHY_LINK);
    const { isPreVoteOn, isCheckQuorumOn } = this.plan.settings;
    for (const node of this.nodes.values()) {
      // Without both, a node that does not know it was removed disturbs the others for ever: it is switched off.
      const isRemoved = this.checker.configuration?.removed.includes(node.id) === true;
      if (isRemoved && !(isPreVoteOn && isCheckQuorumOn)) this.#retire(node);
      node.heal();
      if (!node.isUp && !this.checker.wiped.has(node.id)) this.#start(node);
    }
  }

  /** Lets nearly all others hear, sooner or later, that a node is gone, whether it is or not. */
  tellGone(node: RaftNode): void {
    for (const other of this.up()) {
      if (other === node || this.#news.happens(0.1)) continue;
      const delayUs = this.#news.exponential(10_000);
      this.simulation.after(delayUs, () => other.input({ kind: 'peerGone', nodeId: node.id }));
    }
  }

  #retire(node: RaftNode): void {
    node.crash();
    this.#retired.add(node.id);
  }

  #add(id: NodeId): RaftNode {
    const { simulation, plan, checker } = this;
    const adapter = this.#adapter;
    const faults = this.isHealed
      ? HEALTHY_DISK
      : drawDiskFaults(simulation.chance.fork(`disk ${id}`), plan.faults);
    const node = new RaftNode(
      {
        id,
        endpoint: this.nodes.size,
        simulation,
        plan,
        adapter,
        checker,
        send: (from, to, message) => this.#send(from, to, message),
        onLeader: (leader) => this.onLeader(leader),
        onDeath: (dead, why) => (why === 'rotten' ? this.lose(dead) : this.#restart(dead)),
      },
      new QuickDisk(adapter.genesisBase(CLUSTER_ID, adapter.hasher)),
      faults,
    );
    if (plan.faults.has('drift')) node.clockRate = this.#chance.spread(1.1);
    this.nodes.set(id, node);
    return node;
  }

  #restart(node: RaftNode): void {
    if (this.plan.faults.has('news')) this.tellGone(node);
    const delayUs = this.isHealed
      ? 10_000
      : 1_000 + this.#chance.exponential(this.plan.restartMeanMs * 1_000);
    this.simulation.after(delayUs, () => this.#start(node));
  }

  /** A start reads the whole disk, so it finds what has decayed. */
  #start(node: RaftNode): void {
    const isGone = this.#retired.has(node.id) || this.checker.wiped.has(node.id);
    if (node.isUp || isGone) return;
    if (node.disk.rotten.size > 0) this.lose(node);
    else node.start();
  }

  #send(from: RaftNode, to: NodeId, message: RaftMessage): void {
    const target = this.nodes.get(to);
    if (target === undefined) return;
    const body = this.#adapter.encodeFrame({ clusterId: CLUSTER_ID, from: from.id, to, message });
    const frame = this.#isDamaging ? withChecksum(body) : body;
    const isSent = this.network.send(from.endpoint, target.endpoint, frame);
    if (isSent || !this.#chance.happens(0.3)) return;
    this.simulation.after(1_000, () => from.input({ kind: 'peerUnreachable', nodeId: to }));
  }

  #deliver(from: number, to: number, frame: Uint8Array): void {
    const body = this.#isDamaging ? checked(frame) : frame;
    if (body === null) return;
    const decoded = this.#adapter.decodeFrame(body);
    const node = this.nodes.get(decoded.to);
    this.simulation.note(DELIVERED, from * 256 + to, frame.length);
    this.simulation.say(() => `${decoded.from} → ${decoded.to}  ${describe(decoded.message)}`);
    node?.receive(decoded.from, decoded.message);
  }
}

function withChecksum(body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(body.length + CHECKSUM_BYTES);
  frame.set(body);
  new DataView(frame.buffer).setUint32(body.length, crc32(body));
  return frame;
}

/** What a frame carries; null where it was damaged. */
function checked(frame: Uint8Array): Uint8Array | null {
  const length = frame.length - CHECKSUM_BYTES;
  if (length < 0) return null;
  const body = frame.subarray(0, length);
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  return view.getUint32(length) === crc32(body) ? body : null;
}

function nodeId(place: number): NodeId {
  return `n${place + 1}`;
}

/** A message in a line: its kind and its numbers. */
function describe(message: RaftMessage): string {
  const fields = Object.entries(message).flatMap(([name, value]) => {
    if (name === 'kind' || value instanceof Uint8Array) return [];
    if (name === 'meta')
      return [`snapshot ${message.kind === 'snapshotOffer' ? message.meta.lastIndex : ''}`];
    if (Array.isArray(value)) return [`${value.length} ${name}`];
    return [`${name} ${String(value)}`];
  });
  return `${message.kind} ${fields.join(', ')}`;
}
