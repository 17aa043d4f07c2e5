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
export { RaftLogView } from './raft/raft-log-view.ts';
export { RaftCore } from './raft/raft-core.ts';
export { foundCluster, type Founding } from './raft/found-cluster.ts';
export { entryHash, genesisBase, NOTHING_BEFORE } from './raft/entry-hash.ts';
export { decodeConfiguration, encodeConfiguration } from './raft/configuration-codec.ts';
export {
  decodeEntry,
  encodeEntry,
  readSnapshotMeta,
  writeSnapshotMeta,
} from './raft/entry-codec.ts';
export { ByteReader } from './raft/byte-reader.ts';
export { ByteWriter } from './raft/byte-writer.ts';
export { decodeFrame, encodeFrame, RAFT_WIRE_VERSION } from './raft/message-codec.ts';
export { isNodeId } from './raft/node-id.ts';
export { isVoter, membersOf } from './raft/joint-quorum.ts';
