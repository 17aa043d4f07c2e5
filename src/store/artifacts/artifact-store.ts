import { randomUUID } from 'node:crypto';
import { messageOf, OrchestratorError } from '../../base/errors.ts';
import { ArtifactBytes, type MendBlock } from './artifact-bytes.ts';
import { ArtifactCopy } from './artifact-copy.ts';
import { findFault, type ArtifactFacts } from './artifact-facts.ts';
import { ArtifactFolder } from './artifact-folder.ts';

export interface ArtifactStoreOptions {
  readonly directory: string;
  /** Bytes of all artifacts and drafts together. Default 8 GiB. */
  readonly bytesMax?: number;
  /** Artifacts and drafts. Default 10,000. */
  readonly countMax?: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What an artifact is begun with; see {@link ArtifactFacts}. */
export type ArtifactOrder = Pick<
  ArtifactFacts,
  'taskId' | 'fencingToken' | 'name' | 'contentType' | 'bytes'
>;

/** An artifact on its way: its bytes go to `file`. */
export interface Draft {
  readonly id: string;
  readonly file: string;
  readonly keep: (sha256: string) => Promise<ArtifactFacts>;
  readonly discard: () => Promise<void>;
}

const DEFAULTS = { bytesMax: 8 * 1_024 ** 3, countMax: 10_000 } as const;

/** Large outputs of tasks as files, bounded in bytes and number, each whole or not there. */
export class ArtifactStore {
  readonly #folder: ArtifactFolder;
  readonly #bytesMax: number;
  readonly #countMax: number;
  readonly #now: () => number;
  readonly #kept = new Map<string, ArtifactFacts>();
  readonly #ofTask = new Map<string, Set<string>>();
  /** Whose bytes were found to be others than those that were kept. */
  readonly #damaged = new Set<string>();
  #mend: MendBlock = () => Promise.resolve(null);
  /** Exclusive or of the ids of all that is whole: the same wherever the same is kept. */
  #digest = 0n;
  #drafts = 0;
  #bytes = 0;

  private constructor(folder: ArtifactFolder, options: ArtifactStoreOptions) {
    this.#folder = folder;
    this.#bytesMax = options.bytesMax ?? DEFAULTS.bytesMax;
    this.#countMax = options.countMax ?? DEFAULTS.countMax;
    this.#now = options.now;
  }

  /**
   * Opens a folder of artifacts; what a crash left half done is removed.
   *
   * @throws OrchestratorError `ARTIFACTS_UNREADABLE`
   */
  static async open(options: ArtifactStoreOptions): Promise<ArtifactStore> {
    const { directory } = options;
    const folder = new ArtifactFolder(directory);
    const store = new ArtifactStore(folder, options);
    try {
      for (const facts of await folder.recover()) store.#add(facts);
    } catch (error) {
      throw new OrchestratorError(
        'ARTIFACTS_UNREADABLE',
        `the folder of artifacts must be readable and writable, got: ${messageOf(error)}`,
        { directory },
        { cause: error },
      );
    }
    return store;
  }

  /** Artifacts and drafts. */
  get count(): number {
    return this.#kept.size + this.#drafts;
  }

