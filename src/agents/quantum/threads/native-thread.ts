/** Threads as the operating system sees them: a thread that blocks hears of another's end from nobody else. */
import { existsSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/** The calling thread's number, or 0 where the platform does not tell. */
export function nativeThreadId(): number {
  if (process.platform !== 'linux') return 0;
  try {
    return Number(basename(readlinkSync('/proc/thread-self')));
  } catch {
    return 0;
  }
}

/** True if this process had a thread of that number and has it no more; false where nobody can tell. */
export function isThreadGone(id: number): boolean {
  return id > 0 && existsSync('/proc/self/task') && !existsSync(`/proc/self/task/${id}`);
}
