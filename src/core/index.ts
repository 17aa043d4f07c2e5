export { slotsUsed, type Agent, type AgentState } from './agent.ts';
export {
  BREAKER_KINDS,
  BREAKER_SETTINGS_DEFAULT,
  breakerSettings,
  type BreakerChange,
  type BreakerDefaults,
  type BreakerKind,
  type BreakerSettings,
} from './breaker-settings.ts';
export type { SessionRef } from './session.ts';
export { recallOutcome } from './sessions.ts';
export { countsAt, type CallCounts } from './breaker-window.ts';
export {
  breakerKey,
  breakerTitle,
  describeBreaker,
  letsPass,
  type Breaker,
  type BreakerState,
} from './breaker.ts';
export { gatesOfSpec } from './breaker-links.ts';
export { UNTRACKED, type ChangeSet, type Image, type Tracked } from './change-set.ts';
export { apply, type Applied, type CommandResult } from './apply.ts';
export type {
  AnswerItem,
  AskItem,
  AttemptError,
  BackfillItem,
  Command,
  CommandBatch,
  Completion,
  CoreSettings,
  DetailsItem,
  FiringItem,
  LeaseRef,
  NewFlow,
  NewTask,
  OutputItem,
} from './command.ts';
export {
  costOf,
  costOfTask,
  fairnessOf,
  FAIRNESS_DEFAULT,
  type FairnessSettings,
} from './fairness.ts';
export {
  controlOf,
  type Dedupe,
  type Estimate,
  type LimitUse,
  type TaskControl,
  type TaskPlacement,
} from './control.ts';
export {
  closedGate,
  isGated,
  usesOf,
  type ClosedGate,
  type Gate,
  type GateAhead,
  type Gated,
  type GateUse,
} from './gate.ts';
export { gatesFor, type KnownGates } from './gates.ts';
export { levelAt } from './bucket.ts';
export type { Limit } from './limit.ts';
export { digest, headDigest } from './digest.ts';
export type { CoreEvent } from './event.ts';
export {
  firingJitterMs,
  scheduleKey,
  type OverlapPolicy,
  type Schedule,
  type ScheduledTask,
  type ScheduleSettings,
  type ScheduleTiming,
} from './schedule.ts';
export { Timers, type Timed } from './timers.ts';
export type { FailureGroup, FailureGroupState } from './failure-group.ts';
export {
  dependenciesOf,
  nameOf,
  policyOf,
  type Dependency,
  type FailurePolicy,
  type FlowFacts,
  type ParentEnd,
  type TaskLinks,
} from './flow.ts';
export type { Budget, FamilyFacts, KillFacts, Tree, Usage } from './tree.ts';
export { isOver as isTreeOver } from './trees.ts';
export {
  OPERATION_ACTIONS,
  OPERATIONS_RUNNING_MAX,
  type NewOperation,
  type Operation,
  type OperationAction,
  type OperationItems,
  type OperationParams,
  type OperationScope,
  type OperationState,
  type Placement,
  type Redrive,
} from './operation.ts';
export type { RedriveItem, RedriveOrder } from './redrive.ts';
export {
  barredAgents,
  copiesOf,
  copyOf,
  isHedged,
  isRedundant,
  liveCopies,
  originalOf,
  type CopiesFacts,
  type CopyFacts,
  type Vote,
} from './copies.ts';
export { trustFactor, type Trust } from './trust.ts';
export type { CancelWish, KeptAnswer, OutputCount, Question, TaskExtra } from './extra.ts';
export type { AgentId, TaskId } from './ids.ts';
export { checkInvariants } from './invariants.ts';
export { zoneOf } from './avoid.ts';
export { OUTPUT_CHUNKS_MAX, OUTPUT_LENGTH_MAX } from './output.ts';
export { CANCEL_GRACE_MS_MAX } from './recall.ts';
export { profileKey, type Profile } from './profile.ts';
export { namespaceOf, queueName, type Queue } from './queue.ts';
export { REJECTION_CODES, type Rejection, type RejectionCode } from './rejection.ts';
export { SpecPool } from './spec-pool.ts';
export { capabilityMeets, meetsRequirement, requirementKey } from './requirement.ts';
export type { CoreRecord, RecordRow, RecordTable } from './record.ts';
export { recordTables, type RecordName, type Records } from './records.ts';
export { restoreState, stateHead, type StateHead, type StateRows } from './restore.ts';
export { taskRow, type AgentRow, type ProfileRow, type QueueRow, type TaskRow } from './rows.ts';
export { leasedTask } from './settle.ts';
export {
  RETRY_STRATEGIES,
  STRATEGY_NAMES,
  type AgentAvailability,
  type AgentSpec,
  type EscalationStep,
  type LimitSettings,
  type QueueChange,
  type QueueSettings,
  type Rate,
  type Requirement,
  type RetryPolicy,
  type RetryStrategy,
  type StrategyName,
  type TaskRules,
  type TaskSpec,
  type TaskTimeouts,
} from './spec.ts';
export { CORE_SETTINGS_DEFAULT, createState, nextDeadline, type CoreState } from './state.ts';
export type { IdempotencyEntry } from './idempotency-keys.ts';
export { wantedParents } from './flow-links.ts';
export { findCycle } from './flow-plan.ts';
export { planSubmit, type SubmitPlan, type Submitted } from './submit.ts';
export {
  CRITIQUE_MAX,
  isLeased,
  questionOf,
  RESULT_INVALID,
  startedAtOf,
  type AttemptFailure,
  type LiveState,
  type Task,
  type TaskError,
  type TaskState,
} from './task.ts';
