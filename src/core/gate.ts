/** What holds a task back although an agent is free: a limit, a key, a queue's own bound, a breaker. */
import type { CoreState } from './state.ts';
import type { Usage } from './tree.ts';
import type { Task } from './task.ts';

/** What a batch that is not applied yet will have changed about a gate; see the scheduler. */
export interface GateAhead {
  /** Starts that were proposed. */
  readonly starts: number;
  /** Attempts that will have ended. */
  readonly ends: number;
  /** Units that the starts take. */
  readonly units: number;
}

/** Derived from the state and held by the tasks that pass it; changed by core only. */
export interface Gate {
  /** Names it for people and in refusals: `limit openai-tpm for key acme`, `key user-1`, `queue mail`. */
  readonly key: string;
  /** Whether tasks that pass it wait apart from those of their queue and pool that do not. */
  readonly splitsLanes: boolean;
  /**
   * Moment from which a start that takes `units` may pass: now or earlier where it is open, Infinity
   * where that depends on something that must end or change first.
   *
   * @param limit - what the task itself allows, for gates whose bound is the task's own
   * @param ahead - counted as if it had happened
   */
  passableAt(nowMs: number, units: number, limit?: number, ahead?: GateAhead | null): number;
  /** The same for one task, of gates that let not all alike pass; asked instead where it is there. */
  passableBy?(gated: Gated | null, nowMs: number, units: number, ahead: GateAhead | null): number;
  /** What there is and what is left of it, as part of a sentence. */
  describe(nowMs: number, units?: number, limit?: number): string;
  /** An attempt starts. */
  take(state: CoreState, units: number): void;
  /** An attempt of `task` ended. @param usage - what it reported; null for nothing */
  giveBack(state: CoreState, task: Task, units: number, usage: Usage | null): void;
  /** What the scheduler keeps of it, or null. Not part of the state. */
  mirror: object | null;
}

/** How a task passes a gate. */
export interface GateUse {
  readonly gate: Gate;
  /** Taken by each attempt when it starts. */
  readonly units: number;
  /** The task's own bound of the gate; 0 where the gate has its own. */
  readonly limit: number;
}

/** The gates of a task, from its own to those it shares. */
export interface Gated {
  readonly gates: readonly GateUse[] | null;
  readonly profile: {
    readonly gates: readonly GateUse[] | null;
    readonly queue: { readonly gate: GateUse | null };
  };
}

/** A gate that lets a task not pass now. */
export interface ClosedGate {
  readonly use: GateUse;
  /** Moment it may open, or Infinity. */
  readonly opensAt: number;
}

/** Whether any gate is in the way of the task at all, open or not. */
export function isGated({ gates, profile }: Gated): boolean {
  return gates !== null || profile.gates !== null || profile.queue.gate !== null;
}

/** All that the task passes. */
export function usesOf({ gates, profile }: Gated): readonly GateUse[] {
  const shared = profile.gates ?? [];
  const queue = profile.queue.gate;
  return queue === null ? [...(gates ?? []), ...shared] : [...(gates ?? []), ...shared, queue];
}

/** The first gate that is closed to the task, its own first; null where it may start. */
export function closedGate(
  task: Gated,
  nowMs: number,
  aheadOf: (gate: Gate) => GateAhead | null = noneAhead,
): ClosedGate | null {
  for (const use of usesOf(task)) {
    const { gate, limit, units } = use;
    const ahead = aheadOf(gate);
    const opensAt =
      gate.passableBy?.(task, nowMs, units, ahead) ?? gate.passableAt(nowMs, units, limit, ahead);
    if (opensAt > nowMs) return { use, opensAt };
  }
  return null;
}

function noneAhead(): null {
  return null;
}

/** An attempt of the task starts: the caller has checked that no gate is closed. */
export function takeGates(state: CoreState, task: Gated): void {
  for (const { gate, units } of usesOf(task)) gate.take(state, units);
}

/** Its attempt ended. */
export function giveBackGates(state: CoreState, task: Task, usage: Usage | null): void {
  for (const { gate, units } of usesOf(task)) gate.giveBack(state, task, units, usage);
}
