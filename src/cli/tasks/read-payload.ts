import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { text as readAll } from 'node:stream/consumers';
import { messageOf } from '../../base/errors.ts';
import { usageError } from '../usage-error.ts';

/** What is read, for people. */
export type JsonNoun = 'payload' | 'patch' | 'answer' | 'flow';

/** How it is given, where that is easily got wrong. */
const HINTS: Readonly<Record<JsonNoun, string | null>> = {
  payload:
    'quote texts inside it: --payload \'{"to":"ann@example.com"}\'; a file is given as @file.json',
  patch: 'quote texts inside it: --patch \'{"server":"smtp2"}\'; a file is given as @file.json',
  answer:
    'quote texts inside it: \'"yes"\' or \'{"approved":true}\'; a file is given as @file.json',
  flow: null,
};

/**
 * The JSON value that an option or argument names: JSON itself, `@file`, or `-` for standard input.
 *
 * @throws OrchestratorError `PAYLOAD_INVALID`, `PATCH_INVALID`, `ANSWER_INVALID`, `FLOW_INVALID`
 */
export async function readPayload(
  given: string,
  stdin: Readable,
  noun: JsonNoun = 'payload',
): Promise<unknown> {
  const { origin, text } = await readText(given, stdin, noun);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const message = `the ${noun} must be JSON, got ${origin}: ${messageOf(error)}`;
    throw usageError(codeOf(noun), message, HINTS[noun], { cause: error });
  }
}

function codeOf(noun: JsonNoun): string {
  return `${noun.toUpperCase()}_INVALID`;
}

async function readText(
  given: string,
  stdin: Readable,
  noun: JsonNoun,
): Promise<{ text: string; origin: string }> {
  if (given === '-') return { text: await readAll(stdin), origin: 'standard input' };
  if (!given.startsWith('@')) return { text: given, origin: JSON.stringify(given) };
  const file = given.slice(1);
  try {
    return { text: await readFile(file, 'utf8'), origin: file };
  } catch (error) {
    const message = `the file of the ${noun} must be readable, got: ${messageOf(error)}`;
    throw usageError(codeOf(noun), message, null, { cause: error });
  }
}
