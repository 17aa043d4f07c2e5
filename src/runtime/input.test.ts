/** Questions, answers and details, through the whole of one process. */
import { afterEach, describe, expect, test } from 'vitest';
import { isOrchestratorError } from '../base/errors.ts';
import { ANSWERS_MAX, readPrompt, type HandlerContext } from '../contract/index.ts';
import type { Runtime } from './runtime.ts';
import { happens, HeldHandler, RuntimeWorld, turn, type TaskId } from './testing/runtime-world.ts';

const WORKER = { id: 'worker', capabilities: ['work'], slots: 1 };
const NO_WAIT = 3_600_000;
const AT_ONCE = { delayMs: 0, attemptsMax: 5 };
const APPROVAL = {
  type: 'object',
  required: ['approved'],
  properties: { approved: { type: 'boolean' } },
  additionalProperties: false,
};

let world = new RuntimeWorld({}, 'memory');
afterEach(async () => {
  await world.dispose();
  world = new RuntimeWorld({}, 'memory');
});

async function submit(runtime: Runtime, task: object = {}): Promise<TaskId> {
  return (await runtime.submitTask({ type: 'work', retry: AT_ONCE, ...task })) as TaskId;
}

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  return isOrchestratorError(error) ? [error.code, error.details['path'] ?? null] : error;
}

/** Resolves when the task waits for input; the handler was made to ask before. */
async function asked(runtime: Runtime, id: TaskId): Promise<void> {
  if (runtime.tasks.get(id)?.state !== 'input_required')
    await happens(runtime, 'task.input_required', id);
}

test('an answer that is said again need not name its question, and another one is refused', async () => {
  const runtime = await world.open();
  const later = new HeldHandler();
  await runtime.serve(WORKER, async (task, context) => {
    await context.waitForInput({ key: 'pay', message: 'pay?' });
    return later.handler(task, context);
  });
  const id = await submit(runtime);
  await asked(runtime, id);
  await runtime.inputs.answer(id, { answer: true, by: 'ann' });
  await runtime.inputs.answer(id, { answer: true, by: 'ann' });
  await expect(runtime.inputs.answer(id, { answer: false, by: 'ann' })).rejects.toMatchObject({
    code: 'INPUT_NOT_ASKED',
    message: 'the task must wait for the answer, got an answer to pay once more',
  });
});

