/** What the server told its users, written down by them at once. Outlives each process that writes it. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

export type JournalLine =
  /** A submit was acknowledged. `key`: its idempotency key, with the namespace. */
  | {
      readonly type: 'submitted';
      readonly feature: string;
      readonly id: string;
      readonly key?: string;
    }
  /** Whoever waited for a task was told of its result. */
  | { readonly type: 'result'; readonly id: string; readonly result: unknown }
  /** … or of another end. */
  | { readonly type: 'ended'; readonly id: string; readonly code: string }
  /** A handler began. */
  | { readonly type: 'ran'; readonly id: string; readonly token: number; readonly agentId: string }
  /** A polling agent's completion was acknowledged. */
  | {
      readonly type: 'completed';
      readonly id: string;
      readonly token: number;
      readonly result: unknown;
    }
  /** A polling agent's report was refused: its attempt was over. */
  | { readonly type: 'fenced'; readonly id: string; readonly token: number }
  | { readonly type: 'redriven'; readonly id: string; readonly why: string }
  | {
      readonly type: 'answered';
      readonly id: string;
      readonly key: string;
      readonly answer: string;
    }
  /** All that a follower was given of a task's output. */
  | { readonly type: 'followed'; readonly id: string; readonly chunks: readonly string[] }
  /** The tasks of a flow or of a task were canceled together. */
  | { readonly type: 'cut'; readonly target: string }
  /** The clock of the server was set back, in milliseconds since 1970. */
  | { readonly type: 'set-back'; readonly fromMs: number; readonly toMs: number }
  /** A bulk operation ended, and said how many tasks it dealt with. */
  | { readonly type: 'operated'; readonly operationId: string; readonly done: number };
export type LineOf<Type extends JournalLine['type']> = Extract<JournalLine, { type: Type }>;

export class Journal {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** On its way to the disk when this returns: only the machine could lose it. */
  write(line: JournalLine): void {
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`);
  }
}

/** All lines of a file; one that a kill cut off is left out. */
export function readJournal(file: string): JournalLine[] {
  if (!existsSync(file)) return [];
  const lines: JournalLine[] = [];
  for (const text of readFileSync(file, 'utf8').split('\n')) {
    try {
      if (text !== '') lines.push(JSON.parse(text) as JournalLine);
    } catch {
      // The writer was killed in the middle of it: nobody acted on it.
    }
  }
  return lines;
}

export function linesOf<Type extends JournalLine['type']>(
  journal: readonly JournalLine[],
  type: Type,
): LineOf<Type>[] {
  return journal.filter((line): line is LineOf<Type> => line.type === type);
}
