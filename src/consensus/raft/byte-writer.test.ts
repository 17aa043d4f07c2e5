import { expect, test } from 'vitest';
import { ByteWriter } from './byte-writer.ts';

test.each(['u8', 'u16', 'u32', 'integer'] as const)(
  '%s goes on where the buffer must grow',
  (field) => {
    const writer = new ByteWriter(8);
    writer.raw(Uint8Array.of(1, 2, 3, 4, 5, 6, 7));
    writer.u8(8);
    writer[field](9);
    const bytes = writer.finish();
    expect([...bytes.subarray(0, 8)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(bytes.at(-1)).toBe(9);
  },
);
