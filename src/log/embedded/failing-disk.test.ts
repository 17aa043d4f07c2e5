import { describe, expect, test } from 'vitest';
import { SimulatedDisk, type Fate, type Operation } from '../../../test/disk/simulated-disk.ts';
import type { ReplicatedLog } from '../replicated-log.ts';
import { openEmbeddedLog } from './embedded-log.ts';
import { SEGMENT_HEADER_BYTES } from './segment-header.ts';

const DIRECTORY = '/log';
const SEGMENT_BYTES = 8 * 1024;
const NOTHING_LOST = { nameChanges: (count: number): number => count, keepsSector: () => true };

function open(disk: SimulatedDisk, segmentBytes = SEGMENT_BYTES): Promise<ReplicatedLog> {
  return openEmbeddedLog({ directory: DIRECTORY, segmentBytes, fileSystem: disk });
}

/** Bodies in order; long ones, which repeat one letter here, as `3000 a`. */
async function bodiesOf(log: ReplicatedLog): Promise<string[]> {
  const bodies: string[] = [];
  for await (const { body } of log.read(0)) {
    const text = Buffer.from(body).toString();
    const letter = text.charAt(0);
    const isRepeated = text.length > 20 && text === letter.repeat(text.length);
    bodies.push(isRepeated ? `${text.length} ${letter}` : text);
  }
  return bodies;
}

function isBatchWrite({ kind, position, bytes }: Operation): boolean {
  return kind === 'write' && position >= SEGMENT_HEADER_BYTES && bytes.some((byte) => byte !== 0);
}

/** Bodies that a later start finds, whatever the log in memory believes. */
async function bodiesAfterCrash(disk: SimulatedDisk, segmentBytes?: number): Promise<string[]> {
  const log = await open(disk.afterCrash(NOTHING_LOST), segmentBytes);
  const bodies = await bodiesOf(log);
  await log.close();
  return bodies;
}

describe('a failed write', () => {
  test.each(['EIO', 'EROFS', 'EBADF'])('of %s ends all acknowledging, for good', async (code) => {
    const disk = new SimulatedDisk();
    const log = await open(disk);
    await log.append(Buffer.from('one'));
    disk.fate = (operation): Fate => (isBatchWrite(operation) ? { fails: code } : 'proceed');
    const first = log.append(Buffer.from('two'));
    const second = log.append(Buffer.from('three'));
    await expect(first).rejects.toMatchObject({ code: 'LOG_FAILED' });
    await expect(second).rejects.toMatchObject({ code: 'LOG_FAILED' });
    disk.fate = (): Fate => 'proceed';
    await expect(log.append(Buffer.from('four'))).rejects.toMatchObject({ code: 'LOG_FAILED' });
    await expect(log.releaseThrough(1)).rejects.toMatchObject({ code: 'LOG_FAILED' });
    await expect(log.failed).resolves.toMatchObject({ code: 'LOG_FAILED', cause: { code } });
    expect(log.lastIndex).toBe(1);
    await log.close();
    expect(await bodiesAfterCrash(disk)).toEqual(['one']);
  });

  test('is never tried again', async () => {
    const disk = new SimulatedDisk();
    const log = await open(disk);
    let writes = 0;
    disk.fate = (operation): Fate => {
      if (operation.kind === 'write') writes += 1;
      return operation.kind === 'write' ? { fails: 'EIO' } : 'proceed';
    };
    await expect(log.append(Buffer.from('one'))).rejects.toMatchObject({ code: 'LOG_FAILED' });
    await expect(log.append(Buffer.from('two'))).rejects.toMatchObject({ code: 'LOG_FAILED' });
    await log.close();
    expect(writes).toBe(1);
  });

  test('while filling ahead is as bad as one of a batch', async () => {
    const disk = new SimulatedDisk();
    const log = await open(disk, 8 * 1024 * 1024);
    disk.fate = (operation): Fate =>
      operation.kind === 'write' && !isBatchWrite(operation) ? { fails: 'EIO' } : 'proceed';
    await log.append(Buffer.from('one'));
    await expect(log.failed).resolves.toMatchObject({ code: 'LOG_FAILED' });
    await expect(log.append(Buffer.from('two'))).rejects.toMatchObject({ code: 'LOG_FAILED' });
    await log.close();
  });

  test('that wrote nothing at all is a failed one', async () => {
    const disk = new SimulatedDisk();
    const log = await open(disk);
    disk.fate = (operation): Fate => (isBatchWrite(operation) ? { shortBytes: 0 } : 'proceed');
    await expect(log.append(Buffer.from('one'))).rejects.toMatchObject({ code: 'LOG_FAILED' });
    await log.close();
  });

  test.each(['create', 'rename', 'flushDirectory'] as const)(
    'of %s while a segment starts is fatal too',
    async (kind) => {
      const disk = new SimulatedDisk();
      const log = await open(disk);
      disk.fate = (operation): Fate => (operation.kind === kind ? { fails: 'EIO' } : 'proceed');
      await log.append(Buffer.alloc(3000, 'a'));
      await expect(log.append(Buffer.alloc(3000, 'b'))).rejects.toMatchObject({
        code: 'LOG_FAILED',
      });
      await log.close();
      const found = await bodiesAfterCrash(disk);
      expect(found).toEqual(['3000 a']);
    },
  );
});

