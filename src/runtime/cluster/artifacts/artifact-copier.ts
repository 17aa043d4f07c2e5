/**
 * Gets this node a copy of every artifact that another one keeps, and lets the others have those of this one.
 *
 *   every few seconds: what do you keep? ─▶ what is missing here ─▶ block by block ─▶ checked, durable, kept
 *   a new artifact: take it, all of you ─▶ acknowledged once a majority has it
 *
 * Invariants
 *   A1  an artifact that was acknowledged is durable on a majority of the voters
 *   A2  nothing is kept, or handed on, that has not the digest that its maker gave it
 *   A3  what the state of this node lets go is not copied back
 */
import { isOrchestratorError, messageOf, OrchestratorError } from '../../../base/errors.ts';
import type { ArtifactFacts, ArtifactStore } from '../../../store/index.ts';
import type { Clock } from '../../clock.ts';
import type { RuntimeLogger } from '../../runtime-logger.ts';
import { ArtifactCheck } from './artifact-check.ts';
import {
  ArtifactAnswers,
  ASK_ARTIFACTS,
  ASK_BLOCK,
  decodeFacts,
  decodeInventory,
  encode,
  TAKE_ARTIFACT,
} from './artifact-questions.ts';

/** What became of one copy: kept, broken off to be gone on with, or not what it should be. */
export type CopyOutcome = 'copied' | 'failed' | 'wrong';

export interface ArtifactCopierOptions {
  readonly artifacts: ArtifactStore;
  readonly clock: Clock;
  readonly logger: RuntimeLogger;
  /** The other nodes that can be reached now. */
  readonly reachable: () => readonly string[];
  /** @throws OrchestratorError as `ask` of the log does */
  readonly ask: (
    to: string,
    kind: number,
    body: Uint8Array,
    timeoutMs: number,
  ) => Promise<Uint8Array>;
  /** Whether the state of this node does not let it go. */
  readonly isWanted: (facts: ArtifactFacts) => boolean;
  /** A copy was kept: it goes with its task from now on. */
  readonly onCopied: () => void;
  readonly onOutcome: (outcome: CopyOutcome) => void;
  /** Most that is copied to this node in a second. Default 64 MiB. */
  readonly bytesPerSecond?: number;
}

/** Between two looks at what the others keep, in milliseconds. */
const LOOK_MS = 5_000;
/** How long an answer of another node is waited for, in milliseconds. */
const ANSWER_MS_MAX = 10_000;
/** Artifacts that are copied here at once. */
const COPIES_MAX = 2;
const BYTES_PER_SECOND = 64 * 1024 * 1024;

interface Missing {
  readonly facts: ArtifactFacts;
  /** Who keeps it. */
  readonly at: Set<string>;
}

export class ArtifactCopier {
  readonly #options: ArtifactCopierOptions;
  readonly #answers: ArtifactAnswers;
  readonly #check: ArtifactCheck;
  readonly #bytesPerSecond: number;
  #missing = new Map<string, Missing>();
  /** What other nodes said that they have not got yet. */
  #missingOf = new Map<string, number>();
  readonly #coming = new Map<string, Promise<boolean>>();
  readonly #turns: (() => void)[] = [];
  #copies = 0;
  /** When the next block may be asked for, on the monotonic clock. */
  #freeAtMs = 0;
  #lastWarning = '';
  #looking: Promise<void> | null = null;
  #cancelTimer: (() => void) | null = null;
  #isClosed = false;

