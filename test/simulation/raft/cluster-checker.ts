/**
 * Watches everything that nodes say, write and apply, and throws at the first broken promise.
 *
 * It believes disks and messages, never a node's memory. Promises
 *   C1  one leader a term
 *   C2  an (index, term) names one entry, for ever and on every node
 *   C3  what one node applied at an index every node applies there; the state machines' digests are equal too
 *   C4  an applied entry is durable on a quorum at that moment, and no node ever truncates it
 *   C5  a leader's log holds everything applied anywhere of terms before its own; one that learns late that it won may
 *       find a later leader's entries applied
 *   C6  terms never go back, and a node votes once a term, across restarts
 *   C7  a vote or an acknowledgement leaves only when what it promises is durable
 *   C8  a read index covers everything that was applied anywhere before the read began
 *   C9  the core never stops by itself but for a failed write
 */
import type {
  Configuration,
  NodeId,
  RaftEntry,
  RaftMessage,
  RaftOutput,
  RaftView,
  SnapshotMeta,
} from '../../../src/consensus/index.ts';
import { require } from '../simulation-failure.ts';
import type { RaftAdapter } from './raft-adapter.ts';
import type { RaftNode } from './raft-node.ts';

interface Canonical {
  readonly term: number;
  readonly digest: number;
}

/** What is remembered of a node across its lives. */
interface Memory {
  term: number;
  appliedIndex: number;
  readonly votes: Map<number, NodeId>;
}

export class ClusterChecker {
  readonly nodes: ReadonlyMap<NodeId, RaftNode>;
  /** Nodes whose disk is gone; what they held can no longer be counted. */
  readonly wiped: Set<NodeId> = new Set();
  /** The newest configuration that is applied anywhere. */
  configuration: Configuration | undefined;
  configurationIndex = 0;
  leaderChanges = 0;
  /** Entry i is at position i − 1. */
  readonly #canonical: Canonical[] = [];
  readonly #leaders = new Map<number, NodeId>();
  /** Entries of every term at index i, at position i. */
  readonly #entries: RaftEntry[][] = [];
  readonly #memories = new Map<NodeId, Memory>();
  readonly #reads = new Map<string, number>();
  readonly #adapter: RaftAdapter;

  constructor(nodes: ReadonlyMap<NodeId, RaftNode>, adapter: RaftAdapter) {
    this.nodes = nodes;
    this.#adapter = adapter;
  }

  /** Index of the newest entry applied anywhere. */
  get appliedIndex(): number {
    return this.#canonical.length;
  }

  started(node: RaftNode): void {
    const memory = this.#memory(node.id);
    memory.appliedIndex = node.worker?.appliedIndex ?? 0;
    const { term } = node.disk.hardState;
    require(term >= 0 && !this.wiped.has(node.id), 'a wiped node returned under its old id', () =>
      node.id);
  }

  crashed(node: RaftNode): void {
    // What was never told may be forgotten: the term that counts is the durable one.
    this.#memory(node.id).term = node.disk.hardState.term;
  }

  readBegan(node: RaftNode, readId: number): void {
    this.#reads.set(`${node.id} ${readId}`, this.appliedIndex);
  }

  said(node: RaftNode, output: RaftOutput): void {
    switch (output.kind) {
      case 'persist': {
        if (output.hardState !== undefined) this.#termIs(node, output.hardState.term);
        const { truncateFrom } = output;
        if (truncateFrom !== undefined) this.#mayTruncate(node, truncateFrom);
        for (const entry of output.entries) this.#isKnownEntry(node, entry);
        return;
      }
      case 'role':
        if (output.role === 'leader') this.#leads(node, output.term);
        return;
      case 'readReady': {
        const atLeast = this.#reads.get(`${node.id} ${output.readId}`) ?? 0;
        require(output.index >= atLeast, 'C8 a read index is too old', () =>
          `${node.id} reads at ${output.index}, ${atLeast} was applied before`);
        return;
      }
      case 'failed':
        require(output.code === 'WRITE_FAILED', 'C9 a core stopped by itself', () =>
          `${node.id} ${output.code} ${output.message}`);
        return;
      case 'peerFault':
        require(false, 'C9 a peer sent what no correct node sends', () =>
          `${node.id}: ${output.message} from ${output.nodeId}`);
        return;
      default:
        return;
    }
  }

