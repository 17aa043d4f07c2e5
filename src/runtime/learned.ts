/**
 * What this process learned by itself: nobody decided it, so no log has it, but who starts without it
 * knows less than before.
 *
 * One file beside the store, written with each checkpoint and at the end: a crash loses what was learned
 * since. A file that cannot be read or written is told of and does without.
 */
import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RuntimeLogger } from './runtime-logger.ts';

/** Somebody who learns. */
export interface Learner {
  /** What it knows, as JSON can hold it. */
  remember(): unknown;
  /** Takes up what an earlier one of its kind remembered; leaves out what it cannot use. */
  recall(known: unknown): void;
}

const FILE = 'learned.json';
const VERSION = 1;

export class Learned {
  readonly #path: string | null;
  readonly #logger: RuntimeLogger;
  readonly #known: Map<string, unknown>;
  readonly #learners = new Map<string, Learner>();
  #saving: Promise<void> = Promise.resolve();

  /** @param directory - where the file is; null for nowhere */
  constructor(directory: string | null, logger: RuntimeLogger) {
    this.#path = directory === null ? null : join(directory, FILE);
    this.#logger = logger;
    this.#known = this.#path === null ? new Map() : read(this.#path, logger);
  }

  /** Tells `learner` what is known under that name, and asks it from now on in place of an earlier one. */
  add(name: string, learner: Learner): void {
    const before = this.#learners.get(name);
    const known = before === undefined ? this.#known.get(name) : before.remember();
    if (known !== undefined) learner.recall(known);
    this.#learners.set(name, learner);
  }

  /** Writes down what is known now; never rejects. */
  save(): Promise<void> {
    const path = this.#path;
    if (path === null) return Promise.resolve();
    this.#saving = this.#saving.then(() => this.#write(path));
    return this.#saving;
  }

  async #write(path: string): Promise<void> {
    const learned = [...this.#learners].map(([name, learner]) => [name, learner.remember()]);
    const text = JSON.stringify({ version: VERSION, learned: Object.fromEntries(learned) });
    try {
      await writeFile(`${path}.new`, text);
      await rename(`${path}.new`, path);
    } catch (error) {
      this.#logger.warn('what was learned could not be written down', { error: String(error) });
    }
  }
}

function read(path: string, logger: RuntimeLogger): Map<string, unknown> {
  try {
    const { learned, version } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    if (version === VERSION && typeof learned === 'object' && learned !== null) {
      return new Map(Object.entries(learned));
    }
    logger.warn('what was learned before is of another version and was left', { path });
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (!isMissing) logger.warn('what was learned before cannot be read', { error: String(error) });
  }
  return new Map();
}
