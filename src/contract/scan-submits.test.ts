import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packMessage, unpackMessage, type RawFrame } from './channel.ts';
import { scanSubmits } from './scan-submits.ts';

const seed = process.env['SEED'];
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) });

const spec = fc
  .record({ priority: fc.integer({ min: 0, max: 9 }), retry: fc.jsonValue(), type: fc.string() })
  .chain((whole) => fc.subarray(Object.entries(whole)).map((some) => Object.fromEntries(some)));
const submit = fc.record({
  requestId: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  specs: fc.array(spec, { minLength: 1, maxLength: 20 }),
  specOf: fc.option(fc.array(fc.nat(70_000))),
  payloads: fc.array(fc.oneof(fc.string(), fc.string({ minLength: 250, maxLength: 300 })), {
    minLength: 1,
    maxLength: 40,
  }),
  extras: fc.option(fc.array(fc.option(fc.jsonValue({ maxDepth: 3 })))),
  watch: fc.boolean(),
});

test('tells of every submit what decoding it tells', () => {
  fc.assert(
    fc.property(fc.array(submit, { minLength: 1, maxLength: 5 }), (submits) => {
      const frames = submits.map(
        ({ extras, payloads, requestId, specOf, specs, watch }): RawFrame => [
          'submit',
          requestId,
          specs,
          specOf,
          payloads,
          extras,
          watch,
        ],
      );
      const scanned = scanSubmits(packMessage(frames));
      expect(
        scanned?.map(({ priority, requestId, tasks }) => [requestId, priority, tasks]),
      ).toEqual(
        submits.map(({ payloads, requestId, specs }) => [
          requestId,
          Math.max(...specs.map((one) => (one['priority'] as number | undefined) ?? 4)),
          payloads.length,
        ]),
      );
      const [whole] = [unpackMessage(packMessage(frames))];
      const alone = scanned?.map(({ bytes }) => unpackMessage(Buffer.concat([ONE, bytes]))[0]);
      expect(alone).toEqual(whole);
    }),
  );
});

/** The head of an array of one. */
const ONE = Buffer.from([0x91]);

describe('leaves to the decoder', () => {
  const good: RawFrame = ['submit', 1, [{ type: 'a' }], null, ['1'], null, false];

  test('messages with other frames, and what is no message at all', () => {
    for (const frames of [[], [['watch', ['x']]], [good, ['watch', ['x']]]] as RawFrame[][])
      expect(scanSubmits(packMessage(frames))).toBeNull();
    for (const bytes of [[], [0x91], [0xc1], [0x91, 0x90], [0xdd, 255, 255, 255, 255]])
      expect(scanSubmits(Uint8Array.from(bytes))).toBeNull();
  });

  test('every cut of a message, and every message with something behind it', () => {
    const whole = Buffer.from(packMessage([good]));
    for (let end = 0; end < whole.length; end++)
      expect(scanSubmits(whole.subarray(0, end))).toBeNull();
    expect(scanSubmits(Buffer.concat([whole, whole]))).toBeNull();
  });

  test('submits without tasks, of strange priorities, of few fields, or too deep', () => {
    const of = (at: number, value: unknown): RawFrame => good.with(at, value) as never;
    let deep: unknown = 1;
    for (let i = 0; i < 100; i++) deep = [deep];
    const strange = [
      of(1, -1),
      of(2, [{ priority: 10 }]),
      of(2, [{ priority: 'high' }]),
      of(4, []),
      of(5, deep),
      good.slice(0, 6) as never,
    ];
    for (const frame of strange) expect(scanSubmits(packMessage([frame]))).toBeNull();
  });

  test('whatever bytes come, without an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        scanSubmits(bytes);
      }),
    );
  });
});
