/** Log entries one after another in a file: the length of each as 32 bits, little-endian, then its bytes. */
import { open, type FileHandle } from 'node:fs/promises';
import { OrchestratorError } from '../../base/errors.ts';
import type { ReplicatedLog } from '../../log/index.ts';

const LENGTH_BYTES = 4;
/** Entries under way to the log while they are restored. */
const APPENDS_MAX = 256;
/** No log takes a larger entry. */
const ENTRY_BYTES_MAX = 1024 * 1024 * 1024;

/** Writes every entry behind an index; resolves with the index of the last. */
export async function writeEntries(
  log: Pick<ReplicatedLog, 'read'>,
  afterIndex: number,
  file: string,
): Promise<number> {
  const handle = await open(file, 'wx', 0o600);
  let lastIndex = afterIndex;
  try {
    for await (const { body, index } of log.read(afterIndex)) {
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt32LE(body.length);
      await handle.writev([length, body]);
      lastIndex = index;
    }
  } finally {
    await handle.close();
  }
  return lastIndex;
}

/**
 * Appends every entry of a file to a log that is to hold just these.
 *
 * @throws OrchestratorError `BACKUP_DAMAGED` when the file ends within an entry or lacks some
 */
export async function restoreEntries(
  file: string,
  log: Pick<ReplicatedLog, 'append' | 'lastIndex'>,
  lastIndex: number,
): Promise<void> {
  let appends: Promise<number>[] = [];
  for await (const body of readEntries(file)) {
    appends.push(log.append(body));
    if (appends.length < APPENDS_MAX) continue;
    await Promise.all(appends);
    appends = [];
  }
  await Promise.all(appends);
  if (log.lastIndex !== lastIndex) throw endsEarly();
}

async function* readEntries(file: string): AsyncGenerator<Buffer, void> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    for (let position = 0; position < size;) {
      const length = (await readAt(handle, position, LENGTH_BYTES)).readUInt32LE();
      if (length > ENTRY_BYTES_MAX) throw endsEarly();
      yield await readAt(handle, position + LENGTH_BYTES, length);
      position += LENGTH_BYTES + length;
    }
  } finally {
    await handle.close();
  }
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) throw endsEarly();
    done += bytesRead;
  }
  return bytes;
}

function endsEarly(): OrchestratorError {
  return new OrchestratorError(
    'BACKUP_DAMAGED',
    'the entries of the backup must be whole: take another backup',
  );
}
