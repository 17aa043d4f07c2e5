import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeEntry, encodeEntry } from './entry-codec.ts';
import { HASH_BYTES } from './hasher.ts';
import type { RaftEntry } from './log-entry.ts';
import { decodeFrame, encodeFrame } from './message-codec.ts';
import type { RaftFrame, RaftMessage } from './messages.ts';

const number = fc.oneof(fc.nat(), fc.maxSafeNat());
const term = number;
const bytes = fc.uint8Array({ maxLength: 40 });
const hash = fc.uint8Array({ minLength: HASH_BYTES, maxLength: HASH_BYTES });
const name = fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/);
const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c-1', 'D.2')).map((list) => list.sort());
const configuration = fc.record({
  voters: names,
  votersOutgoing: names,
  learners: names,
  learnersNext: names,
  isAutoLeave: fc.boolean(),
  removed: names,
});
const meta = fc.record({
  lastIndex: fc.integer({ min: 1 }),
  lastTerm: fc.integer({ min: 1 }),
  lastHash: hash,
  configuration,
  configurationIndex: fc.constant(1),
  stateDigest: bytes,
  sizeBytes: number,
});
const append: fc.Arbitrary<RaftMessage> = fc
  .tuple(fc.nat(), fc.nat(), hash, number, fc.array(fc.tuple(hash, bytes), { maxLength: 4 }))
  .map(([prevIndex, prevTerm, prevHash, commitIndex, parts]) => ({
    kind: 'appendRequest',
    term: prevTerm + 1,
    prevIndex,
    prevTerm,
    prevHash,
    commitIndex,
    entries: parts.map(([own, body], at): RaftEntry => {
      const kind = at % 2 === 0 ? 'command' : 'noop';
      return { index: prevIndex + 1 + at, term: prevTerm + 1, kind, prevHash: own, body };
    }),
  }));
const isYes = fc.boolean();
const of = <K extends RaftMessage['kind']>(kind: K): fc.Arbitrary<K> => fc.constant(kind);
const last = { lastIndex: number, lastTerm: number };
const snapshot = { snapshotIndex: number, snapshotTerm: number };
const read = { session: number, sequence: number };
const message: fc.Arbitrary<RaftMessage> = fc.oneof(
  append,
  fc.record({ kind: of('preVoteRequest'), term, ...last }),
  fc.record({ kind: of('voteRequest'), term, ...last, isTransfer: isYes }),
  fc.record({ kind: of('preVoteResponse'), term, requestTerm: number, isGranted: isYes }),
  fc.record({ kind: of('voteResponse'), term, requestTerm: number, isGranted: isYes }),
  fc.record({
    kind: of('appendResponse'),
    term,
    isAccepted: isYes,
    prevIndex: number,
    matchIndex: number,
    hintIndex: number,
    hintTerm: number,
  }),
  fc.record({ kind: of('heartbeat'), term, commitIndex: number, round: number }),
  fc.record({ kind: of('heartbeatResponse'), term, round: number }),
  fc.record({ kind: of('snapshotOffer'), term, meta }),
  fc.record({
    kind: of('snapshotChunk'),
    term,
    ...snapshot,
    offset: number,
    data: bytes,
    checksum: fc.nat(0xffffffff),
    isLast: isYes,
  }),
  fc.record({
    kind: of('snapshotResponse'),
    term,
    ...snapshot,
    nextOffset: number,
    outcome: fc.constantFrom('wanted' as const, 'refused' as const, 'installed' as const),
  }),
  fc.record({ kind: of('timeoutNow'), term }),
  fc.record({ kind: of('readRequest'), term, ...read }),
  fc.record({ kind: of('readResponse'), term, ...read, index: fc.option(number) }),
);
const frame: fc.Arbitrary<RaftFrame> = fc.record({
  clusterId: name,
  from: name,
  to: name,
  message,
});
const seed = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

