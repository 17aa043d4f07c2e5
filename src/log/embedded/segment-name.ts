import { LOCK_FILE_NAME } from './data-lock.ts';

/** A segment being made; one that a crash left behind was never part of the log. */
export const UNFINISHED_SUFFIX = '.new';

const SEGMENT_NAME = /^(?<base>\d{16})-(?<id>[0-9a-f]{16})\.segment$/;

/** `0000000000000001-1f2e3d4c5b6a7988.segment`: sorting by name sorts by base index. */
export function segmentName(baseIndex: number, id: Buffer): string {
  return `${String(baseIndex).padStart(16, '0')}-${id.toString('hex')}.segment`;
}

/** What a name in the folder of the log stands for. Names that start with a dot belong to the system and are let be. */
export function classifyName(name: string): 'segment' | 'unfinished' | 'ignored' | 'foreign' {
  if (SEGMENT_NAME.test(name)) return 'segment';
  if (name.endsWith(UNFINISHED_SUFFIX) && SEGMENT_NAME.test(name.slice(0, -4))) return 'unfinished';
  if (name.startsWith('.') || name.startsWith(LOCK_FILE_NAME)) return 'ignored';
  return 'foreign';
}
