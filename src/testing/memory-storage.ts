import { OrchestratorError } from '../base/errors.ts';
import type { OpenStorage, RuntimeStorage } from '../runtime/index.ts';
import { MemoryLog, type MemoryDisk } from './memory-log.ts';
import { MemoryStore } from './memory-store.ts';

/** A disk in memory, with what can go wrong with one. One process may have it open at a time. */
export class MemoryStorage implements RuntimeStorage {
  readonly #disk: MemoryDisk = { bodies: [], released: 0 };
  #log: MemoryLog | null = null;
  #isFull = false;
  #isSlow = false;

  open(): Promise<OpenStorage> {
    if (this.#log !== null) {
      const message = 'a storage must be open once at a time';
      return Promise.reject(new OrchestratorError('DATA_DIR_LOCKED', message));
    }
    const log = new MemoryLog(this.#disk);
    log.isFull = this.#isFull;
    if (this.#isSlow) log.hold();
    this.#log = log;
    const release = (): void => {
      this.#log = null;
    };
    return Promise.resolve({ kind: 'memory', log, store: new MemoryStore(), release });
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
