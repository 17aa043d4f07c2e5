/** Questions that attempts ask people, and their answers. */
import Type, { type Static } from 'typebox';
import { Key } from './names.ts';

const closed = { additionalProperties: false } as const;

/** Longest prompt and longest answer, in UTF-16 units of their JSON text. */
export const INPUT_TEXT_MAX = 65_536;

/** Answers kept with one task, at most; past it no new question is taken. */
export const ANSWERS_MAX = 64;

/** Name of somebody who answers. */
const AnswererName = Type.String({ pattern: '^[^\\u0000-\\u001f]{1,200}$' });

export const InputPrompt = Type.Object(
  {
    key: Type.Optional({
      ...Key,
      description:
        "Names the question, so that its answer is kept for later attempts; default: its ordinal among the attempt's",
    }),
    message: Type.String({ minLength: 1, maxLength: 16_384 }),
    schema: Type.Optional(Type.Unknown({ description: 'JSON Schema that the answer must meet' })),
    expiresMs: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 31_536_000_000,
        description: 'How long it is waited for; then the default is the answer, or the task fails',
      }),
    ),
    default: Type.Optional(Type.Unknown({ description: 'The answer where nobody gave one' })),
    answerers: Type.Optional(
      Type.Array(AnswererName, {
        minItems: 1,
        maxItems: 100,
        description: 'Who may answer; anybody when absent',
      }),
    ),
  },
  { ...closed, title: 'InputPrompt' },
);
export type InputPrompt = Static<typeof InputPrompt>;

/** A checked prompt. Texts are JSON. */
export interface AskedPrompt {
  readonly key: string | null;
  readonly message: string;
  readonly schema: string | null;
  readonly default: string | null;
  readonly answerers: readonly string[] | null;
  /** In milliseconds; 0 for ever. */
  readonly expiresMs: number;
}

export const AnswerBody = Type.Object(
  {
    key: Type.Optional({ ...Key, description: 'The question; default: the one waited on' }),
    answer: Type.Unknown({ description: 'Any JSON value that the schema allows' }),
    by: Type.Optional({ ...AnswererName, description: 'Who answers' }),
  },
  { ...closed, title: 'AnswerInput' },
);
export type AnswerBody = Static<typeof AnswerBody>;

/** A question that a task waits on, as it is shown. */
export const InputView = Type.Object(
  {
    key: Type.String(),
    message: Type.String(),
    schema: Type.Optional(Type.Unknown({ description: 'JSON Schema of the answer' })),
    askedAt: Type.String(),
    expiresAt: Type.Optional(Type.String()),
    answerers: Type.Optional(Type.Array(Type.String(), { description: 'Who may answer' })),
  },
  { title: 'Input' },
);
export type InputView = Static<typeof InputView>;

export const KeptAnswerView = Type.Object(
  {
    key: Type.String(),
    answer: Type.Unknown(),
    by: Type.Union([Type.String(), Type.Null()]),
    reason: Type.Optional(
      Type.String({ description: '`expired_default` where nobody answered in time' }),
    ),
    at: Type.String(),
  },
  { title: 'KeptAnswer' },
);
export type KeptAnswerView = Static<typeof KeptAnswerView>;