test('a disk that writes and reads a few bytes at a time changes nothing', async () => {
  const disk = new SimulatedDisk();
  disk.fate = ({ kind }): Fate =>
    kind === 'write' || kind === 'read' ? { shortBytes: 700 } : 'proceed';
  const log = await open(disk);
  const bodies = Array.from({ length: 20 }, (_, index) => `entry ${index} `.repeat(20));
  await Promise.all(bodies.map((body) => log.append(Buffer.from(body))));
  expect(await bodiesOf(log)).toEqual(bodies);
  await log.close();
  expect(await bodiesAfterCrash(disk)).toEqual(bodies);
});

describe('a full disk', () => {
  test('refuses what needs a new segment, keeps nothing of it, and goes on once there is room', async () => {
    for (const kind of ['create', 'write', 'rename', 'flushDirectory'] as const) {
      const disk = new SimulatedDisk();
      const log = await open(disk);
      await log.append(Buffer.alloc(3000, 'a'));
      let isFull = true;
      disk.fate = (operation): Fate => {
        if (!isFull || operation.kind !== kind) return 'proceed';
        if (kind === 'flushDirectory') isFull = false; // The name must be gone for certain before going on.
        return { fails: 'ENOSPC', afterBytes: 600 };
      };
      const refused = [log.append(Buffer.alloc(3000, 'b')), log.append(Buffer.alloc(2000, 'c'))];
      for (const append of refused)
        await expect(append).rejects.toMatchObject({ code: 'LOG_FULL' });
      isFull = false;
      expect(await bodiesAfterCrash(disk)).toEqual(['3000 a']);
      expect(await log.append(Buffer.alloc(3000, 'd'))).toBe(2);
      expect(await bodiesOf(log)).toEqual(['3000 a', '3000 d']);
      await log.close();
      expect(await bodiesAfterCrash(disk)).toEqual(['3000 a', '3000 d']);
    }
  });

  test.each([0, 56, 100, 512, 700, 1200])(
    'in the middle of a batch, %i bytes in, leaves nothing of the batch',
    async (afterBytes) => {
      const disk = new SimulatedDisk();
      const log = await open(disk);
      await log.append(Buffer.from('one'));
      disk.fate = (operation): Fate =>
        isBatchWrite(operation) ? { fails: 'ENOSPC', afterBytes } : 'proceed';
      const refused = [log.append(Buffer.alloc(500, 'x')), log.append(Buffer.alloc(600, 'y'))];
      for (const append of refused)
        await expect(append).rejects.toMatchObject({ code: 'LOG_FULL' });
      expect(await bodiesAfterCrash(disk)).toEqual(['one']);
      disk.fate = (): Fate => 'proceed';
      expect(await log.append(Buffer.from('two'))).toBe(2);
      await log.close();
      expect(await bodiesAfterCrash(disk)).toEqual(['one', 'two']);
    },
  );

  test('that hits a large batch behind the filled space leaves nothing of it', async () => {
    const segmentBytes = 4 * 1024 * 1024;
    for (const afterBytes of [0, 300_000, 600_000, 1_300_000]) {
      const disk = new SimulatedDisk();
      const log = await open(disk, segmentBytes);
      await log.append(Buffer.alloc(500_000, 'a'));
      disk.fate = (operation): Fate =>
        isBatchWrite(operation) ? { fails: 'ENOSPC', afterBytes } : 'proceed';
      const refused = log.append(Buffer.alloc(1_500_000, 'b'));
      await expect(refused).rejects.toMatchObject({ code: 'LOG_FULL' });
      disk.fate = (): Fate => 'proceed';
      expect(await log.append(Buffer.from('two'))).toBe(2);
      await log.close();
      expect(await bodiesAfterCrash(disk, segmentBytes)).toEqual(['500000 a', 'two']);
    }
  });

  test('leaves no name behind that could come back', async () => {
    const disk = new SimulatedDisk();
    const log = await open(disk);
    await log.append(Buffer.alloc(3000, 'a'));
    const operations: string[] = [];
    disk.fate = ({ kind }): Fate => {
      operations.push(kind);
      return kind === 'rename' ? { fails: 'ENOSPC' } : 'proceed';
    };
    await expect(log.append(Buffer.alloc(3000))).rejects.toMatchObject({ code: 'LOG_FULL' });
    expect(operations).toEqual(['create', 'write', 'rename', 'remove', 'flushDirectory']);
    await log.close();
  });

  test('that cannot be undone is fatal', async () => {
    const disk = new SimulatedDisk();
    const log = await open(disk);
    disk.fate = ({ kind }): Fate =>
      kind === 'write' ? { fails: 'ENOSPC', afterBytes: 10 } : 'proceed';
    await expect(log.append(Buffer.from('one'))).rejects.toMatchObject({ code: 'LOG_FAILED' });
    await log.close();
  });

  test('while filling ahead refuses nothing as long as filled space lasts', async () => {
    const disk = new SimulatedDisk();
    const log = await open(disk, 8 * 1024 * 1024);
    const body = Buffer.alloc(30_000, 'a');
    disk.fate = (operation): Fate =>
      operation.kind === 'write' && !isBatchWrite(operation) ? { fails: 'ENOSPC' } : 'proceed';
    let accepted = 0;
    for (; accepted < 100; accepted += 1) {
      const outcome = await log.append(body).catch((error: unknown) => error);
      if (typeof outcome === 'number') continue;
      expect(outcome).toMatchObject({ code: 'LOG_FULL' });
      break;
    }
    expect(accepted).toBe(34);
    disk.fate = (): Fate => 'proceed';
    expect(await log.append(body)).toBe(35);
    await log.close();
  });

  test('that passes before the space is needed refuses nothing', async () => {
    const disk = new SimulatedDisk();
    const log = await open(disk, 8 * 1024 * 1024);
    disk.fate = (operation): Fate => {
      const isFill = operation.kind === 'write' && !isBatchWrite(operation);
      return isFill && log.lastIndex < 34 ? { fails: 'ENOSPC' } : 'proceed';
    };
    for (let index = 1; index <= 60; index += 1) {
      expect(await log.append(Buffer.alloc(30_000, 'a'))).toBe(index);
    }
    await log.close();
  });

  test('at the very start is told as such', async () => {
    const disk = new SimulatedDisk();
    disk.fate = ({ kind }): Fate => (kind === 'write' ? { fails: 'ENOSPC' } : 'proceed');
    await expect(open(disk)).rejects.toMatchObject({ code: 'LOG_FULL' });
    disk.fate = (): Fate => 'proceed';
    await (await open(disk)).close();
  });
});

test('a disk that cannot be read refuses to open, and lets go of the lock', async () => {
  const disk = new SimulatedDisk();
  await (await open(disk)).close();
  disk.fate = ({ kind }): Fate => (kind === 'read' ? { fails: 'EIO' } : 'proceed');
  await expect(open(disk)).rejects.toMatchObject({ code: 'LOG_FAILED', cause: { code: 'EIO' } });
  disk.fate = (): Fate => 'proceed';
  await (await open(disk)).close();
});
