/** What a drill left behind, and what is proved from it. */
import type { FailureGroupView, TaskView } from '../../../src/contract/index.ts';
import type { ReadLog } from '../log/fact.ts';
import type { JournalLine } from '../world/journal.ts';

export interface Evidence {
  readonly log: ReadLog;
  readonly journal: readonly JournalLine[];
  /** What the server answered at the end, after one more kill. */
  readonly views: ReadonlyMap<string, TaskView>;
  readonly groups: readonly FailureGroupView[];
}

export interface Proof {
  /** What holds, as a sentence. */
  readonly name: string;
  /** How often it was looked at; a proof that looked at nothing proves nothing. */
  readonly checked: number;
  /** What contradicts it, each with the ids it is about. */
  readonly offences: readonly string[];
}

/** Looks at one thing after the other. */
export class Check {
  readonly #name: string;
  readonly #offences: string[] = [];
  #checked = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** @param offence - says what is wrong; only asked where it is */
  that(holds: boolean, offence: () => string): void {
    this.#checked += 1;
    if (!holds) this.#offences.push(offence());
  }

  get proof(): Proof {
    return { name: this.#name, checked: this.#checked, offences: this.#offences };
  }
}

export function holds({ checked, offences }: Proof): boolean {
  return checked > 0 && offences.length === 0;
}
