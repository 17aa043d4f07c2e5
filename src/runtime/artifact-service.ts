/** Large outputs of tasks: taken from agents in this process, listed, opened, and let go with the history. */
import { setImmediate as turn } from 'node:timers/promises';
import { OrchestratorError } from '../base/errors.ts';
import type {
  ArtifactDraft,
  ArtifactList,
  ArtifactRequest,
  ArtifactSink,
  ArtifactView,
} from '../contract/index.ts';
import type { CoreState, TaskId } from '../core/index.ts';
import type { ArtifactBytes, ArtifactFacts, ArtifactStore, Store } from '../store/index.ts';
import type { Clock } from './clock.ts';
import type { RuntimeLogger } from './runtime-logger.ts';
import { iso } from './views.ts';

export interface ArtifactServiceParts {
  readonly artifacts: ArtifactStore;
  readonly state: CoreState;
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: RuntimeLogger;
  /** Resolves once enough others have an artifact too; absent where there are none. */
  readonly artifactKept?: (facts: ArtifactFacts) => Promise<void>;
}

/** An artifact whose bytes can be read; whoever opened it closes `content`. */
export interface OpenArtifact {
  readonly view: ArtifactView;
  readonly content: ArtifactBytes;
}

/** Time between two looks at which tasks are still known, as between two purges of the history. */
const SWEEP_MS = 60_000;
/** Tasks looked up in one turn of the event loop: well below a millisecond. */
const SWEEP_TASKS = 100;

export class ArtifactService implements ArtifactSink {
  readonly #parts: ArtifactServiceParts;
  #cancelTimer: (() => void) | null = null;
  #sweeping: Promise<number> | null = null;
  #isClosed = false;

  constructor(parts: ArtifactServiceParts) {
    this.#parts = parts;
    if (parts.artifacts.count > 0) this.#arm();
  }

  /** Bytes of all artifacts, with those that are reserved. */
  get bytes(): number {
    return this.#parts.artifacts.bytes;
  }

  // oxlint-disable-next-line typescript/require-await -- the port leaves room for stores that must ask
  async begin(request: ArtifactRequest): Promise<ArtifactDraft> {
    const { bytes, contentType, fencingToken, name, taskId } = request;
    this.#arm();
    const order = { bytes, contentType, fencingToken, name, taskId };
    const { discard, file, id, keep } = this.#parts.artifacts.begin(order);
    const keepForGood = async (sha256: string): Promise<ArtifactView> => {
      const facts = await keep(sha256);
      await this.#parts.artifactKept?.(facts);
      return artifactView(facts);
    };
    return { id, file, keep: keepForGood, discard };
  }

  /** The artifacts of a task, oldest first; null for an unknown task. */
  list(taskId: TaskId): ArtifactList | null {
    if (!this.#isKnown(taskId)) return null;
    return { items: this.#parts.artifacts.ofTask(taskId).map((facts) => artifactView(facts)) };
  }

  /** Whether it is here, and not found damaged. */
  has(id: string): boolean {
    return this.#parts.artifacts.has(id);
  }

  /** Whether what is known here says that it is not to be let go: its task is known, or too new to be. */
  isWanted({ fencingToken, taskId }: ArtifactFacts): boolean {
    return fencingToken > this.#parts.state.index || this.#isKnown(taskId);
  }

  /** Something came that was not begun here: it goes with its task, too. */
  watch(): void {
    this.#arm();
  }

  find(id: string): ArtifactView | null {
    const facts = this.#parts.artifacts.find(id);
    return facts === null ? null : artifactView(facts);
  }

  /** @throws OrchestratorError `ARTIFACT_NOT_FOUND`, `ARTIFACT_UNREADABLE` */
  async open(id: string): Promise<OpenArtifact> {
    const facts = this.#parts.artifacts.find(id);
    if (facts === null) {
      const message = `an artifact must be kept, got ${id}`;
      throw new OrchestratorError('ARTIFACT_NOT_FOUND', message, { id });
    }
    return { view: artifactView(facts), content: await this.#parts.artifacts.open(facts) };
  }

  /**
   * Removes the artifacts of tasks that neither core nor the history knows; resolves with how many. A node that has not
   * applied the assignment of their attempt yet cannot know their task, and leaves them.
   */
  sweep(): Promise<number> {
    this.#sweeping ??= this.#sweep().finally(() => (this.#sweeping = null));
    return this.#sweeping;
  }

  /** Sweeps no more; resolves when none is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelTimer?.();
    await this.#sweeping;
  }

  async #sweep(): Promise<number> {
    const { artifacts } = this.#parts;
    let removed = 0;
    let looked = 0;
    for (const taskId of artifacts.taskIds()) {
      if (this.#isClosed) break;
      const isWanted = artifacts.ofTask(taskId).some((facts) => this.isWanted(facts));
      if (!isWanted) removed += await artifacts.removeOf(taskId);
      looked += 1;
      if (looked % SWEEP_TASKS === 0) await turn();
    }
    return removed;
  }

  #isKnown(taskId: string): boolean {
    const { state, store } = this.#parts;
    return state.tasks.has(taskId as TaskId) || store.isFinished(taskId as TaskId);
  }

  #arm(): void {
    if (this.#cancelTimer !== null || this.#isClosed) return;
    this.#cancelTimer = this.#parts.clock.setTimer(SWEEP_MS, () => void this.#sweepAndArm());
  }

  async #sweepAndArm(): Promise<void> {
    try {
      await this.sweep();
    } catch (error) {
      const { logger } = this.#parts;
      logger.error('artifacts could not be removed; tried again', { error: String(error) });
    }
    this.#cancelTimer = null;
    if (this.#parts.artifacts.count > 0) this.#arm();
  }
}

function artifactView(facts: ArtifactFacts): ArtifactView {
  const { createdAt, id, ...rest } = facts;
  return { id, href: `/api/v1/artifacts/${id}`, ...rest, createdAt: iso(createdAt) };
}
