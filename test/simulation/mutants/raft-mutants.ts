/**
 * Bugs that real Raft implementations shipped, as small changes to ours. Each must be noticed by the test cluster.
 *
 * `find` occurs exactly once in `file`; a change of the source that loses it fails the test, so that no mutant gets lost.
 */
export interface RaftMutant {
  readonly name: string;
  /** Below `src/consensus/raft/`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** Who had it, and what it breaks. */
  readonly why: string;
  /** First of the seeds that are tried, for one that few notice. Default 1. */
  readonly from?: number;
}

export const RAFT_MUTANTS: readonly RaftMutant[] = [
  {
    name: 'vote-forgotten-on-step-down',
    file: 'roles.ts',
    find: `  if (term > state.term) {
    state.term = term;
    state.votedFor = null;`,
    replace: `  state.votedFor = null;
  if (term > state.term) {
    state.term = term;`,
    why: 'NATS #7698: stepping down within a term cleared the vote, and a node voted twice',
  },
  {
    name: 'pre-vote-forgets-vote',
    file: 'roles.ts',
    find: `  state.role = 'preCandidate';`,
    replace: `  state.role = 'preCandidate';
  state.votedFor = null;
  state.pending.isHardStateDue = true;`,
    why: 'canonical/raft #196: a pre-vote reset the vote of the term',
  },
  {
    name: 'pre-vote-answers-count-as-votes',
    file: 'election.ts',
    find: `  becomeCandidate(state);
  askForVotes(state, {`,
    replace: `  const { votes } = state;
  becomeCandidate(state);
  state.votes = votes;
  askForVotes(state, {`,
    why: 'canonical/raft #196: answers to a pre-vote elected a leader',
  },
  {
    name: 'vote-told-before-durable',
    file: 'settle.ts',
    find: `  return after === null`,
    replace: `  return after === null || message.kind === 'voteResponse'`,
    why: 'liferaft: a vote was answered from memory and forgotten by a crash',
  },
  {
    name: 'vote-after-failed-write',
    file: 'raft-core.ts',
    find: `      fail(state, 'WRITE_FAILED', \`write \${input.token.seq} failed: \${input.message}\`);`,
    replace: `      state.durability.completed(input.token);`,
    why: 'NATS 860e23645: a vote was granted although storing it failed',
  },
  {
    name: 'up-to-date-by-length',
    file: 'election.ts',
    find: `  if (message.lastTerm !== lastTerm) return message.lastTerm > lastTerm;
  return message.lastIndex >= lastIndex;`,
    replace: `  return message.lastIndex >= lastIndex || lastTerm < 0;`,
    why: 'async-raft a48a3282: logs were compared in the wrong order; a long stale log wins and committed entries are lost',
  },
  {
    name: 'own-vote-before-durable',
    file: 'election.ts',
    find: `  if (state.role === 'candidate' && state.durability.hardStateWait === null) countOwnVote(state);`,
    replace: `  if (state.role === 'candidate') state.votes.set(state.nodeId, true);`,
    why: 'liferaft, etcd #14370: a lone node leads a term that a crash makes it forget',
  },
  {
    name: 'vote-with-known-leader-of-own',
    file: 'election.ts',
    find: `  const isFree = state.votedFor === from || (state.votedFor === null && state.leader === null);`,
    replace: `  const isFree = state.leader === null || state.leader === from;`,
    why: 'zeebe #1068: two leaders in one term, because a vote given was not looked at',
  },
  {
    name: 'commit-of-earlier-term-by-counting',
    file: 'commit.ts',
    find: `  if (reached <= state.commitIndex || state.log.termAt(reached) !== state.term) return;`,
    replace: `  if (reached <= state.commitIndex) return;`,
    why: 'NATS #7955: figure 8 of the Raft paper',
  },
  {
    name: 'commit-goes-back',
    file: 'commit.ts',
    find: `  if (index <= state.commitIndex) return;`,
    replace: `  if (index < state.log.base.index || index < state.applyingIndex) return;`,
    why: 'NATS c6f6c25ac: an old message moved the commit index back',
  },
  {
    name: 'quorum-of-unsorted',
    file: 'joint-quorum.ts',
    find: `.sort((a, b) => b - a);`,
    replace: `;`,
    why: 'openraft #1802: the quorum was read from an unsorted list',
  },
  {
    name: 'quorum-one-short',
    file: 'joint-quorum.ts',
    find: `  return Math.floor(count / 2) + 1;`,
    replace: `  return Math.max(1, Math.ceil(count / 2));`,
    why: 'half is not a majority when the number is even',
  },
  {
    name: 'own-log-counts-before-durable',
    file: 'commit.ts',
    find: `      ? state.durability.stableIndex`,
    replace: `      ? state.log.lastIndex`,
    why: 'openraft a9f696a9, etcd #14370: the leader counted its own entry before its flush',
  },
  {
    name: 'append-acknowledged-before-durable',
    file: 'settle.ts',
    find: `  return after === null`,
    replace: `  return after === null || message.kind === 'appendResponse'`,
    why: 'a follower vouched for what a crash makes it forget',
  },
  {
    name: 'completion-vouches-after-truncation',
    file: 'durability.ts',
    find: `      if (write.lastIndex !== null && write.token.generation === this.generation)`,
    replace: `      if (write.lastIndex !== null)`,
    why: 'openraft cecb5de8, etcd-raft async_storage_writes_append_aba_race: a late completion vouched for other entries',
  },
  {
    name: 'truncation-keeps-stable',
    file: 'durability.ts',
    find: `    this.stableIndex = Math.min(this.stableIndex, index - 1);`,
    replace: `    this.stableIndex = Math.max(this.stableIndex, 0);`,
    why: 'openraft cecb5de8: what replaced durable entries counted as durable at once',
  },
  {
    name: 'hard-state-not-waited-for-by-acks',
    file: 'durability.ts',
    find: `    if (index <= this.stableIndex) return this.hardStateWait;`,
    replace: `    if (index <= this.stableIndex) return null;`,
    why: 'openraft io_ordering: votes and appends were written in another order than told',
  },
  {
    name: 'truncate-without-conflict',
    file: 'receive-append.ts',
    find: `      if (held !== null && isSameHash(held, hash)) continue;`,
    replace: `      if (held !== null && isSameHash(held, hash)) {
        if (entry.index === state.log.lastIndex || entry.index <= state.commitIndex) continue;
        state.log.truncateFrom(entry.index + 1);
        state.durability.truncated(entry.index + 1);
        state.pending.truncateFrom(entry.index + 1);
        continue;
      }`,
    why: 'async-raft 9540c904: everything behind the previous entry was deleted without a conflict',
  },
  {
    name: 'no-truncation',
    file: 'receive-append.ts',
    find: `    const heldTerm = log.termAt(entry.index);`,
    replace: `    const heldTerm = log.termAt(entry.index) === null ? null : entry.term;
    if (heldTerm !== null) continue;`,
    why: 'a follower kept its own entries where they conflict with the leader’s',
  },
  {
    name: 'prev-entry-not-checked',
    file: 'receive-append.ts',
    find: `  if (state.log.termAt(prevIndex) !== prevTerm) {`,
    replace: `  if (prevIndex > state.log.lastIndex) {`,
    why: 'log matching without the term of the entry before',
  },
  {
    name: 'term-zero-for-compacted',
    file: 'replication.ts',
    find: `    if (log.termAt(peer.nextIndex - 1) === null) {`,
    replace: `    if (log.termAt(peer.nextIndex - 1) === null && peer.nextIndex > log.lastIndex) {`,
    why: 'etcd-raft #31: a compacted entry had term 0, which matched; here the peer is never sent what it lacks',
  },
  {
    name: 'heartbeat-commit-not-matched',
    file: 'read-index.ts',
    find: `    const commitIndex = Math.min(state.commitIndex, peer.matchIndex);`,
    replace: `    const { commitIndex } = state;`,
    why: 'openraft #1500: a heartbeat committed what the follower has instead of what matched',
  },
  {
    name: 'next-not-above-match',
    file: 'progress.ts',
    find: `    this.nextIndex = Math.max(this.nextIndex, index + 1);
    if`,
    replace: `    if`,
    why: 'etcd-raft #149: next fell behind match',
  },
  {
    name: 'window-never-freed',
    file: 'progress.ts',
    find: `      this.#inFlightBytes -= one.bytes;`,
    replace: `      this.#inFlightBytes -= 0;`,
    why: 'etcd-raft #54: the bytes in flight leaked until nothing was sent any more',
  },
  {
    name: 'probe-never-repeated',
    file: 'replication.ts',
    find: `  peer.isProbeOut = false;`,
    replace: `  peer.isProbeOut = peer.isProbeOut && peer.matchIndex === 0;`,
    why: 'etcd-raft 85e68cf: a lost probe was waited for for ever',
  },
  {
    name: 'lost-append-never-noticed',
    file: 'replication.ts',
    find: `  if (peer.matchIndex < state.log.lastIndex) peer.isCheckDue = true;`,
    replace: `  if (peer.matchIndex === 0) peer.isCheckDue = true;`,
    why: 'etcd-raft: a follower that lost the last append was never sent it again',
  },
  {
    name: 'change-while-change-pending',
    file: 'membership.ts',
    find: `  if (state.log.configurationIndex > state.commitIndex)
    return {`,
    replace: `  if (state.log.configurationIndex > state.log.lastIndex)
    return {`,
    why: 'the single-server change race; two changes under way have disjoint majorities',
  },
  {
    name: 'change-before-term-ready',
    file: 'membership.ts',
    find: `  if (!isTermReady(state))
    return {`,
    replace: `  if (state.log.lastIndex === 0)
    return {`,
    why: 'Ongaro 2015: a new leader changed members before an entry of its term was committed',
  },
  {
    name: 'joint-by-incoming-only',
    file: 'joint-quorum.ts',
    find: `  return Math.min(incoming, majorityReached(configuration.votersOutgoing, reachedBy));`,
    replace: `  return incoming;`,
    why: 'NATS 12fff3a32: old and new members each had a majority of their own',
  },
  {
    name: 'joint-skipped',
    file: 'change-configuration.ts',
    find: `    votersOutgoing: areVotersSame ? [] : current.voters,`,
    replace: `    votersOutgoing: [],`,
    why: 'several voters exchanged at once without both majorities',
    // 2,786 is the only one of 3,500; 83 alone of 1,500 while commits were told at once.
    from: 2_700,
  },
  {
    name: 'joint-left-before-committed',
    file: 'membership.ts',
    find: `  if (!isTermReady(state) || configurationIndex > state.commitIndex) return;`,
    replace: `  if (!isTermReady(state)) return;`,
    why: 'a joint configuration was left before both majorities agreed to it',
  },
  {
    name: 'truncated-configuration-stays',
    file: 'raft-log-view.ts',
    find: `    while (this.configurationIndex >= index) this.#configurations.pop();`,
    replace: `    while (this.#configurations.length > 100) this.#configurations.pop();`,
    why: 'a configuration of a truncated entry stayed in force',
  },
  {
    name: 'snapshot-without-configuration',
    file: 'raft-log-view.ts',
    find: `    this.#tail.clear();
    this.#configurations = [{ index: meta.configurationIndex, configuration: meta.configuration }];`,
    replace: `    this.#tail.clear();`,
    why: 'openraft #1808, etcd-raft a424e5b: installing a snapshot kept the members of before',
  },
  {
    name: 'read-before-term-ready',
    file: 'read-index.ts',
    find: `  return leadership !== null && state.commitIndex >= leadership.firstIndex;`,
    replace: `  return leadership !== null;`,
    why: 'etcd #7331: a new leader answered reads with a commit index that may be old',
  },
  {
    name: 'read-without-quorum',
    file: 'read-index.ts',
    find: `  if (confirmed <= leadership.confirmedRound) return;`,
    replace: `  if (confirmed < leadership.confirmedRound) return;
  for (const read of leadership.roundReads.splice(0)) answerRead(state, read.source, read.index);`,
    why: 'openraft d60f1e85: reads were confirmed by the wrong quorum',
  },
  {
    name: 'applies-while-installing',
    file: 'commit.ts',
    find: `  if (state.receiving?.phase === 'draining' || state.receiving?.phase === 'installing') return;`,
    replace: ``,
    why: 'etcd 8349efa, openraft eed681d5: entries were applied while a snapshot was put in their place',
    // 936 and 1,008 are the only ones of 1,800.
    from: 700,
  },
  {
    name: 'applies-before-durable',
    file: 'commit.ts',
    find: `  const through = Math.min(state.commitIndex, state.durability.stableIndex);`,
    replace: `  const through = state.commitIndex;`,
    why: 'etcd #14370: an entry was applied before it was flushed',
  },
  {
    name: 'snapshot-offset-wrong',
    file: 'snapshot-receiving.ts',
    find: `  if (message.offset !== receiving.nextOffset) {`,
    replace: `  if (message.offset > receiving.nextOffset) {`,
    why: 'NATS 2eccb9e1: a chunk sent twice was written twice',
  },
  {
    name: 'snapshot-keeps-conflicting-log',
    file: 'snapshot-receiving.ts',
    find: `  if (isInLog(state, meta)) {
    commitThrough`,
    replace: `  if (meta.lastIndex <= state.log.lastIndex) {
    commitThrough`,
    why: 'openraft #1892: a log that conflicts with an installed snapshot was kept',
  },
  {
    name: 'campaigns-while-installing',
    file: 'snapshot-receiving.ts',
    find: `  state.applyingIndex = meta.lastIndex;
  state.appliedIndex = meta.lastIndex;`,
    replace: `  state.applyingIndex = Math.max(state.applyingIndex, meta.lastIndex - 1);
  state.appliedIndex = state.applyingIndex;`,
    why: 'NATS e374acd92: log and state were one entry apart after a snapshot',
  },
  {
    name: 'stuck-node-not-freed',
    file: 'receive.ts',
    find: `  } else if (isFromLeader(message)) {
    state.outbox.reply`,
    replace: `  } else if (isFromLeader(message) && message.term === 0) {
    state.outbox.reply`,
    why: 'etcd-raft: a node with a higher term is never answered and stays outside for ever',
  },
  {
    name: 'left-out-node-never-campaigns',
    file: 'election.ts',
    find: `  return log.configurationIndex > state.commitIndex && isVoter(log.previousConfiguration, nodeId);`,
    replace: `  return false;`,
    why: 'Ongaro 4.2.2: the only holder of the last configuration was not allowed to lead it home',
  },
  {
    name: 'transfer-never-given-up',
    file: 'transfer.ts',
    find: `  if (transfer.elapsedTicks < state.settings.electionTicks) return;`,
    replace: `  if (transfer.elapsedTicks > 0) return;`,
    why: 'etcd-raft #11417: a hand-over to a node that is gone blocked proposals for ever',
  },
  {
    name: 'proposal-of-earlier-term',
    file: 'propose.ts',
    find: `  if (term !== state.term) return 'termChanged';`,
    replace: `  if (term > state.term) return 'termChanged';`,
    why: 'NATS #8370: a proposal made for an earlier term was taken after leadership was lost and won again',
  },
];