describe('message codec', () => {
  test('every frame comes back as it was sent', () => {
    fc.assert(
      fc.property(frame, (sent) => {
        expect(decodeFrame(encodeFrame(sent))).toEqual(sent);
      }),
      { ...seed, numRuns: 500 },
    );
  });

  test('every part of a frame, and a frame with more behind it, is refused with a code', () => {
    fc.assert(
      fc.property(frame, fc.nat(), (sent, at) => {
        const encoded = encodeFrame(sent);
        const cut = encoded.slice(0, at % encoded.length);
        const longer = Uint8Array.of(...encoded, 0);
        for (const bad of [cut, longer])
          expect(() => decodeFrame(bad)).toThrow(
            expect.objectContaining({ code: 'RAFT_BYTES_INVALID' }),
          );
      }),
      seed,
    );
  });

  test('changed bytes are refused with a code or are the one encoding of what they mean', () => {
    fc.assert(
      fc.property(frame, fc.nat(), fc.integer({ min: 1, max: 255 }), (sent, at, flip) => {
        const encoded = encodeFrame(sent);
        const place = at % encoded.length;
        encoded[place] = (encoded[place] ?? 0) ^ flip;
        try {
          expect(encodeFrame(decodeFrame(encoded))).toEqual(encoded);
        } catch (error) {
          expect(error).toMatchObject({ code: 'RAFT_BYTES_INVALID' });
        }
      }),
      { ...seed, numRuns: 2000 },
    );
  });

  test('garbage is refused with a code', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => {
        const framed = Uint8Array.of(1, (garbage[0] ?? 0) % 14, 1, 99, 1, 97, 1, 98, ...garbage);
        for (const bad of [garbage, framed]) {
          try {
            expect(encodeFrame(decodeFrame(bad))).toEqual(bad);
          } catch (error) {
            expect(error).toMatchObject({ code: 'RAFT_BYTES_INVALID' });
          }
        }
      }),
      { ...seed, numRuns: 2000 },
    );
  });

  test('a frame of any size comes back, wherever the buffer had to grow', () => {
    for (let count = 0; count < 300; count += 7) {
      const voters = Array.from({ length: count }, (_, at) => `n${String(at).padStart(5, '0')}`);
      const none = { votersOutgoing: [], learners: [], learnersNext: [], removed: voters };
      const shape: RaftFrame = {
        clusterId: 'c',
        from: 'a',
        to: 'b'.repeat((count % 63) + 1),
        message: {
          kind: 'snapshotOffer',
          term: 1,
          meta: {
            lastIndex: 3,
            lastTerm: 1,
            lastHash: new Uint8Array(HASH_BYTES),
            configuration: { voters, ...none, isAutoLeave: true },
            configurationIndex: 1,
            stateDigest: new Uint8Array(32),
            sizeBytes: 5,
          },
        },
      };
      expect(decodeFrame(encodeFrame(shape))).toEqual(shape);
    }
  });

  test('a frame stays as it is while others are written, also behind one that could not be', () => {
    const frameOf = (term: number): RaftFrame => {
      return { clusterId: 'c', from: 'a', to: 'b', message: { kind: 'timeoutNow', term } };
    };
    const first = encodeFrame(frameOf(1));
    expect(() => encodeFrame(frameOf(-1))).toThrow('safe integer');
    const second = encodeFrame(frameOf(2));
    expect(decodeFrame(first)).toEqual(frameOf(1));
    expect(decodeFrame(second)).toEqual(frameOf(2));
  });

  test('a number of 2^53 or more is refused', () => {
    const timeout = encodeFrame({
      clusterId: 'c',
      from: 'a',
      to: 'b',
      message: { kind: 'timeoutNow', term: Number.MAX_SAFE_INTEGER },
    });
    expect(decodeFrame(timeout).message.term).toBe(Number.MAX_SAFE_INTEGER);
    timeout[timeout.length - 7] = 0x20;
    expect(() => decodeFrame(timeout)).toThrow('2^53');
  });

  test('an entry comes back from its own bytes', () => {
    const prevHash = new Uint8Array(HASH_BYTES).fill(7);
    const entry: RaftEntry = {
      index: 9,
      term: 2,
      kind: 'command',
      prevHash,
      body: Uint8Array.of(1),
    };
    expect(decodeEntry(encodeEntry(entry))).toEqual(entry);
    expect(() => decodeEntry(new Uint8Array(37))).toThrow('begin at 1');
  });
});