  constructor(options: ArtifactCopierOptions) {
    this.#options = options;
    this.#bytesPerSecond = options.bytesPerSecond ?? BYTES_PER_SECOND;
    const { artifacts } = options;
    this.#answers = new ArtifactAnswers(artifacts, () => this.#missing.size);
    this.#check = new ArtifactCheck(options);
    artifacts.mendBy((facts, block) => this.#mend(facts, block));
  }

  /** Kept here; known of and not here yet, or damaged here, with their bytes. */
  get view(): { readonly kept: number; readonly missing: number; readonly missingBytes: number } {
    let missingBytes = 0;
    for (const { facts } of this.#missing.values()) missingBytes += facts.bytes;
    return { kept: this.#options.artifacts.count, missing: this.#missing.size, missingBytes };
  }

  /** What another node said last that it lacks; null where it has said nothing. */
  missingOf(nodeId: string): number | null {
    return this.#missingOf.get(nodeId) ?? null;
  }

  /** Looks at what the others keep and gets it, now and every few seconds. */
  look(): Promise<void> {
    this.#looking ??= this.#lookAndGet().finally(() => {
      this.#looking = null;
      if (this.#isClosed) return;
      this.#cancelTimer?.();
      this.#cancelTimer = this.#options.clock.setTimer(LOOK_MS, () => void this.look());
    });
    return this.#looking;
  }

  /** Answers another node; null where the question is about something else. */
  answer(from: string, kind: number, body: Uint8Array): Promise<Uint8Array> | null {
    if (kind === ASK_ARTIFACTS) return Promise.resolve().then(() => this.#answers.inventory(body));
    if (kind === ASK_BLOCK) return this.#answers.block(body);
    return kind === TAKE_ARTIFACT ? this.#take(from, body) : null;
  }

  /** Begins no more copies; resolves when those under way have stopped, to be gone on with. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#check.close();
    this.#cancelTimer?.();
    for (const turn of this.#turns.splice(0)) turn();
    await Promise.allSettled([...this.#coming.values(), this.#looking]);
  }

  async #lookAndGet(): Promise<void> {
    const { reachable } = this.#options;
    const missing = new Map<string, Missing>();
    for (const facts of this.#options.artifacts.damaged) {
      missing.set(facts.id, { facts, at: new Set() });
    }
    const peers = reachable();
    await Promise.all(peers.map((nodeId) => this.#compare(nodeId, missing)));
    for (const nodeId of this.#missingOf.keys()) {
      if (!peers.includes(nodeId)) this.#missingOf.delete(nodeId);
    }
    this.#missing = missing;
    const wanted = [...missing.values()].filter(({ at }) => at.size > 0);
    const outcomes = await Promise.allSettled(wanted.map(({ at, facts }) => this.#get(facts, at)));
    for (const outcome of outcomes) if (outcome.status === 'rejected') this.#warn(outcome.reason);
  }

  /** Notes what a node keeps and this one does not. */
  async #compare(nodeId: string, missing: Map<string, Missing>): Promise<void> {
    const { artifacts, ask, isWanted } = this.#options;
    const { fingerprint } = artifacts;
    try {
      for (let after = ''; ;) {
        const question = encode({ fingerprint, after });
        const page = decodeInventory(await ask(nodeId, ASK_ARTIFACTS, question, ANSWER_MS_MAX));
        this.#missingOf.set(nodeId, page.missing);
        for (const facts of page.items.filter((one) => !artifacts.has(one.id) && isWanted(one))) {
          const known = missing.get(facts.id) ?? { facts, at: new Set() };
          missing.set(facts.id, { facts, at: known.at.add(nodeId) });
        }
        const last = page.items.at(-1);
        if (!page.hasMore || last === undefined) return;
        after = last.id;
      }
    } catch (error) {
      // Gone meanwhile, or of a release that copies nothing: the next look is soon.
      if (!isOrchestratorError(error)) throw error;
    }
  }

  /** Told by another node of an artifact that it has made. */
  async #take(from: string, body: Uint8Array): Promise<Uint8Array> {
    const facts = decodeFacts(body);
    if (!this.#options.artifacts.has(facts.id)) await this.#get(facts, new Set([from]));
    if (this.#options.artifacts.has(facts.id)) return new Uint8Array();
    const message = `a copy of artifact ${facts.id} must be kept, got none`;
    throw new OrchestratorError('ARTIFACT_NOT_COPIED', message);
  }

  /** Copies it from any of those; resolves with whether it is here. */
  #get(facts: ArtifactFacts, at: ReadonlySet<string>): Promise<boolean> {
    const coming = this.#coming.get(facts.id);
    if (coming !== undefined) return coming;
    const started = this.#inTurn(() => this.#copy(facts, at)).finally(() =>
      this.#coming.delete(facts.id),
    );
    this.#coming.set(facts.id, started);
    return started;
  }

  async #copy(facts: ArtifactFacts, at: ReadonlySet<string>): Promise<boolean> {
    const { artifacts, logger, onCopied, onOutcome } = this.#options;
    if (artifacts.has(facts.id)) return true;
    try {
      const isKept = await artifacts.copy(facts, async (copy) => {
        while (copy.next !== null) {
          await this.#pace(copy.nextBytes);
          await copy.append(await this.#block(facts, copy.next, at, copy.nextBytes));
        }
      });
      onOutcome(isKept ? 'copied' : 'wrong');
      if (isKept) {
        this.#missing.delete(facts.id);
        onCopied();
      } else logger.error('a copy of an artifact was not what it should be', { id: facts.id });
      return isKept;
    } catch (error) {
      onOutcome('failed');
      throw error;
    }
  }

  /** @throws OrchestratorError where none of them has it, or this node closes */
  async #block(
    { id }: ArtifactFacts,
    block: number,
    at: ReadonlySet<string>,
    bytes: number,
  ): Promise<Uint8Array> {
    let last = new OrchestratorError('ARTIFACT_NOT_FOUND', `artifact ${id} must be on a node`);
    for (const nodeId of at) {
      if (this.#isClosed) break;
      try {
        const question = encode({ id, block });
        const content = await this.#options.ask(nodeId, ASK_BLOCK, question, ANSWER_MS_MAX);
        if (content.length === bytes) return content;
      } catch (error) {
        if (!isOrchestratorError(error)) throw error;
        last = error;
      }
    }
    throw last;
  }

  /** A block that is damaged here, for somebody who reads it now. */
  async #mend(facts: ArtifactFacts, block: number): Promise<Uint8Array | null> {
    const { ask, logger, reachable } = this.#options;
    logger.error('an artifact is damaged on this disk; it is copied again', {
      id: facts.id,
      block,
    });
    void this.look();
    for (const nodeId of reachable()) {
      try {
        return await ask(nodeId, ASK_BLOCK, encode({ id: facts.id, block }), ANSWER_MS_MAX);
      } catch (error) {
        if (!isOrchestratorError(error)) throw error;
      }
    }
    return null;
  }

  /** Waits until so many bytes more are within what a second may bring. */
  async #pace(bytes: number): Promise<void> {
    const { clock } = this.#options;
    const nowMs = clock.monotonicMs();
    const startMs = Math.max(nowMs, this.#freeAtMs);
    this.#freeAtMs = startMs + (1_000 * bytes) / this.#bytesPerSecond;
    const waitMs = Math.ceil(startMs - nowMs);
    if (waitMs > 0) await new Promise<void>((resolve) => void clock.setTimer(waitMs, resolve));
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    while (this.#copies >= COPIES_MAX && !this.#isClosed) {
      await new Promise<void>((resolve) => this.#turns.push(resolve));
    }
    if (this.#isClosed) throw new OrchestratorError('LOG_CLOSED', 'this node must be open');
    this.#copies += 1;
    try {
      return await work();
    } finally {
      this.#copies -= 1;
      this.#turns.shift()?.();
    }
  }

  /** Says each reason once, until it is another: it comes back with every look. */
  #warn(reason: unknown): void {
    const error = messageOf(reason);
    if (error === this.#lastWarning || this.#isClosed) return;
    this.#lastWarning = error;
    this.#options.logger.error('an artifact could not be copied; tried again', { error });
  }
}
