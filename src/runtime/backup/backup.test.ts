import {
  appendFileSync,
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { create, extract } from 'tar';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { digest, type CoreState } from '../../core/index.ts';
import { Checkpointer } from '../checkpointer.ts';
import { SILENT_LOGGER } from '../runtime-logger.ts';
import { openRuntime } from '../open-runtime.ts';
import type { Runtime } from '../runtime.ts';
import { HeldHandler, RuntimeWorld, turn, type TaskId } from '../testing/runtime-world.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { restoreBackup } from './restore-backup.ts';

const folder = mkdtempSync(join(tmpdir(), 'uqo-backup-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let world = new RuntimeWorld();
const open: Runtime[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((runtime) => runtime.close(0)));
  await world.dispose();
  world = new RuntimeWorld();
});

let files = 0;
const path = (): string => join(folder, `${(files += 1)}`);

async function save(runtime: Runtime): Promise<string> {
  const file = path();
  const { stream } = await runtime.backups.open();
  await pipeline(stream, createWriteStream(file));
  return file;
}

async function openAt(dataDir: string): Promise<Runtime> {
  const runtime = await openRuntime({ dataDir, version: '0', seed: 2, clock: new ManualClock() });
  open.push(runtime);
  return runtime;
}

async function submit(runtime: Runtime, payload: unknown = null): Promise<TaskId> {
  return (await runtime.submitTask({ type: 'work', payload })) as TaskId;
}

describe('a backup', () => {
  test('becomes a data folder in which everything is as it was', async () => {
    const runtime = await world.open();
    await runtime.serve({ id: 'worker', capabilities: ['work'], slots: 1 }, (task) => task.payload);
    const done = await submit(runtime, { n: 1 });
    await runtime.tasks.wait(done, 60_000);
    const later = (await runtime.submitTask({
      type: 'work',
      payload: 'x',
      delayMs: 9_000,
    })) as TaskId;
    const file = await save(runtime);
    const dataDir = path();
    const manifest = await restoreBackup({ file, dataDir });
    const { state } = runtime.observed;
    expect(manifest).toMatchObject({ lastIndex: state.index, liveTasks: 1, version: '0' });
    const restored = await openAt(dataDir);
    expect(digest(restored.observed.state)).toEqual(digest(state));
    expect(restored.tasks.get(done)).toMatchObject({ state: 'completed', result: { n: 1 } });
    expect(restored.tasks.get(later)).toMatchObject({ state: 'scheduled', payload: 'x' });
  });

  test('taken while work goes on holds what was acknowledged before it, and goes on from there', async () => {
    const runtime = await world.open();
    await runtime.serve({ id: 'worker', capabilities: ['work'], slots: 8 }, (task) => task.payload);
    const acknowledged: TaskId[] = [];
    let isOver = false;
    const work = async (): Promise<void> => {
      for (let n = 0; !isOver; n++) acknowledged.push(await submit(runtime, n));
    };
    const working = Promise.all([work(), work(), work()]);
    while (acknowledged.length < 50) await turn();
    for (let round = 0; round < 3; round++) {
      const before = [...acknowledged];
      const file = await save(runtime);
      const dataDir = path();
      await restoreBackup({ file, dataDir });
      const restored = await openAt(dataDir);
      await restored.serve(
        { id: 'worker', capabilities: ['work'], slots: 8 },
        (task) => task.payload,
      );
      for (const id of before) {
        expect(await restored.tasks.wait(id, 60_000)).toMatchObject({ state: 'completed' });
      }
      const last = await submit(restored, 'new');
      expect(await restored.tasks.wait(last, 60_000)).toMatchObject({ result: 'new' });
    }
    isOver = true;
    await working;
  });

  test('keeps the log behind its checkpoint until it has read it', async () => {
    const released: number[] = [];
    let index = 0;
    const checkpointer = new Checkpointer({
      state: { index: 0 } as CoreState,
      log: { releaseThrough: (through: number) => Promise.resolve(void released.push(through)) },
      store: { appliedIndex: -1, checkpoint: () => Promise.resolve({ appliedIndex: ++index }) },
      clock: new ManualClock(),
      logger: SILENT_LOGGER,
      bytesMax: 1,
      intervalMs: 1,
      onFailed: (error: unknown) => expect.unreachable(String(error)),
    } as never);
    const first = checkpointer.holdLog();
    const second = checkpointer.holdLog();
    await checkpointer.run();
    first();
    first();
    await checkpointer.run();
    expect(released).toEqual([]);
    second();
    await checkpointer.run();
    expect(released).toEqual([3]);
    await checkpointer.close();
  });

  test('runs one at a time, and the next one after its stream is closed', async () => {
    const runtime = await world.open();
    const { stream } = await runtime.backups.open();
    await expect(runtime.backups.open()).rejects.toMatchObject({ code: 'BACKUP_RUNNING' });
    const closed = new Promise((resolve) => stream.once('close', resolve));
    stream.destroy();
    await closed;
    (await runtime.backups.open()).stream.destroy();
  });

  test('of data in memory is refused', async () => {
    const memory = new RuntimeWorld({}, 'memory');
    const runtime = await memory.open();
    await expect(runtime.backups.open()).rejects.toMatchObject({ code: 'BACKUP_UNSUPPORTED' });
    await memory.dispose();
  });

  test('that a crash interrupted leaves nothing behind after the next start', async () => {
    const dataDir = path();
    mkdirSync(join(dataDir, 'backup-stage-1', 'store'), { recursive: true });
    await openAt(dataDir);
    expect(readdirSync(dataDir).filter((name) => name.startsWith('backup-stage'))).toEqual([]);
  });
});

describe('restoring', () => {
  async function backup(): Promise<string> {
    const runtime = await world.open();
    const held = new HeldHandler();
    await runtime.serve({ id: 'worker', capabilities: ['work'], slots: 1 }, held.handler);
    await submit(runtime);
    await held.next();
    return save(runtime);
  }

  async function repack(file: string, change: (stage: string) => void): Promise<string> {
    const stage = path();
    mkdirSync(stage);
    await extract({ file, cwd: stage });
    change(stage);
    const changed = path();
    await create({ file: changed, cwd: stage }, readdirSync(stage));
    return changed;
  }

  async function refusal(file: string): Promise<unknown> {
    const dataDir = path();
    const error = await restoreBackup({ file, dataDir }).catch((caught: unknown) => caught);
    expect(readdirSync(folder).filter((name) => name.includes('restore'))).toEqual([]);
    expect(readdirSync(folder)).not.toContain(dataDir.slice(folder.length + 1));
    return error;
  }

  test('refuses a file that is none, or is not there', async () => {
    const file = path();
    expect(await refusal(file)).toMatchObject({ code: 'BACKUP_NOT_FOUND' });
    writeFileSync(file, 'x'.repeat(5_000));
    expect(await refusal(file)).toMatchObject({ code: 'BACKUP_DAMAGED' });
    writeFileSync(file, '');
    expect(await refusal(file)).toMatchObject({ code: 'BACKUP_DAMAGED' });
  });

  test('refuses one that was cut off, wherever that was', async () => {
    const file = await backup();
    const { size } = statSync(file);
    for (const share of [0.1, 0.5, 0.9, 0.97]) {
      const cut = path();
      await copyFile(file, cut);
      truncateSync(cut, Math.floor(size * share));
      expect(await refusal(cut)).toMatchObject({
        code: expect.stringMatching(/^BACKUP_(DAMAGED|INVALID)$/) as string,
      });
    }
  });

  test('names the file that was changed, is missing or does not belong', async () => {
    const file = await backup();
    const entries = (stage: string): string => join(stage, 'entries');
    const changed = await repack(file, (stage) => writeFileSync(entries(stage), 'other'));
    expect(await refusal(changed)).toMatchObject({
      code: 'BACKUP_DAMAGED',
      details: { path: 'entries' },
    });
    const lacking = await repack(file, (stage) => rmSync(entries(stage)));
    expect(await refusal(lacking)).toMatchObject({
      code: 'BACKUP_DAMAGED',
      details: { path: 'entries' },
    });
    const more = await repack(file, (stage) => writeFileSync(join(stage, 'more'), ''));
    expect(await refusal(more)).toMatchObject({
      code: 'BACKUP_DAMAGED',
      details: { path: 'more' },
    });
    const other = await repack(file, (stage) =>
      writeFileSync(join(stage, 'manifest.json'), '{"format":2}'),
    );
    expect(await refusal(other)).toMatchObject({ code: 'BACKUP_INVALID' });
  });

  test('refuses a folder that holds something, and leaves it alone', async () => {
    const file = await backup();
    const dataDir = path();
    mkdirSync(dataDir);
    const mine = join(dataDir, 'mine');
    appendFileSync(mine, 'x');
    await expect(restoreBackup({ file, dataDir })).rejects.toMatchObject({
      code: 'RESTORE_FOLDER_IN_USE',
    });
    expect(readdirSync(dataDir)).toEqual(['mine']);
    rmSync(mine);
    await restoreBackup({ file, dataDir });
    expect(readdirSync(dataDir).toSorted()).toEqual(['log', 'store']);
  });

  test('can only check a backup', async () => {
    const file = await backup();
    const before = readdirSync(folder);
    expect(await restoreBackup({ file, dataDir: null })).toMatchObject({ liveTasks: 1 });
    expect(readdirSync(folder)).toEqual(before);
  });
});
