import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OrchestratorError } from '../base/errors.ts';
import { ArtifactStore } from '../store/index.ts';
import type { Clock, OpenStorage, RuntimeStorage } from '../runtime/index.ts';
import { MemoryLog, type MemoryDisk } from './memory-log.ts';
import { MemoryStore } from './memory-store.ts';

/** A disk in memory, with what can go wrong with one. One process may have it open at a time. */
export class MemoryStorage implements RuntimeStorage {
  readonly #disk: MemoryDisk = { bodies: [], released: 0 };
  #log: MemoryLog | null = null;
  /** The folder of large outputs. */
  #artifacts: string | null = null;
  #isFull = false;
  #isSlow = false;

  /** @throws OrchestratorError `DATA_DIR_LOCKED` while it is open */
  async open({ clock }: { readonly clock: Clock }): Promise<OpenStorage> {
    if (this.#log !== null) {
      const message = 'a storage must be open once at a time';
      throw new OrchestratorError('DATA_DIR_LOCKED', message);
    }
    const log = new MemoryLog(this.#disk);
    log.isFull = this.#isFull;
    if (this.#isSlow) log.hold();
    this.#log = log;
    // Large outputs are files all the same; they stay until it is closed.
    const directory = (this.#artifacts ??= mkdtempSync(join(tmpdir(), 'uqo-test-')));
    const artifacts = await ArtifactStore.open({ directory, now: () => clock.now() });
    const release = (): void => {
      this.#log = null;
      this.#artifacts = null;
      rmSync(directory, { recursive: true, force: true });
    };
    const store = new MemoryStore();
    return { kind: 'memory', directory: null, log, store, artifacts, copyStore: null, release };
  }

  /** Whether something waits for a disk that takes its time. */
  get isStuck(): boolean {
    return this.#isSlow && this.#log !== null && this.#log.waiting > 0;
  }

  /** Whether writes find no room. */
  setFull(isFull: boolean): void {
    this.#isFull = isFull;
    if (this.#log !== null) this.#log.isFull = isFull;
  }

  /** Whether writes take until the disk is fast again. */
  setSlow(isSlow: boolean): void {
    this.#isSlow = isSlow;
    if (isSlow) this.#log?.hold();
    else this.#log?.release();
  }

  /** Makes the next write fail, and with it every later one until it is opened again. */
  breakDown(): void {
    if (this.#log !== null) this.#log.isBroken = true;
  }

  /** The process that has it open is gone: what was not written is lost. */
  crash(): void {
    this.#log?.crash();
    this.#log = null;
  }
}
