/** Leases of an agent that are being taken back. */
import type { CoreRecord } from './record.ts';

/** Kept under the agent's id until the last of them is gone. */
export interface Loss extends CoreRecord, LossFields {
  readonly table: 'losses';
}

export interface LossFields {
  readonly reason: string;
  readonly at: number;
  /** Index of the entry that took them: leases that were granted later stay. */
  upTo: number;
}

export function lossFields({ at, reason, upTo }: Loss): readonly unknown[] {
  return [reason, at, upTo];
}

export function readLoss(fields: readonly unknown[]): LossFields {
  const [reason, at, upTo] = fields as [string, number, number];
  return { reason, at, upTo };
}
