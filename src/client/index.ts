export {
  type ArtifactView,
  NonRetryableError,
  RetryAfterError,
  TaskFailure,
  type AgentHandler,
  type HandlerContext,
  type HandlerTask,
  type ParentOutcome,
  type LastError,
  type InputPrompt,
  type ScheduleBody as ScheduleSettings,
  type ScheduleView,
  type OutputItem,
  type TraceContext,
} from '../contract/index.ts';
export { Agent, type AgentOptions, type ServedAgent } from './agent.ts';
export {
  Client,
  type AnswerOptions,
  type CancelCallOptions,
  type ClientOptions,
  type SubmitCallOptions,
  type TaskHandle,
  type TaskTypes,
  type TypedTask,
} from './client.ts';
export type { Breakers } from './breakers.ts';
export type { FlowHandle } from './flow-handle.ts';
export { HttpApi, type ClientEvent } from './http-api.ts';
export type { Kills } from './kills.ts';
export type { Fairness, Limits } from './limits.ts';
export { DeadLetters, Operations, type OperationItem } from './operations.ts';
export type { Queues } from './queues.ts';
export type { Schedules } from './schedules.ts';
export { TaskError } from './task-error.ts';
export type { TaskSelection } from './task-pages.ts';
export type { OutputOptions } from './follow-output.ts';
