/** A lock that ends with {@link DirectoryLock.release}, or with the process, however it dies. */
export interface DirectoryLock {
  /** Safe to call twice. */
  release(): void;
}

/** An open file whose writes are durable when they resolve: there is no flush to forget. */
export interface LogFile {
  size(): Promise<number>;
  /** Reads up to `target.length` bytes; may read fewer, and reads 0 only at the end of the file. */
  read(target: Uint8Array, position: number): Promise<number>;
  /**
   * Writes up to `source.length` bytes and resolves with how many are now durable, along with the file size that
   * makes them readable. May write fewer. Until it resolves, each 512-byte sector of the range holds its old or its
   * new bytes. Never called twice at a time for overlapping ranges.
   */
  write(source: Uint8Array, position: number): Promise<number>;
  close(): Promise<void>;
}

/**
 * The few things the embedded log asks of a disk, so that a test can give it a bad one.
 *
 * A created, renamed or removed name is durable after {@link FileSystem.flushDirectory}, not before. Failures carry the
 * system's `code` (`ENOSPC`, `EIO`, …).
 */
export interface FileSystem {
  /** Makes `directory` and its parents where missing, durably. */
  makeDirectory(directory: string): Promise<void>;
  /** @throws OrchestratorError `DATA_DIR_LOCKED` while someone holds it, in this process or another */
  lock(directory: string): DirectoryLock;
  /** Names (not paths) of everything inside, in any order. */
  list(directory: string): Promise<readonly string[]>;
  /** Creates an empty file for reading and writing; fails with `EEXIST` when there is one. */
  create(path: string): Promise<LogFile>;
  open(path: string, access: 'read' | 'write'): Promise<LogFile>;
  rename(source: string, target: string): Promise<void>;
  remove(path: string): Promise<void>;
  flushDirectory(directory: string): Promise<void>;
}
