/** Dead letters that failed alike, counted together. */
import { Fingerprint } from '../base/fingerprint.ts';
import type { CoreRecord } from './record.ts';

/** What an operator says of a group. A new failure opens a resolved one again, never an ignored one. */
export type FailureGroupState = 'open' | 'resolved' | 'ignored';

export interface FailureGroup extends CoreRecord, FailureGroupFields {
  readonly table: 'failureGroups';
}

interface FailureGroupFields {
  /** Type of the tasks; empty for the group of all that found no room for one of their own. */
  readonly type: string;
  readonly code: string;
  /** Their messages with everything left out that differs from one to the next. */
  readonly message: string;
  readonly firstAt: number;
  lastAt: number;
  /** Failures ever. */
  count: number;
  /** Dead letters now. */
  live: number;
  state: FailureGroupState;
  /** The dead letter that joined last. */
  exampleId: string;
  /** Who said last what state it is in, when, and with which note; null and 0 for nobody. */
  by: string | null;
  note: string | null;
  saidAt: number;
}

/** Key of the group that takes what finds no room. */
export const OTHER_GROUP = 'other';

/** Groups kept, at most; a group without dead letters makes room for a new one. */
export const FAILURE_GROUPS_MAX = 10_000;

/** Longest part of a message that tells groups apart, in UTF-16 units. */
const MESSAGE_MAX = 300;

/** 16 hexadecimal digits, equal for equal type, code and normalised message. */
export function groupKey(type: string, code: string, message: string): string {
  const hash = new Fingerprint();
  hash.add(JSON.stringify([type, code, message]));
  return hash.text;
}

/**
 * A message without what differs from failure to failure: ids, numbers, quoted values, white space.
 *
 * Linear in the length, which is cut first.
 */
export function normalizeMessage(message: string): string {
  return message
    .slice(0, MESSAGE_MAX)
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, '<id>')
    .replaceAll(/"[^"]*"|'[^']*'/g, '<text>')
    .replaceAll(/\b(?=[a-fx]*[0-9])[0-9a-fx]+\b/gi, '<n>')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .toWellFormed();
}

export function failureGroupFields(group: FailureGroup): readonly unknown[] {
  const { by, code, count, exampleId, firstAt, lastAt, live, message, note, saidAt, state, type } =
    group;
  const seen = [firstAt, lastAt, count, live, state, exampleId];
  return [type, code, message, ...seen, by, note, saidAt];
}

export function readFailureGroup(fields: readonly unknown[]): FailureGroupFields {
  const [type, code, message, firstAt, lastAt, count, live, state, ...said] = fields as [
    string,
    string,
    string,
    number,
    number,
    number,
    number,
    FailureGroupState,
    string?,
    (string | null)?,
    (string | null)?,
    number?,
  ];
  const [exampleId = '', by = null, note = null, saidAt = 0] = said;
  const seen = { firstAt, lastAt, count, live, state, exampleId };
  return { type, code, message, ...seen, by, note, saidAt };
}
