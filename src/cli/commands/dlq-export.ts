import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { messageOf } from '../../base/errors.ts';
import { readLines } from '../../client/read-lines.ts';
import type { CliContext } from '../cli-context.ts';
import { deadLetterQuery, type DeadLetterFilter } from '../dead-letters/dead-letter-query.ts';
import { queryOf } from '../server-api.ts';
import { usageError } from '../usage-error.ts';

/** Writes dead letters as they come: none of them is kept. */
export function addDlqExport(
  group: Command,
  ctx: CliContext,
  withFilter: (command: Command) => Command,
): void {
  const doc = 'write dead letters with their payloads, as JSON lines, newest first';
  withFilter(group.command('export').description(doc))
    .argument('[file]', 'where to; - or nothing for standard output')
    .action(async (file: string | undefined, filter: DeadLetterFilter, command: Command) => {
      const output = ctx.output(command);
      const path = `/api/v1/dead-letters/export${queryOf({ q: deadLetterQuery(filter) })}`;
      const lines = readLines(await ctx.api(command).http.bytes(path));
      let count = 0;
      if (file === undefined || file === '-') {
        for await (const line of lines) {
          await output.lineInTurn(line);
          count += 1;
        }
      } else {
        count = await writeLines(lines, file);
      }
      output.message(`${count} dead letters exported`);
    });
}

async function writeLines(lines: AsyncIterable<string>, file: string): Promise<number> {
  let count = 0;
  async function* counted(): AsyncGenerator<string, void> {
    for await (const line of lines) {
      count += 1;
      yield `${line}\n`;
    }
  }
  const target = createWriteStream(file);
  try {
    await pipeline(Readable.from(counted()), target);
  } catch (error) {
    if (target.errored === null) throw error;
    const message = `the file must be writable, got: ${messageOf(error)}`;
    throw usageError('FILE_UNWRITABLE', message, null, { cause: error });
  }
  return count;
}
