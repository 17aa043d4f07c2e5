/** Tasks that come from one another, counted together: flows, what a task submitted, what a budget bounds. */
import type { Gate } from './gate.ts';
import type { TaskId } from './ids.ts';
import type { CoreRecord } from './record.ts';
import type { Task } from './task.ts';

/** What a task and everything below it may take. An absent bound means no bound. */
export interface Budget {
  readonly tokens?: number;
  readonly costUsd?: number;
  /** From the submit on, in milliseconds; past it everything that has not ended is canceled. */
  readonly wallMs?: number;
  /** Tasks below it, ever. */
  readonly subtasks?: number;
  /** Generations below it. */
  readonly depth?: number;
  /** Children of any one task. */
  readonly fanOut?: number;
}

/** What an attempt took, or is expected to take. */
export interface Usage {
  readonly tokens: number;
  readonly costUsd: number;
}

export const NO_USAGE: Usage = { tokens: 0, costUsd: 0 };

/** What a task keeps of where it comes from. Replaced as a whole at each change. */
export interface FamilyFacts {
  /** Key of the tree that it counts in: the nearest one. */
  readonly tree: string;
  readonly flowId: string | null;
  readonly parentId: TaskId | null;
  /** Generations above it. */
  readonly depth: number;
  /** Tasks it submitted. */
  readonly children: number;
  /** Hash of its payload, where it is known. */
  readonly hash: string | null;
  /** From the first task down to its parent: id, type, hash of the payload. */
  readonly lineage: readonly Ancestor[];
}

export type Ancestor = readonly [id: TaskId, type: string, hash: string | null];

/** Why and by whom a tree, an agent or a namespace was stopped. */
export interface KillFacts {
  readonly reason: string;
  /** Who did it, as they said; null for nobody who said so. */
  readonly by: string | null;
  readonly at: number;
}

export interface Tree extends CoreRecord, TreeFields {
  readonly table: 'trees';
  /** The tree that it is part of. Derived. */
  parent: Tree | null;
  /** Trees that are part of it, in the order they were made. Derived. */
  readonly parts: Set<Tree>;
  /** Tasks in core that count in it and in none of its parts, in order of submission. Derived. */
  readonly members: Set<Task>;
  /** Tasks of a flow that was accepted in parts which have yet to be made. Derived. */
  coming: number;
  /** Of its budget; made with its first task. Derived. */
  gates: readonly { readonly bound: 'tokens' | 'costUsd'; readonly gate: Gate }[] | null;
}

export interface TreeFields {
  readonly kind: 'task' | 'flow';
  readonly parentKey: string | null;
  readonly namespace: string;
  readonly name: string | null;
  readonly createdAt: number;
  /** Depth of the task at its root. */
  readonly depth: number;
  readonly budget: Budget | null;
  /** First and last id of a flow's own tasks. */
  readonly firstId: string;
  readonly lastId: string;
  /** Tasks below its root, or of the flow and below, ever. */
  subtasks: number;
  completed: number;
  canceled: number;
  usedTokens: number;
  /** In millionths of a dollar, as all money that is added up: sums of whole numbers are the same everywhere. */
  usedMicros: number;
  reservedTokens: number;
  reservedMicros: number;
  /** Bounds of which four fifths were passed. */
  warned: readonly string[];
  kill: KillFacts | null;
}

export function treeFields(tree: Tree): readonly unknown[] {
  const { kind, parentKey, namespace, name, createdAt, depth, budget, firstId, lastId } = tree;
  const { subtasks, completed, canceled, usedTokens, usedMicros } = tree;
  const { reservedTokens, reservedMicros, warned, kill } = tree;
  return [
    [kind, parentKey, namespace, name, createdAt, depth, budget, firstId, lastId],
    [subtasks, completed, canceled, usedTokens, usedMicros, reservedTokens, reservedMicros],
    warned,
    kill,
  ];
}

export function readTree(fields: readonly unknown[]): TreeFields {
  const [fixed, counts, warned, kill] = fields as [
    [
      TreeFields['kind'],
      string | null,
      string,
      string | null,
      number,
      number,
      Budget | null,
      string,
      string,
    ],
    [number, number, number, number, number, number, number],
    readonly string[],
    KillFacts | null,
  ];
  const [kind, parentKey, namespace, name, createdAt, depth, budget, firstId, lastId] = fixed;
  const [subtasks, completed, canceled, usedTokens, usedMicros, reservedTokens, reservedMicros] =
    counts;
  return {
    kind,
    parentKey,
    namespace,
    name,
    createdAt,
    depth,
    budget,
    firstId,
    lastId,
    subtasks,
    completed,
    canceled,
    usedTokens,
    usedMicros,
    reservedTokens,
    reservedMicros,
    warned,
    kill,
  };
}

/** The end of part of a tree, on its way to its tasks. */
export interface Cut extends CoreRecord, CutFields {
  readonly table: 'cuts';
}

export interface CutFields {
  readonly treeKey: string;
  /** Only this task and what comes from it; null for all of the tree. */
  readonly taskId: TaskId | null;
  readonly reason: string;
  readonly at: number;
}

export function cutFields({ at, reason, taskId, treeKey }: Cut): readonly unknown[] {
  return [treeKey, taskId, reason, at];
}

export function readCut(fields: readonly unknown[]): CutFields {
  const [treeKey, taskId, reason, at] = fields as [string, TaskId | null, string, number];
  return { treeKey, taskId, reason, at };
}

/** An agent or a namespace that is stopped until it is restored. */
export interface Kill extends CoreRecord, KillFields {
  readonly table: 'kills';
}

export interface KillFields extends KillFacts {
  readonly kind: 'agent' | 'namespace';
  readonly target: string;
  /** Whether nothing is left to take back: kept, so that a restored one has an alarm when the others have. */
  isDone: boolean;
}

export function killFields({ at, by, isDone, kind, reason, target }: Kill): readonly unknown[] {
  return [kind, target, reason, by, at, isDone];
}

export function readKill(fields: readonly unknown[]): KillFields {
  const [kind, target, reason, by, at, isDone = false] = fields as [
    KillFields['kind'],
    string,
    string,
    string | null,
    number,
    boolean?,
  ];
  return { kind, target, reason, by, at, isDone };
}

export function killKey(kind: KillFields['kind'], target: string): string {
  return `${kind} ${target}`;
}

/** Whole millionths of a dollar. */
export function microsOf(costUsd: number): number {
  return Math.round(costUsd * 1_000_000);
}

/** Whether it is an amount that can be: finite and not below 0, tokens whole. */
export function isUsage({ costUsd, tokens }: Usage): boolean {
  return Number.isSafeInteger(tokens) && tokens >= 0 && costUsd >= 0 && costUsd <= 1e9;
}

/** What one attempt is expected to take. */
export function estimateOf(task: Task): Usage {
  const estimate = task.extra?.control?.estimate;
  if (estimate == null) return NO_USAGE;
  const { costUsd = 0, tokens = 0 } = estimate;
  return { tokens, costUsd };
}