describe('a handler that waits for input', () => {
  test('gets the answer of a person, and its slot runs other tasks meanwhile', async () => {
    const runtime = await world.open();
    await runtime.serve(WORKER, (task: { payload: unknown }, { waitForInput }) =>
      task.payload === 'plain'
        ? 'done'
        : waitForInput({ message: 'pay?', schema: APPROVAL, answerers: ['ann'] }),
    );
    const id = await submit(runtime);
    await asked(runtime, id);
    expect(runtime.tasks.get(id)).toMatchObject({
      state: 'input_required',
      input: { key: '1', message: 'pay?', schema: APPROVAL, answerers: ['ann'] },
    });
    expect((await runtime.agents.list(null, 1)).items).toMatchObject([{ running: 0, waiting: 1 }]);
    expect(runtime.status().tasks.input_required).toBe(1);
    expect(runtime.tasks.explain(id)?.verdict).toBe('it waits for an answer to 1 by ann: pay?');
    expect(runtime.tasks.list({ states: ['input_required'], limit: 9 }).items).toHaveLength(1);
    const plain = await submit(runtime, { payload: 'plain' });
    expect(await runtime.tasks.wait(plain, NO_WAIT)).toMatchObject({ result: 'done' });

    const answer = { approved: true };
    expect(await codeOf(runtime.inputs.answer(id, { answer }))).toEqual([
      'INPUT_NOT_ALLOWED',
      null,
    ]);
    expect(await codeOf(runtime.inputs.answer(id, { answer: { approved: 1 } }))).toEqual([
      'INPUT_INVALID',
      '/answer/approved',
    ]);
    expect(await codeOf(runtime.inputs.answer(id, { key: 'x', answer, by: 'ann' }))).toEqual([
      'INPUT_KEY_MISMATCH',
      null,
    ]);
    await runtime.inputs.answer(id, { answer, by: 'ann' });
    expect(await runtime.tasks.wait(id, NO_WAIT)).toMatchObject({ result: answer });
    expect(runtime.tasks.get(id)).toMatchObject({
      answers: [{ key: '1', answer, by: 'ann' }],
    });
    expect(await codeOf(runtime.inputs.answer(id, { answer }))).toEqual(['TASK_FINISHED', null]);
  });

  test('may be told later than its run and heartbeat bounds', async () => {
    const runtime = await world.open();
    await runtime.serve(WORKER, (_task, { waitForInput }) => waitForInput({ message: '?' }));
    const timeouts = { runMs: 1_000, heartbeatMs: 1_000 };
    const id = await submit(runtime, { timeouts, retry: { attemptsMax: 1 } });
    await asked(runtime, id);
    world.clock.advance(600_000);
    await turn();
    expect(runtime.tasks.get(id)?.state).toBe('input_required');
    await runtime.inputs.answer(id, { answer: 'late' });
    expect(await runtime.tasks.wait(id, NO_WAIT)).toMatchObject({ result: 'late' });
  });

  test('has its heartbeat bound again once it was answered', async () => {
    const runtime = await world.open();
    const held = new HeldHandler();
    await runtime.serve(WORKER, held.handler);
    const timeouts = { heartbeatMs: 1_000 };
    const id = await submit(runtime, { timeouts, retry: { attemptsMax: 1 } });
    const run = await held.next();
    const answer = run.context.waitForInput({ message: '?' });
    await asked(runtime, id);
    world.clock.advance(60_000);
    await runtime.inputs.answer(id, { answer: 1 });
    expect(await answer).toBe(1);
    world.clock.advance(2_000);
    expect(await runtime.tasks.wait(id, NO_WAIT)).toMatchObject({
      error: { code: 'HEARTBEAT_TIMEOUT' },
    });
    run.end();
  });

  test('gets the default when nobody answers in time; without one the task fails, whatever its policy', async () => {
    const runtime = await world.open();
    await runtime.serve(WORKER, (task: { payload: object }, { waitForInput }) =>
      waitForInput({ message: '?', expiresMs: 5_000, ...task.payload }),
    );
    const mild = await submit(runtime, { payload: { default: { kept: true } } });
    await asked(runtime, mild);
    const hard = await submit(runtime, { payload: {} });
    await asked(runtime, hard);
    world.clock.advance(5_000);
    expect(await runtime.tasks.wait(mild, NO_WAIT)).toMatchObject({ result: { kept: true } });
    expect(runtime.tasks.get(mild)?.answers).toMatchObject([
      { by: null, reason: 'expired_default' },
    ]);
    expect(await runtime.tasks.wait(hard, NO_WAIT)).toMatchObject({
      error: { code: 'INPUT_EXPIRED' },
    });
    expect(runtime.tasks.get(hard)?.attempt).toBe(1);
  });

  test('is told to stop when the task is canceled, and its promise rejects', async () => {
    const runtime = await world.open();
    const held = new HeldHandler();
    await runtime.serve(WORKER, held.handler);
    const id = await submit(runtime);
    const { context, end } = await held.next();
    const answer = context.waitForInput({ message: '?' });
    const next = context.waitForInput({ message: 'and then?' });
    await asked(runtime, id);
    await runtime.tasks.cancel([id], 'not needed');
    await expect(answer).rejects.toMatchObject({ name: 'AbortError', message: 'canceled' });
    await expect(next).rejects.toMatchObject({ name: 'AbortError' });
    expect(context.signal.aborted).toBe(true);
    end();
  });

  test('asks one question after the other, and need not wait for any', async () => {
    const runtime = await world.open();
    await runtime.serve(WORKER, async (_task, { waitForInput }) => {
      const both = await Promise.all([
        waitForInput({ message: 'first?' }),
        waitForInput({ message: 'second?', key: 'named' }),
      ]);
      void waitForInput({ message: 'whatever' });
      return both;
    });
    const id = await submit(runtime);
    await asked(runtime, id);
    await runtime.inputs.answer(id, { key: '1', answer: 1 });
    await asked(runtime, id);
    await runtime.inputs.answer(id, { key: 'named', answer: 2 });
    expect(await runtime.tasks.wait(id, NO_WAIT)).toMatchObject({ result: [1, 2] });
  });

  test('is refused what is no prompt', async () => {
    const runtime = await world.open();
    const held = new HeldHandler();
    await runtime.serve(WORKER, held.handler);
    await submit(runtime);
    const { context, end } = await held.next();
    const codes: unknown[] = [];
    for (const wrong of [
      {},
      { message: '?', schema: { type: 'strng' } },
      { message: '?', schema: { type: 'number' }, default: 'x' },
      { message: '?', more: 1 },
      { message: 'x'.repeat(16_385) },
      { message: '?', default: 'x'.repeat(65_536) },
    ])
      codes.push(await codeOf(context.waitForInput(wrong as { message: string })));
    expect(codes).toEqual([
      ['INPUT_PROMPT_INVALID', '/prompt'],
      ['INPUT_PROMPT_INVALID', '/prompt/schema/type'],
      ['INPUT_PROMPT_INVALID', '/prompt/default'],
      ['INPUT_PROMPT_INVALID', '/prompt/more'],
      ['INPUT_PROMPT_INVALID', '/prompt/message'],
      ['INPUT_PROMPT_INVALID', null],
    ]);
    end();
  });

  test(`is refused a question once ${ANSWERS_MAX} answers are kept`, async () => {
    const runtime = await world.open();
    const held = new HeldHandler();
    await runtime.serve(WORKER, held.handler);
    const id = await submit(runtime);
    const { context, end } = await held.next();
    for (let n = 0; n < ANSWERS_MAX; n++) {
      const answer = context.waitForInput({ message: '?' });
      await asked(runtime, id);
      await runtime.inputs.answer(id, { answer: n });
      await answer;
    }
    expect(await codeOf(context.waitForInput({ message: '?' }))).toEqual(['INPUT_LIMIT', null]);
    expect(await context.waitForInput({ message: '?', key: '7' })).toBe(6);
    end();
  });
});

