import { createHash } from 'node:crypto';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ArtifactBytes } from './artifact-bytes.ts';
import { ArtifactStore, type ArtifactOrder } from './artifact-store.ts';

const TASK = '0198c0de-7a11-7000-8000-000000000000';
let directory: string;

beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'uqo-artifacts-')), 'artifacts');
});
afterEach(() => {
  rmSync(join(directory, '..'), { recursive: true, force: true });
});

const open = (bounds: { bytesMax?: number; countMax?: number } = {}): Promise<ArtifactStore> =>
  ArtifactStore.open({ directory, now: () => 1_000, ...bounds });

const order = (bytes: number, more: Partial<ArtifactOrder> = {}): ArtifactOrder => ({
  taskId: TASK,
  fencingToken: 7,
  name: 'state.c128',
  contentType: 'application/octet-stream',
  bytes,
  ...more,
});

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

async function keep(store: ArtifactStore, text: string): Promise<string> {
  const draft = store.begin(order(text.length));
  writeFileSync(draft.file, text);
  return (await draft.keep(sha256(text))).id;
}

async function read(store: ArtifactStore, id: string): Promise<string> {
  const content = await store.open(store.find(id)!);
  const text = await textOf(content);
  await content.close();
  return text;
}

async function textOf(content: ArtifactBytes): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content.read()) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const files = (): string[] => readdirSync(directory).toSorted();

describe('an artifact', () => {
  test('that was kept is there after a restart, byte for byte', async () => {
    const store = await open();
    const id = await keep(store, 'amplitudes');
    const again = await open();
    expect(again.find(id)).toEqual(store.find(id));
    expect(again.find(id)).toMatchObject({ taskId: TASK, bytes: 10, sha256: sha256('amplitudes') });
    expect(await read(again, id)).toBe('amplitudes');
    expect(again.ofTask(TASK).map((facts) => facts.id)).toEqual([id]);
    expect(again.bytes).toBe(10);
    expect(files()).toEqual([`${id}.data`, `${id}.json`, `${id}.sums`]);
  });

  test('is not there before it was kept, nor after it was discarded', async () => {
    const store = await open();
    const draft = store.begin(order(3));
    writeFileSync(draft.file, 'abc');
    expect([store.find(draft.id), store.ofTask(TASK)]).toEqual([null, []]);
    await draft.discard();
    await draft.discard();
    expect([files(), store.bytes]).toEqual([[], 0]);
  });

  test('with fewer bytes than were announced is refused and leaves nothing', async () => {
    const store = await open();
    const draft = store.begin(order(4));
    writeFileSync(draft.file, 'abc');
    await expect(draft.keep(sha256('abc'))).rejects.toMatchObject({ code: 'ARTIFACT_UNWRITABLE' });
    expect([files(), store.bytes, store.find(draft.id)]).toEqual([[], 0, null]);
  });

  test('whose draft is a link is refused, and what it points to stays', async () => {
    const store = await open();
    const secret = join(directory, '..', 'secret');
    writeFileSync(secret, 'abc');
    const draft = store.begin(order(3));
    symlinkSync(secret, draft.file);
    await expect(draft.keep(sha256('abc'))).rejects.toMatchObject({ code: 'ARTIFACT_UNWRITABLE' });
    expect(readdirSync(join(directory, '..'))).toContain('secret');
  });

  test('that became a link, a folder or shorter is refused when it is opened', async () => {
    const store = await open();
    const secret = join(directory, '..', 'secret');
    writeFileSync(secret, 'abc');
    const breaks: ((file: string) => void)[] = [
      (file) => symlinkSync(secret, file),
      (file) => mkdirSync(file),
      (file) => {
        linkSync(secret, file);
        truncateSync(file, 2);
      },
    ];
    for (const spoil of breaks) {
      const id = await keep(store, 'abc');
      renameSync(join(directory, `${id}.data`), join(directory, '..', id));
      spoil(join(directory, `${id}.data`));
      await expect(store.open(store.find(id)!)).rejects.toMatchObject({
        code: 'ARTIFACT_UNREADABLE',
      });
      expect((await open()).find(id)).toBe(null);
    }
  });

  test('goes with its task', async () => {
    const store = await open();
    const id = await keep(store, 'abc');
    const handle = await store.open(store.find(id)!);
    expect(await store.removeOf(TASK)).toBe(1);
    expect([files(), store.bytes, store.find(id), store.taskIds()]).toEqual([[], 0, null, []]);
    // Whoever reads it already reads on.
    expect(await textOf(handle)).toBe('abc');
    await handle.close();
  });
});

describe('what a crash leaves', () => {
  test.each([
    ['a draft', ['draft']],
    ['a draft that a thread was still writing', ['draft.partial']],
    ['bytes without facts', ['data']],
    ['bytes with facts that were not in place', ['data', 'draft-json']],
    ['facts without bytes', ['json']],
  ])('%s is never seen and goes at the next start', async (_name, kinds) => {
    const store = await open();
    const id = await keep(store, 'abc');
    for (const name of files()) {
      const kind = name.slice(id.length + 1);
      const target = kinds.find(
        (other) => other === kind || (other === 'draft-json' && kind === 'json'),
      );
      const place = target === undefined ? join('..', name) : `${id}.${target}`;
      renameSync(join(directory, name), join(directory, place));
    }
    for (const kind of kinds) writeFileSync(join(directory, `${id}.${kind}`), 'abc', { flag: 'a' });
    writeFileSync(join(directory, 'somebody-elses.txt'), 'kept');
    const again = await open();
    expect([again.find(id), again.taskIds(), again.bytes]).toEqual([null, [], 0]);
    expect(files()).toEqual(['somebody-elses.txt']);
  });

  test('facts that name another id, or are no facts, are not believed', async () => {
    const id = await keep(await open(), 'abc');
    for (const text of ['{}', 'null', '{"id":"x"}', '{'.repeat(100), ' '.repeat(10_000)]) {
      writeFileSync(join(directory, `${id}.data`), 'abc');
      writeFileSync(join(directory, `${id}.json`), text);
      expect((await open()).find(id)).toBe(null);
    }
  });
});

describe('room', () => {
  test('is reserved by drafts, and refused once it is all taken', async () => {
    const store = await open({ bytesMax: 10 });
    const draft = store.begin(order(6));
    expect(() => store.begin(order(5))).toThrow(
      expect.objectContaining({ code: 'ARTIFACTS_FULL' }),
    );
    writeFileSync(draft.file, 'abcdef');
    await draft.keep(sha256('abcdef'));
    expect(() => store.begin(order(5))).toThrow(
      expect.objectContaining({ code: 'ARTIFACTS_FULL' }),
    );
    await store.begin(order(4)).discard();
    await store.removeOf(TASK);
    await store.begin(order(10)).discard();
  });

  test('is bounded in number too, also after a restart', async () => {
    await keep(await open({ countMax: 1 }), '');
    const again = await open({ countMax: 1 });
    expect(() => again.begin(order(0))).toThrow(
      expect.objectContaining({ code: 'ARTIFACTS_FULL' }),
    );
  });

  test.each([
    [{ name: '../x' }],
    [{ name: '' }],
    [{ name: 'a"b' }],
    [{ contentType: 'text/html\r\nx: y' }],
    [{ bytes: -1 }],
    [{ bytes: 1.5 }],
    [{ taskId: '../../etc' }],
  ])('an artifact with %j is refused', async (more) => {
    const store = await open();
    expect(() => store.begin(order(1, more))).toThrow(
      expect.objectContaining({ code: 'ARTIFACT_INVALID' }),
    );
    expect(store.bytes).toBe(0);
  });
});
