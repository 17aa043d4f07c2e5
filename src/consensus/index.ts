export { HASH_BYTES, type Hasher } from './raft/hasher.ts';
export type {
  Configuration,
  MemberChange,
  MembershipRefusalCode,
  NodeId,
} from './raft/configuration.ts';
export type {
  HardState,
  LogBase,
  RaftEntry,
  RaftEntryKind,
  SnapshotMeta,
} from './raft/log-entry.ts';
export type { RaftFrame, RaftMessage } from './raft/messages.ts';
export type { Proposal, RaftInput, WriteToken } from './raft/inputs.ts';
export type {
  PersistOutput,
  ProposalDropReason,
  RaftFailureCode,
  RaftOutput,
  RaftRole,
  ReadRefusalReason,
} from './raft/outputs.ts';
export { DEFAULT_RAFT_SETTINGS, type RaftSettings } from './raft/settings.ts';
export type {
  ProgressView,
  RaftCoreOptions,
  RaftProtocol,
  RaftView,
  RecoveredState,
} from './raft/core-contract.ts';
