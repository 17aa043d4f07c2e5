export type { BatchPlans, BatchWindow } from './batch/batch-plans.ts';
export { fitCapacities } from './batch/fit-capacities.ts';
export type { WindowProblem } from './batch/window-problem.ts';
export type { Standing } from './agent-table.ts';
export type { Explanation, PassedOverReason, RequirementExplanation } from './explanation.ts';
export type {
  Arrival,
  ArrivalProfile,
  Placement,
  PlaceRequest,
  SchedulerCounts,
} from './placement.ts';
export type { FairnessExplanation, ShareView } from './explanation.ts';
export type { GateKind, HeldGates } from './gates.ts';
export type { Interference } from './born/interference.ts';
export type { CorrelationReport } from './correlation/correlation-report.ts';
export type { BornStatus } from './born/born-status.ts';
export { BoundedRing, type BoundedRingOptions, type KeyMove } from './bounded-ring.ts';
export type { AgentSpeed } from './agent-mirror.ts';
export { Scheduler } from './scheduler.ts';
export { takeOff } from './take-off.ts';
export { followFleet, joinLines } from './follow-core.ts';
