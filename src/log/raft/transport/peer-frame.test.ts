import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeFrame, FrameReader, type FrameKind } from './peer-frame.ts';

const anyKind = fc.constantFrom<FrameKind>('message', 'request', 'response', 'hello', 'ping');

function framesOf(reader: FrameReader): string[] {
  const found: string[] = [];
  for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
    found.push(`${frame.kind} ${frame.payload.toString('hex')}`);
  }
  return found;
}

describe('a frame reader', () => {
  test('gives back the frames of a stream however it was cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyKind, fc.uint8Array({ maxLength: 200 })), { maxLength: 10 }),
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
        (sent, cuts) => {
          const stream = Buffer.concat(sent.map(([kind, payload]) => encodeFrame(kind, payload)));
          const reader = new FrameReader(200);
          const found: string[] = [];
          for (let at = 0, turn = 0; at < stream.length; turn += 1) {
            const end = at + (cuts[turn % cuts.length] as number);
            reader.push(stream.subarray(at, end));
            found.push(...framesOf(reader));
            at = end;
          }
          const expected = sent.map(
            ([kind, payload]) => `${kind} ${Buffer.from(payload).toString('hex')}`,
          );
          expect(found).toEqual(expected);
        },
      ),
    );
  });

  test('never takes a frame of which one bit is wrong', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(), (payload, bit) => {
        const frame = encodeFrame('message', payload);
        const at = bit % (frame.length * 8);
        frame[at >> 3] = (frame[at >> 3] as number) ^ (1 << (at & 7));
        const reader = new FrameReader(1000);
        reader.push(frame);
        let found: unknown = null;
        try {
          found = reader.next();
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^PEER_FRAME_/) as string });
          return;
        }
        // A wrong size can make it wait for more.
        expect(found).toBeUndefined();
      }),
    );
  });

  test.each([
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), 'PEER_FRAME_GARBAGE'],
    [
      'a frame that is too large',
      encodeFrame('message', Buffer.alloc(101)),
      'PEER_FRAME_TOO_LARGE',
    ],
  ])('refuses %s before it is whole', (_name, bytes, code) => {
    const reader = new FrameReader(100);
    reader.push(bytes.subarray(0, 16));
    expect(() => reader.next()).toThrow(expect.objectContaining({ code }));
  });
});
