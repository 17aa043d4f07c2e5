/** The end of a task on its way to the tasks that depend on it. */
import type { Edge, TaskLinks } from './flow.ts';
import type { TaskId } from './ids.ts';
import type { CoreRecord } from './record.ts';
import type { TaskState } from './task.ts';

/** `revived`: a dead letter lives again; `purged`: one is gone for good. */
export type WaveKind = 'ended' | 'revived' | 'purged';

/** What is told. */
export interface News {
  readonly kind: WaveKind;
  readonly parentId: TaskId;
  /** How messages name the parent. */
  readonly name: string;
  /** How it ended. */
  readonly state: TaskState;
  /** Code of its error; null without one. */
  readonly code: string | null;
}

/**
 * News that one batch could not bring to all: the rest follows with the clock, some at a time.
 *
 * Those submitted later than `seqLast` are not among them: they saw the parent as it was then.
 */
export interface Wave extends CoreRecord, WaveFields {
  readonly table: 'waves';
  /** Of the task that the news are of. Derived. */
  links: TaskLinks;
  /** Whom to tell, in order of submission. Derived. */
  readonly edges: readonly Edge[];
  /** Place in `edges` of the next one to tell. Derived. */
  next: number;
}

export interface WaveFields {
  readonly news: News;
  readonly at: number;
  /** Order of submission of the last one who was told; 0 before the first. */
  seqTold: number;
  readonly seqLast: number;
}

export function waveFields({ at, news, seqLast, seqTold }: Wave): readonly unknown[] {
  return [news.kind, news.parentId, news.name, news.state, news.code, at, seqTold, seqLast];
}

export function readWave(fields: readonly unknown[]): WaveFields {
  const [kind, parentId, name, state, code, at, seqTold, seqLast] = fields as [
    WaveKind,
    TaskId,
    string,
    TaskState,
    string | null,
    number,
    number,
    number,
  ];
  return { news: { kind, parentId, name, state, code }, at, seqTold, seqLast };
}
