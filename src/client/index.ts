export {
  type ArtifactView,
  TaskFailure,
  type AgentHandler,
  type HandlerContext,
  type HandlerTask,
  type ParentOutcome,
  type InputPrompt,
  type TraceContext,
} from '../contract/index.ts';
export { Agent, type AgentOptions, type ServedAgent } from './agent.ts';
export {
  Client,
  type AnswerOptions,
  type ClientOptions,
  type FlowHandle,
  type SubmitCallOptions,
  type TaskHandle,
  type TaskTypes,
  type TypedTask,
} from './client.ts';
export { HttpApi, type ClientEvent } from './http-api.ts';
export { TaskError } from './task-error.ts';
export type { TaskSelection } from './task-pages.ts';
