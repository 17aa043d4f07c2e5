export type { LogEntry, LogRecovery, ReplicatedLog } from './replicated-log.ts';
export { lockDataDirectory } from './embedded/data-lock.ts';
export { openEmbeddedLog, type EmbeddedLogOptions } from './embedded/embedded-log.ts';
export { inspectEmbeddedLog } from './embedded/inspect-log.ts';
export type { DirectoryLock } from './embedded/file-system.ts';
export type {
  ClusterLog,
  ClusterStatus,
  CommittedEntry,
  CommittedSink,
  PeerStatus,
  RoleView,
  SnapshotProvider,
  StateSnapshot,
} from './raft/cluster-log.ts';
export { openRaftLog } from './raft/open-raft-log.ts';
export type { RaftLog } from './raft/raft-log.ts';
export type { RaftLogOptions } from './raft/raft-log-options.ts';
export { foundFromState } from './raft/found-from-state.ts';
export { takeOverAlone, type TakenOver } from './raft/take-over-alone.ts';
export { inspectJournal, type JournalInspection } from './raft/journal/inspect-journal.ts';
export { setJournalAside } from './raft/set-journal-aside.ts';
export type { ShellClock, ShellLogger } from './raft/shell-ports.ts';
export { sharedSecretAuthentication } from './raft/transport/shared-secret.ts';
export type { PeerAddress } from './raft/transport/peer-address.ts';
export { tcpNetwork, type PeerNetwork } from './raft/transport/peer-network.ts';
export { namesNode, namesOf } from './raft/transport/node-certificate.ts';
export { TlsNetwork, type PeerCredentials } from './raft/transport/tls-network.ts';
export { NO_AUTHENTICATION, type PeerAuthentication } from './raft/transport/handshake.ts';
export type { MemberChange } from '../consensus/index.ts';
