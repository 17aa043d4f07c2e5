import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import { messageOf } from '../../base/errors.ts';
import { usageError } from '../usage-error.ts';

/**
 * The JSON value that `--payload` names: JSON itself, `@file`, or `-` for standard input.
 *
 * @throws OrchestratorError `PAYLOAD_INVALID`
 */
export async function readPayload(given: string, stdin: Readable): Promise<unknown> {
  const { origin, text } = await readText(given, stdin);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw usageError(
      'PAYLOAD_INVALID',
      `the payload must be JSON, got ${origin}: ${messageOf(error)}`,
      'quote texts inside it: --payload \'{"to":"ann@example.com"}\'; a file is given as @file.json',
      { cause: error },
    );
  }
}

async function readText(given: string, stdin: Readable): Promise<{ text: string; origin: string }> {
  if (given === '-') return { text: await readAll(stdin), origin: 'standard input' };
  if (!given.startsWith('@')) return { text: given, origin: JSON.stringify(given) };
  const file = given.slice(1);
  try {
    return { text: await readFile(file, 'utf8'), origin: file };
  } catch (error) {
    const message = `the file of the payload must be readable, got: ${messageOf(error)}`;
    throw usageError('PAYLOAD_INVALID', message, null, { cause: error });
  }
}
