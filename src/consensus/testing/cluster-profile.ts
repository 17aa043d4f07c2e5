import type { Rng } from '../../base/rng.ts';
import { DEFAULT_RAFT_SETTINGS, type RaftSettings } from '../raft/settings.ts';

/** Which faults a run has, and how often; rates are per tick or per message, from 0 to 1. */
export interface ClusterProfile {
  readonly nodes: number;
  readonly settings: RaftSettings;
  readonly loss: number;
  readonly duplicate: number;
  readonly delayTicksMax: number;
  readonly lateRate: number;
  readonly diskTicksMax: number;
  readonly crashRate: number;
  readonly diskFailRate: number;
  readonly pauseRate: number;
  readonly partitionRate: number;
  /** Crashes or isolates the leader. */
  readonly leaderFaultRate: number;
  readonly proposeRate: number;
  readonly readRate: number;
  readonly memberRate: number;
  readonly transferRate: number;
  readonly snapshotEntries: number;
  readonly isStateDurable: boolean;
  readonly faultTicks: number;
}

/** Draws a profile: each fault is off in many runs, so that the others get room. */
export function drawProfile(rng: Rng): ClusterProfile {
  const some = (chance: number, rate: number): number =>
    rng.unit() < chance ? rate * rng.unit() : 0;
  const pauseRate = some(0.3, 0.02);
  const settings: RaftSettings = {
    ...DEFAULT_RAFT_SETTINGS,
    heartbeatTicks: 2,
    electionTicks: 10,
    isPreVoteOn: rng.unit() < 0.8,
    isCheckQuorumOn: rng.unit() < 0.85,
    leaseTicks: rng.unit() < 0.4 && pauseRate === 0 ? 7 : 0,
    appendBytesMax: rng.unit() < 0.5 ? 40 : 400,
    inFlightMessagesMax: 1 + rng.below(6),
    inFlightBytesMax: rng.unit() < 0.3 ? 60 : 4000,
    uncommittedBytesMax: rng.unit() < 0.3 ? 100 : 10_000,
    proposalBytesMax: 200,
    tailBytesMax: rng.unit() < 0.5 ? 60 : 10_000,
    applyBytesMax: rng.unit() < 0.5 ? 50 : 10_000,
    readsMax: 20,
    snapshotChunkBytes: 40,
    trailingEntries: rng.below(8),
    catchUpEntriesMax: 5,
  };
  return {
    nodes: [1, 2, 3, 3, 3, 4, 5, 5][rng.below(8)] ?? 3,
    settings,
    loss: some(0.6, 0.2),
    duplicate: some(0.5, 0.2),
    delayTicksMax: 1 + rng.below(4),
    lateRate: some(0.5, 0.1),
    diskTicksMax: rng.below(5),
    crashRate: some(0.7, 0.03),
    diskFailRate: some(0.3, 0.01),
    pauseRate,
    partitionRate: some(0.5, 0.06),
    leaderFaultRate: some(0.7, 0.08),
    proposeRate: 0.05 + rng.unit() * rng.unit(),
    readRate: rng.unit() * 0.5,
    memberRate: some(0.5, 0.1),
    transferRate: some(0.4, 0.05),
    snapshotEntries: rng.unit() < 0.5 ? 10 + rng.below(30) : Number.POSITIVE_INFINITY,
    isStateDurable: rng.unit() < 0.5,
    faultTicks: 250 + rng.below(250),
  };
}
