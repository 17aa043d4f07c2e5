export {
  ArtifactStore,
  type ArtifactOrder,
  type ArtifactStoreOptions,
} from './artifacts/artifact-store.ts';
export type { ArtifactBytes } from './artifacts/artifact-bytes.ts';
export { readFacts, type ArtifactFacts } from './artifacts/artifact-facts.ts';
export { BLOCK_BYTES } from './artifacts/block-sums.ts';
export type { CheckpointStats } from './checkpoint.ts';
export {
  summaryOfTask,
  type FinishedSummary,
  type FinishedTask,
  type FinishedView,
} from './finished-record.ts';
export type { Backlog } from './history.ts';
export { inspectStore } from './inspect-store.ts';
export { cursorBefore, listTasks, type TaskScan } from './list-tasks.ts';
export { matches, SCAN_MAX_DEFAULT, type FinishedPage, type FinishedQuery } from './listing.ts';
export { LiveIndex } from './live-index.ts';
export { openStore, type LmdbStore } from './store.ts';
export { STORE_FILE } from './tables.ts';
export type { Store } from './store-port.ts';
export type { OutputChunk, OutputRange } from './output-table.ts';
