import { Packr, Unpackr } from 'msgpackr';
import { OrchestratorError } from '../base/errors.ts';
import type { CommandBatch } from '../core/index.ts';
import { readCommand, storedCommand, type StoredCommand } from './command-columns.ts';

/** Version of the bytes below; a reader refuses others. */
const ENTRY_FORMAT = 3;
/** The one before it, whose batches say nothing of how far a step reaches. */
const ENTRY_FORMAT_OLD = 2;

/** JSON texts of a batch, by command and then by item; null for commands that carry none. */
export type BatchTexts = readonly (readonly string[] | null)[];

/** What one log entry holds: the commands, and the payloads and results that core does not see. */
export interface Entry {
  readonly batch: CommandBatch;
  readonly texts: BatchTexts;
}

// Inline record definitions: the keys of a thousand equal items are written once, and each entry
// can be read on its own.
const packr = new Packr({ useRecords: true });
const unpackr = new Unpackr({ useRecords: true });

/** Encodes an entry. The result is a view of its own bytes. */
export function encodeEntry(entry: Entry): Uint8Array {
  const commands = entry.batch.commands.map(storedCommand);
  const { at, stepMax } = entry.batch;
  return packr.pack([ENTRY_FORMAT, at, commands, entry.texts, stepMax ?? 0]);
}

/** @throws OrchestratorError `ENTRY_UNREADABLE` for bytes of another format */
export function decodeEntry(bytes: Uint8Array): Entry {
  const [format, at, commands, texts, stepMax = 0] = unpackr.unpack(bytes) as [
    number,
    number,
    readonly StoredCommand[],
    BatchTexts,
    number?,
  ];
  if (format !== ENTRY_FORMAT && format !== ENTRY_FORMAT_OLD) {
    throw new OrchestratorError(
      'ENTRY_UNREADABLE',
      `a log entry must be of format ${ENTRY_FORMAT}, got ${format}: written by another version`,
      { format },
    );
  }
  const reach = stepMax === 0 ? {} : { stepMax };
  return { batch: { at, commands: commands.map(readCommand), ...reach }, texts };
}
