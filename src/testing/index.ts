export { OrchestratorError } from '../base/errors.ts';
export type { EventPattern } from './event-record.ts';
export type { TaskRef } from './expectations.ts';
export { MemoryStorage } from './memory-storage.ts';
export { ScriptedAgent } from './scripted-agent.ts';
export { ScriptedLease } from './scripted-lease.ts';
export { TestClock, type Duration, type Moment } from './test-clock.ts';
export { TestOrchestrator, type TestOrchestratorOptions } from './test-orchestrator.ts';
export { TestTask } from './test-task.ts';
