import Type from 'typebox';

const NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,199}$';
const NAME = new RegExp(NAME_PATTERN);

/** Whether a text is a {@link Name}. */
export function isName(text: string): boolean {
  return NAME.test(text);
}

/** Task types, capabilities, agent ids: a letter or digit, then letters, digits and `. _ : @ / -`. */
export const Name = Type.String({
  pattern: NAME_PATTERN,
  description: 'A letter or digit, then up to 199 letters, digits and . _ : @ / -',
});

/** Queues and namespaces: like {@link Name} without `@` and `/`, which join them. */
export const QueueName = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$',
  description: 'A letter or digit, then up to 127 letters, digits and . _ : -',
});

/** Keys chosen by users: 1..255 characters, none of them a control character. */
export const Key = Type.String({
  pattern: '^[^\\u0000-\\u001f]{1,255}$',
  description: '1 to 255 characters, no control characters',
});

export const TaskIdText = Type.String({
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
  description: 'A UUID, version 7, in lower case',
});

export const Labels = Type.Record(
  Type.String({ pattern: '^[A-Za-z0-9._/-]{1,63}$' }),
  Type.String({ maxLength: 255 }),
  { maxProperties: 64, description: 'Up to 64 names with values', additionalProperties: false },
);

/** A moment: ISO 8601 text with a zone, or milliseconds since 1970. */
export const Moment = Type.Union(
  [
    Type.String({
      pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,9})?)?(Z|[+-]\\d{2}:\\d{2})$',
    }),
    Type.Integer({ minimum: 0, maximum: 8_640_000_000_000_000 }),
  ],
  { description: 'ISO 8601 text with a zone, or milliseconds since 1970' },
);

/** A length of time in milliseconds, at most a year. */
export const DurationMs = Type.Integer({ minimum: 0, maximum: 31_536_000_000 });
