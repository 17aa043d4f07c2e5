/**
 * Raft as a synchronous function: inputs in, outputs out; no clock, no chance, no disk, no network of its own.
 *
 * Invariants (asserted in production; a broken one throws, and the shell must stop the node and keep its disk)
 *   I1  the term never goes back
 *   I2  a node votes once per term, and forgets a vote only with its term
 *   I3  commit and applied index never go back
 *   I4  base ≤ applied ≤ applying ≤ commit ≤ last index; only what is durable here is applied
 *   I5  what is known as durable is in the log; a truncation takes the word of writes under way back
 *   I6  the log is one chain of hashes without gaps, with terms that never decrease nor exceed the node's
 *   I7  a leader voted for itself and began its term with an entry of its own; a term has one leader
 *   I8  of each peer: match < next, match ≤ last
 *   I9  a message that reveals a term, a vote or an entry leaves only after it is durable
 *   I10 only an entry of the leader's own term is committed by counting durable logs, its own among them
 *   I11 a committed entry is never truncated
 *   I12 one configuration change at a time, each committed before the next; both majorities while it is joint
 *   I13 a read is answered only with a commit index of a term that is ready, confirmed by a later round
 *   I14 no two entries of one index and term differ
 *   I15 nothing is applied while a snapshot is being installed
 *
 * A step first takes its inputs, each of which may change the log, the term and what is known of peers; then settles:
 * commits, changes configuration, writes once, sends what windows allow, applies. Nothing is sent while inputs are taken
 * but answers, so that many inputs cost one write and few messages.
 */
import { unreachable } from '../../base/invariant.ts';
import { applyEntriesRead, entriesApplied } from './commit.ts';
import { snapshotMade } from './compaction.ts';
import type { NodeId } from './configuration.ts';
import type { RaftCoreOptions, RaftProtocol, RaftView } from './core-contract.ts';
import { countVotes } from './election.ts';
import { fail } from './fail.ts';
import type { RaftInput } from './inputs.ts';
import { digestOf, viewOf } from './inspect.ts';
import { checkInvariants, marksOf } from './invariants.ts';
import { changeMembership, leaveJointWhenTold } from './membership.ts';
import type { LogBase } from './log-entry.ts';
import type { RaftOutput } from './outputs.ts';
import { peerGone } from './peer-gone.ts';
import { propose } from './propose.ts';
import { createRaftState, type RaftState } from './raft-state.ts';
import { takeRead } from './read-index.ts';
import { receive } from './receive.ts';
import { recover } from './recover.ts';
import { refuseInput } from './refuse-input.ts';
import { sendEntriesRead } from './replication.ts';
import { createAnnounced, settle, type Announced } from './settle.ts';
import { snapshotChunkWritten, snapshotInstalled } from './snapshot-receiving.ts';
import { sendChunkRead } from './snapshot-sending.ts';
import { tick } from './tick.ts';
import { beginTransfer } from './transfer.ts';

export class RaftCore implements RaftProtocol {
  readonly #state: RaftState;
  readonly #announced: Announced = createAnnounced();

  /** @throws InvariantError when what was recovered cannot be the disk of one node */
  constructor(options: RaftCoreOptions) {
    this.#state = createRaftState(options);
  }

  start(): readonly RaftOutput[] {
    recover(this.#state);
    return settle(this.#state, this.#announced);
  }

  step(input: RaftInput): readonly RaftOutput[] {
    return this.stepAll([input]);
  }

  stepAll(inputs: readonly RaftInput[]): readonly RaftOutput[] {
    const state = this.#state;
    const before = marksOf(state);
    for (const input of inputs) {
      if (state.failure === null) take(state, input);
      else refuseInput(state, input);
    }
    const outputs = settle(state, this.#announced);
    if (state.failure === null) checkInvariants(state, before);
    return outputs;
  }

  digestState(): Uint8Array {
    return digestOf(this.#state);
  }

  inspect(): RaftView {
    return viewOf(this.#state);
  }

  baseAt(index: number): LogBase | null {
    const { log } = this.#state;
    return log.termAt(index) === null ? null : log.baseAt(index);
  }

  hashAt(index: number): Uint8Array | null {
    return this.#state.log.hashAt(index);
  }

  termAt(index: number): number | null {
    return this.#state.log.termAt(index);
  }
}

function take(state: RaftState, input: RaftInput): void {
  switch (input.kind) {
    case 'tick':
      tick(state);
      return;
    case 'receive':
      receive(state, input.from, input.message);
      return;
    case 'propose':
      propose(state, input.term, input.proposals);
      return;
    case 'changeMembership':
      changeMembership(state, input.changeId, input.changes, input.isAutoLeave);
      return;
    case 'leaveJoint':
      leaveJointWhenTold(state, input.changeId);
      return;
    case 'read':
      takeRead(state, input.readId, input.mode);
      return;
    case 'transfer':
      beginTransfer(state, input.to);
      return;
    case 'peerUnreachable':
      peerUnreachable(state, input.nodeId);
      return;
    case 'peerGone':
      peerGone(state, input.nodeId);
      return;
    default:
      takeFromDisk(state, input);
  }
}

type FromDisk = Exclude<
  RaftInput,
  {
    kind:
      | 'tick'
      | 'receive'
      | 'propose'
      | 'changeMembership'
      | 'leaveJoint'
      | 'read'
      | 'transfer'
      | 'peerUnreachable'
      | 'peerGone';
  }
>;

function peerUnreachable(state: RaftState, nodeId: NodeId): void {
  const peer = state.leadership?.peers.get(nodeId);
  if (peer?.state === 'replicate') peer.becomeProbe();
}

/** What the shell did. */
function takeFromDisk(state: RaftState, input: FromDisk): void {
  switch (input.kind) {
    case 'persisted':
      state.durability.completed(input.token);
      countVotes(state);
      return;
    case 'persistFailed':
      fail(state, 'WRITE_FAILED', `write ${input.token.seq} failed: ${input.message}`);
      return;
    case 'applied':
      entriesApplied(state, input.index);
      return;
    case 'entriesRead':
      if (!applyEntriesRead(state, input.requestId, input.entries))
        sendEntriesRead(state, input.requestId, input.entries);
      return;
    case 'snapshotMade':
      snapshotMade(state, input.meta);
      return;
    case 'snapshotChunkRead': {
      const { data, checksum, isLast } = input;
      sendChunkRead(state, input.requestId, data === null ? null : { data, checksum, isLast });
      return;
    }
    case 'snapshotChunkWritten':
      snapshotChunkWritten(state, input.requestId, input.isWritten);
      return;
    case 'snapshotInstalled':
      snapshotInstalled(state, input.requestId, input.isInstalled);
      return;
    default:
      unreachable(input);
  }
}
