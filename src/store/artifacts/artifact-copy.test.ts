import { createHash } from 'node:crypto';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ArtifactFacts } from './artifact-facts.ts';
import type { ArtifactCopy } from './artifact-copy.ts';
import { ArtifactStore } from './artifact-store.ts';
import { BLOCK_BYTES } from './block-sums.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'uqo-copies-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const open = (bounds = {}): Promise<ArtifactStore> =>
  ArtifactStore.open({ directory, now: () => 1_000, ...bounds });

/** Two and a half blocks, none like another. */
const CONTENT = Buffer.alloc(2.5 * BLOCK_BYTES, 'qubits');
const FACTS: ArtifactFacts = {
  id: '0198c0de-7a11-4000-8000-000000000001',
  taskId: '0198c0de-7a11-7000-8000-000000000000',
  fencingToken: 7,
  name: 'state.c128',
  contentType: 'application/octet-stream',
  bytes: CONTENT.length,
  sha256: createHash('sha256').update(CONTENT).digest('hex'),
  createdAt: 1_000,
};
const fileOf = (kind: string): string => join(directory, `${FACTS.id}.${kind}`);
const blockOf = (index: number): Buffer =>
  CONTENT.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES);

/** Takes blocks up to one, and notes which were asked for. */
function receive(asked: number[], blocks = 3) {
  return async (copy: ArtifactCopy): Promise<void> => {
    while (copy.next !== null) {
      if (copy.next === blocks) throw new Error('the other node is gone');
      asked.push(copy.next);
      await copy.append(blockOf(copy.next));
    }
  };
}

async function read(store: ArtifactStore, first?: number, last?: number): Promise<Buffer> {
  const content = await store.open(FACTS);
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of content.read(first, last)) chunks.push(chunk);
  } finally {
    await content.close();
  }
  return Buffer.concat(chunks);
}

function spoil(kind: string, at: number): void {
  const handle = openSync(fileOf(kind), 'r+');
  writeSync(handle, Buffer.from('X'), 0, 1, at);
  closeSync(handle);
}

test('a copy that broke off goes on after a restart, and is kept once it is whole', async () => {
  const asked: number[] = [];
  const before = await open();
  await expect(before.copy(FACTS, receive(asked, 2))).rejects.toMatchObject({
    code: 'ARTIFACT_UNWRITABLE',
  });
  expect([before.has(FACTS.id), before.bytes, before.count]).toEqual([false, 0, 0]);
  // Half a block that a crash cut is asked for again.
  writeFileSync(fileOf('copy'), 'half of it', { flag: 'a' });
  const after = await open();
  expect(await after.copy(FACTS, receive(asked))).toBe(true);
  expect(asked).toEqual([0, 1, 2]);
  expect(after.has(FACTS.id)).toBe(true);
  expect(after.bytes).toBe(FACTS.bytes);
  expect((await read(await open())).equals(CONTENT)).toBe(true);
  expect(readdirSync(directory).toSorted()).toEqual(
    ['data', 'json', 'sums'].map((kind) => `${FACTS.id}.${kind}`),
  );
});

test('a copy that has another digest than its maker said is not kept, and begins anew', async () => {
  const store = await open();
  const isKept = await store.copy(FACTS, async (copy) => {
    for (let n = 0; copy.next !== null; n++) {
      const block = Buffer.from(blockOf(copy.next));
      if (n === 1) block[17] = 0;
      await copy.append(block);
    }
  });
  expect(isKept).toBe(false);
  expect([store.has(FACTS.id), readdirSync(directory)]).toEqual([false, []]);
  const asked: number[] = [];
  expect(await store.copy(FACTS, receive(asked))).toBe(true);
  expect(asked).toEqual([0, 1, 2]);
});

test('a copy that nothing came to for a day goes at the next start', async () => {
  await (await open()).copy(FACTS, receive([], 1)).catch(() => undefined);
  await open();
  expect(statSync(fileOf('copy')).size).toBe(BLOCK_BYTES);
  utimesSync(fileOf('copy'), 1, 1);
  await open();
  expect(readdirSync(directory)).toEqual([]);
});

test('a copy has no room where there is none, and a disk that takes no more keeps no half of it', async () => {
  const small = await open({ bytesMax: BLOCK_BYTES });
  await expect(small.copy(FACTS, receive([]))).rejects.toMatchObject({ code: 'ARTIFACTS_FULL' });
  const store = await open();
  const full = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
  const copied = store.copy(FACTS, async (copy) => {
    await copy.append(blockOf(0));
    throw full;
  });
  await expect(copied).rejects.toMatchObject({ code: 'ARTIFACT_UNWRITABLE' });
  expect(readdirSync(directory)).toEqual([]);
});

test('a damaged block is not handed out: it comes from elsewhere, or the reading ends', async () => {
  const store = await open();
  await store.copy(FACTS, receive([]));
  const print = store.fingerprint;
  spoil('data', BLOCK_BYTES + 5);
  expect((await read(store, 3, 9)).equals(CONTENT.subarray(3, 10))).toBe(true);
  await expect(read(store)).rejects.toMatchObject({ code: 'ARTIFACT_UNREADABLE' });
  expect([store.has(FACTS.id), store.damaged]).toEqual([false, [FACTS]]);
  expect(store.fingerprint).not.toBe(print);
  const mended: number[] = [];
  store.mendBy((_facts, block) => {
    mended.push(block);
    return Promise.resolve(blockOf(block));
  });
  expect((await read(store, 10, 2 * BLOCK_BYTES)).length).toBe(2 * BLOCK_BYTES - 9);
  expect((await read(store)).equals(CONTENT)).toBe(true);
  expect(mended).toEqual([1, 1]);
  // What comes from elsewhere is not believed either.
  store.mendBy(() => Promise.resolve(Buffer.alloc(BLOCK_BYTES)));
  await expect(read(store)).rejects.toMatchObject({ code: 'ARTIFACT_UNREADABLE' });

  expect(await store.copy(FACTS, receive([]))).toBe(true);
  expect([store.has(FACTS.id), store.damaged, store.fingerprint]).toEqual([true, [], print]);
  expect(store.bytes).toBe(FACTS.bytes);
  expect(readFileSync(fileOf('data')).equals(CONTENT)).toBe(true);
});

test.each([
  ['gone', () => rmSync(fileOf('sums'))],
  ['damaged', () => spoil('sums', 6)],
])('sums that are %s are made again, from bytes that have their digest', async (_name, lose) => {
  const store = await open();
  await store.copy(FACTS, receive([]));
  lose();
  expect((await read(store)).equals(CONTENT)).toBe(true);
  lose();
  spoil('data', 1);
  await expect(read(store)).rejects.toMatchObject({ code: 'ARTIFACT_UNREADABLE' });
});
