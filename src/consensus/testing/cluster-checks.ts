/** What must hold across all nodes, whatever happens to them. Throws {@link CheckFailure} at the first breach. */
import { entryHash } from '../raft/entry-hash.ts';
import type { RaftProtocol, RaftView } from '../raft/core-contract.ts';
import type { RaftEntry } from '../raft/log-entry.ts';
import type { RaftMessage } from '../raft/messages.ts';
import type { RaftOutput } from '../raft/outputs.ts';
import type { TestDisk } from './test-disk.ts';
import { hexOf, testHasher } from './test-hasher.ts';

export class CheckFailure extends Error {
  override readonly name = 'CheckFailure';
}

export class ClusterChecks {
  /** Newest index known as committed by any leader so far; the founding entry is committed by agreement. */
  committedIndex = 1;
  readonly #committed = new Map<number, string>();
  readonly #leaders = new Map<number, string>();
  readonly #votes = new Map<string, string>();
  readonly #entries = new Map<string, string>();

  /** One leader a term, and it has everything that is committed. */
  leading(view: RaftView, core: RaftProtocol): void {
    const known = this.#leaders.get(view.term);
    this.#must(
      known === undefined || known === view.nodeId,
      `term ${view.term} has the leaders ${known} and ${view.nodeId}`,
    );
    if (known !== undefined) return;
    this.#leaders.set(view.term, view.nodeId);
    const hash = core.hashAt(this.committedIndex);
    const held = hash === null ? undefined : hexOf(hash);
    this.#must(
      this.committedIndex <= Math.max(view.baseIndex, 1) ||
        held === this.#committed.get(this.committedIndex),
      `${view.nodeId} leads term ${view.term} without committed entry ${this.committedIndex}`,
    );
  }

  /** A leader commits only what is on a quorum of disks. */
  leaderCommitted(view: RaftView, core: RaftProtocol, disks: ReadonlyMap<string, TestDisk>): void {
    const hash = core.hashAt(view.commitIndex);
    const termOfCommit = core.termAt(view.commitIndex);
    if (view.commitIndex <= this.committedIndex || hash === null) return;
    this.#must(
      termOfCommit === view.term,
      `${view.nodeId} commits ${view.commitIndex} of term ${termOfCommit} by counting in term ${view.term}`,
    );
    const hasIt = (nodeId: string): boolean => {
      const disk = disks.get(nodeId);
      if (disk === undefined) return false;
      if (disk.base.index >= view.commitIndex) return true;
      const entry = disk.entryAt(view.commitIndex);
      return entry !== undefined && hexOf(entryHash(testHasher, entry)) === hexOf(hash);
    };
    const { voters, votersOutgoing } = view.configuration;
    for (const group of [voters, votersOutgoing])
      this.#must(
        group.length === 0 || group.filter(hasIt).length * 2 > group.length,
        `${view.nodeId} commits ${view.commitIndex} in term ${view.term} without a quorum of disks`,
      );
    this.committedIndex = view.commitIndex;
    this.#remember(view.commitIndex, hexOf(hash), view.nodeId);
  }

  /** Nobody knows more as committed than leaders committed, or anything else. */
  knownCommitted(view: RaftView, hash: Uint8Array | null): void {
    this.#must(
      view.commitIndex <= this.committedIndex,
      `${view.nodeId} takes ${view.commitIndex} as committed, leaders ${this.committedIndex}`,
    );
    if (hash !== null) this.#remember(view.commitIndex, hexOf(hash), view.nodeId);
  }

  /** Everyone applies the same. */
  applied(nodeId: string, entry: RaftEntry, digest: Uint8Array): void {
    this.#must(
      entry.index <= this.committedIndex,
      `${nodeId} applies ${entry.index}, which no leader committed`,
    );
    this.#remember(entry.index, hexOf(digest), nodeId);
  }

  /** Nothing leaves a node that its disk may forget. */
  sent(nodeId: string, to: string, message: RaftMessage, disk: TestDisk): void {
    const { term, votedFor } = disk.hardState;
    if (message.kind === 'preVoteRequest') return;
    this.#must(
      message.term <= term,
      `${nodeId} tells of term ${message.term} before it is durable`,
    );
    if (message.kind === 'voteResponse' && message.isGranted) {
      this.#must(
        message.term < term || votedFor === to,
        `${nodeId} tells of a vote before it is durable`,
      );
      this.voted(nodeId, message.term, to);
    }
    if (message.kind === 'appendResponse' && message.isAccepted && message.term === term)
      this.#must(
        message.matchIndex <= disk.lastIndex,
        `${nodeId} vouches for ${message.matchIndex} before it is durable`,
      );
  }

  /** A leader changes members one change at a time, each committed, and only once its term is ready. */
  changedMembers(before: RaftView, after: RaftView, outputs: readonly RaftOutput[]): void {
    let previous = before.configurationIndex;
    for (const output of outputs) {
      for (const entry of output.kind === 'persist' ? output.entries : []) {
        if (entry.kind !== 'configuration' || entry.term !== after.term) continue;
        this.#must(
          previous <= after.commitIndex && after.isTermReady,
          `${after.nodeId} changes members at ${entry.index} before ${previous} is committed`,
        );
        previous = entry.index;
      }
    }
  }

  /** A vote that became durable or left the node. */
  voted(nodeId: string, term: number, candidate: string): void {
    const key = `${nodeId} ${term}`;
    const known = this.#votes.get(key);
    this.#must(
      known === undefined || known === candidate,
      `${nodeId} votes for ${known} and ${candidate} in term ${term}`,
    );
    this.#votes.set(key, candidate);
  }

  /** One entry for each index and term. */
  written(nodeId: string, entry: RaftEntry): void {
    const key = `${entry.index} ${entry.term}`;
    const hash = hexOf(entryHash(testHasher, entry));
    const known = this.#entries.get(key);
    this.#must(
      known === undefined || known === hash,
      `${nodeId} writes a second entry ${entry.index} of term ${entry.term}`,
    );
    this.#entries.set(key, hash);
  }

  /** A read sees all that was committed before it began. */
  readAnswered(nodeId: string, index: number, committedBefore: number): void {
    this.#must(
      index >= committedBefore,
      `${nodeId} reads at ${index} what was committed through ${committedBefore}`,
    );
  }

  /** Whatever else a test wants to hold. */
  must(isTrue: boolean, message: string): void {
    this.#must(isTrue, message);
  }

  #remember(index: number, hash: string, nodeId: string): void {
    const known = this.#committed.get(index);
    this.#must(
      known === undefined || known === hash,
      `${nodeId} has another committed entry at ${index}`,
    );
    this.#committed.set(index, hash);
  }

  #must(isTrue: boolean, message: string): void {
    if (!isTrue) throw new CheckFailure(message);
  }
}
