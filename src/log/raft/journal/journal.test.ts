import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SimulatedDisk } from '../../../../test/disk/simulated-disk.ts';
import type { LogBase, RaftEntry, SnapshotMeta, WriteToken } from '../../../consensus/index.ts';
import type { LogFile } from '../../embedded/file-system.ts';
import type { Journal } from './journal.ts';
import type { JournalContent } from './journal-recovery.ts';
import { openJournal } from './open-journal.ts';

const NOTHING_LOST = { nameChanges: (count: number): number => count, keepsSector: () => true };
const CONFIGURATION = {
  voters: ['a', 'b', 'c'],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  isAutoLeave: true,
  removed: [],
};
/** All entries have it, so that a chain of them can be cut and mended anywhere. */
const HASH = Buffer.alloc(16, 0x22);
const GENESIS: LogBase = {
  index: 0,
  term: 0,
  hash: HASH,
  configuration: CONFIGURATION,
  configurationIndex: 0,
};

function open(disk: SimulatedDisk, nodeId = 'a'): Promise<Journal> {
  return openJournal({
    directory: '/raft',
    clusterId: 'test',
    nodeId,
    beginning: {
      base: GENESIS,
      hardState: { term: 0, votedFor: null, commitIndex: 0 },
      entries: [],
    },
    entryBytesMax: 4096,
    segmentBytes: 1, // The least that holds a group.
    groupBytesMax: 8192,
    fileSystem: disk,
    hasher: { hash: () => HASH },
  });
}

/** What a journal brought back. */
function entriesOf({ log }: JournalContent): RaftEntry[] {
  return log.slice(log.base.index + 1, log.lastIndex, Number.POSITIVE_INFINITY);
}

function entry(index: number, term: number, bodyBytes = 8): RaftEntry {
  const body = Buffer.alloc(bodyBytes, index);
  return { index, term, kind: 'command', prevHash: HASH, body };
}

function entries(from: number, to: number, term: number, bodyBytes?: number): RaftEntry[] {
  const count = to - from + 1;
  return Array.from({ length: count }, (_, at) => entry(from + at, term, bodyBytes));
}

function metaAt(index: number, term: number, commands: number): SnapshotMeta {
  const stateDigest = Buffer.alloc(40);
  stateDigest.writeBigUInt64LE(BigInt(commands), 32);
  return {
    lastIndex: index,
    lastTerm: term,
    lastHash: HASH,
    configuration: CONFIGURATION,
    configurationIndex: 0,
    stateDigest,
    sizeBytes: 5,
  };
}

/** Writes with tokens of their own, and waits for them. */
class Writer {
  readonly told: WriteToken[] = [];
  failure: Error | null = null;
  readonly #journal: Journal;
  #seq = 0;
  #waiting: (() => void)[] = [];

