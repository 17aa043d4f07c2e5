import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BlockWriter } from './block.ts';
import { textKey } from './keys.ts';
import { TABLE } from './tables.ts';
import { Writer } from './writer.ts';

const MIB = 2 ** 20;

test('what a checkpoint wrote is held by nobody once it is on disk', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'uqo-writer-'));
  const writer = await Writer.open(folder, { committed: () => {}, stalled: () => {} });
  const value = Buffer.alloc(200_000);
  const heldBytes = process.memoryUsage().arrayBuffers;
  const block = new BlockWriter((bytes) => writer.send(bytes));
  writer.begin();
  for (let n = 0; n < 100; n++) {
    block.put(TABLE.records, textKey(`record ${n}`), value);
    if (n % 10 === 0) await writer.room();
  }
  block.flush();
  const whileWritingBytes = process.memoryUsage().arrayBuffers - heldBytes;
  await writer.commit();
  const afterBytes = process.memoryUsage().arrayBuffers - heldBytes;
  await writer.close();
  await rm(folder, { recursive: true });
  expect(whileWritingBytes).toBeGreaterThan(19 * MIB);
  expect(afterBytes).toBeLessThan(2 * MIB);
});

test.runIf(process.platform === 'linux')('its thread steps back behind all others', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'uqo-writer-'));
  const writer = await Writer.open(folder, { committed: () => {}, stalled: () => {} });
  const niceness = (thread: string): number =>
    Number(readFileSync(`/proc/self/task/${thread}/stat`, 'utf8').split(') ')[1]?.split(' ')[16]);
  const threads = readdirSync('/proc/self/task');
  const own = niceness(String(process.pid));
  const behind = threads.filter((thread) => niceness(thread) === own + 5);
  await writer.close();
  await rm(folder, { recursive: true });
  expect(behind).toHaveLength(1);
  expect(behind).not.toContain(String(process.pid));
});
