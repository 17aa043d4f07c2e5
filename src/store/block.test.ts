import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BlockWriter, OPERATION, readBlock } from './block.ts';
import { textKey } from './keys.ts';
import { TABLE } from './tables.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

const name = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('\ud800', 'a\udc00b', ''),
  fc.integer({ min: 505, max: 1_200 }).map((length) => 'ä'.repeat(length)),
);

test('a name is put under its text key, however long, lone surrogates included', () => {
  const entries = fc.array(fc.record({ name, value: fc.uint8Array({ maxLength: 20 }) }));
  fc.assert(
    fc.property(entries, (rows) => {
      const found: { operation: number; table: number; key: Buffer; value: Buffer }[] = [];
      const writer = new BlockWriter((block) => {
        readBlock(block, (operation, table, key, value) => {
          found.push({ operation, table, key: Buffer.from(key), value: Buffer.from(value) });
        });
      });
      for (const row of rows) writer.putNamed(TABLE.agents, row.name, row.value);
      writer.flush();
      const { put: operation } = OPERATION;
      expect(found).toEqual(
        rows.map((row) => ({
          operation,
          table: TABLE.agents,
          key: textKey(row.name),
          value: Buffer.from(row.value),
        })),
      );
    }),
    { ...SEED, numRuns: 100 },
  );
});
