import { readlinkSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { basename } from 'node:path';
import { isMainThread } from 'node:worker_threads';

/** Where processors are short it gets a third of what others do. */
const NICENESS = 5;
const NICENESS_MAX = 19;

/**
 * Lets other threads of the process go before this one where processors are short. On Linux, where a niceness is a thread's own;
 * elsewhere it would be the whole program's, so nothing is done.
 */
export function stepBack(): void {
  if (process.platform !== 'linux' || isMainThread) return;
  try {
    const thread = Number(basename(readlinkSync('/proc/thread-self')));
    if (!(thread > 0) || thread === process.pid) return;
    setPriority(thread, Math.min(NICENESS_MAX, getPriority(thread) + NICENESS));
  } catch {
    // Not allowed, or no such folder: it is as important as the others then.
  }
}
