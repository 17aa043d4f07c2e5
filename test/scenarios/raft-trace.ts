import type { RaftView } from '../../src/consensus/raft/core-contract.ts';
import type { RaftEntry } from '../../src/consensus/raft/log-entry.ts';
import type { RaftMessage } from '../../src/consensus/raft/messages.ts';
import type { RaftOutput } from '../../src/consensus/raft/outputs.ts';

/** A message in one line. */
export function messageText(message: RaftMessage): string {
  const { kind, term } = message;
  const head = `${kind} t${term}`;
  switch (kind) {
    case 'preVoteRequest':
    case 'voteRequest':
      return `${head} last=${message.lastIndex}/t${message.lastTerm}`;
    case 'preVoteResponse':
    case 'voteResponse':
      return `${head} ${message.isGranted ? 'granted' : 'refused'}`;
    case 'appendRequest': {
      const entries = message.entries.map(entryText).join(' ');
      return `${head} prev=${message.prevIndex}/t${message.prevTerm} commit=${message.commitIndex} [${entries}]`;
    }
    case 'appendResponse':
      return message.isAccepted
        ? `${head} match=${message.matchIndex}`
        : `${head} refused prev=${message.prevIndex} hint=${message.hintIndex}/t${message.hintTerm}`;
    case 'heartbeat':
      return `${head} commit=${message.commitIndex} round=${message.round}`;
    case 'heartbeatResponse':
      return `${head} round=${message.round}`;
    case 'snapshotOffer':
      return `${head} last=${message.meta.lastIndex}/t${message.meta.lastTerm}`;
    case 'snapshotChunk':
      return `${head} at=${message.offset} bytes=${message.data.length}${message.isLast ? ' last' : ''}`;
    case 'snapshotResponse':
      return `${head} ${message.outcome} from=${message.nextOffset}`;
    case 'timeoutNow':
    case 'readRequest':
      return head;
    case 'readResponse':
      return `${head} index=${message.index}`;
    default:
      return kind;
  }
}

/** What a shell is told, or null for what the trace leaves out. */
export function outputText(output: RaftOutput): string | null {
  switch (output.kind) {
    case 'role':
      return `is ${output.role} t${output.term} leader=${output.leader}${output.isTermReady ? ' ready' : ''}`;
    case 'apply':
      return `applies ${output.entries.map(entryText).join(' ')}`;
    case 'proposalAccepted':
      return `accepts as ${output.index}/t${output.term}`;
    case 'proposalDropped':
      return `drops: ${output.reason}`;
    case 'readReady':
      return `read ${output.readId} at ${output.index}`;
    case 'readRefused':
      return `read ${output.readId} refused: ${output.reason}`;
    case 'membershipAccepted':
      return `changes members at ${output.index}`;
    case 'membershipRefused':
      return `refuses the change: ${output.code}`;
    case 'transferAborted':
      return `gives up the transfer to ${output.to}: ${output.reason}`;
    case 'configuration':
      return `knows members ${membersText(output.configuration)} of ${output.index}`;
    case 'failed':
      return `FAILED ${output.code}: ${output.message}`;
    case 'peerFault':
      return `blames ${output.nodeId}: ${output.message}`;
    default:
      return null;
  }
}

/** A node in one line. */
export function viewText(view: RaftView): string {
  const { nodeId, role, term, votedFor, baseIndex, stableIndex, commitIndex, lastIndex } = view;
  const log = `log=${baseIndex + 1}..${lastIndex} last=t${view.lastTerm} stable=${stableIndex} commit=${commitIndex} applied=${view.appliedIndex}`;
  const peers = view.progress.map(
    (peer) => `${peer.nodeId}:${peer.state}:${peer.matchIndex}<${peer.nextIndex}`,
  );
  return [
    `${nodeId} ${role} t${term} voted=${votedFor} ${log} ${membersText(view.configuration)}`,
    ...peers,
  ].join(' ');
}

function membersText(configuration: RaftView['configuration']): string {
  const { voters, votersOutgoing, learners, removed } = configuration;
  const outgoing = votersOutgoing.length > 0 ? ` from ${votersOutgoing.join()}` : '';
  const listeners = learners.length > 0 ? ` learners ${learners.join()}` : '';
  const gone = removed.length > 0 ? ` removed ${removed.join()}` : '';
  return `(${voters.join()}${outgoing}${listeners}${gone})`;
}

function entryText(entry: RaftEntry): string {
  const body =
    entry.kind === 'command' ? String.fromCharCode(...entry.body) : `<${entry.kind}>`;
  return `${entry.index}/t${entry.term}=${body}`;
}
