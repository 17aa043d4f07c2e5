/**
 * The real disk, through Node's thread pool.
 *
 * A write is one system call on a descriptor opened with O_DSYNC, hence one hop to the pool and back instead of two
 * (write, then fdatasync); measured in docs/decisions/0003-log-io.md. Where that flag is missing, or means less than
 * a flush of the drive's cache (macOS), it is write, then fdatasync.
 */
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { lockDataDirectory } from './data-lock.ts';
import type { FileSystem, LogFile } from './file-system.ts';

const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR } = fs.constants;
const WRITE_THROUGH = process.platform === 'linux' ? fs.constants.O_DSYNC : 0;

const close = promisify(fs.close);
const flushData = promisify(fs.fdatasync);
const stat = promisify(fs.fstat);

class NodeFile implements LogFile {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  async size(): Promise<number> {
    return (await stat(this.#descriptor)).size;
  }

  read(target: Uint8Array, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.read(this.#descriptor, target, 0, target.length, position, (error, count) => {
        if (error === null) resolve(count);
        else reject(error);
      });
    });
  }

  async write(source: Uint8Array, position: number): Promise<number> {
    const written = await new Promise<number>((resolve, reject) => {
      fs.write(this.#descriptor, source, 0, source.length, position, (error, count) => {
        if (error === null) resolve(count);
        else reject(error);
      });
    });
    if (WRITE_THROUGH === 0) await flushData(this.#descriptor);
    return written;
  }

  close(): Promise<void> {
    return close(this.#descriptor);
  }
}

async function open(file: string, flags: number): Promise<LogFile> {
  const descriptor = await promisify<number>((done) => fs.open(file, flags, 0o600, done))();
  return new NodeFile(descriptor);
}

/** Windows neither needs nor allows flushing a directory. */
async function flushDirectory(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await fs.promises.open(directory, O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export const nodeFileSystem: FileSystem = {
  async makeDirectory(directory) {
    const topmost = await fs.promises.mkdir(directory, { recursive: true, mode: 0o700 });
    if (topmost === undefined) return;
    for (let parent = path.resolve(directory); parent !== path.dirname(topmost);) {
      parent = path.dirname(parent);
      await flushDirectory(parent);
    }
  },
  lock: lockDataDirectory,
  list: (directory) => fs.promises.readdir(directory),
  create: (file) => open(file, O_RDWR | O_CREAT | O_EXCL | WRITE_THROUGH),
  open: (file, access) => open(file, access === 'read' ? O_RDONLY : O_RDWR | WRITE_THROUGH),
  rename: (source, target) => fs.promises.rename(source, target),
  remove: (file) => fs.promises.unlink(file),
  flushDirectory,
};
