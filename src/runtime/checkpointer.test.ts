import { expect, test } from 'vitest';
import { createState, type CoreState } from '../core/index.ts';
import type { ReplicatedLog } from '../log/index.ts';
import { makeAgent } from '../scheduling/testing/fixtures.ts';
import type { Store } from '../store/index.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { Checkpointer, type CheckpointerOptions } from './checkpointer.ts';
import { SILENT_LOGGER } from './runtime-logger.ts';

/** A checkpointer over a state at entry 5 and a store that has nothing. */
function checkpointerOver(
  checkpoint: () => Promise<unknown>,
  more: Partial<CheckpointerOptions> = {},
): Checkpointer {
  const state = createState(1);
  state.index = 5;
  return new Checkpointer({
    state,
    log: { releaseThrough: () => Promise.resolve() } as unknown as ReplicatedLog,
    store: { appliedIndex: 0, checkpoint } as unknown as Store,
    clock: new ManualClock(),
    logger: SILENT_LOGGER,
    keepsLog: false,
    bytesMax: 1_000_000,
    rowsMax: 1_000,
    intervalMs: 1_000,
    onFailed: (error) => expect.unreachable(String(error)),
    ...more,
  });
}

/** What a checkpoint at entry 5 let go of the log. */
async function releasedBy(keepsLog: boolean): Promise<readonly number[]> {
  const released: number[] = [];
  const releaseThrough = (index: number): Promise<void> =>
    Promise.resolve(void released.push(index));
  const log = { releaseThrough } as unknown as ReplicatedLog;
  const taken = (): Promise<unknown> => Promise.resolve({ appliedIndex: 5 });
  const checkpointer = checkpointerOver(taken, { keepsLog, log });
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

/** A state in which so many agents registered since the last checkpoint. */
function stateWith(agents: number): CoreState {
  const state = createState(1);
  const spec = { kind: 'general', capabilities: ['x'], slots: 1 } as never;
  for (let at = 0; at < agents; at++) state.agentChanges.touch(makeAgent(`agent-${at}`, spec));
  state.index = 5;
  return state;
}

test('a checkpoint is due after so many changed agents and tasks, however few bytes say so', async () => {
  let taken = 0;
  const checkpoint = (): Promise<unknown> => {
    taken += 1;
    return Promise.resolve({ appliedIndex: 5 });
  };
  for (const [agents, expected] of [
    [9, 0],
    [10, 1],
  ] as const) {
    const checkpointer = checkpointerOver(checkpoint, { state: stateWith(agents), rowsMax: 10 });
    checkpointer.appended(1);
    await checkpointer.close();
    expect(taken).toBe(expected);
  }
});

test('one that failed is not tried again with every entry', async () => {
  let tried = 0;
  const checkpoint = (): Promise<unknown> => {
    tried += 1;
    return Promise.reject(new Error('the disk is full'));
  };
  const state = stateWith(10);
  const onFailed = (): void => {};
  const checkpointer = checkpointerOver(checkpoint, { state, rowsMax: 10, onFailed });
  for (let entry = 0; entry < 5; entry++) {
    checkpointer.appended(1);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(tried).toBe(1);
  await checkpointer.close();
});
