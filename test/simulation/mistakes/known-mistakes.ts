/** Mistakes that real systems made, each as a change of the source: the simulator must find every one of them. */

export interface Mistake {
  readonly name: string;
  /** Below `src/consensus/raft`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** The first seed that is tried, where earlier ones are known to show nothing. Default 1. */
  readonly from?: number;
}

export const knownMistakes: readonly Mistake[] = [
  {
    name: 'the leader counts its own entries before they are durable',
    file: 'commit.ts',
    find: '? state.durability.stableIndex',
    replace: '? state.log.lastIndex',
  },
  {
    name: 'a vote is given twice in a term',
    file: 'election.ts',
    find: 'const isGranted = isFree && isUpToDate',
    replace: 'const isGranted = (isFree || true) && isUpToDate',
  },
  {
    name: 'a vote leaves before it is durable',
    file: 'election.ts',
    find: "state.outbox.reply(to, { kind: 'voteResponse'",
    replace: "state.outbox.send(to, { kind: 'voteResponse'",
  },
  {
    name: 'votes go to whoever has the longer log, whatever its terms',
    file: 'election.ts',
    find: 'if (message.lastTerm !== lastTerm) return message.lastTerm > lastTerm;',
    replace: 'void lastTerm;',
  },
  {
    name: 'progress is not sorted before the quorum is taken',
    file: 'joint-quorum.ts',
    find: '.map((nodeId) => reachedBy(nodeId)).sort((a, b) => b - a)',
    replace: '.map((nodeId) => reachedBy(nodeId))',
  },
  {
    name: 'a joint configuration asks one majority only',
    file: 'joint-quorum.ts',
    find: 'if (configuration.votersOutgoing.length === 0) return incoming;',
    replace: 'if (configuration.votersOutgoing.length >= 0) return incoming;',
  },
  {
    name: 'reads are served before anything of the own term is committed',
    file: 'read-index.ts',
    find: 'return leadership !== null && state.commitIndex >= leadership.firstIndex;',
    replace: 'return leadership !== null;',
  },
  {
    name: 'reads are answered without asking a quorum',
    file: 'read-index.ts',
    find: '(leadership.peers.get(nodeId)?.ackedRound ?? 0)',
    replace: 'leadership.round',
  },
  {
    name: 'acknowledgements leave before entries are durable',
    file: 'receive-append.ts',
    find: '    },\n    matchIndex,\n  );',
    replace: '    },\n  );',
  },
  {
    name: 'entries behind the previous one are dropped without a conflict',
    file: 'receive-append.ts',
    find: '  if (!takeEntries(state, hashed)) return;',
    replace:
      '  if (prevIndex < state.log.lastIndex && prevIndex >= state.commitIndex) truncateFrom(state, prevIndex + 1);\n' +
      '  if (!takeEntries(state, hashed)) return;',
  },
  {
    name: 'entries that were compacted while they were read are sent',
    file: 'replication.ts',
    find: '    if (state.log.termAt(peer.nextIndex - 1) === null) return;\n',
    replace: '',
  },
];
