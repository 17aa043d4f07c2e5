export type { FinishedSummary, FinishedTask, FinishedView } from './finished-record.ts';
export { inspectStore } from './inspect-store.ts';
export { cursorBefore, listTasks } from './list-tasks.ts';
export { LiveIndex } from './live-index.ts';
export { openStore, type Store } from './store.ts';
