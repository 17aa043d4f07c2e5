/** What few tasks have, in one slot of the task that is null for all others. */
import type { CopiesFacts, CopyFacts } from './copies.ts';
import type { FlowFacts } from './flow.ts';
import type { FamilyFacts, Usage } from './tree.ts';
import type { AgentId } from './ids.ts';
import type { TaskControl } from './control.ts';
import type { TaskSchedule } from './schedule.ts';

/** A question that a person is to answer before the attempt goes on. Texts of JSON are kept as they came. */
export interface Question {
  /** Names it among the questions of the task: an answer is kept under it. */
  readonly key: string;
  readonly message: string;
  /** JSON Schema of the answer, as JSON text. Core does not read it. */
  readonly schema: string | null;
  /** What it is answered with when nobody did in time, as JSON text; null fails the attempt then. */
  readonly default: string | null;
  /** Who may answer; null for anybody. */
  readonly answerers: readonly string[] | null;
  readonly askedAt: number;
  /** Moment after which it is not waited for any more, or 0 for never. */
  readonly expiresAt: number;
  /** What was left of the attempt's time when it asked, in milliseconds; null without a bound. */
  readonly runLeftMs: number | null;
}

/** An answer, kept for every later attempt that asks under the same key. */
export interface KeptAnswer {
  readonly key: string;
  /** JSON text. */
  readonly answer: string;
  /** Who answered, as they said; null for one that nobody gave. */
  readonly by: string | null;
  /** `expired_default` for a default; null otherwise. */
  readonly reason: string | null;
  readonly at: number;
}

/** What one attempt asked. Begins with its first question and ends with the attempt. */
export interface Dialogue {
  /** When the attempt started: the task's own moment is that of its last question or answer. */
  readonly startedAt: number;
  /** Time it spent waiting for answers so far, in milliseconds. */
  readonly waitedMs: number;
  /** Keys it asked under, in order, each once. */
  readonly asked: readonly string[];
  /** The one it waits on. */
  readonly question: Question | null;
}

/** Who a task is to be kept from: the newest agents and zones it failed on, oldest first. */
export interface Avoided {
  readonly agents: readonly AgentId[];
  readonly zones: readonly string[];
}

/** A cancel that leaves the running attempt time to end by itself. */
export interface CancelWish {
  readonly reason: string;
  readonly requestedAt: number;
  /** Moment at which the attempt loses its lease. */
  readonly until: number;
}

/** How much output there is of a task. */
export interface OutputCount {
  readonly chunks: number;
  /** UTF-16 units of their JSON texts. */
  readonly length: number;
  /** Token of the newest attempt that handed some out, and how many chunks there were before it. */
  readonly token: number;
  readonly attemptFrom: number;
}

/** Replaced as a whole at each change, never changed inside: a checkpoint under way may hold it. */
export interface TaskExtra {
  /** W3C trace context that the task was submitted with. */
  readonly traceparent: string | null;
  /** What an attempt last said of how far it is, as JSON text; the next attempt gets it. */
  readonly details: string | null;
  readonly answers: readonly KeptAnswer[];
  readonly dialogue: Dialogue | null;
  /** Key of the group of dead letters that it is counted in, while it is one. */
  readonly failureGroup: string | null;
  /** What it depends on. */
  readonly flow: FlowFacts | null;
  /** Where it comes from, and the tree it counts in. */
  readonly family: FamilyFacts | null;
  /** What its attempts reported that they took. */
  readonly usage: Usage | null;
  /** What a failed attempt, or the check of its result, gave the next one to do better. */
  readonly critique: string | null;
  /** Attempts whose result was not what the task asks for; they are counted apart. */
  readonly invalid: number | null;
  readonly avoid: Avoided | null;
  /** Moment from which its total time is counted, where that is not its creation: it was redriven. */
  readonly totalFrom: number | null;
  readonly cancel: CancelWish | null;
  readonly output: OutputCount | null;
  /** Keys, limits and costs that decide when it may start. */
  readonly control: TaskControl | null;
  /** The firing that made it. */
  readonly schedule: TaskSchedule | null;
  /** Its copies: those that it is done by, or that race with it. */
  readonly copies: CopiesFacts | null;
  /** The task that it is a copy of. */
  readonly copyOf: CopyFacts | null;
}

export const NO_EXTRA: TaskExtra = {
  traceparent: null,
  details: null,
  answers: [],
  dialogue: null,
  failureGroup: null,
  flow: null,
  family: null,
  usage: null,
  critique: null,
  invalid: null,
  avoid: null,
  totalFrom: null,
  cancel: null,
  output: null,
  control: null,
  schedule: null,
  copies: null,
  copyOf: null,
};

/** How long each slot stays: with one attempt, until the task has finished, or beyond, in the history. */
const LIFETIME: Readonly<Record<keyof TaskExtra, 'attempt' | 'task' | 'history'>> = {
  traceparent: 'history',
  details: 'task',
  answers: 'history',
  dialogue: 'attempt',
  failureGroup: 'task',
  flow: 'history',
  family: 'history',
  usage: 'history',
  critique: 'task',
  invalid: 'task',
  avoid: 'task',
  totalFrom: 'task',
  cancel: 'history',
  output: 'history',
  control: 'history',
  schedule: 'history',
  copies: 'history',
  copyOf: 'history',
};
const SLOTS = Object.keys(LIFETIME) as (keyof TaskExtra)[];

/** What stays when the attempt ends. */
export function extraAfterAttempt(extra: TaskExtra): TaskExtra | null {
  return without(extra, (slot) => LIFETIME[slot] === 'attempt');
}

/** What stays when the task has finished: where it came from, and who answered what. */
export function extraAfterTask(extra: TaskExtra): TaskExtra | null {
  return without(extra, (slot) => LIFETIME[slot] !== 'history');
}

/** The same object where nothing goes, and null where nothing stays. */
function without(extra: TaskExtra, goes: (slot: keyof TaskExtra) => boolean): TaskExtra | null {
  const full = SLOTS.filter((slot) => !isEmpty(extra, slot));
  const kept = full.filter((slot) => !goes(slot));
  if (kept.length === 0) return null;
  if (kept.length === full.length) return extra;
  return { ...NO_EXTRA, ...Object.fromEntries(kept.map((slot) => [slot, extra[slot]])) };
}

/** An absent slot is one that the version before did not know. */
function isEmpty(extra: TaskExtra, slot: keyof TaskExtra): boolean {
  const value = extra[slot] as TaskExtra[keyof TaskExtra] | undefined;
  return value == null || (Array.isArray(value) && value.length === 0);
}
