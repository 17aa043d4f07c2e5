import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** A folder of the data that validations compare with, or why they are skipped: it is not part of this repository. */
export function dataFolder(name: string): { readonly path: string; readonly isThere: boolean } {
  const base = resolve(ROOT, process.env['UQO_DATA'] ?? '../shared/data');
  const path = resolve(base, name);
  return { path, isThere: existsSync(path) };
}
