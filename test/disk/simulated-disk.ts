/**
 * A disk in memory that can fail, run full, write short, and lose what was not durable.
 *
 * What a crash keeps: the sectors of finished writes; any subset of the sectors of writes under way, and of what failed
 * ones had got to, until a finished write covers it; names as of the last flush of the directory, plus any first few of
 * the changes since (a journal keeps their order).
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import path from 'node:path';
import { OrchestratorError } from '../../src/base/errors.ts';
import type { DirectoryLock, FileSystem, LogFile } from '../../src/log/embedded/file-system.ts';

const SECTOR_BYTES = 512;

export interface Operation {
  readonly kind: 'read' | 'write' | 'create' | 'rename' | 'remove' | 'flushDirectory';
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly position: number;
}

/** What becomes of an operation. `hang` never answers, as if the machine had stopped; `waits` holds it up. */
export type Fate =
  | 'proceed'
  | 'hang'
  | { readonly waits: Promise<void> }
  | { readonly fails: string; readonly afterBytes?: number }
  | { readonly shortBytes: number };

interface Extent {
  readonly position: number;
  readonly bytes: Buffer;
}

interface Inode {
  live: Buffer;
  durable: Buffer;
  readonly writing: Set<Extent>;
  /** Of writes not finished, or failed: a crash may keep any of their sectors. */
  readonly underWay: Set<Extent>;
}

type NameChange = (names: Map<string, Inode>) => void;

/** Chooses what survives a crash. */
export interface CrashChoice {
  /** How many of `count` unflushed name changes are kept. */
  nameChanges(count: number): number;
  keepsSector(ordinal: number, count: number): boolean;
}

function newInode(content: Uint8Array): Inode {
  const live = Buffer.from(content);
  return { live, durable: Buffer.from(live), writing: new Set(), underWay: new Set() };
}

function overlay(target: Buffer, bytes: Uint8Array, position: number): Buffer {
  const end = position + bytes.length;
  const result = end <= target.length ? target : Buffer.concat([target], end);
  result.set(bytes, position);
  return result;
}

export class SimulatedDisk implements FileSystem {
  fate: (operation: Operation) => Fate = () => 'proceed';
  readonly #live = new Map<string, Inode>();
  readonly #durable = new Map<string, Inode>();
  readonly #unflushed: NameChange[] = [];
  readonly #locked = new Set<string>();

  makeDirectory(): Promise<void> {
    return Promise.resolve();
  }

