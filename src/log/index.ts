export type { LogEntry, LogRecovery, ReplicatedLog } from './replicated-log.ts';
export { lockDataDirectory } from './embedded/data-lock.ts';
export { openEmbeddedLog, type EmbeddedLogOptions } from './embedded/embedded-log.ts';
export { inspectEmbeddedLog } from './embedded/inspect-log.ts';
export type { DirectoryLock } from './embedded/file-system.ts';
