/**
 * Carries what the scheduler learned of how long agents take over a restart.
 *
 * A file of its own beside the store, because a million agents can be in it: lines of text, written a few
 * milliseconds at a time with a checkpoint now and then, and at the end. A crash loses what was learned
 * since. Lines that are damaged are left out; a file that cannot be read or written is told of.
 */
import { readFileSync } from 'node:fs';
import { open, rename, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentSpeed, Scheduler } from '../scheduling/index.ts';
import type { Clock } from './clock.ts';
import type { RuntimeLogger } from './runtime-logger.ts';
import { Slices } from './slices.ts';

const FILE = 'agent-speeds.jsonl';
const VERSION = 1;
/** Agents written down, at most: about 15 MB. */
export const SPEEDS_MAX = 250_000;
/** Longest stretch of writing before others have their turn, in milliseconds. */
const SLICE_MS = 2;
/** Not more often than this, but at the end, in milliseconds. */
const SAVED_EVERY_MS = 60_000;
const ID_LENGTH_MAX = 200;

export interface AgentSpeedsParts {
  /** Where the file is; null for nowhere. */
  readonly directory: string | null;
  readonly clock: Clock;
  readonly logger: RuntimeLogger;
  /** Default {@link SPEEDS_MAX}. */
  readonly speedsMax?: number;
}

export class AgentSpeeds {
  readonly #parts: AgentSpeedsParts;
  readonly #path: string | null;
  #scheduler: Scheduler | null = null;
  #nowMs: () => number = () => 0;
  #savedAt = Number.NEGATIVE_INFINITY;
  #saving: Promise<void> = Promise.resolve();

  constructor(parts: AgentSpeedsParts) {
    this.#parts = parts;
    this.#path = parts.directory === null ? null : join(parts.directory, FILE);
  }

  /**
   * Tells a scheduler, which has all agents, what the one before it knew, or else the file.
   *
   * @param nowMs - the time of core, by which run times are told
   */
  attach(scheduler: Scheduler, nowMs: () => number): void {
    const before = this.#scheduler;
    this.#scheduler = scheduler;
    this.#nowMs = nowMs;
    if (before !== null) {
      scheduler.recallSpeeds(before.meanRunMs, before.speeds(nowMs()));
    } else if (this.#path !== null) {
      const known = readSpeeds(this.#path, { ...this.#parts, nowMs: nowMs() });
      if (known !== null) scheduler.recallSpeeds(known.meanMs, known.speeds);
    }
  }

  /** Writes down what is known now, if that was not done lately; never rejects. */
  save(isLast = false): Promise<void> {
    const path = this.#path;
    const nowMs = this.#parts.clock.monotonicMs();
    if (path === null || (!isLast && nowMs - this.#savedAt < SAVED_EVERY_MS)) return this.#saving;
    this.#savedAt = nowMs;
    this.#saving = this.#saving.then(() => this.#write(path));
    return this.#saving;
  }

  async #write(path: string): Promise<void> {
    try {
      const file = await open(`${path}.new`, 'w');
      try {
        await this.#writeTo(file);
      } finally {
        await file.close();
      }
      await rename(`${path}.new`, path);
    } catch (error) {
      this.#parts.logger.warn('what was learned of agents could not be written down', {
        error: String(error),
      });
    }
  }

  async #writeTo(file: FileHandle): Promise<void> {
    const scheduler = this.#scheduler;
    if (scheduler === null) return;
    const slices = new Slices(this.#parts.clock, SLICE_MS);
    const speedsMax = this.#parts.speedsMax ?? SPEEDS_MAX;
    let text = `${JSON.stringify({ version: VERSION, meanMs: scheduler.meanRunMs })}\n`;
    let count = 0;
    // All agents are looked at, whatever few of them differ.
    for (const speed of scheduler.speeds(this.#nowMs())) {
      if (speed !== null) {
        text += `${JSON.stringify(speed)}\n`;
        count += 1;
        if (count >= speedsMax) break;
      }
      if (!slices.isOver) continue;
      await file.write(text);
      text = '';
      await slices.next();
    }
    await file.write(text);
  }
}

interface KnownSpeeds {
  readonly meanMs: number;
  readonly speeds: Iterable<AgentSpeed>;
}

interface Reading extends AgentSpeedsParts {
  readonly nowMs: number;
}

function readSpeeds(path: string, reading: Reading): KnownSpeeds | null {
  const { logger } = reading;
  try {
    const [head = '', ...lines] = readFileSync(path, 'utf8').split('\n');
    const { meanMs, version } = JSON.parse(head) as Record<string, unknown>;
    if (version === VERSION && isAmount(meanMs)) {
      return { meanMs, speeds: speedsOf(lines, reading) };
    }
    logger.warn('what was learned of agents is of another version and was left', { path });
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    if (!isMissing)
      logger.warn('what was learned of agents cannot be read', { error: String(error) });
  }
  return null;
}

function* speedsOf(lines: readonly string[], reading: Reading): Generator<AgentSpeed> {
  const { logger, nowMs, speedsMax = SPEEDS_MAX } = reading;
  let damaged = 0;
  for (const line of lines.slice(0, speedsMax)) {
    if (line === '') continue;
    const speed = speedOf(line, nowMs);
    if (speed === null) damaged += 1;
    else yield speed;
  }
  if (damaged > 0) logger.warn('some of what was learned of agents is damaged', { damaged });
}

function speedOf(line: string, nowMs: number): AgentSpeed | null {
  try {
    const [id, estimateMs, heardAt] = JSON.parse(line) as unknown[];
    if (typeof id !== 'string' || id.length > ID_LENGTH_MAX) return null;
    if (!isAmount(estimateMs) || !isAmount(heardAt)) return null;
    // A moment to come would never be forgotten.
    return [id, estimateMs, Math.min(heardAt, nowMs)];
  } catch {
    return null;
  }
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
