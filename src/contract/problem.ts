import Type, { type Static } from 'typebox';

/** An error as it is shown (RFC 9457), with the stable `code` to match on. */
export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'Stable; match on this' }),
    detail: Type.String({ description: 'What must hold, then what was got' }),
    retryAfterMs: Type.Optional(
      Type.Integer({ description: 'Where waiting helps: how long, in milliseconds' }),
    ),
    level: Type.Optional(Type.String({ description: 'Of OVERLOADED: elevated or critical' })),
    floor: Type.Optional(
      Type.Number({ description: 'Of OVERLOADED: priorities below it are refused' }),
    ),
    path: Type.Optional(Type.String({ description: 'Where in the request, as a JSON Pointer' })),
    at: Type.Optional(
      Type.Integer({ description: 'Where in the text of a query, in UTF-16 units from 0' }),
    ),
  },
  { title: 'Problem' },
);
export type Problem = Static<typeof Problem>;
