export { leaseJson } from './lease-json.ts';
export type { AgentLink, HeldLease, Lease, LinkKind } from './agent-link.ts';
export { systemClock, type Clock } from './clock.ts';
export type { Comparator } from './comparators.ts';
export type { HedgingOptions } from './hedger.ts';
export { decodeEntry } from './entry-codec.ts';
export {
  adoptFolder,
  inspectAdoption,
  type AdoptedFolder,
  type BrokenAdoption,
} from './cluster/adopt-folder.ts';
export { ClusterNode } from './cluster/cluster-node.ts';
export type { ClusterNodeOptions, ClusterOptions } from './cluster/cluster-options.ts';
export { restoreBackup, type RestoreOptions } from './backup/restore-backup.ts';
export type { BackupManifest } from './backup/backup-manifest.ts';
export type { OpenArtifact } from './artifact-service.ts';
export type { FeedEvent, FeedListener } from './event-feed.ts';
export type { RuntimeMetrics } from './metrics-port.ts';
export {
  openRuntime,
  openRuntimeOn,
  type RuntimeOptions,
  type RuntimeTerms,
} from './open-runtime.ts';
export type { HeldSubmit } from './intake.ts';
export type { BornStatus } from '../scheduling/index.ts';
export type { AttemptEnd } from './reports.ts';
export { Runtime, type ServeOptions } from './runtime.ts';
export type { SupervisionOptions } from './supervisor.ts';
export { cronTimes } from './cron-times.ts';
export type { RuntimeLogger } from './runtime-logger.ts';
export { Slices } from './slices.ts';
export type { FolderOptions, OpenStorage, RuntimeStorage } from './storage.ts';
export type { WebhookOptions } from './webhooks/webhooks.ts';
export type { Submission } from './submission.ts';
export type { SubmittedTasks, TaskQuery } from './task-service.ts';
export type { FinishedFacts, FinishedListener } from './task-waiters.ts';
export type { OutputSource } from './output-service.ts';
