import { beforeEach, describe, expect, test } from 'vitest';
import { SimulatedDisk } from '../../../test/disk/simulated-disk.ts';
import type { ReplicatedLog } from '../replicated-log.ts';
import { openEmbeddedLog } from './embedded-log.ts';
import { decodeSegmentHeader, encodeSegmentHeader } from './segment-header.ts';
import { segmentName } from './segment-name.ts';

const DIRECTORY = '/log';

function open(disk: SimulatedDisk): Promise<ReplicatedLog> {
  return openEmbeddedLog({ directory: DIRECTORY, segmentBytes: 8 * 1024, fileSystem: disk });
}

/** The files of a log of twelve entries in four segments, oldest first. */
async function segmentedFiles(
  letter: string,
): Promise<(readonly [path: string, content: Buffer])[]> {
  const disk = new SimulatedDisk();
  const log = await open(disk);
  for (let index = 1; index <= 12; index += 1) await log.append(Buffer.alloc(1000, letter));
  await log.close();
  return [...disk.files()].sort();
}

function diskWith(files: readonly (readonly [path: string, content: Buffer])[]): SimulatedDisk {
  const disk = new SimulatedDisk();
  for (const [file, content] of files) disk.put(file, content);
  return disk;
}

async function refusal(disk: SimulatedDisk): Promise<unknown> {
  const before = disk.files();
  const error = await open(disk).then(
    (log) => log.close(),
    (thrown: unknown) => thrown,
  );
  expect(disk.files()).toEqual(before);
  return error;
}

let files: Awaited<ReturnType<typeof segmentedFiles>>;
beforeEach(async () => {
  files = await segmentedFiles('a');
});

describe('opening refuses, and changes nothing, where', () => {
  test('a segment in the middle is missing', async () => {
    const error = await refusal(diskWith(files.filter((_, position) => position !== 1)));
    expect(error).toMatchObject({
      code: 'LOG_SEGMENT_MISSING',
      details: { firstIndex: 4, lastIndex: 6 },
    });
  });

  test('a segment before the last lost its end', async () => {
    const [first = ['', Buffer.alloc(0)], ...others] = files;
    for (const cut of [4096, 4096 + 1120 + 8, 7000]) {
      const error = await refusal(diskWith([[first[0], first[1].subarray(0, cut)], ...others]));
      expect(error).toMatchObject({
        code: expect.stringMatching(/^LOG_(CORRUPT|SEGMENT_MISSING)$/) as string,
      });
    }
  });

  test('a segment before the last holds a flipped bit', async () => {
    for (const [position, [file, content]] of files.slice(0, -1).entries()) {
      for (const offset of [0, 20, 4095, 4100, 5000, 6200, 7400]) {
        const damaged = Buffer.from(content);
        damaged[offset] = (damaged[offset] ?? 0) ^ 4;
        const error = await refusal(diskWith(files.with(position, [file, damaged])));
        expect(error).toMatchObject({ code: 'LOG_CORRUPT', details: { file } });
        expect((error as Error).message).toMatch(/byte \d+ of .*restore/);
      }
    }
  });

  test('a segment of another log has taken the place of one of this', async () => {
    const others = await segmentedFiles('b');
    const error = await refusal(diskWith(files.with(1, others[1] ?? ['', Buffer.alloc(0)])));
    expect(error).toMatchObject({ code: 'LOG_CORRUPT' });
  });

  test('two segments start at the same index, or overlap', async () => {
    const others = await segmentedFiles('b');
    for (const position of [0, 1, 3]) {
      const error = await refusal(diskWith([...files, others[position] ?? ['', Buffer.alloc(0)]]));
      expect(error).toMatchObject({ code: 'LOG_SEGMENT_DUPLICATE' });
    }
  });

  test('a header names another base index than its file', async () => {
    const [file, content] = files[2] ?? ['', Buffer.alloc(0)];
    const header = decodeSegmentHeader(content.subarray(0, 4096));
    if (typeof header === 'string') throw new Error('the header must be whole');
    const altered = Buffer.from(content);
    encodeSegmentHeader({ ...header, baseIndex: 8 }).copy(altered);
    expect(await refusal(diskWith(files.with(2, [file, altered])))).toMatchObject({
      code: 'LOG_CORRUPT',
      details: { file, offset: 16 },
    });
    const renamed = `${DIRECTORY}/${segmentName(8, header.id)}`;
    expect(await refusal(diskWith(files.with(2, [renamed, altered])))).toMatchObject({
      code: 'LOG_SEGMENT_MISSING',
    });
  });

  test('a file does not belong to a log', async () => {
    for (const name of ['notes.txt', '0000000000000001.segment', 'data.mdb']) {
      const disk = diskWith([...files, [`${DIRECTORY}/${name}`, Buffer.from('x')]]);
      expect(await refusal(disk)).toMatchObject({
        code: 'LOG_FOREIGN_FILE',
        details: { file: `${DIRECTORY}/${name}` },
      });
    }
  });

  test('the format is of another version', async () => {
    const [file, content] = files[3] ?? ['', Buffer.alloc(0)];
    const altered = Buffer.from(content);
    altered.writeUInt32LE(2, 8);
    const { crc32c } = await import('@node-rs/crc32');
    altered.writeUInt32LE(crc32c(altered.subarray(0, 4092)), 4092);
    expect(await refusal(diskWith(files.with(3, [file, altered])))).toMatchObject({
      code: 'LOG_VERSION_UNSUPPORTED',
      details: { file },
    });
  });
});

test('missing segments at the start were released, not lost', async () => {
  const log = await open(diskWith(files.slice(2)));
  expect(log.recovery).toEqual({ firstIndex: 7, lastIndex: 12, tornBytes: 0 });
  await log.close();
});

test('a segment that was being made when the machine stopped is removed', async () => {
  const unfinished = `${DIRECTORY}/${segmentName(13, Buffer.alloc(8, 1))}.new`;
  const disk = diskWith([...files, [unfinished, Buffer.from('half a header')]]);
  const log = await open(disk);
  expect(await log.append(Buffer.from('next'))).toBe(13);
  await log.close();
  expect(disk.files().has(unfinished)).toBe(false);
});

test('files of the system and of the lock are let be', async () => {
  const names = ['.DS_Store', 'lock.sqlite', 'lock.sqlite-journal'];
  const disk = diskWith([
    ...files,
    ...names.map((name) => [`${DIRECTORY}/${name}`, Buffer.from('x')] as const),
  ]);
  await (await open(disk)).close();
  for (const name of names) expect(disk.files().has(`${DIRECTORY}/${name}`)).toBe(true);
});

test('leftovers of another segment in the free space are not taken for records', async () => {
  const [first = ['', Buffer.alloc(0)]] = files;
  const [other = ['', Buffer.alloc(0)]] = await segmentedFiles('b');
  for (const kept of [0, 1, 2]) {
    const end = 4096 + kept * 1120;
    const mixed = Buffer.concat([first[1].subarray(0, end), other[1].subarray(end)]);
    const log = await open(diskWith([[first[0], mixed]]));
    expect(log.recovery.lastIndex).toBe(kept);
    expect(log.recovery.tornBytes).toBe((3 - kept) * 1120);
    await log.close();
  }
});
