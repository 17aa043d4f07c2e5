/** Parts and versions of a file, as requests name them (RFC 9110, sections 13 and 14). */

/** Bytes `first` to `last`, both included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * What a `Range` header asks of a file of `bytes`: one range, `null` for all of it, or `'none'` where
 * nothing of it is there (416). What is no single range of bytes is ignored, as the RFC allows.
 */
export function readRange(header: string | undefined, bytes: number): ByteRange | 'none' | null {
  const match = /^bytes=[ \t]*(\d{0,16})-(\d{0,16})[ \t]*$/i.exec(header ?? '');
  if (match === null) return null;
  const [, begin = '', end = ''] = match;
  if (begin === '') {
    if (end === '') return null;
    const count = Math.min(Number(end), bytes);
    return count === 0 ? 'none' : { first: bytes - count, last: bytes - 1 };
  }
  const first = Number(begin);
  if (end !== '' && Number(end) < first) return null;
  if (first >= bytes) return 'none';
  return { first, last: end === '' ? bytes - 1 : Math.min(Number(end), bytes - 1) };
}

/** Whether an `If-None-Match` header names `etag`, weakly compared. */
export function namesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}
