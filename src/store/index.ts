export {
  ArtifactStore,
  type ArtifactOrder,
  type ArtifactStoreOptions,
} from './artifacts/artifact-store.ts';
export type { ArtifactFacts } from './artifacts/artifact-facts.ts';
export type { FinishedSummary, FinishedTask, FinishedView } from './finished-record.ts';
export { inspectStore } from './inspect-store.ts';
export { listTasks } from './list-tasks.ts';
export { LiveIndex } from './live-index.ts';
export { openStore, type Store } from './store.ts';
