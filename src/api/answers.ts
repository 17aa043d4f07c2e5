/** The parts of a route's description that all routes share. */
import Type, { type TInteger, type TSchema, type TString } from 'typebox';
import { Name, Problem, TaskIdText } from '../contract/index.ts';
import { errorRow } from './error-status.ts';

/** An answer of a route, as the documentation shows it. */
export interface Answer {
  readonly description: string;
  /** Says that there is no body. */
  readonly type?: 'null';
  readonly content?: Readonly<Record<string, { readonly schema: TSchema }>>;
}

/** Error codes any route can answer with. */
const COMMON_CODES = ['INVALID_REQUEST', 'FORBIDDEN_ORIGIN', 'STOPPED', 'INTERNAL'] as const;

/** Codes of every route that changes something. */
export const CHANGE_CODES = [
  'BODY_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'OVERLOADED',
  'LOG_FULL',
  'LOG_FAILED',
] as const;

/** One good answer as JSON. */
export function json(description: string, schema: TSchema): Answer {
  return { description, content: { 'application/json': { schema } } };
}

/** One good answer without a body. */
export function nothing(description: string): Answer {
  return { description, type: 'null' };
}

/** All answers of a route: the good ones by status, and a problem for each error code. */
export function answers(
  good: Readonly<Record<number, Answer>>,
  codes: readonly string[] = [],
): Record<string, Answer> {
  const all: Record<string, Answer> = { ...good };
  const byStatus = Map.groupBy([...COMMON_CODES, ...codes], (code) => errorRow(code).status);
  for (const [status, group] of byStatus) {
    const lines = group.map((code) => `\`${code}\` ${errorRow(code).title}`);
    all[status] = {
      description: lines.join('; '),
      content: { 'application/problem+json': { schema: Problem } },
    };
  }
  return all;
}

export const TaskParams: TSchema = Type.Object({ id: TaskIdText });
export const AgentParams: TSchema = Type.Object({ id: Name });
export const LeaseParams: TSchema = Type.Object({ taskId: TaskIdText });

/** `limit` of lists. */
export const Limit: TInteger = Type.Integer({
  minimum: 1,
  maximum: 1_000,
  default: 100,
  description: 'Items on the page',
});
export const LIMIT_DEFAULT = 100;

export const Cursor: TString = Type.String({
  minLength: 1,
  maxLength: 500,
  description: '`nextCursor` of the page before',
});

/** A body that may be absent, and has nothing in it. */
export const EmptyBody: TSchema = Type.Object({}, { additionalProperties: false });