describe('an answer', () => {
  test('outlives the attempt: the next one gets it at once', async () => {
    const runtime = await world.open();
    let asks = 0;
    await runtime.serve(WORKER, async (_task, { attempt, waitForInput }) => {
      asks += 1;
      const answer = await waitForInput({ message: 'sure?' });
      if (attempt < 3) throw new Error('not yet');
      return answer;
    });
    const id = await submit(runtime);
    await asked(runtime, id);
    await runtime.inputs.answer(id, { answer: 'sure' });
    expect(await runtime.tasks.wait(id, NO_WAIT)).toMatchObject({ result: 'sure' });
    expect([asks, runtime.tasks.get(id)?.answers?.length]).toEqual([3, 1]);
  });

  test('given after a crash, before the agent is back, reaches the next attempt', async () => {
    world = new RuntimeWorld();
    let runtime = await world.open();
    const ask = (_task: unknown, { waitForInput }: HandlerContext): Promise<unknown> =>
      waitForInput({ message: 'sure?', key: 'sure' });
    await runtime.serve(WORKER, ask);
    const id = await submit(runtime);
    await asked(runtime, id);
    world.crash();
    runtime = await world.open();
    expect(runtime.tasks.get(id)).toMatchObject({
      state: 'input_required',
      input: { key: 'sure' },
    });
    expect((await runtime.agents.list(null, 1)).items).toMatchObject([{ running: 0, waiting: 1 }]);
    await runtime.inputs.answer(id, { answer: { yes: 1 } });
    expect(runtime.tasks.get(id)?.state).toBe('running');
    await runtime.serve(WORKER, ask);
    expect(await runtime.tasks.wait(id, NO_WAIT)).toMatchObject({ result: { yes: 1 } });
    expect(runtime.tasks.get(id)?.attempt).toBe(2);
  });

  test('is waited for anew after a crash, by the next attempt of the agent that came back', async () => {
    world = new RuntimeWorld();
    let runtime = await world.open();
    const ask = (_task: unknown, { waitForInput }: HandlerContext): Promise<unknown> =>
      waitForInput({ message: 'sure?' });
    await runtime.serve(WORKER, ask);
    const id = await submit(runtime, { deadlineAt: world.clock.now() + 1_000_000 });
    await asked(runtime, id);
    world.crash();
    runtime = await world.open();
    await runtime.serve(WORKER, ask);
    await asked(runtime, id);
    expect(runtime.tasks.get(id)).toMatchObject({ attempt: 2, input: { key: '1' } });
    await runtime.inputs.answer(id, { answer: 1 });
    expect(await runtime.tasks.wait(id, NO_WAIT)).toMatchObject({ result: 1 });
  });

  test('to nobody who asked is refused', async () => {
    const runtime = await world.open();
    const id = await submit(runtime);
    expect(await codeOf(runtime.inputs.answer(id, { answer: 1 }))).toEqual([
      'INPUT_NOT_ASKED',
      null,
    ]);
    const unknown = '00000000-0000-7000-8000-000000000000' as TaskId;
    expect(await codeOf(runtime.inputs.answer(unknown, { answer: 1 }))).toEqual([
      'TASK_NOT_FOUND',
      null,
    ]);
  });
});