  persisted(node: RaftNode): void {
    const { disk } = node;
    require(disk.hardState.term >= 0 &&
      disk.base.index <= disk.lastIndex, 'a log ends before it begins', () =>
      `${node.id} ${disk.base.index} ${disk.lastIndex}`);
  }

  sends(node: RaftNode, to: NodeId, message: RaftMessage): void {
    const { disk } = node;
    if (message.kind === 'voteResponse' && message.isGranted) {
      const { term, votedFor } = disk.hardState;
      const isKept =
        term > message.requestTerm || (term === message.requestTerm && votedFor === to);
      require(isKept, 'C7 a vote left before it was durable', () =>
        `${node.id} for ${to} in ${message.requestTerm}`);
      this.#votes(node, message.requestTerm, to);
    } else if (message.kind === 'voteRequest') {
      this.#votes(node, message.term, node.id);
    } else if (message.kind === 'appendResponse' && message.isAccepted) {
      const { matchIndex } = message;
      const isOld = message.term < disk.hardState.term;
      const kept = disk.entryAt(matchIndex)?.term;
      // The core may have gone on to a snapshot since, and no longer know.
      const own = node.core?.termAt(matchIndex) ?? kept;
      // Nor may it know when a newer leader has had the entry replaced since: then the disk has still what was vouched for.
      const hasMovedOn = node.role.term > message.term;
      const isSame = hasMovedOn ? (kept ?? Infinity) <= message.term : kept === own;
      const isKept = disk.base.index >= matchIndex || (kept !== undefined && isSame);
      const isDurable = isOld || isKept;
      require(isDurable, 'C7 an acknowledgement left before its entries were durable', () =>
        `${node.id} ${message.matchIndex}, durable ${disk.lastIndex}`);
    }
    if (message.kind !== 'preVoteRequest' && message.kind !== 'preVoteResponse') {
      const isLeaders = [
        'appendRequest',
        'heartbeat',
        'snapshotOffer',
        'snapshotChunk',
        'timeoutNow',
        'voteRequest',
      ].includes(message.kind);
      require(!isLeaders ||
        disk.hardState.term >= message.term, 'C7 a term was told before it was durable', () =>
        `${node.id} tells ${message.term} in ${message.kind}, durable ${disk.hardState.term}`);
    }
  }

  applied(node: RaftNode, entry: RaftEntry, digest: number): void {
    const memory = this.#memory(node.id);
    require(entry.index === memory.appliedIndex + 1, 'C3 entries are applied with a gap', () =>
      `${node.id} ${entry.index} after ${memory.appliedIndex}`);
    memory.appliedIndex = entry.index;
    this.#isKnownEntry(node, entry);
    const known = this.#canonical[entry.index - 1];
    if (known === undefined) {
      this.#isOnQuorum(node, entry);
      this.#canonical.push({ term: entry.term, digest });
      if (entry.kind === 'configuration') {
        this.configuration = this.#adapter.decodeConfiguration(entry.body);
        this.configurationIndex = entry.index;
      }
      return;
    }
    require(known.term === entry.term &&
      known.digest === digest, 'C3 two nodes applied different entries', () =>
      `${node.id} at ${entry.index}: term ${entry.term} digest ${digest}, others term ${known.term} digest ${known.digest}`);
  }

  installed(node: RaftNode, meta: SnapshotMeta, digest: number): void {
    const memory = this.#memory(node.id);
    const known = this.#canonical[meta.lastIndex - 1];
    require(meta.lastIndex >= memory.appliedIndex, 'C3 a snapshot took a state machine back', () =>
      `${node.id} from ${memory.appliedIndex} to ${meta.lastIndex}`);
    require(known?.digest === digest &&
      known.term === meta.lastTerm, 'C3 a snapshot is of another history', () =>
      `${node.id} ${meta.lastIndex}`);
    memory.appliedIndex = meta.lastIndex;
  }

  /** What a node's own view must show at any time. */
  isSound(node: RaftNode, view: RaftView): void {
    const { snapshotIndex, appliedIndex, applyingIndex, commitIndex, lastIndex, baseIndex } = view;
    const isOrdered =
      baseIndex <= lastIndex &&
      snapshotIndex <= appliedIndex &&
      appliedIndex <= applyingIndex &&
      applyingIndex <= commitIndex &&
      commitIndex <= lastIndex &&
      view.stableIndex <= lastIndex;
    require(isOrdered, 'snapshot ≤ applied ≤ applying ≤ committed ≤ last', () =>
      `${node.id} ${JSON.stringify(view)}`);
    for (const peer of view.progress) {
      require(peer.matchIndex < peer.nextIndex, 'a peer matches what it was not sent', () =>
        `${node.id} ${JSON.stringify(peer)}`);
    }
  }