  lock(directory: string): DirectoryLock {
    if (this.#locked.has(directory)) {
      throw new OrchestratorError(
        'DATA_DIR_LOCKED',
        `folder ${directory} must be free, got locked`,
      );
    }
    this.#locked.add(directory);
    return { release: () => void this.#locked.delete(directory) };
  }

  list(directory: string): Promise<readonly string[]> {
    const names = [...this.#live.keys()].filter((file) => path.dirname(file) === directory);
    return Promise.resolve(names.map((file) => path.basename(file)));
  }

  async create(file: string): Promise<LogFile> {
    await this.#begin('create', file);
    if (this.#live.has(file)) throw systemError('EEXIST');
    const inode = newInode(Buffer.alloc(0));
    this.#change((names) => names.set(file, inode));
    return this.#handle(file, inode);
  }

  open(file: string): Promise<LogFile> {
    const inode = this.#live.get(file);
    if (inode === undefined) return Promise.reject(systemError('ENOENT'));
    return Promise.resolve(this.#handle(file, inode));
  }

  async rename(source: string, target: string): Promise<void> {
    await this.#begin('rename', source);
    const inode = this.#live.get(source);
    if (inode === undefined) throw systemError('ENOENT');
    this.#change((names) => {
      names.delete(source);
      names.set(target, inode);
    });
  }

  async remove(file: string): Promise<void> {
    await this.#begin('remove', file);
    if (!this.#live.has(file)) throw systemError('ENOENT');
    this.#change((names) => names.delete(file));
  }

  async flushDirectory(directory: string): Promise<void> {
    await this.#begin('flushDirectory', directory);
    for (const change of this.#unflushed.splice(0)) change(this.#durable);
  }

  /** The disk as the next start finds it. */
  afterCrash(choice: CrashChoice): SimulatedDisk {
    const kept = this.#unflushed.slice(0, choice.nameChanges(this.#unflushed.length));
    const names = new Map(this.#durable);
    for (const change of kept) change(names);
    const survivor = new SimulatedDisk();
    for (const [file, inode] of names) {
      survivor.put(file, survivingContent(inode, choice));
    }
    return survivor;
  }

  /** Places a file, durable at once. */
  put(file: string, content: Uint8Array): void {
    const inode = newInode(content);
    this.#live.set(file, inode);
    this.#durable.set(file, inode);
  }

  /** Changes what a file holds behind everybody's back; nothing is told, now or later. */
  decay(file: string, bytes: Uint8Array, position: number): void {
    const inode = this.#live.get(file);
    if (inode === undefined) throw new Error(`a file that decays must be there, got ${file}`);
    inode.live = overlay(inode.live, bytes, position);
    inode.durable = overlay(inode.durable, bytes, position);
  }

  /** A copy of everything a running program would read. */
  files(): Map<string, Buffer> {
    return new Map([...this.#live].map(([file, inode]) => [file, Buffer.from(inode.live)]));
  }

  #change(change: NameChange): void {
    change(this.#live);
    this.#unflushed.push(change);
  }

  async #begin(
    kind: Operation['kind'],
    file: string,
    bytes: Uint8Array = new Uint8Array(),
    position = 0,
  ): Promise<number> {
    const fate = this.fate({ kind, path: file, bytes, position });
    if (fate === 'proceed') return bytes.length;
    if (fate === 'hang') return new Promise<never>(() => undefined);
    if ('waits' in fate) {
      await fate.waits;
      return bytes.length;
    }
    if ('shortBytes' in fate) return Math.min(bytes.length, fate.shortBytes);
    const inode = this.#live.get(file);
    if (kind === 'write' && inode !== undefined) {
      const reached = Buffer.from(bytes.subarray(0, fate.afterBytes ?? 0));
      inode.live = overlay(inode.live, reached, position);
      inode.underWay.add({ position, bytes: reached });
    }
    await nextTurn();
    throw systemError(fate.fails);
  }

  #handle(file: string, inode: Inode): LogFile {
    return {
      size: () => Promise.resolve(inode.live.length),
      read: async (target, position) => {
        const limit = await this.#begin('read', file, target, position);
        const source = inode.live.subarray(position, position + limit);
        target.set(source);
        return source.length;
      },
      write: async (source, position) => {
        const started = { position, bytes: Buffer.from(source) };
        for (const other of inode.writing) {
          const isApart =
            other.position + other.bytes.length <= position ||
            position + source.length <= other.position;
          if (!isApart) throw new Error('writes under way at one time must not overlap');
        }
        inode.writing.add(started);
        inode.underWay.add(started);
        const begun = this.#begin('write', file, source, position);
        const count = await begun.finally(() => {
          inode.underWay.delete(started);
          inode.writing.delete(started);
        });
        for (const earlier of inode.underWay) {
          const end = earlier.position + earlier.bytes.length;
          if (earlier.position >= position && end <= position + count)
            inode.underWay.delete(earlier);
        }
        const written = started.bytes.subarray(0, count);
        inode.live = overlay(inode.live, written, position);
        inode.durable = overlay(inode.durable, written, position);
        return count;
      },
      close: () => Promise.resolve(),
    };
  }
}

function survivingContent(inode: Inode, choice: CrashChoice): Buffer {
  let content: Buffer = Buffer.from(inode.durable);
  for (const { position, bytes } of inode.underWay) {
    for (const [start, end, ordinal, count] of sectorsOf(position, bytes.length)) {
      if (!choice.keepsSector(ordinal, count)) continue;
      content = overlay(content, bytes.subarray(start - position, end - position), start);
    }
  }
  return content;
}

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}

function* sectorsOf(
  position: number,
  sizeBytes: number,
): Generator<readonly [start: number, end: number, ordinal: number, count: number]> {
  const first = Math.floor(position / SECTOR_BYTES);
  const count = Math.ceil((position + sizeBytes) / SECTOR_BYTES) - first;
  for (let ordinal = 0; ordinal < count; ordinal += 1) {
    const start = Math.max(position, (first + ordinal) * SECTOR_BYTES);
    const end = Math.min(position + sizeBytes, (first + ordinal + 1) * SECTOR_BYTES);
    yield [start, end, ordinal, count];
  }
}