describe('an attempt that asks without a handler here', () => {
  async function lease(runtime: Runtime): Promise<{ taskId: TaskId; fencingToken: number }> {
    await runtime.agents.register([{ ...WORKER, heartbeatMs: 10_000 }], 'one');
    const leases = Promise.withResolvers<{ taskId: TaskId; fencingToken: number }>();
    const link = {
      kind: 'poll' as const,
      lastHeardMs: Number.NEGATIVE_INFINITY,
      lease: leases.resolve,
      revoke: () => undefined,
      answer: () => undefined,
      cancelRequested: () => undefined,
      flush: () => undefined,
      replaced: () => undefined,
    };
    await submit(runtime);
    runtime.agents.poll('worker' as never, link, 1);
    const { fencingToken, taskId } = await leases.promise;
    return { fencingToken, taskId };
  }

  test('is present while it waits, however long, and is told at once', async () => {
    const runtime = await world.open();
    const ref = await lease(runtime);
    const prompt = readPrompt({ message: 'pay?' });
    expect(await runtime.inputs.ask(ref, prompt)).toEqual({ key: '1', answer: null });
    expect(await runtime.inputs.ask(ref, prompt)).toEqual({ key: '1', answer: null });
    const wait = { ms: 60_000, signal: new AbortController().signal };
    const standing = runtime.inputs.standing(ref, null, wait);
    for (let i = 0; i < 10; i++) {
      world.clock.advance(5_000);
      await turn();
    }
    expect(runtime.agents.get('worker' as never)?.state).toBe('ready');
    await runtime.inputs.answer(ref.taskId, { answer: 5, by: 'ann' });
    expect(await standing).toMatchObject({ key: '1', answer: { answer: '5', by: 'ann' } });
  });

  test('stops waiting after its time, and with its attempt', async () => {
    const runtime = await world.open();
    const ref = await lease(runtime);
    await runtime.inputs.ask(ref, readPrompt({ message: 'pay?', key: 'pay' }));
    const { signal } = new AbortController();
    const brief = runtime.inputs.standing(ref, 'pay', { ms: 100, signal });
    world.clock.advance(100);
    expect(await brief).toEqual({ key: 'pay', answer: null });
    expect(await codeOf(runtime.inputs.standing(ref, 'x', { ms: 0, signal }))).toEqual([
      'INPUT_NOT_ASKED',
      null,
    ]);
    const other = readPrompt({ message: 'pay?', key: 'other' });
    expect(await codeOf(runtime.inputs.ask(ref, other))).toEqual(['INPUT_PENDING', null]);
    const long = runtime.inputs.standing(ref, 'pay', { ms: 60_000, signal });
    await runtime.agents.remove('worker' as never);
    expect(await codeOf(long)).toEqual(['LEASE_FENCED', null]);
  });
});

