import { expect, test } from 'vitest';
import { TestOrchestrator } from '../testing/index.ts';
import { ProgressBoard } from './progress-board.ts';

test('a running task shows what its attempt last said of how far it is, and no other attempt', async () => {
  await using uqo = await TestOrchestrator.start();
  const agent = await uqo.scripted({ id: 'a', capabilities: ['work'], slots: 1 });
  const task = await uqo.submit({ type: 'work', retry: { delayMs: 0 } });
  const shown = (): unknown => uqo.orchestrator.getTask(task.id)?.progress;
  const first = await agent.nextLease();
  expect(shown()).toBeUndefined();
  await first.progress(0.25, 'page 1');
  await uqo.clock.advance('1s');
  await first.progress(0.5);
  const at = new Date(uqo.clock.now()).toISOString();
  expect(shown()).toEqual({ fraction: 0.5, at });
  await first.fail('ODD');
  await uqo.clock.advance('1s');
  const second = await agent.nextLease();
  expect(shown()).toBeUndefined();
  await second.progress(1, 'all of it');
  expect(shown()).toMatchObject({ fraction: 1, note: 'all of it' });
  await second.complete(1);
  expect(shown()).toBeUndefined();
});

test('what attempts said that are over is let go', () => {
  const tasks = new Map<string, unknown>();
  const board = new ProgressBoard({ state: { tasks } as never });
  for (let i = 0; i < 10_000; i++) {
    tasks.set(`t${i}`, { id: `t${i}`, fencingToken: 1, state: 'running' });
    board.note({ taskId: `t${i}`, fencingToken: 1 } as never, { fraction: 1, note: null, atMs: 0 });
    tasks.delete(`t${i - 10}`);
  }
  expect(board.size).toBeLessThan(1_100);
  expect(board.of(tasks.get('t9999') as never)).toMatchObject({ progress: { fraction: 1 } });
});