  /** Bytes of all artifacts, with those that are reserved. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Reserves room for an artifact.
   *
   * @throws OrchestratorError `ARTIFACTS_FULL`, `ARTIFACT_INVALID`
   */
  begin(order: ArtifactOrder): Draft {
    const id = randomUUID();
    const unproven = { ...order, id, sha256: '0'.repeat(64), createdAt: this.#now() };
    const fault = findFault(unproven);
    if (fault !== null) {
      const got = String(unproven[fault as keyof ArtifactFacts]);
      const message = `${fault} of an artifact must be of its form, got ${got.slice(0, 100)}`;
      throw new OrchestratorError('ARTIFACT_INVALID', message, { path: `/${fault}` });
    }
    this.#checkRoom(order.bytes);
    this.#drafts += 1;
    this.#bytes += order.bytes;
    let isOpen = true;
    const end = async (): Promise<void> => {
      if (!isOpen) return;
      isOpen = false;
      this.#drafts -= 1;
      this.#bytes -= order.bytes;
      await this.#folder.remove(id);
    };
    const keep = async (sha256: string): Promise<ArtifactFacts> => {
      const facts = { ...unproven, sha256 };
      try {
        if (!isOpen || findFault(facts) !== null)
          throw new Error('the draft must be open and named');
        await this.#folder.keep(facts);
      } catch (error) {
        await end();
        throw unwritable(id, error);
      }
      isOpen = false;
      this.#drafts -= 1;
      this.#bytes -= order.bytes;
      this.#add(facts);
      return facts;
    };
    return { id, file: this.#folder.draftFile(id), keep, discard: end };
  }

  find(id: string): ArtifactFacts | null {
    return this.#kept.get(id) ?? null;
  }

  /** The artifacts of a task, oldest first. */
  ofTask(taskId: string): readonly ArtifactFacts[] {
    const ids = [...(this.#ofTask.get(taskId) ?? [])];
    const facts = ids.map((id) => this.#kept.get(id)).filter((kept) => kept !== undefined);
    return facts.sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  }

  /** Tasks that have artifacts. */
  taskIds(): readonly string[] {
    return [...this.#ofTask.keys()];
  }

  /**
   * Opens the bytes for reading; they can be read to their end even if the artifact goes meanwhile.
   *
   * @throws OrchestratorError `ARTIFACT_UNREADABLE` where they are not as they were kept
   */
  async open(facts: ArtifactFacts): Promise<ArtifactBytes> {
    try {
      const handle = await this.#folder.open(facts);
      try {
        const sums = await this.#folder.sumsOf(facts, handle);
        const onDamage = ({ id }: ArtifactFacts): void => this.#damage(id);
        return new ArtifactBytes({ facts, handle, sums, onDamage, mend: this.#mend });
      } catch (error) {
        await handle.close();
        throw error;
      }
    } catch (error) {
      this.#damage(facts.id);
      throw unreadable(facts.id, error);
    }
  }

  /** Where blocks that are damaged here are got from; from nowhere by default. */
  mendBy(mend: MendBlock): void {
    this.#mend = mend;
  }

  /** Whether it is kept, and was not found damaged. */
  has(id: string): boolean {
    return this.#kept.has(id) && !this.#damaged.has(id);
  }

  /** All that is kept, damaged or not. */
  all(): Iterable<ArtifactFacts> {
    return this.#kept.values();
  }

  /** Those that were found damaged. */
  get damaged(): readonly ArtifactFacts[] {
    return [...this.#damaged]
      .map((id) => this.#kept.get(id))
      .filter((facts) => facts !== undefined);
  }

  /** Tells two nodes that keep the same apart from two that do not. */
  get fingerprint(): string {
    return this.#digest.toString(16);
  }

  /**
   * Begins a copy of what another node keeps, or goes on with it; it takes the place of a damaged one.
   *
   * @throws OrchestratorError `ARTIFACTS_FULL`, `ARTIFACT_UNWRITABLE`
   */
  async copy(
    facts: ArtifactFacts,
    receive: (copy: ArtifactCopy) => Promise<void>,
  ): Promise<boolean> {
    const isNew = !this.#kept.has(facts.id);
    if (isNew) this.#checkRoom(facts.bytes);
    const reserved = isNew ? facts.bytes : 0;
    this.#drafts += Number(isNew);
    this.#bytes += reserved;
    try {
      const copy = await ArtifactCopy.open(facts, this.#folder);
      try {
        await receive(copy);
        if (copy.next !== null || !(await copy.finish())) return false;
      } catch (error) {
        // A disk that takes no more must not stay full of what is not whole.
        if (isDiskError(error)) await copy.discard();
        throw error;
      } finally {
        await copy.pause();
      }
    } catch (error) {
      throw error instanceof OrchestratorError ? error : unwritable(facts.id, error);
    } finally {
      this.#drafts -= Number(isNew);
      this.#bytes -= reserved;
    }
    if (this.#kept.has(facts.id)) this.#repaired(facts.id);
    else this.#add(facts);
    return true;
  }

  /** Gives all that is kept a second name in another folder of the same disk; what goes meanwhile is left out. */
  async linkInto(directory: string): Promise<void> {
    for (const facts of this.#kept.values()) {
      try {
        await this.#folder.linkInto(directory, facts);
      } catch (error) {
        if (this.#kept.has(facts.id)) throw unreadable(facts.id, error);
      }
    }
  }

  /** Removes all artifacts of a task; resolves with how many there were. */
  async removeOf(taskId: string): Promise<number> {
    const all = this.ofTask(taskId);
    for (const facts of all) await this.#remove(facts);
    return all.length;
  }

  async #remove(facts: ArtifactFacts): Promise<void> {
    const { bytes, id, taskId } = facts;
    // First: whoever asks now is told that it is gone, not that it is damaged.
    this.#kept.delete(id);
    try {
      await this.#folder.remove(id);
    } catch (error) {
      this.#kept.set(id, facts);
      throw error;
    }
    this.#bytes -= bytes;
    if (!this.#damaged.delete(id)) this.#digest ^= bitsOf(id);
    const ids = this.#ofTask.get(taskId);
    ids?.delete(id);
    if (ids?.size === 0) this.#ofTask.delete(taskId);
  }

  #checkRoom(bytes: number): void {
    const left = this.#bytesMax - this.#bytes;
    if (bytes > left) {
      throw new OrchestratorError(
        'ARTIFACTS_FULL',
        `an artifact must fit into the ${left} bytes left of ${this.#bytesMax}, got ${bytes}; artifacts go with the history of their tasks`,
        { bytes, bytesLeft: left, bytesMax: this.#bytesMax },
      );
    }
    if (this.count < this.#countMax) return;
    throw new OrchestratorError(
      'ARTIFACTS_FULL',
      `at most ${this.#countMax} artifacts are kept, got one more; they go with the history of their tasks`,
      { countMax: this.#countMax },
    );
  }

  #add(facts: ArtifactFacts): void {
    this.#kept.set(facts.id, facts);
    const ids = this.#ofTask.get(facts.taskId) ?? new Set();
    this.#ofTask.set(facts.taskId, ids.add(facts.id));
    this.#bytes += facts.bytes;
    this.#digest ^= bitsOf(facts.id);
  }

  #damage(id: string): void {
    if (!this.has(id)) return;
    this.#damaged.add(id);
    this.#digest ^= bitsOf(id);
  }

  #repaired(id: string): void {
    if (this.#damaged.delete(id)) this.#digest ^= bitsOf(id);
  }
}

function bitsOf(id: string): bigint {
  return BigInt(`0x${id.replaceAll('-', '')}`);
}

function isDiskError(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG' || code === 'EIO';
}

function unwritable(id: string, cause: unknown): OrchestratorError {
  const message = `artifact ${id} must be written whole, got: ${messageOf(cause)}`;
  return new OrchestratorError('ARTIFACT_UNWRITABLE', message, { id }, { cause });
}

function unreadable(id: string, cause: unknown): OrchestratorError {
  const message = `artifact ${id} must be as it was kept, got: ${messageOf(cause)}`;
  return new OrchestratorError('ARTIFACT_UNREADABLE', message, { id }, { cause });
}
