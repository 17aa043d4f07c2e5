export {
  AgentList,
  AgentView,
  AskAnswer,
  AskLease,
  CompleteLease,
  ExtendLease,
  FailLease,
  InputQuery,
  LeaseAnswer,
  LeaseList,
  LeaseRequest,
  LeaseView,
  ProgressLease,
  RegisterAgent,
  ReleaseLease,
} from './agent.ts';
export {
  ArtifactIdText,
  ArtifactList,
  ArtifactView,
  type ArtifactDraft,
  type ArtifactRequest,
  type ArtifactSink,
} from './artifact.ts';
export { type AttemptHost, type AttemptLease, type LeaseExtra } from './attempt-context.ts';
export { type KeyedPrompt } from './attempt-questions.ts';
export { Attempts, type EndedAttempt } from './attempts.ts';
export {
  CHANNEL_VERSION,
  FINISHED_STATES,
  frameSlices,
  MESSAGE_BYTES_MAX,
  packMessage,
  packMessages,
  SESSION_ID_LENGTH_MAX,
  unpackFrame,
  unpackMessage,
  type AgentFrame,
  type AgentReply,
  type ClientFrame,
  type ClientReply,
  type FailureTuple,
  type FrameSession,
  type Hello,
  type RawFrame,
  type SubmitExtras,
} from './channel.ts';
export {
  checkAvailability,
  checkJson,
  checkFlowHead,
  checkRegisterAgents,
  checkSchedule,
  checkSubmitExtras,
  checkSubmitTask,
  checkTaskOptions,
  checkUsage,
  checkWebhookAnswer,
  describeFault,
  InvalidRequestError,
} from './check.ts';
export {
  amountsOf,
  BudgetView,
  KillBody,
  KillList,
  KillView,
  UsageBody,
  type Amounts,
  type BudgetBody,
} from './budget.ts';
export {
  BreakerKindText,
  BreakerKindView,
  BreakerList,
  BreakerSettingsBody,
  BreakerStateText,
  BreakerView,
  BreakerWhy,
} from './breaker.ts';
export { CorrelationView } from './correlation.ts';
export { RecoveryList, RecoveryView, SelfCheckView } from './recovery.ts';
export { DependencyView, type DependencyBody } from './dependency.ts';
export { familyFields, hasFamily, type TaskFamilyFields } from './task-family.ts';
export {
  FairnessBody,
  FairnessView,
  LimitList,
  LimitSettingsBody,
  LimitView,
  RateBody,
} from './control.ts';
export { controlFields, hasControl, type TaskControlFields } from './task-control.ts';
export { EventView } from './event.ts';
export { ExplanationView } from './explanation.ts';
export {
  FLOW_TASKS_MAX,
  FlowHead,
  FlowList,
  FlowSummary,
  FlowView,
  SubmitFlow,
  SubmittedFlow,
} from './flow.ts';
export {
  NonRetryableError,
  RetryAfterError,
  TaskFailure,
  type AgentHandler,
  type HandlerContext,
  type HandlerLogger,
  type HandlerTask,
  type ParentOutcome,
  type LastError,
} from './handler.ts';
export {
  ANSWERS_MAX,
  AnswerBody,
  INPUT_TEXT_MAX,
  InputPrompt,
  InputView,
  KeptAnswerView,
  type AskedPrompt,
} from './input.ts';
export {
  findJsonFault,
  JSON_DEPTH_MAX,
  JSON_KEYS_MAX,
  type JsonFault,
  type JsonValue,
} from './json.ts';
export { isName, Key, Name, QueueName, TaskIdText } from './names.ts';
export {
  momentMs,
  normalizeAgent,
  normalizeSpec,
  SPEC_OPTIONS,
  TASK_DEFAULTS,
  type NormalizedSpec,
} from './normalize.ts';
export {
  AbortBody,
  DeadLetterView,
  DryRunView,
  FAILURE_GROUP_STATES,
  FailureGroupBody,
  FailureGroupList,
  FailureGroupStateText,
  FailureGroupView,
  OPERATION_ACTIONS,
  OPERATION_STATES,
  OPERATION_TEXT_MAX,
  OperationBody,
  OperationItemList,
  OperationList,
  OperationStateText,
  OperationView,
  RedriveBody,
  RedriveParams,
  type FailureGroupStateName,
  type OperationActionName,
} from './operation.ts';
export { OutputItem, OutputList } from './output.ts';
export { Problem } from './problem.ts';
export { CHUNK_MAX, chunkText, DETAILS_MAX, detailsText, progressFacts } from './progress.ts';
export {
  compileQuery,
  indexHints,
  joinQueries,
  negateQuery,
  parseQuery,
  printQuery,
  QUERY_DEPTH_MAX,
  QUERY_FIELD_NAMES,
  QUERY_TERMS_MAX,
  QUERY_TEXT_MAX,
  QueryInvalidError,
  type IndexHints,
  type QueryFieldName,
  type QueryMoment,
  type QueryOperator,
  type QueryTerm,
  type QueryValue,
  type SearchableTask,
  type TaskPredicate,
  type TaskQueryAst,
  type TimeRange,
} from './query/index.ts';
export { QueueList, QueueSettingsBody, QueueView, StrategyText } from './queue.ts';
export { BULK_IDS_MAX, BulkAnswer, CancelBody, DeadLetterSelection } from './recall.ts';
export { isInputKey, promptText, readAnswer, readPrompt } from './read-input.ts';
export { RESULT_CHECKED_MAX, RESULT_SCHEMA_MAX, resultFaults } from './result-schema.ts';
export { TopView } from './top.ts';
export { WebhookAnswer } from './webhook.ts';
export { runHandler, type AttemptReport } from './run-handler.ts';
export {
  BACKFILL_MAX,
  BackfillAnswer,
  BackfillBody,
  NamedScheduleBody,
  OverlapText,
  PauseScheduleBody,
  ScheduleBody,
  ScheduledTaskBody,
  ScheduleList,
  ScheduleView,
  TriggerAnswer,
  TriggerScheduleBody,
  UpcomingAnswer,
} from './schedule.ts';
export { scanSubmits, type ScannedSubmit } from './scan-submits.ts';
export { QuantumStatus } from './quantum-status.ts';
export { AdmissionView, StatusView } from './status.ts';
export { isTraceparent, Traceparent, traceOf, type TraceContext } from './trace.ts';
export {
  ErrorInfo,
  SUBMIT_TASKS_MAX,
  SubmitTask,
  SubmitTasks,
  TASK_STATES,
  TaskList,
  TaskOptions,
  TaskOutcome,
  TaskStateText,
  TaskView,
  type TaskStateName,
} from './task.ts';

export { AddMemberBody, ClusterMember, ClusterView, NodeIdText, TransferBody } from './cluster.ts';
