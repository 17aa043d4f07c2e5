import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import { messageOf } from '../../base/errors.ts';
import { usageError } from '../usage-error.ts';

/**
 * The text of a file, or of standard input for `-`.
 *
 * @throws OrchestratorError `FILE_UNREADABLE`
 */
export async function readSource(file: string, stdin: Readable): Promise<string> {
  try {
    return file === '-' ? await readAll(stdin) : await readFile(file, 'utf8');
  } catch (error) {
    const message = `the file must be readable, got: ${messageOf(error)}`;
    throw usageError('FILE_UNREADABLE', message, null, { cause: error });
  }
}

/**
 * The JSON value in a file.
 *
 * @throws OrchestratorError `FILE_UNREADABLE`, `FILE_INVALID`
 */
export async function readJsonFile(file: string, stdin: Readable): Promise<unknown> {
  const source = await readSource(file, stdin);
  try {
    return JSON.parse(source) as unknown;
  } catch (error) {
    const message = `${file} must be JSON, got: ${messageOf(error)}`;
    throw usageError('FILE_INVALID', message, null, { cause: error });
  }
}