  constructor(journal: Journal) {
    this.#journal = journal;
    journal.listen({
      onDurable: (token) => {
        this.told.push(token);
        for (const resolve of this.#waiting.splice(0)) resolve();
      },
      onFailed: (error) => {
        this.failure = error;
        for (const resolve of this.#waiting.splice(0)) resolve();
      },
    });
  }

  write(persist: Partial<Parameters<Journal['write']>[0]>): number {
    this.#seq += 1;
    const token = { seq: this.#seq, generation: 0 };
    this.#journal.write({ kind: 'persist', token, entries: [], isSyncNeeded: true, ...persist });
    return this.#seq;
  }

  get durableSeq(): number {
    return this.told.at(-1)?.seq ?? 0;
  }

  async settled(seq: number): Promise<void> {
    while (this.durableSeq < seq && this.failure === null) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}

async function contentAfterCrash(disk: SimulatedDisk): Promise<JournalContent> {
  const journal = await open(disk.afterCrash(NOTHING_LOST));
  const content = journal.takeContent();
  await journal.close();
  return content;
}

function text(list: readonly RaftEntry[]): string {
  return list.map(({ index, term }) => `${index}/${term}`).join(' ');
}

describe('a journal', () => {
  test('of a new node begins at the genesis with term 0 and an incarnation of its own', async () => {
    const disk = new SimulatedDisk();
    const journal = await open(disk);
    const content = journal.takeContent();
    expect(content).toMatchObject({
      hardState: { term: 0, votedFor: null, commitIndex: 0 },
      base: { index: 0, commandsBefore: 0, configuration: CONFIGURATION },
      snapshot: null,
    });
    expect(entriesOf(content)).toEqual([]);
    await journal.close();
    const again = await open(disk);
    expect(again.identity).toEqual(content.identity);
    expect(again.takeContent().base.hash).toEqual(new Uint8Array(GENESIS.hash));
    await again.close();
  });

  test('gives back entries, hard state and how many commands came before', async () => {
    const disk = new SimulatedDisk();
    const journal = await open(disk);
    const writer = new Writer(journal);
    const noop: RaftEntry = { ...entry(1, 1), kind: 'noop', body: Buffer.alloc(0) };
    writer.write({ hardState: { term: 1, votedFor: 'a', commitIndex: 0 }, entries: [noop] });
    writer.write({ entries: entries(2, 5, 1) });
    const seq = writer.write({ hardState: { term: 2, votedFor: null, commitIndex: 4 } });
    await writer.settled(seq);
    const content = await contentAfterCrash(disk);
    expect(content.hardState).toEqual({ term: 2, votedFor: null, commitIndex: 4 });
    expect(text(entriesOf(content))).toBe('1/1 2/1 3/1 4/1 5/1');
    expect(entriesOf(content)[0]).toMatchObject({ kind: 'noop' });
    expect(Buffer.from(entriesOf(content)[4]?.body ?? [])).toEqual(Buffer.alloc(8, 5));
    expect(journal.positions.commandsAt(5)).toBe(4);
    expect(journal.positions.indexOfCommand(1)).toBe(2);
    await journal.close();
  });

  test('forgets a suffix that was truncated, and keeps what replaced it', async () => {
    const disk = new SimulatedDisk();
    const journal = await open(disk);
    const writer = new Writer(journal);
    writer.write({ entries: entries(1, 9, 1) });
    await writer.settled(writer.write({ truncateFrom: 4, entries: entries(4, 5, 3) }));
    expect(text(entriesOf(await contentAfterCrash(disk)))).toBe('1/1 2/1 3/1 4/3 5/3');
    expect(text(await journal.read(3, 9, 10_000))).toBe('3/1 4/3 5/3');
    await journal.close();
  });

  test('tells tokens in order, and the newest of a group for all of it', async () => {
    const journal = await open(new SimulatedDisk());
    const writer = new Writer(journal);
    for (let index = 1; index <= 50; index += 1) writer.write({ entries: [entry(index, 1)] });
    await writer.settled(50);
    const seqs = writer.told.map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.toSorted((left, right) => left - right));
    expect(seqs.length).toBeLessThan(10);
    await journal.close();
  });

  test('cuts a large write into groups and tells of it once, at its end', async () => {
    const disk = new SimulatedDisk();
    const journal = await open(disk);
    const writer = new Writer(journal);
    const seq = writer.write({ entries: entries(1, 1000, 1, 4096) });
    await writer.settled(seq);
    expect(writer.told).toEqual([{ seq, generation: 0 }]);
    expect(entriesOf(await contentAfterCrash(disk))).toHaveLength(1000);
    const found = await journal.read(200, 1000, 3 * 4096);
    expect(found.map(({ index }) => index)).toEqual([200, 201, 202]);
    expect(text(await journal.read(999, 1000, 100_000))).toBe('999/1 1000/1');
    await journal.close();
  });

  test('brings back a log of any size with no more than the newest 16 MiB of bodies in memory', async () => {
    const disk = new SimulatedDisk();
    const journal = await open(disk);
    const writer = new Writer(journal);
    await writer.settled(writer.write({ entries: entries(1, 5_000, 1, 4_000) }));
    await journal.close();
    const again = await open(disk);
    const { log } = again.takeContent();
    expect(log.lastIndex).toBe(5_000);
    expect(log.tailBytes).toBeGreaterThan(15 * 1024 * 1024);
    expect(log.tailBytes).toBeLessThanOrEqual(16 * 1024 * 1024);
    expect((await again.read(1, 1, 1))[0]?.body).toEqual(Buffer.alloc(4_000, 1));
    await again.close();
  });

  test('reads entries that are still being written once they are durable', async () => {
    const disk = new SimulatedDisk();
    const journal = await open(disk);
    const writer = new Writer(journal);
    writer.write({ entries: entries(1, 3, 1) });
    writer.write({ entries: entries(4, 5, 1), isSyncNeeded: false });
    expect(text(await journal.read(1, 5, 1000))).toBe('1/1 2/1 3/1 4/1 5/1');
    expect(await journal.read(6, 7, 1000)).toEqual([]);
    await journal.close();
  });

  test('keeps hard state, peers and snapshot when what held them is released', async () => {
    const disk = new SimulatedDisk();
    const journal = await open(disk);
    const writer = new Writer(journal);
    const peers = [{ nodeId: 'b', address: '127.0.0.1:7', incarnation: 'x' }];
    writer.write({ hardState: { term: 1, votedFor: 'c', commitIndex: 0 } });
    await journal.keepPeers(peers);
    for (let index = 1; index <= 900; index += 1) {
      await writer.settled(writer.write({ entries: [entry(index, 1, 4000)] }));
    }
    await journal.keepSnapshot(metaAt(850, 1, 850));
    const segments = disk.files().size;
    await journal.compact({ ...GENESIS, index: 800, term: 1 });
    expect(disk.files().size).toBeLessThan(segments);
    const content = await contentAfterCrash(disk);
    expect(content.hardState).toEqual({ term: 1, votedFor: 'c', commitIndex: 800 });
    expect(content.base).toMatchObject({ index: 800, commandsBefore: 800 });
    expect(content.snapshot).toMatchObject({ lastIndex: 850 });
    expect(content.peers).toEqual(peers);
    expect(entriesOf(content)[0]?.index).toBe(801);
    expect(entriesOf(content)).toHaveLength(100);
    expect(await journal.read(800, 810, 1000)).toEqual([]);
    await journal.close();
  });

  test('a read of what is let go of meanwhile ends without entries, whenever that happens', async () => {
    const outcomes = new Set<number>();
    for (let turns = 0; turns < 60; turns += 1) {
      const disk = new SimulatedDisk();
      const journal = await open(disk);
      const writer = new Writer(journal);
      for (let index = 1; index <= 60; index += 1) {
        await writer.settled(writer.write({ entries: [entry(index, 1, 4000)] }));
      }
      // The first leaves a reader at its place behind, the second is on its way through all groups.
      const reads = [journal.read(1, 50, 1), journal.read(20, 60, 1_000_000)];
      for (let turn = 0; turn < 4 * turns; turn += 1) await Promise.resolve();
      await journal.compact({ ...GENESIS, index: 40, term: 1 });
      for (const found of await Promise.all(reads)) outcomes.add(found.length);
      expect(await journal.read(41, 60, 1_000_000)).toHaveLength(20);
      expect(writer.failure).toBeNull();
      await journal.close();
    }
    expect(outcomes).toContain(0);
  });

  test('a read whose file is let go of before it is opened ends without entries', async () => {
    const asked = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    class SlowDisk extends SimulatedDisk {
      override async open(file: string): Promise<LogFile> {
        asked.resolve();
        await gate.promise;
        return super.open(file);
      }
    }
    const journal = await open(new SlowDisk());
    const writer = new Writer(journal);
    for (let index = 1; index <= 60; index += 1) {
      await writer.settled(writer.write({ entries: [entry(index, 1, 4000)] }));
    }
    const read = journal.read(1, 50, 100_000);
    await asked.promise;
    await journal.compact({ ...GENESIS, index: 40, term: 1 });
    gate.resolve();
    expect(await read).toEqual([]);
    expect(writer.failure).toBeNull();
    await journal.close();
  });

  test('begins anew behind an installed snapshot', async () => {
    const disk = new SimulatedDisk();
    const journal = await open(disk);
    const writer = new Writer(journal);
    writer.write({ entries: entries(1, 9, 1) });
    const restart = metaAt(100, 4, 77);
    await writer.settled(writer.write({ restart, entries: entries(101, 102, 4) }));
    const content = await contentAfterCrash(disk);
    expect(content.base).toMatchObject({ index: 100, term: 4, commandsBefore: 77 });
    expect(text(entriesOf(content))).toBe('101/4 102/4');
    expect(journal.positions.commandsAt(102)).toBe(79);
    await journal.close();
  });

  test('is refused to another node', async () => {
    const disk = new SimulatedDisk();
    await (await open(disk)).close();
    await expect(open(disk, 'b')).rejects.toMatchObject({ code: 'JOURNAL_FOREIGN' });
  });

  test.each(['EIO', 'ENOSPC'])('tells nothing as durable after %s, ever', async (code) => {
    const disk = new SimulatedDisk();
    const journal = await open(disk);
    const writer = new Writer(journal);
    await writer.settled(writer.write({ entries: [entry(1, 1)] }));
    disk.fate = ({ bytes, kind }) => {
      const isBatch = kind === 'write' && bytes.some((byte) => byte !== 0);
      return isBatch ? { fails: code } : 'proceed';
    };
    const failing = writer.write({ entries: [entry(2, 1)] });
    const kept = [journal.keepPeers([]), journal.keepSnapshot(metaAt(1, 1, 1))];
    const outcomes = Promise.allSettled(kept);
    writer.write({ entries: [entry(3, 1)] });
    await writer.settled(failing);
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    disk.fate = () => 'proceed';
    writer.write({ entries: [entry(4, 1)] });
    await expect(journal.keepPeers([])).rejects.toBe(writer.failure);
    await journal.close();
    expect(writer.durableSeq).toBe(1);
    expect(writer.failure).toBeInstanceOf(Error);
    expect(text(entriesOf(await contentAfterCrash(disk)))).toBe('1/1');
  });
});

type Step =
  | { readonly kind: 'append'; readonly count: number }
  | { readonly kind: 'replace'; readonly back: number; readonly count: number }
  | { readonly kind: 'vote' }
  | { readonly kind: 'compact'; readonly share: number }
  | { readonly kind: 'restart'; readonly ahead: number }
  | { readonly kind: 'crash'; readonly seed: number };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('append' as const), count: fc.nat(9) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('replace' as const),
      back: fc.integer({ min: 1, max: 9 }),
      count: fc.nat(5),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'vote' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('compact' as const), share: fc.nat(100) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), ahead: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('crash' as const), seed: fc.nat() }) },
);

