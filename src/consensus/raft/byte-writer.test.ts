import { expect, test } from 'vitest';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';

test('numbers that make a writer grow land in the grown buffer', () => {
  for (let capacity = 1; capacity <= 16; capacity += 1) {
    const writer = new ByteWriter(capacity);
    for (let at = 0; at < 9; at += 1) {
      writer.u8(at);
      writer.u16(at + 1000);
      writer.u32(at + 100_000);
    }
    const reader = new ByteReader(writer.finish());
    for (let at = 0; at < 9; at += 1) {
      expect([reader.u8(), reader.u16(), reader.u32()]).toEqual([at, at + 1000, at + 100_000]);
    }
    reader.end();
  }
});
