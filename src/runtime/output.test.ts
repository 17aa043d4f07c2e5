import { afterEach, beforeEach, expect, test } from 'vitest';
import type { HandlerContext, OutputItem } from '../contract/index.ts';
import { TestOrchestrator } from '../testing/index.ts';

const WRITER = { id: 'writer', capabilities: ['write'] };

let uqo: TestOrchestrator;
beforeEach(async () => {
  uqo = await TestOrchestrator.start();
});
afterEach(() => uqo.stop());

function read(id: string, cursor: string | null = null): readonly OutputItem[] {
  return uqo.runtime.output.page(id as never, cursor, 1_000)?.items ?? [];
}

test('what two attempts handed out stands in one order, each chunk with its attempt', async () => {
  await uqo.agent(WRITER, (_task, { attempt, emit }: HandlerContext) => {
    emit(`${attempt} a`);
    emit(`${attempt} b`);
    if (attempt === 1) throw new Error('no');
    return 'done';
  });
  const task = await uqo.submit({ type: 'write', retry: { delayMs: 0 } });
  uqo.expectCompleted(task, 'done');
  expect(read(task.id).map(({ attempt, chunk, seq }) => [seq, attempt, chunk])).toEqual([
    [0, 1, '1 a'],
    [1, 1, '1 b'],
    [2, 2, '2 a'],
    [3, 2, '2 b'],
  ]);
  expect(uqo.orchestrator.getTask(task.id)?.outputChunks).toBe(4);
  await uqo.assertInvariants();
});

test('is there after a crash, and gone an hour after the end', async () => {
  await uqo.agent(WRITER, (_task, { emit }) => emit({ token: 'é' }));
  const task = await uqo.submit({ type: 'write' });
  uqo.crash();
  await uqo.restart();
  const [item] = read(task.id);
  expect(item).toMatchObject({ seq: 0, chunk: { token: 'é' } });
  await uqo.clock.advance('59m');
  expect(read(task.id, item?.cursor)).toEqual([]);
  await uqo.clock.advance('2m');
  expect(() => read(task.id)).toThrow(expect.objectContaining({ code: 'OUTPUT_EXPIRED' }) as Error);
});

test('more than a task may have is refused to its handler', async () => {
  const big = 'x'.repeat(1024 * 1024 - 2);
  let taken = 0;
  await uqo.agent(WRITER, async (_task, { emit }) => {
    for (;;) {
      emit(big);
      taken += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  const task = await uqo.submit({ type: 'write', retry: { attemptsMax: 1 } });
  await task.result().catch(() => undefined);
  uqo.expectFailed(task, 'OUTPUT_LIMIT');
  expect(taken).toBe(64);
});

test('a follower in the process gets chunks as they come, and the end', async () => {
  const writer = await uqo.scripted(WRITER);
  const task = await uqo.submit({ type: 'write' });
  const { fencingToken } = await writer.nextLease();
  const ref = { taskId: task.id as never, fencingToken };
  const seen: unknown[] = [];
  const reader = (async () => {
    for await (const { chunk } of uqo.orchestrator.output(task.id)) seen.push(chunk);
  })();
  uqo.runtime.agents.emit(ref, '"a"');
  await uqo.clock.advance(100);
  expect(seen).toEqual(['a']);
  // The same ordinals again, as after a lost connection, are not taken twice.
  uqo.runtime.agents.emit(ref, '"b"', 1);
  uqo.runtime.agents.emit(ref, '"a"', 0);
  uqo.runtime.agents.emit(ref, '"b"', 1);
  uqo.runtime.agents.emit(ref, '"c"', 2);
  const done = { ok: true, result: '1' } as const;
  expect(await uqo.runtime.agents.report([{ ...ref, report: done }])).toEqual([null]);
  await reader;
  expect(seen).toEqual(['a', 'b', 'c']);
});