/** What a journal comes to, as text: base, hard state, entries. */
interface Twin {
  readonly base: number;
  readonly term: number;
  readonly entries: readonly RaftEntry[];
}

function describeTwin({ base, entries: list, term }: Twin): string {
  return `${base} term ${term}: ${text(list)}`;
}

test('after a crash at any moment a journal holds all that was told, and a prefix of what was written', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { maxLength: 40 }), async (steps) => {
      let disk = new SimulatedDisk();
      let journal = await open(disk);
      let writer = new Writer(journal);
      let twin: Twin = { base: 0, term: 0, entries: [] };
      /** What opening may find: by write, the state after it; compaction counts as a state of its own. */
      let states: { seq: number; text: string }[] = [{ seq: 0, text: describeTwin(twin) }];
      for (const step of [...steps, { kind: 'crash' as const, seed: 1 }]) {
        const last = twin.base + twin.entries.length;
        let seq = states.at(-1)?.seq ?? 0;
        if (step.kind === 'append') {
          const added = entries(last + 1, last + step.count, twin.term, 700);
          twin = { ...twin, entries: [...twin.entries, ...added] };
          seq = writer.write({ entries: added });
        } else if (step.kind === 'replace') {
          const from = Math.max(twin.base + 1, last - step.back + 1);
          const term = twin.term + 1;
          const added = entries(from, from + step.count - 1, term, 700);
          const kept = twin.entries.filter(({ index }) => index < from);
          twin = { ...twin, term, entries: [...kept, ...added] };
          const hardState = { term, votedFor: null, commitIndex: 0 };
          seq = writer.write({ truncateFrom: from, entries: added, hardState });
        } else if (step.kind === 'vote') {
          twin = { ...twin, term: twin.term + 1 };
          seq = writer.write({ hardState: { term: twin.term, votedFor: 'b', commitIndex: 0 } });
        } else if (step.kind === 'compact') {
          const index = twin.base + Math.floor((twin.entries.length * step.share) / 100);
          const term = twin.entries[index - twin.base - 1]?.term ?? 0;
          // Only what is durable and committed is ever compacted.
          await writer.settled(seq);
          twin = { ...twin, base: index, entries: twin.entries.slice(index - twin.base) };
          void journal.compact({ ...GENESIS, index, term });
        } else if (step.kind === 'restart') {
          const index = last + step.ahead;
          twin = { base: index, term: twin.term, entries: [] };
          seq = writer.write({ restart: metaAt(index, twin.term, index) });
        } else {
          let word = step.seed;
          disk = disk.afterCrash({
            nameChanges: (count) => (word = (word * 48_271 + 11) % 2_147_483_647) % (count + 1),
            keepsSector: () => (word = (word * 48_271 + 11) % 2_147_483_647) % 3 > 0,
          });
          const told = writer.durableSeq;
          void journal.close();
          journal = await open(disk);
          const found = journal.takeContent();
          const base = found.base.index;
          twin = { base, term: found.hardState.term, entries: entriesOf(found) };
          const allowed = states.filter((state) => state.seq >= told).map((state) => state.text);
          expect(allowed).toContain(describeTwin(twin));
          writer = new Writer(journal);
          states = [];
          seq = 0;
        }
        states.push({ seq, text: describeTwin(twin) });
        if (step.kind !== 'crash' && steps.length % 2 === 0) await writer.settled(seq);
      }
      await journal.close();
    }),
    {
      numRuns: 100,
      ...(process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) }),
    },
  );
});
