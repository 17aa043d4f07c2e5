/** The data folder: can it be written, is there room, how fast does the disk flush? */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { access, constants, open, rm, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { messageOf } from '../../base/errors.ts';
import { formatBytes } from '../../base/byte-size.ts';
import { bad, odd, ok, type Finding } from './finding.ts';

const FREE_BYTES_MIN = 256 * 1024 ** 2;
const FREE_BYTES_COMFORTABLE = 2 * 1024 ** 3;
const FLUSHES = 16;
/** A flush that takes longer than this holds up every acknowledgement. */
const FLUSH_MS_COMFORTABLE = 20;

export async function lookAtFolder(dataDir: string): Promise<readonly Finding[]> {
  const folder = nearestExisting(resolve(dataDir));
  const isThere = folder === resolve(dataDir);
  const findings = [await lookAtAccess(folder, isThere)];
  if (findings[0]?.status === 'bad') return findings;
  findings.push(await lookAtSpace(folder));
  if (isThere) findings.push(await lookAtFlush(folder));
  return findings;
}

function nearestExisting(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path));
}

async function lookAtAccess(folder: string, isThere: boolean): Promise<Finding> {
  const check = 'data folder';
  try {
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return ok(check, isThere ? `${folder} is writable` : `not there yet; ${folder} is writable`);
  } catch (error) {
    return bad(check, messageOf(error), 'check its owner and mode, or name another with --data');
  }
}

async function lookAtSpace(folder: string): Promise<Finding> {
  const check = 'disk space';
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const detail = `${formatBytes(free)} free`;
  if (free < FREE_BYTES_MIN)
    return bad(check, detail, 'free some: tasks are refused when it is full');
  if (free >= FREE_BYTES_COMFORTABLE) return ok(check, detail);
  return odd(check, detail, 'watch it: tasks are refused when it is full');
}

/** Writes and flushes a small file of its own, as the log does for each batch. */
async function lookAtFlush(folder: string): Promise<Finding> {
  const check = 'disk flush';
  const path = join(folder, `.uqo-doctor-${randomUUID()}`);
  const file = await open(path, 'wx');
  try {
    const timesMs: number[] = [];
    for (let turn = 0; turn < FLUSHES; turn++) {
      const before = performance.now();
      await file.write(Buffer.alloc(4096), 0, 4096, turn * 4096);
      await file.datasync();
      timesMs.push(performance.now() - before);
    }
    const median = timesMs.sort((a, b) => a - b)[FLUSHES / 2] as number;
    const detail = `${median.toFixed(2)} ms for a 4 KiB write and flush (median of ${FLUSHES})`;
    if (median <= FLUSH_MS_COMFORTABLE) return ok(check, detail);
    return odd(check, detail, 'a task is acknowledged after such a flush: a faster disk helps');
  } finally {
    await file.close();
    await rm(path, { force: true });
  }
}
