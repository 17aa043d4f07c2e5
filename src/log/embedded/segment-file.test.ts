import { expect, test } from 'vitest';
import type { LogFile } from './file-system.ts';
import { writeFully } from './segment-file.ts';

test('a write that was cut short within a sector finishes that sector before it touches another', async () => {
  const writes: [from: number, to: number][] = [];
  const shorts = [700, 30, 50];
  const file = {
    write: (source: Uint8Array, position: number) => {
      const written = Math.min(source.length, shorts.shift() ?? source.length);
      writes.push([position, position + source.length]);
      return Promise.resolve(written);
    },
  } as Partial<LogFile> as LogFile;
  await writeFully(file, Buffer.alloc(2_000), 100);
  expect(writes).toEqual([
    [100, 2_100],
    // 800 bytes in, the second sector ends at 1,024.
    [800, 1_024],
    [830, 1_024],
    [880, 1_024],
    [1_024, 2_100],
  ]);
});
