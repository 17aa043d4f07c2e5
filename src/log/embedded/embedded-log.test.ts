import { mkdtemp, readFile, readdir, readlink, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SimulatedDisk, type Fate } from '../../../test/disk/simulated-disk.ts';
import type { ReplicatedLog } from '../replicated-log.ts';
import { openEmbeddedLog, type EmbeddedLogOptions } from './embedded-log.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

function open(
  disk: SimulatedDisk,
  options: Partial<EmbeddedLogOptions> = {},
): Promise<ReplicatedLog> {
  const defaults = { directory: '/log', segmentBytes: 16 * 1024, fileSystem: disk };
  return openEmbeddedLog({ ...defaults, ...options });
}

async function bodiesOf(log: ReplicatedLog, afterIndex = 0): Promise<Buffer[]> {
  const bodies: Buffer[] = [];
  for await (const { body } of log.read(afterIndex)) bodies.push(Buffer.from(body));
  return bodies;
}

describe('group commit', () => {
  test('appends of one turn share one write', async () => {
    const flushes: number[] = [];
    const log = await open(new SimulatedDisk(), { onFlush: (_, __, count) => flushes.push(count) });
    await Promise.all(Array.from({ length: 20 }, () => log.append(Buffer.alloc(10))));
    expect(flushes).toEqual([20]);
    await log.close();
  });

  test('appends of one turn share one write even where promises lie between them', async () => {
    const flushes: number[] = [];
    const log = await open(new SimulatedDisk(), { onFlush: (_, __, count) => flushes.push(count) });
    const appends: Promise<number>[] = [];
    for (let count = 0; count < 50; count += 1) {
      appends.push(log.append(Buffer.alloc(10)));
      await Promise.resolve();
    }
    await Promise.all(appends);
    expect(flushes).toEqual([50]);
    await log.close();
  });

  test('a write begins before what else its turn has to do, also the one after another', async () => {
    const disk = new SimulatedDisk();
    const log = await open(disk);
    const order: string[] = [];
    disk.fate = ({ kind }): Fate => {
      if (kind === 'write') order.push('write');
      return 'proceed';
    };
    setImmediate(() => order.push('else'));
    const first = log.append(Buffer.alloc(10));
    await first.then(() => {
      setImmediate(() => order.push('else'));
      return log.append(Buffer.alloc(10));
    });
    expect(order.slice(0, 2)).toEqual(['write', 'write']);
    await log.close();
  });

  test('appends that arrive while a write is under way share the next one', async () => {
    const disk = new SimulatedDisk();
    const flushes: number[] = [];
    const log = await open(disk, { onFlush: (_, __, count) => flushes.push(count) });
    const late: Promise<number>[] = [];
    disk.fate = ({ kind }): Fate => {
      for (let count = 0; kind === 'write' && late.length < 7; count += 1) {
        late.push(log.append(Buffer.from('late')));
      }
      return 'proceed';
    };
    expect(await log.append(Buffer.from('first'))).toBe(1);
    expect(await Promise.all(late)).toEqual([2, 3, 4, 5, 6, 7, 8]);
    expect(flushes).toEqual([1, 7]);
    await log.close();
  });

  test('never has two batches under way', async () => {
    const disk = new SimulatedDisk();
    const log = await open(disk);
    let end = 0;
    disk.fate = ({ kind, position, bytes, path: file }): Fate => {
      if (kind !== 'write' || file.endsWith('.new')) return 'proceed';
      expect(log.lastIndex).toBeGreaterThanOrEqual(end);
      end = log.lastIndex;
      expect(position % 8).toBe(0);
      expect(bytes.length % 8).toBe(0);
      return 'proceed';
    };
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        for (let count = 0; count < 10; count += 1) await log.append(Buffer.alloc(30));
      }),
    );
    expect(log.lastIndex).toBe(500);
    await log.close();
  });

  test('what was appended is readable at once, and only then', async () => {
    const disk = new SimulatedDisk();
    const log = await open(disk);
    const append = log.append(Buffer.from('a'));
    expect(await bodiesOf(log)).toEqual([]);
    await append;
    expect(await bodiesOf(log)).toEqual([Buffer.from('a')]);
    await log.close();
  });
});