describe('details of a heartbeat', () => {
  test('are found by the next attempt, the newest of them', async () => {
    const runtime = await world.open();
    const found: unknown[] = [];
    await runtime.serve(WORKER, (_task, context) => {
      found.push(context.lastDetails);
      for (const page of [1, 2, 3]) context.heartbeat({ page: page + 10 * context.attempt });
      if (context.attempt < 3) throw new Error('again');
    });
    const id = await submit(runtime);
    await runtime.tasks.wait(id, NO_WAIT);
    expect(found).toEqual([undefined, { page: 13 }, { page: 23 }]);
    expect(runtime.tasks.get(id)?.details).toBeUndefined();
  });

  test('are durable a moment later, and written no more than a few times a second', async () => {
    world = new RuntimeWorld();
    let runtime = await world.open();
    const held = new HeldHandler();
    await runtime.serve(WORKER, held.handler);
    const id = await submit(runtime);
    const first = await held.next();
    const { lastIndex } = runtime.status().log;
    first.context.heartbeat({ page: 0 });
    for (let page = 1; page <= 100; page++) {
      await turn();
      first.context.heartbeat({ page });
    }
    world.clock.advance(250);
    while (runtime.tasks.get(id)?.details === undefined) await turn();
    while (JSON.stringify(runtime.tasks.get(id)?.details) !== '{"page":100}') await turn();
    expect(runtime.status().log.lastIndex - lastIndex).toBe(2);
    world.crash();
    runtime = await world.open();
    expect(runtime.tasks.get(id)?.details).toEqual({ page: 100 });
    await runtime.serve(WORKER, held.handler);
    const second = await held.next();
    expect(second.context.lastDetails).toEqual({ page: 100 });
    second.end();
    first.end();
    await runtime.tasks.wait(id, NO_WAIT);
  });

  test('that say nothing leave no trace in the log', async () => {
    const runtime = await world.open();
    const held = new HeldHandler();
    await runtime.serve(WORKER, held.handler);
    await submit(runtime);
    const run = await held.next();
    const { lastIndex } = runtime.status().log;
    run.context.heartbeat();
    await turn();
    world.clock.advance(1_000);
    await turn();
    expect(runtime.status().log.lastIndex).toBe(lastIndex);
    expect(() => run.context.heartbeat('x'.repeat(70_000))).toThrow(/at most 65536 characters/);
    run.end();
  });
});

describe('the trace of an attempt', () => {
  const SUBMITTED = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';

  test("goes on the submitter's, with a span of its own, and into what it submits", async () => {
    const runtime = await world.open();
    const traces: unknown[] = [];
    await runtime.serve({ ...WORKER, slots: 2 }, async (task: { payload: unknown }, context) => {
      traces.push(context.trace);
      if (task.payload === 'child') return 'leaf';
      if (context.attempt === 1) throw new Error('again');
      const child = (await context.submit({ type: 'work', payload: 'child' })) as TaskId;
      return runtime.tasks.get(child)?.traceparent ?? (await runtime.tasks.wait(child, NO_WAIT));
    });
    const id = await submit(runtime, { traceparent: SUBMITTED });
    const outcome = await runtime.tasks.wait(id, NO_WAIT);
    while (traces.length < 3) await turn();
    const [first, second, child] = traces as HandlerContext['trace'][];
    for (const trace of [first, second, child])
      expect(trace?.traceId).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(second?.traceparent).toBe(`00-${second?.traceId}-${second?.spanId}-00`);
    expect(new Set([first?.spanId, second?.spanId, child?.spanId]).size).toBe(3);
    expect(outcome?.result).toBe(second?.traceparent);
    expect(runtime.tasks.get(id)?.traceparent).toBe(SUBMITTED);
  });

  test("is the task's own without one", async () => {
    const runtime = await world.open();
    await runtime.serve(WORKER, (_task, { trace }) => trace);
    const id = await submit(runtime);
    const outcome = await runtime.tasks.wait(id, NO_WAIT);
    expect(outcome?.result).toMatchObject({ traceId: id.replaceAll('-', '') });
    expect(await codeOf(submit(runtime, { traceparent: 'x' }))).toEqual([
      'INVALID_REQUEST',
      '/traceparent',
    ]);
  });
});

test('a stop ends the waits of those who poll', async () => {
  const runtime = await world.open();
  const held = new HeldHandler();
  await runtime.serve(WORKER, held.handler);
  const taskId = await submit(runtime);
  const { context, end } = await held.next();
  context.waitForInput({ message: '?' }).catch(() => undefined);
  await asked(runtime, taskId);
  const ref = { taskId, fencingToken: context.fencingToken };
  const wait = { ms: 60_000, signal: new AbortController().signal };
  const standing = codeOf(runtime.inputs.standing(ref, null, wait));
  await runtime.close();
  expect(await standing).toEqual(['LEASE_FENCED', null]);
  expect(world.clock.timers).toBe(0);
  end();
});

test('a stop does not wait for people', async () => {
  world = new RuntimeWorld();
  const runtime = await world.open();
  await runtime.serve(WORKER, (_task, { waitForInput }) => waitForInput({ message: '?' }));
  const id = await submit(runtime);
  await asked(runtime, id);
  // The clock stands still: a grace would never pass.
  await runtime.close(10_000);
  const reopened = await world.open();
  expect(reopened.tasks.get(id)).toMatchObject({ state: 'queued', attempt: 0 });
});
