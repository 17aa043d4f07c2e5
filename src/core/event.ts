import type { Agent } from './agent.ts';
import type { Breaker, BreakerState } from './breaker.ts';
import type { Command } from './command.ts';
import type { CancelWish, KeptAnswer } from './extra.ts';
import type { FairnessSettings } from './fairness.ts';
import type { Gate } from './gate.ts';
import type { AgentId } from './ids.ts';
import type { FailureGroup } from './failure-group.ts';
import type { Operation } from './operation.ts';
import type { Queue } from './queue.ts';
import type { Schedule } from './schedule.ts';
import type { AttemptFailure, Task } from './task.ts';
import type { Tree } from './tree.ts';

/**
 * What core did. References live objects: read them before the next batch is applied.
 *
 * `task.submitted`, `task.queued` and `task.scheduled` say where the task went; a later event of
 * the same batch may have moved it on.
 */
export type CoreEvent =
  /**
   * `payload`: JSON text of a task that core made by itself; null for one whose command's entry has it,
   * and for a copy, which has its task's.
   */
  | { readonly type: 'task.submitted'; readonly task: Task; readonly payload: string | null }
  | {
      readonly type: 'task.queued' | 'task.scheduled' | 'task.blocked';
      readonly task: Task;
      readonly reason: string;
    }
  /** `waitMs`: from the moment the task became ready. */
  | {
      readonly type: 'task.assigned';
      readonly task: Task;
      readonly agent: Agent;
      readonly waitMs: number;
    }
  | { readonly type: 'task.extended'; readonly task: Task }
  /** Its queue, priority or requirement is another one. */
  | { readonly type: 'task.moved'; readonly task: Task }
  /** The running attempt should end by itself: it keeps its lease until `cancel.until`. */
  | {
      readonly type: 'task.cancel_requested';
      readonly task: Task;
      readonly agentId: AgentId;
      readonly cancel: CancelWish;
    }
  /** Chunks were taken: those of the item at `position` but the first `skipped`; `seq` is the first's place. */
  | {
      readonly type: 'task.output';
      readonly task: Task;
      readonly command: Extract<Command, { type: 'task.output' }>;
      readonly position: number;
      readonly skipped: number;
      readonly attempt: number;
      readonly seq: number;
    }
  /** The attempt waits: its slot is free, its lease is not. */
  | { readonly type: 'task.input_required'; readonly task: Task; readonly agent: Agent }
  /** The attempt goes on and has its slot again. */
  | {
      readonly type: 'task.input_answered';
      readonly task: Task;
      readonly agent: Agent;
      readonly answer: KeptAnswer;
    }
  /** `waitedMs`: how much of the attempt was waiting for answers. */
  | {
      readonly type: 'task.completed';
      readonly task: Task;
      readonly agent: Agent;
      readonly startedAt: number;
      readonly waitedMs: number;
    }
  /** `waitedMs` as above. */
  | {
      readonly type: 'attempt.failed';
      readonly task: Task;
      readonly failure: AttemptFailure;
      readonly waitedMs: number;
    }
  | { readonly type: 'task.failed'; readonly task: Task }
  | { readonly type: 'task.canceled' | 'task.purged'; readonly task: Task }
  /** A dead letter was changed and is queued again; with `isEdited` the entry has its new payload. */
  | {
      readonly type: 'task.redriven';
      readonly task: Task;
      readonly by: string;
      readonly why: string | null;
      readonly isEdited: boolean;
    }
  /** Its queue, priority or requirement is another one. */
  | { readonly type: 'task.moved'; readonly task: Task }
  /** The task completed with the result of its copy, which completed in the same batch. */
  | { readonly type: 'task.adopted'; readonly task: Task; readonly copy: Task }
  | {
      readonly type: 'task.hedged';
      readonly task: Task;
      readonly copy: Task;
      readonly reason: string;
    }
  /** Its result for the task was not the one that others agreed on. */
  | { readonly type: 'agent.dissented'; readonly agent: Agent; readonly task: Task }
  | { readonly type: 'operation.changed'; readonly operation: Operation }
  | { readonly type: 'failure-group.changed'; readonly group: FailureGroup }
  /** An attempt's right to run is over before the agent reported: it should be told to stop. */
  | {
      readonly type: 'lease.revoked';
      readonly task: Task;
      readonly agentId: AgentId;
      readonly fencingToken: number;
      readonly reason: string;
    }
  /** A proposed assignment did not hold; the task waits on. */
  | { readonly type: 'assignment.refused'; readonly taskId: string; readonly agentId: AgentId }
  | { readonly type: 'agent.registered' | 'agent.changed' | 'agent.removed'; readonly agent: Agent }
  | { readonly type: 'queue.changed'; readonly queue: Queue }
  /** It was empty. Another one of that name, made later, is another object. */
  | { readonly type: 'queue.removed'; readonly queue: Queue }
  /** Four fifths of a bound of its budget are passed. */
  | {
      readonly type: 'budget.warned';
      readonly tree: Tree;
      readonly bound: string;
      readonly limit: number;
      readonly used: number;
    }
  | { readonly type: 'tree.killed'; readonly tree: Tree }
  /** Something may pass it that could not before, or the other way, without an attempt of its tasks ending. */
  | { readonly type: 'gate.changed'; readonly gate: Gate }
  /** It is in nobody's way any more: it was dropped. */
  | { readonly type: 'gate.removed'; readonly gate: Gate }
  /** `agent`: the registered one that it guards; null for another kind, or one that is not registered. */
  | {
      readonly type: 'breaker.changed';
      readonly breaker: Breaker;
      readonly from: BreakerState;
      readonly agent: Agent | null;
    }
  | { readonly type: 'limit.changed'; readonly limit: string }
  | { readonly type: 'fairness.changed'; readonly fairness: FairnessSettings }
  /** `reason`: `set`, `paused`, `resumed`, or `waiting` for the end of an earlier firing. */
  | {
      readonly type: 'schedule.changed';
      readonly schedule: Schedule;
      readonly reason: string;
    }
  | { readonly type: 'schedule.removed'; readonly schedule: Schedule }
  /** Comes before the event of its task. */
  | {
      readonly type: 'schedule.fired';
      readonly schedule: Schedule;
      readonly task: Task;
      readonly nominalAt: number;
      readonly outcome: string;
    }
  /** `count` firings from `nominalAt` on made no task. */
  | {
      readonly type: 'schedule.skipped';
      readonly schedule: Schedule;
      readonly nominalAt: number;
      readonly reason: string;
      readonly count: number;
    };
