/**
 * The store of a node of a cluster, which a snapshot of another node may take the place of.
 *
 * Each lies in a folder of its own, `store-N`; the newest one counts. A crash between two steps leaves the old
 * one, or both, or the new one: opening goes on from any of these.
 */
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { inspectStore, STORE_FILE, type LmdbStore } from '../../store/index.ts';
import { flushPath } from '../flush-path.ts';

const NAME = /^store-(\d{6})$/;
const INCOMING = 'store-incoming';

export class StateFolder {
  readonly #dataDir: string;
  readonly #open: (directory: string) => Promise<LmdbStore>;
  #store: LmdbStore;
  #number: number;

  private constructor(
    dataDir: string,
    openStore: (directory: string) => Promise<LmdbStore>,
    [store, number]: readonly [LmdbStore, number],
  ) {
    this.#dataDir = dataDir;
    this.#open = openStore;
    this.#store = store;
    this.#number = number;
  }

  static async open(
    dataDir: string,
    openStore: (directory: string) => Promise<LmdbStore>,
  ): Promise<StateFolder> {
    const numbers = (await readdir(dataDir)).map((name) => Number(NAME.exec(name)?.[1] ?? 0));
    const number = Math.max(1, ...numbers);
    await rm(join(dataDir, INCOMING), { recursive: true, force: true });
    for (const old of numbers) if (old > 0 && old < number) await remove(dataDir, old);
    const store = await openStore(pathOf(dataDir, number));
    return new StateFolder(dataDir, openStore, [store, number]);
  }

  get store(): LmdbStore {
    return this.#store;
  }

  /**
   * Writes and opens another node's store; from then on it counts. The old one stays open until
   * {@link StateFolder.forget}, for those who still read it.
   */
  async replace(chunks: AsyncIterable<Uint8Array>): Promise<LmdbStore> {
    const incoming = join(this.#dataDir, INCOMING);
    await rm(incoming, { recursive: true, force: true });
    await mkdir(incoming, { mode: 0o700 });
    const file = join(incoming, STORE_FILE);
    await pipeline(Readable.from(chunks, { objectMode: false }), createWriteStream(file));
    await flushPath(file);
    await flushPath(incoming);
    const next = this.#number + 1;
    await rename(incoming, pathOf(this.#dataDir, next));
    await flushPath(this.#dataDir);
    this.#store = await this.#open(pathOf(this.#dataDir, next));
    this.#number = next;
    return this.#store;
  }

  /** Closes and removes a store that another took the place of. */
  async forget(store: Pick<LmdbStore, 'close'>): Promise<void> {
    await store.close();
    await remove(this.#dataDir, this.#number - 1);
  }

  /** A copy of the store's file as of one checkpoint, which is removed once it was read. */
  async copy(stage: string): Promise<{ appliedIndex: number; chunks: AsyncIterable<Uint8Array> }> {
    await this.#store.copyTo(stage);
    const appliedIndex = inspectStore(stage)?.appliedIndex ?? 0;
    return { appliedIndex, chunks: readAndRemove(stage) };
  }
}

async function* readAndRemove(stage: string): AsyncGenerator<Uint8Array, void> {
  const handle = await open(join(stage, STORE_FILE), 'r');
  try {
    yield* handle.createReadStream({ highWaterMark: CHUNK_BYTES, autoClose: false });
  } finally {
    await handle.close();
    await rm(stage, { recursive: true, force: true });
  }
}

const CHUNK_BYTES = 1024 * 1024;

function pathOf(dataDir: string, number: number): string {
  return join(dataDir, `store-${String(number).padStart(6, '0')}`);
}

async function remove(dataDir: string, number: number): Promise<void> {
  const path = pathOf(dataDir, number);
  if (existsSync(path)) await rm(path, { recursive: true, force: true });
}
