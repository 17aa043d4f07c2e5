import { Rng } from '../../src/base/rng.ts';

/** The body of the `number`-th append of a run: both numbers, then bytes that follow from them alone. */
export function crashBody(run: number, number: number): Buffer {
  const rng = Rng.fromSeed(run * 1_000_003 + number);
  const isLarge = rng.below(100) === 0;
  const body = Buffer.alloc(8 + rng.below(isLarge ? 90_000 : 900), rng.below(256));
  body.writeUInt32LE(run, 0);
  body.writeUInt32LE(number, 4);
  return body;
}
