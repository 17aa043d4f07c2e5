import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import { assign, complete, register, submitAll } from '../core/testing/commands.ts';
import { decodeEntry, encodeEntry, type Entry } from './entry-codec.ts';
import { useSeed } from './testing/seed.ts';

useSeed();

const name = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' });
const command = fc.oneof(
  fc
    .array(
      fc.record(
        {
          id: fc.uuid(),
          idempotencyKey: name,
          deadlineAt: fc.nat(),
          metadata: fc.dictionary(
            name.filter((key) => key !== '__proto__'),
            fc.constantFrom(1, 'x', null, [true]),
          ),
        },
        { requiredKeys: ['id'] },
      ),
      { minLength: 1, maxLength: 40 },
    )
    .map((tasks) => submitAll(tasks)),
  fc.tuple(fc.uuid(), name).map(([id, agent]) => assign(id, agent)),
  fc.tuple(fc.uuid(), fc.nat()).map(([id, token]) => complete(id, token)),
  name.map((id) => register(id)),
);
const texts = fc.option(fc.array(fc.json(), { maxLength: 4 }), { nil: null });
const entry = fc
  .record({ at: fc.nat(), parts: fc.array(fc.tuple(command, texts), { maxLength: 8 }) })
  .map(({ at, parts }): Entry => ({
    batch: { at, commands: parts.map(([part]) => part) },
    texts: parts.map(([, text]) => text),
  }));

describe('an entry', () => {
  test('comes back as it was encoded, and no later encoding touches it', () => {
    fc.assert(
      fc.property(entry, entry, (first, second) => {
        const bytes = encodeEntry(first);
        encodeEntry(second);
        expect(decodeEntry(bytes)).toEqual(first);
      }),
    );
  });

  test('of another format is refused', () => {
    const bytes = new Packr({ useRecords: true }).pack([2, 0, [], []]);
    expect(() => decodeEntry(bytes)).toThrow(
      expect.objectContaining({ code: 'ENTRY_UNREADABLE', details: { format: 2 } }) as Error,
    );
  });
});