test('a large batch waits for filling under way where their ranges would meet', async () => {
  const disk = new SimulatedDisk();
  const log = await open(disk, { segmentBytes: 8 * 1024 * 1024 });
  const { promise: waits, resolve: goOn } = Promise.withResolvers<void>();
  const fillPositions: number[] = [];
  disk.fate = ({ kind, position, bytes }): Fate => {
    if (kind !== 'write' || bytes[0] !== 0) return 'proceed';
    fillPositions.push(position);
    return { waits };
  };
  await log.append(Buffer.from('small'));
  const large = log.append(Buffer.alloc(1_500_000, 7));
  expect(fillPositions).toEqual([4096 + 1024 * 1024]);
  setImmediate(() => setImmediate(goOn));
  expect(await large).toBe(2);
  await log.close();
});

test('any bodies, grouped and reopened in any way, come back in order', async () => {
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 8 }) },
    { weight: 1, arbitrary: fc.constant('reopen' as const) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const disk = new SimulatedDisk();
      const expected: Buffer[] = [];
      let log = await open(disk);
      for (const taken of steps) {
        if (taken === 'reopen') {
          await log.close();
          log = await open(disk);
          expect(log.recovery).toEqual({ firstIndex: 1, lastIndex: expected.length, tornBytes: 0 });
          continue;
        }
        await Promise.all(taken.map((body) => log.append(body)));
        expected.push(...taken.map((body) => Buffer.from(body)));
      }
      expect(await bodiesOf(log)).toEqual(expected);
      const half = Math.floor(expected.length / 2);
      expect(await bodiesOf(log, half)).toEqual(expected.slice(half));
      await log.close();
    }),
    { numRuns: 60, ...SEED },
  );
});

describe('reading', () => {
  test('ends with what was durable when it began', async () => {
    const log = await open(new SimulatedDisk());
    await log.append(Buffer.from('a'));
    const reading = log.read(0)[Symbol.asyncIterator]();
    expect(await reading.next()).toMatchObject({ value: { index: 1 } });
    await log.append(Buffer.from('b'));
    expect(await reading.next()).toMatchObject({ done: true });
    await log.close();
  });

  test('behind a released index is refused, never silently short', async () => {
    const log = await open(new SimulatedDisk());
    for (let count = 0; count < 30; count += 1) await log.append(Buffer.alloc(1000));
    await log.releaseThrough(25);
    await expect(bodiesOf(log, 0)).rejects.toMatchObject({ code: 'LOG_RELEASED' });
    expect((await bodiesOf(log, 25)).length).toBe(5);
    await log.close();
  });

  test('notices damage done since the log was opened', async () => {
    const disk = new SimulatedDisk();
    const log = await open(disk);
    for (const body of ['a', 'b', 'c']) await log.append(Buffer.from(body));
    const [file = '', content = Buffer.alloc(0)] = [...disk.files()][0] ?? [];
    content[4096 + 128 + 56] = 0x7f;
    disk.put(file, content);
    const reading = log.read(0)[Symbol.asyncIterator]();
    expect(await reading.next()).toMatchObject({ value: { index: 1 } });
    await expect(reading.next()).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
    await log.close();
  });
});

