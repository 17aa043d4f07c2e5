import { open } from 'node:fs/promises';

/** Brings what a file or a folder holds to the disk; on Windows nothing, where a folder cannot be opened. */
export async function flushPath(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
