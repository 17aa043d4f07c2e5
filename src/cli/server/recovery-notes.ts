/** What was done to a node's folder after a majority was lost, kept beside it for whoever asks later. */
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { VERSION } from '../../base/version.ts';

const FILE = 'cluster-recoveries.jsonl';

/** One line of the file. */
export interface RecoveryNote {
  /** ISO 8601. */
  readonly time: string;
  readonly version: string;
  readonly step: 'begun' | 'done' | 'failed';
  readonly clusterId: string;
  readonly nodeId: string;
  /** Entries that the node kept: what others had beyond them is lost. */
  readonly entriesKept?: number;
  /** Nodes that are no members any more. */
  readonly membersGone?: readonly string[];
  readonly error?: string;
}

/** Adds a line, durable when it returns. */
export function noteRecovery(dataDir: string, note: Omit<RecoveryNote, 'time' | 'version'>): void {
  const whole: RecoveryNote = { time: new Date().toISOString(), version: VERSION, ...note };
  appendFileSync(join(dataDir, FILE), `${JSON.stringify(whole)}\n`, { flush: true });
}

/** The newest line; null where nothing was done, or it cannot be read. */
export function lastRecovery(dataDir: string): RecoveryNote | null {
  try {
    const lines = readFileSync(join(dataDir, FILE), 'utf8').trimEnd().split('\n');
    return JSON.parse(lines.at(-1) ?? '') as RecoveryNote;
  } catch {
    return null;
  }
}
