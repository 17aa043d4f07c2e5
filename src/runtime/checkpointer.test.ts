import { expect, test } from 'vitest';
import { createState } from '../core/index.ts';
import type { ReplicatedLog } from '../log/index.ts';
import type { Store } from '../store/index.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { Checkpointer } from './checkpointer.ts';
import { SILENT_LOGGER } from './runtime-logger.ts';

/** What a checkpoint at entry 5 let go of the log. */
async function releasedBy(keepsLog: boolean): Promise<readonly number[]> {
  const released: number[] = [];
  const state = createState(1);
  state.index = 5;
  const checkpointer = new Checkpointer({
    state,
    log: {
      releaseThrough: (index: number) => Promise.resolve(void released.push(index)),
    } as unknown as ReplicatedLog,
    store: {
      appliedIndex: 0,
      checkpoint: () => Promise.resolve({ appliedIndex: 5 }),
    } as unknown as Store,
    clock: new ManualClock(),
    logger: SILENT_LOGGER,
    keepsLog,
    bytesMax: 1,
    intervalMs: 1_000,
    onFailed: (error) => expect.unreachable(String(error)),
  });
  await checkpointer.run();
  await checkpointer.close();
  return released;
}

test('a checkpoint lets go of the log that it stands for', async () => {
  expect(await releasedBy(false)).toEqual([5]);
});

test('a log that is kept for audits is let go of by no checkpoint', async () => {
  expect(await releasedBy(true)).toEqual([]);
});