describe('releasing', () => {
  test('frees whole segments only, and never the one being written', async () => {
    const disk = new SimulatedDisk();
    const log = await open(disk);
    for (let count = 0; count < 30; count += 1) await log.append(Buffer.alloc(1000));
    expect(disk.files().size).toBe(3);
    await log.releaseThrough(9);
    expect(disk.files().size).toBe(3);
    await Promise.all([log.releaseThrough(10), log.releaseThrough(10)]);
    expect(disk.files().size).toBe(2);
    await log.releaseThrough(1000);
    expect(disk.files().size).toBe(1);
    expect(await log.append(Buffer.from('next'))).toBe(31);
    await log.close();
  });

  test('makes each removal durable before the next, so that no gap can come back', async () => {
    const disk = new SimulatedDisk();
    const log = await open(disk);
    for (let count = 0; count < 30; count += 1) await log.append(Buffer.alloc(1000));
    const operations: string[] = [];
    disk.fate = ({ kind }): Fate => {
      operations.push(kind);
      return 'proceed';
    };
    await log.releaseThrough(30);
    expect(operations).toEqual(['remove', 'flushDirectory', 'remove', 'flushDirectory']);
    await log.close();
  });

  test('gives back room on a full disk', async () => {
    const disk = new SimulatedDisk();
    const log = await open(disk);
    disk.fate = ({ kind }): Fate =>
      kind === 'create' && disk.files().size >= 2 ? { fails: 'ENOSPC' } : 'proceed';
    let outcome: unknown;
    while (typeof outcome !== 'object') {
      outcome = await log.append(Buffer.alloc(1000)).catch((error: unknown) => error);
    }
    expect(outcome).toMatchObject({ code: 'LOG_FULL' });
    const { lastIndex } = log;
    await log.releaseThrough(lastIndex);
    expect(await log.append(Buffer.alloc(1000))).toBe(lastIndex + 1);
    await log.close();
  });
});

test('options out of bounds are refused by name', async () => {
  const disk = new SimulatedDisk();
  for (const options of [{ segmentBytes: 100 }, { segmentBytes: 1e10 }, { entryBytesMax: 0 }]) {
    await expect(open(disk, options)).rejects.toMatchObject({
      code: 'LOG_OPTIONS_INVALID',
      details: options,
    });
  }
  const larger = { segmentBytes: 8192, entryBytesMax: 8192 };
  await expect(open(disk, larger)).rejects.toThrow(/entryBytesMax must be an integer from 1 to/);
});

test('segments may have another size at every open', async () => {
  const disk = new SimulatedDisk();
  const expected: Buffer[] = [];
  for (const segmentBytes of [8192, 65_536, 16_384, 8192, 1024 * 1024, 8192]) {
    const log = await open(disk, { segmentBytes });
    const body = Buffer.alloc(segmentBytes - 8192 + 3000, expected.length);
    expected.push(body, body);
    await log.append(body);
    await log.append(body);
    await log.close();
  }
  const log = await open(disk);
  expect(await bodiesOf(log)).toEqual(expected);
  await log.close();
});

describe('on the real disk', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), 'uqo-embedded-log-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  test('a folder holds one log at a time', async () => {
    const nested = path.join(directory, 'a', 'b');
    const log = await openEmbeddedLog({ directory: nested });
    await expect(openEmbeddedLog({ directory: nested })).rejects.toMatchObject({
      code: 'DATA_DIR_LOCKED',
      details: { directory: nested },
    });
    await log.close();
    await (await openEmbeddedLog({ directory: nested })).close();
  });

  test('descriptors that entries are written to are write-through', async (context) => {
    if (process.platform !== 'linux') return context.skip();
    const log = await openEmbeddedLog({ directory });
    const O_DSYNC = 0o10000;
    const flags: number[] = [];
    for (const descriptor of await readdir('/proc/self/fd')) {
      const link = `/proc/self/fd/${descriptor}`;
      const target = await readlink(link).catch(() => ''); // The descriptor of this listing is gone.
      if (!target.startsWith(directory) || !target.endsWith('.segment')) continue;
      const info = await readFile(`/proc/self/fdinfo/${descriptor}`, 'utf8');
      flags.push(Number.parseInt(/flags:\s+(\d+)/.exec(info)?.[1] ?? '0', 8) & O_DSYNC);
    }
    expect(flags).toEqual([O_DSYNC]);
    await log.close();
  });
});
