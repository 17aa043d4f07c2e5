/** Ways to spoil evidence. */
import type { Fact } from '../log/fact.ts';
import type { JournalLine } from '../world/journal.ts';
import { changed, withFacts } from './doctored.ts';
import type { Evidence } from './proof.ts';

export type Doctor = (evidence: Evidence) => Evidence;

/** Part of a proof's name, what is done to sound evidence, how. */
export type DoctoredCase = readonly [proof: string, what: string, doctor: Doctor];

export const facts =
  (change: (facts: readonly Fact[]) => readonly Fact[]): Doctor =>
  (evidence) =>
    withFacts(evidence, change);

export const journal =
  (change: (line: JournalLine) => JournalLine): Doctor =>
  (evidence) => ({ ...evidence, journal: evidence.journal.map(change) });

/** Leaves out what is meant. */
export const without = (isMeant: (fact: Fact) => boolean): Doctor =>
  facts((all) => all.filter((fact) => !isMeant(fact)));

/** Moves the start of a task to where another one starts, in the entry of that start. */
export const startsWith = (taskId: string, other: string): Doctor =>
  facts((all) => {
    const start = all.find((fact) => fact.type === 'started' && fact.taskId === taskId);
    const beside = all.find((fact) => fact.type === 'started' && fact.taskId === other);
    if (start === undefined || beside === undefined) throw new Error(`no start of ${taskId}`);
    const moved = { ...start, index: beside.index, at: beside.at };
    return all.flatMap((fact) => {
      if (fact === start) return [];
      return fact === beside ? [fact, moved] : [fact];
    });
  });

/** Repeats an entry's fact right after it, in an entry of the same number. */
export const twice = (isMeant: (fact: Fact) => boolean): Doctor =>
  facts((all) => all.flatMap((fact) => (isMeant(fact) ? [fact, fact] : [fact])));

/** Every task that is submitted gets what is added. */
export const everyTask = (item: object, id?: string): Doctor =>
  facts((all) =>
    changed(all, 'submitted', ({ task }) =>
      id === undefined || task.id === id
        ? { task: { ...task, item: { ...task.item, ...item } } }
        : null,
    ),
  );

export const isStartOf =
  (taskId: string) =>
  (fact: Fact): boolean =>
    fact.type === 'started' && fact.taskId === taskId;
