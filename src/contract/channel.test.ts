import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { describe, expect, test } from 'vitest';
import { isOrchestratorError } from '../base/errors.ts';
import {
  FRAME_TEXT_MAX,
  frameSlices,
  MESSAGE_BYTES_MAX,
  packMessage,
  packMessages,
  unpackMessage,
  type RawFrame,
} from './channel.ts';

const seed = process.env['SEED'];
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) });

/** Decodes, and takes nothing for granted about what is thrown. */
function codeOf(bytes: Uint8Array): string {
  try {
    unpackMessage(bytes);
    return 'taken';
  } catch (error) {
    if (!isOrchestratorError(error)) throw error;
    return error.code;
  }
}

const frames = fc.array(
  fc
    .tuple(fc.string(), fc.array(fc.jsonValue({ maxDepth: 3 }), { maxLength: 4 }))
    .map(([name, fields]): RawFrame => [name, ...fields]),
);

describe('a message', () => {
  test('comes back as it was packed', () => {
    fc.assert(
      fc.property(frames, (sent) => {
        // The reader gives that key another name, so that no peer sets a prototype.
        const text = JSON.stringify(sent).replaceAll('"__proto__":', '"__proto_":');
        const expected: unknown = JSON.parse(text);
        expect(JSON.parse(JSON.stringify(unpackMessage(packMessage(sent))))).toEqual(expected);
      }),
    );
  });

  test('has no key that sets a prototype', () => {
    const frame = JSON.parse('["x", {"__proto__": {"admin": true}}]') as RawFrame;
    const [[, field] = ['']] = unpackMessage(packMessage([frame]));
    expect(Object.getPrototypeOf(field)).toBe(Object.prototype);
    expect((field as { admin?: boolean }).admin).toBeUndefined();
    expect(JSON.stringify(field)).toBe('{"__proto_":{"admin":true}}');
  });

  test('of any bytes is taken or refused as INVALID_MESSAGE, never anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(['taken', 'INVALID_MESSAGE']).toContain(codeOf(bytes));
      }),
      { numRuns: 3_000 },
    );
  });

  test('with flipped and missing bytes is taken or refused as INVALID_MESSAGE', () => {
    fc.assert(
      fc.property(frames, fc.nat(), fc.nat(255), fc.nat(), (sent, at, value, cut) => {
        const bytes = Uint8Array.from(packMessage(sent));
        bytes[at % bytes.length] = value;
        expect(['taken', 'INVALID_MESSAGE']).toContain(codeOf(bytes));
        const some = bytes.subarray(0, cut % (bytes.length + 1));
        expect(['taken', 'INVALID_MESSAGE']).toContain(codeOf(some));
      }),
      { numRuns: 1_000 },
    );
  });

  test.each([
    ['nothing', []],
    ['a map', [0x80]],
    ['a number', [1]],
    ['a frame without a name', [0x91, 0x90]],
    ['a frame whose name is a number', [0x91, 0x91, 1]],
    ['an array that promises four billion items', [0xdd, 0xff, 0xff, 0xff, 0xff]],
    ['a map that promises four billion keys', [0xdf, 0xff, 0xff, 0xff, 0xff]],
    ['a text that promises four gigabytes', [0xdb, 0xff, 0xff, 0xff, 0xff]],
    ['a hundred thousand levels', Array.from({ length: 100_000 }, () => 0x91)],
    ['more after its end', [0x90, 0x90]],
    // fixext 1 of type `r`: defines record 0x40 with the key `a`, then its value.
    ['a record definition', [0x91, 0x92, 0xa1, 0x78, 0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61, 1]],
    // fixext 4 of type `i`, then the value it names.
    ['a reference', [0x91, 0x92, 0xa1, 0x78, 0xd6, 0x69, 0, 0, 0, 1, 0x90]],
  ])('of %s is refused', (_, bytes) => {
    expect(codeOf(Uint8Array.from(bytes))).toBe('INVALID_MESSAGE');
  });

  test('of a writer with records is refused, and leaves nothing behind for the next', () => {
    const records = new Packr({ useRecords: true });
    expect(codeOf(records.pack([['x', { a: 1 }, { a: 2 }]]))).toBe('INVALID_MESSAGE');
    expect(unpackMessage(Uint8Array.from([0x91, 0x92, 0xa1, 0x78, 0x40]))).toEqual([['x', 0x40]]);
  });

  test('cannot reach the prototype of objects', () => {
    const bytes = Buffer.concat([
      Buffer.from([0x91, 0x92, 0xa1, 0x78, 0x81, 0xa9]),
      Buffer.from('__proto__'),
      Buffer.from([0x81, 0xa1, 0x61, 1]),
    ]);
    codeOf(bytes);
    expect(({} as { a?: unknown }).a).toBeUndefined();
  });
});

describe('frames too large for one message', () => {
  test('are sent as several, in order', () => {
    const text = 'x'.repeat(MESSAGE_BYTES_MAX / 4);
    const sent: RawFrame[] = Array.from({ length: 10 }, (_, i) => ['part', i, text]);
    const messages = packMessages(sent);
    for (const { byteLength } of messages)
      expect(byteLength).toBeLessThanOrEqual(MESSAGE_BYTES_MAX);
    expect(messages.length).toBeGreaterThan(2);
    const order = messages.flatMap((message) => unpackMessage(message)).map(([, i]) => i);
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('are split so that no slice is too long, and nothing is lost or moved', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2 * FRAME_TEXT_MAX)), (lengths) => {
        const slices = frameSlices(lengths, (length) => length);
        expect(slices.flat()).toEqual(lengths);
        for (const slice of slices) {
          const total = slice.reduce((sum, length) => sum + length, 0);
          expect(total <= FRAME_TEXT_MAX || slice.length === 1).toBe(true);
        }
      }),
    );
    const many = frameSlices(Array.from({ length: 25_000 }), () => 0);
    expect(many.map(({ length }) => length)).toEqual([10_000, 10_000, 5_000]);
  });
});