  #memory(id: NodeId): Memory {
    let memory = this.#memories.get(id);
    if (memory === undefined) {
      memory = { term: 0, appliedIndex: 0, votes: new Map() };
      this.#memories.set(id, memory);
    }
    return memory;
  }

  #termIs(node: RaftNode, term: number): void {
    const memory = this.#memory(node.id);
    require(term >= memory.term, 'C6 a term went back', () =>
      `${node.id} from ${memory.term} to ${term}`);
    memory.term = term;
  }

  #votes(node: RaftNode, term: number, candidate: NodeId): void {
    const { votes } = this.#memory(node.id);
    const before = votes.get(term);
    require(before === undefined || before === candidate, 'C6 a node voted twice in a term', () =>
      `${node.id} in ${term} for ${before} and ${candidate}`);
    votes.set(term, candidate);
  }

  #leads(node: RaftNode, term: number): void {
    const before = this.#leaders.get(term);
    require(before === undefined || before === node.id, 'C1 two leaders in one term', () =>
      `${before} and ${node.id} in ${term}`);
    if (before !== undefined) return;
    this.#leaders.set(term, node.id);
    this.leaderChanges += 1;
    let index = this.appliedIndex;
    while (index > 0 && (this.#canonical[index - 1]?.term ?? 0) > term) index -= 1;
    const own = node.core?.termAt(index);
    const isComplete =
      index === 0 ||
      own === this.#canonical[index - 1]?.term ||
      (node.core?.inspect().baseIndex ?? 0) >= index;
    require(isComplete, 'C5 a leader lacks what was applied', () =>
      `${node.id} in ${term} has term ${own} at ${index}, must be ${this.#canonical[index - 1]?.term}`);
  }

  #mayTruncate(node: RaftNode, from: number): void {
    for (let index = from; index <= Math.min(this.appliedIndex, node.disk.lastIndex); index += 1) {
      const isCanonical = node.disk.entryAt(index)?.term === this.#canonical[index - 1]?.term;
      require(!isCanonical, 'C4 an applied entry is truncated', () => `${node.id} at ${index}`);
    }
  }

  #isKnownEntry(node: RaftNode, entry: RaftEntry): void {
    const known = (this.#entries[entry.index] ??= []);
    for (const one of known) {
      if (one.term !== entry.term) continue;
      require(isSameEntry(one, entry), 'C2 one index and term name two entries', () =>
        `${node.id} ${entry.index} in ${entry.term}`);
      return;
    }
    known.push(entry);
  }

  #isOnQuorum(node: RaftNode, entry: RaftEntry): void {
    const holds = (id: NodeId): boolean => {
      const disk = this.nodes.get(id)?.disk;
      if (disk === undefined || this.wiped.has(id)) return this.wiped.has(id);
      return disk.base.index >= entry.index || disk.entryAt(entry.index)?.term === entry.term;
    };
    const isMajority = (voters: readonly NodeId[]): boolean =>
      voters.length === 0 || 2 * voters.filter(holds).length > voters.length;
    const isQuorum = ({ voters, votersOutgoing }: Configuration): boolean =>
      isMajority(voters) && isMajority(votersOutgoing);
    // A leader counts by the newest configuration in its log, which need not be applied yet.
    const isHeld =
      (this.configuration !== undefined && isQuorum(this.configuration)) ||
      [...this.nodes.values()].some(({ core }) => {
        const view = core?.inspect();
        return (
          view !== undefined &&
          (view.role === 'leader' || view.nodeId === node.id) &&
          isQuorum(view.configuration)
        );
      });
    require(isHeld || entry.index === 1, 'C4 an applied entry is not durable on a quorum', () =>
      `${node.id} ${entry.index} in ${entry.term}`);
  }
}

/** By the hash of what came before, and by kind and size. */
function isSameEntry(one: RaftEntry, other: RaftEntry): boolean {
  if (one === other) return true;
  if (one.kind !== other.kind || one.body.length !== other.body.length) return false;
  return one.prevHash.every((byte, place) => byte === other.prevHash[place]);
}
