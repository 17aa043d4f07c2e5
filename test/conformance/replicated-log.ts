/** The promises of {@link ReplicatedLog}, as tests that any implementation can be held to. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ReplicatedLog } from '../../src/log/replicated-log.ts';

/** One log that outlives its instances, as a disk or a cluster does. */
export interface LogUnderTest {
  /** Opens the log, or opens it again after a close. */
  open(): Promise<ReplicatedLog>;
  /** Takes everything away after a test. */
  dispose(): Promise<void>;
  /** Makes every later write of the open log fail, if this implementation can. */
  breakWrites?(): void;
  readonly entryBytesMax: number;
}

export function describeReplicatedLog(name: string, create: () => Promise<LogUnderTest>): void {
  describe(`${name} keeps the promises of a replicated log`, () => {
    let subject: LogUnderTest;
    let log: ReplicatedLog;

    beforeEach(async () => {
      subject = await create();
      log = await subject.open();
    });
    afterEach(async () => {
      await log.close();
      await subject.dispose();
    });

    async function reopen(): Promise<void> {
      await log.close();
      log = await subject.open();
    }

    test('a new log is empty', async () => {
      expect(log.recovery).toEqual({ firstIndex: 1, lastIndex: 0, tornBytes: 0 });
      expect(log.lastIndex).toBe(0);
      expect(await entries(log, 0)).toEqual([]);
    });

    test('L1 an acknowledged entry is found by every later open', async () => {
      for (let index = 1; index <= 5; index += 1) {
        expect(await log.append(Buffer.from(`entry ${index}`))).toBe(index);
        await reopen();
        expect(log.recovery.lastIndex).toBe(index);
        expect(log.lastIndex).toBe(index);
      }
      const found = await entries(log, 0);
      expect(found.map(({ index, body }) => `${index}: ${body.toString()}`)).toEqual(
        [1, 2, 3, 4, 5].map((index) => `${index}: entry ${index}`),
      );
    });

    test('L2 appends resolve in the order they were called, with indexes that have no gap', async () => {
      const settled: number[] = [];
      const appends = Array.from({ length: 300 }, async (_, position) => {
        if (position % 50 === 49) await Promise.resolve();
        const index = await log.append(Buffer.from(String(position)));
        settled.push(index);
        return index;
      });
      const indexes = await Promise.all(appends);
      expect(settled).toEqual(settled.map((_, position) => position + 1));
      expect([...indexes].sort((left, right) => left - right)).toEqual(settled);
      const found = await entries(log, 0);
      indexes.forEach((index, position) => {
        expect(found[index - 1]?.body.toString()).toBe(String(position));
      });
    });

    test('L3 after a failed write nothing is acknowledged, and the cause is told', async (context) => {
      if (subject.breakWrites === undefined) return context.skip();
      await log.append(Buffer.from('kept'));
      subject.breakWrites();
      await expect(log.append(Buffer.from('lost'))).rejects.toMatchObject({ code: 'LOG_FAILED' });
      await expect(log.append(Buffer.from('late'))).rejects.toMatchObject({ code: 'LOG_FAILED' });
      expect(await log.failed).toBeInstanceOf(Error);
      await reopen();
      const found = await entries(log, 0);
      expect(found[0]?.body.toString()).toBe('kept');
    });

    test('L4 entries come back byte for byte', async () => {
      const bodies = [
        Buffer.alloc(0),
        Buffer.from([0]),
        Buffer.alloc(4096),
        Buffer.from(Array.from({ length: 5000 }, (_, position) => (position * 31) % 256)),
        Buffer.alloc(subject.entryBytesMax, 0xff),
      ];
      for (const body of bodies) await log.append(body);
      await reopen();
      const found = await entries(log, 0);
      expect(found.length).toBe(bodies.length);
      bodies.forEach((body, position) => {
        expect(found[position]?.body.equals(body)).toBe(true);
      });
    });

    test('reading starts behind the index given and ends at the newest durable entry', async () => {
      for (const body of ['a', 'b', 'c']) await log.append(Buffer.from(body));
      expect((await entries(log, 1)).map(({ index }) => index)).toEqual([2, 3]);
      expect(await entries(log, 3)).toEqual([]);
      const reading = log.read(0)[Symbol.asyncIterator]();
      expect(await reading.next()).toMatchObject({ value: { index: 1 } });
      await reading.return?.();
    });

    test('releasing never takes an entry above the index given', async () => {
      for (let index = 1; index <= 40; index += 1) await log.append(Buffer.alloc(900, index));
      await log.releaseThrough(30);
      await reopen();
      const { firstIndex } = log.recovery;
      expect(firstIndex).toBeLessThanOrEqual(31);
      const found = await entries(log, firstIndex - 1);
      expect(found.map(({ index }) => index)).toEqual(
        Array.from({ length: 41 - firstIndex }, (_, position) => firstIndex + position),
      );
      expect(await log.append(Buffer.from('next'))).toBe(41);
    });

    test('an entry above the bound is refused and leaves the log usable', async () => {
      const tooLarge = Buffer.alloc(subject.entryBytesMax + 1);
      await expect(log.append(tooLarge)).rejects.toMatchObject({ code: 'LOG_ENTRY_TOO_LARGE' });
      expect(await log.append(Buffer.from('small'))).toBe(1);
    });

    test('closing waits for appends under way, refuses later ones, and may be repeated', async () => {
      const underWay = [log.append(Buffer.from('a')), log.append(Buffer.from('b'))];
      const closed = log.close();
      await expect(log.append(Buffer.from('c'))).rejects.toMatchObject({ code: 'LOG_CLOSED' });
      expect(await Promise.all(underWay)).toEqual([1, 2]);
      await closed;
      await log.close();
      await expect(entries(log, 0)).rejects.toMatchObject({ code: 'LOG_CLOSED' });
      await expect(log.releaseThrough(1)).rejects.toMatchObject({ code: 'LOG_CLOSED' });
      log = await subject.open();
      expect(log.lastIndex).toBe(2);
    });
  });
}

async function entries(
  log: ReplicatedLog,
  afterIndex: number,
): Promise<{ index: number; body: Buffer }[]> {
  const found: { index: number; body: Buffer }[] = [];
  for await (const { index, body } of log.read(afterIndex)) {
    found.push({ index, body: Buffer.from(body) });
  }
  return found;
}
