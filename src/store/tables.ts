import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { open, type Database, type RootDatabase } from 'lmdb';
import { messageOf, OrchestratorError } from '../base/errors.ts';
import { rowDecoder } from './row-codec.ts';

/** The tables of the store's file, by number: the number is what a block carries. */
export const TABLE = {
  meta: 0,
  tasks: 1,
  payloads: 2,
  agents: 3,
  queues: 4,
  profiles: 5,
  idempotency: 6,
  history: 7,
  historyIndex: 8,
  dictionary: 9,
  records: 10,
  output: 11,
} as const;
export type TableName = keyof typeof TABLE;
export type TableNumber = (typeof TABLE)[TableName];

/** Keys and values as bytes; what a value means is up to its codec. */
export type Table = Database<Buffer, Uint8Array>;
/** Rows that are decoded right off the mapped page, without a copy of their bytes. */
export type RowTable = Database<readonly unknown[], Uint8Array>;

export interface Tables {
  readonly root: RootDatabase;
  readonly byNumber: readonly Table[];
  readonly file: string;
}

/** The store's file in its folder. */
export const STORE_FILE = 'store.mdb';

/** More tables than there are, so that a later version can add some. */
export const TABLES_MAX = 16;

/**
 * Address space asked for, in bytes, so that the map never has to move under a reader.
 *
 * The file only grows as pages are used; but Windows would make it that large at once.
 */
const MAP_BYTES = 2 ** 40;

/**
 * Opens the store's file, making it when there is none.
 *
 * @throws OrchestratorError STORE_OPEN_FAILED
 */
export function openTables(directory: string): Tables {
  const file = join(directory, STORE_FILE);
  try {
    mkdirSync(directory, { recursive: true });
    const root = open(file, {
      maxDbs: TABLES_MAX,
      ...(process.platform === 'win32' ? {} : { mapSize: MAP_BYTES }),
      // A commit returns once it is on disk, pages first, then the page that names them: the plain
      // two-step commit of LMDB, whose proof against crashes needs nothing else.
      overlappingSync: false,
    });
    const byNumber = Object.keys(TABLE).map((name) => openTable(root, name));
    return { root, byNumber, file };
  } catch (error) {
    throw new OrchestratorError(
      'STORE_OPEN_FAILED',
      `the store in ${directory} must open, got ${messageOf(error)}`,
      { directory },
      { cause: error },
    );
  }
}

function openTable(root: RootDatabase, name: string): Table {
  return root.openDB<Buffer, Uint8Array>(name, { keyEncoding: 'binary', encoding: 'binary' });
}

/** Another view of a table, whose values come back as rows. */
export function openRows(tables: Tables, name: TableName): RowTable {
  const options = { keyEncoding: 'binary' as const, encoder: rowDecoder };
  return tables.root.openDB<readonly unknown[], Uint8Array>(name, options);
}

export function tableOf(tables: Tables, number: number): Table {
  return tables.byNumber[number] as Table;
}
