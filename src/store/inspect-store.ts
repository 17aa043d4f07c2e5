import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { decodeHead } from './checkpoint-head.ts';
import { FORMAT, META_KEY } from './meta.ts';
import { STORE_FILE, TABLES_MAX } from './tables.ts';

/** What a store's file says of itself. */
export interface StoreInspection {
  /** Version of its format; null when it has none. */
  readonly format: number | null;
  /** The version that this program reads and writes. */
  readonly formatSupported: number;
  readonly bytesUsed: number;
  /** Log index of the newest checkpoint; 0 before the first. */
  readonly appliedIndex: number;
}

/**
 * Opens a store for reading only; null when there is none. Looks at its head, not at every page.
 *
 * @throws Error of LMDB for a file that is none of its own
 */
export function inspectStore(directory: string): StoreInspection | null {
  const path = join(directory, STORE_FILE);
  if (!existsSync(path)) return null;
  const root = open({ path, readOnly: true, maxDbs: TABLES_MAX });
  try {
    const meta = root.openDB<Buffer, Uint8Array>('meta', {
      keyEncoding: 'binary',
      encoding: 'binary',
    });
    const format = meta.getBinary(META_KEY.format)?.readUInt32LE(0) ?? null;
    const { lastPageNumber = 0, pageSize = 0 } = root.getStats() as {
      lastPageNumber?: number;
      pageSize?: number;
    };
    const head = format === FORMAT ? meta.getBinary(META_KEY.head) : undefined;
    const appliedIndex = head === undefined ? 0 : decodeHead(head).state.index;
    return { format, formatSupported: FORMAT, bytesUsed: lastPageNumber * pageSize, appliedIndex };
  } finally {
    void root.close();
  }
}
