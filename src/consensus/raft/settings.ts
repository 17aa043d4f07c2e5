/** Bounds and times of a core, in ticks and bytes. The same on every node, or nearly so. */
export interface RaftSettings {
  /** Ticks between heartbeats; ≥ 1. */
  readonly heartbeatTicks: number;
  /** A follower waits a random T to 2T − 1 ticks; T ≥ 3 heartbeats. */
  readonly electionTicks: number;
  readonly isPreVoteOn: boolean;
  readonly isCheckQuorumOn: boolean;
  /**
   * Ticks for which a confirmed heartbeat lets the leader answer `lease` reads alone; 0 = never. Must be below
   * `electionTicks` by more than clocks drift in that time, and needs check-quorum.
   */
  readonly leaseTicks: number;
  /** Bodies in one append; a single larger entry still goes alone. */
  readonly appendBytesMax: number;
  readonly inFlightMessagesMax: number;
  readonly inFlightBytesMax: number;
  /** Bodies proposed and not committed; beyond it proposals are refused. One is always let in. */
  readonly uncommittedBytesMax: number;
  readonly proposalBytesMax: number;
  /** Bodies of durable entries kept in memory for followers and for applying. */
  readonly tailBytesMax: number;
  /** Bodies handed out by `apply` and not yet applied. */
  readonly applyBytesMax: number;
  /** Reads waiting for confirmation. */
  readonly readsMax: number;
  readonly snapshotChunkBytes: number;
  /** Entries kept behind a snapshot, for followers that lag a little. */
  readonly trailingEntries: number;
  /** A learner this close behind may be promoted. */
  readonly catchUpEntriesMax: number;
}

/** For a local network at 5 ms a tick: heartbeat 50 ms, election 300–595 ms. */
export const DEFAULT_RAFT_SETTINGS: RaftSettings = {
  heartbeatTicks: 10,
  electionTicks: 60,
  isPreVoteOn: true,
  isCheckQuorumOn: true,
  leaseTicks: 0,
  appendBytesMax: 1024 * 1024,
  inFlightMessagesMax: 64,
  inFlightBytesMax: 4 * 1024 * 1024,
  uncommittedBytesMax: 64 * 1024 * 1024,
  proposalBytesMax: 8 * 1024 * 1024,
  tailBytesMax: 16 * 1024 * 1024,
  applyBytesMax: 8 * 1024 * 1024,
  readsMax: 10_000,
  snapshotChunkBytes: 512 * 1024,
  trailingEntries: 5000,
  catchUpEntriesMax: 1000,
};
