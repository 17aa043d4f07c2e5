import { expect, test } from 'vitest';
import { SimulatedDisk, type Fate } from '../../../test/disk/simulated-disk.ts';
import { openEmbeddedLog } from './embedded-log.ts';

const DIRECTORY = '/log';
const CONTENT_BYTES_MAX = 16 * 1024;

test('a short segment is read without asking for a megabyte to find its end', async () => {
  const disk = new SimulatedDisk();
  const options = { directory: DIRECTORY, fileSystem: disk, segmentBytes: CONTENT_BYTES_MAX };
  const log = await openEmbeddedLog(options);
  for (let entry = 0; entry < 20; entry += 1) await log.append(Buffer.alloc(100, entry));
  await log.close();
  const asked: number[] = [];
  disk.fate = ({ bytes, kind }): Fate => {
    if (kind === 'read') asked.push(bytes.length);
    return 'proceed';
  };
  const again = await openEmbeddedLog(options);
  const found: number[] = [];
  for await (const { index } of again.read(0)) found.push(index);
  await again.close();
  expect(found).toHaveLength(20);
  expect(Math.max(...asked)).toBeLessThanOrEqual(64 * 1024);
});

test('reads that come short in the middle lose nothing', async () => {
  const disk = new SimulatedDisk();
  const options = { directory: DIRECTORY, fileSystem: disk };
  const log = await openEmbeddedLog(options);
  for (let entry = 0; entry < 50; entry += 1) await log.append(Buffer.alloc(1 + 37 * entry, entry));
  await log.close();
  disk.fate = ({ kind }): Fate => (kind === 'read' ? { shortBytes: 700 } : 'proceed');
  const again = await openEmbeddedLog(options);
  const sizes: number[] = [];
  for await (const { body } of again.read(0)) sizes.push(body.length);
  await again.close();
  expect(sizes).toEqual(Array.from({ length: 50 }, (_, entry) => 1 + 37 * entry));
});
