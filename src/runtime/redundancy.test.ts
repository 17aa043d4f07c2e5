import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TaskView } from '../contract/index.ts';
import { TestOrchestrator, type ScriptedAgent } from '../testing/index.ts';

let uqo: TestOrchestrator;
beforeEach(async () => {
  uqo = await TestOrchestrator.start();
});
afterEach(() => uqo.stop());

const spec = (id: string, more: object = {}): { id: string; capabilities: string[] } => ({
  id,
  capabilities: ['work'],
  ...more,
});

async function answering(answers: Readonly<Record<string, unknown>>): Promise<void> {
  for (const [id, answer] of Object.entries(answers)) await uqo.agent(spec(id), () => answer);
}

async function scripted(...ids: readonly string[]): Promise<ScriptedAgent[]> {
  const agents: ScriptedAgent[] = [];
  for (const id of ids) agents.push(await uqo.scripted(spec(id)));
  return agents;
}

function view(id: string): TaskView {
  const found = uqo.orchestrator.getTask(id);
  if (found === null) throw new Error('the task is kept');
  return found;
}

function trustOf(id: string): unknown {
  return uqo.runtime.agents.get(id as never)?.trust;
}

describe('a redundant task', () => {
  test('has the result that enough agents agree on, each copy with its payload', async () => {
    const [a, b, c] = await scripted('a', 'b', 'c');
    const task = await uqo.submit({
      type: 'work',
      payload: { n: 7 },
      redundancy: { copies: 3, agree: 2 },
    });
    const leases = [await a?.nextLease(), await b?.nextLease(), await c?.nextLease()];
    expect(leases.map((lease) => lease?.payload)).toEqual([{ n: 7 }, { n: 7 }, { n: 7 }]);
    await leases[0]?.complete({ x: 1, y: 2 });
    uqo.expectState(task, 'blocked');
    const explained = uqo.runtime.tasks.explain(task.id as never);
    expect(explained?.verdict).toMatch(/^it waits until 2 of its 3 copies agree, 1 do so far: /);
    const standings = explained?.copies?.map(({ agentId, state }) => `${state} on ${agentId}`);
    expect(standings?.toSorted()).toEqual(['completed on a', 'running on b', 'running on c']);
    await leases[1]?.complete({ y: 2, x: 1 });
    uqo.expectCompleted(task, { y: 2, x: 1 });
    expect(leases[2]?.revokedBecause).toBe('canceled');
    expect(view(task.id).copies).toMatchObject({ agreed: ['a', 'b'], dissented: [] });
    const [first] = view(task.id).copies?.votes ?? [];
    expect(view(first?.taskId ?? '')).toMatchObject({
      state: 'completed',
      result: { x: 1, y: 2 },
      copyOf: { taskId: task.id, kind: 'redundant' },
    });
    await uqo.assertInvariants();
  });

  test('outvotes an agent that lies, which is trusted less until it agrees often enough', async () => {
    const [liar, a, b] = await scripted('liar', 'a', 'b');
    const round = async (lie: unknown): Promise<void> => {
      const task = await uqo.submit({ type: 'work', redundancy: { copies: 3, agree: 2 } });
      await (await liar?.nextLease())?.complete(lie);
      await (await a?.nextLease())?.complete('truth');
      if (lie !== 'truth') await (await b?.nextLease())?.complete('truth');
      uqo.expectCompleted(task, 'truth');
    };
    await round('a lie');
    expect(trustOf('liar')).toEqual({ factor: 0.5, dissents: 1, agreements: 0 });
    expect(trustOf('a')).toBeUndefined();
    uqo.expectEvents(['agent.dissented', 'task.completed']);
    await round('another lie');
    expect(trustOf('liar')).toEqual({ factor: 0.25, dissents: 2, agreements: 0 });
    await round('truth');
    expect(trustOf('liar')).toEqual({ factor: 0.281_25, dissents: 2, agreements: 1 });
    await uqo.assertInvariants();
  });

  test('fails where no quorum is possible, and says who said what', async () => {
    await answering({ a: 1, b: 2, c: 3 });
    const task = await uqo.submit({ type: 'work', redundancy: { copies: 3, agree: 2 } });
    uqo.expectFailed(task, 'REDUNDANCY_DISAGREED');
    expect(view(task.id).error?.message).toMatch(
      /^2 of 3 results must agree, got \S{22} by [abc]; \S{22} by [abc]; \S{22} by [abc]$/,
    );
    expect(view(task.id).copies?.dissented).toBeUndefined();
    expect(uqo.runtime.tasks.deadLetters({ limit: 10 }).items.map(({ id }) => id)).toEqual([
      task.id,
    ]);
    // A redrive begins a new round.
    await uqo.runtime.tasks.retry([task.id as never]);
    await uqo.settle();
    expect(view(task.id).copies?.votes).toHaveLength(3);
    uqo.expectFailed(task, 'REDUNDANCY_DISAGREED');
    await uqo.assertInvariants();
  });

  test('goes on with its votes after a crash', async () => {
    const [a, b] = await scripted('a', 'b');
    const task = await uqo.submit({
      type: 'work',
      payload: 'p',
      redundancy: { copies: 2, agree: 2 },
    });
    const [first, second] = [await a?.nextLease(), await b?.nextLease()];
    await first?.complete('same');
    uqo.crash();
    await uqo.restart();
    uqo.expectState(task, 'blocked');
    await second?.complete('same');
    uqo.expectCompleted(task, 'same');
    expect(view(task.id)).toMatchObject({ payload: 'p', result: 'same' });
    uqo.crash();
    await uqo.restart();
    uqo.expectCompleted(task, 'same');
    expect(view(task.id).copies).toMatchObject({ agreed: ['a', 'b'] });
    await uqo.assertInvariants();
  });

  test('waits where there are fewer agents than copies, and says for what', async () => {
    const [only] = await scripted('only');
    const task = await uqo.submit({ type: 'work', redundancy: { copies: 2, agree: 2 } });
    await (await only?.nextLease())?.complete(1);
    const waiting = view(task.id).copies?.taskIds.find((id) => view(id).state === 'queued') ?? '';
    expect(uqo.runtime.tasks.explain(waiting as never)).toMatchObject({
      verdict: expect.stringContaining(
        'an agent that has no other copy of the same task',
      ) as unknown,
      copyOf: { taskId: task.id, kind: 'redundant' },
    });
    await answering({ other: 1 });
    uqo.expectCompleted(task, 1);
    await uqo.assertInvariants();
  });

  test('gives its copies what its parents brought, and its dependents what was agreed on', async () => {
    const seen: unknown[] = [];
    for (const id of ['a', 'b', 'c']) {
      await uqo.agent(spec(id), ({ type }, { parents }) => {
        if (type === 'work') seen.push(parents);
        return 'done';
      });
    }
    const flow = await uqo.orchestrator.submitFlow({
      tasks: [
        { ref: 'first', type: 'begin', requires: { capabilities: ['work'] } },
        { ref: 'both', type: 'work', dependsOn: ['first'], redundancy: { copies: 2, agree: 2 } },
        { ref: 'last', type: 'work', dependsOn: ['both'] },
      ],
    });
    await uqo.settle();
    uqo.expectCompleted(flow.task('last').id, 'done');
    const first = { first: { state: 'completed', result: 'done' } };
    const both = { both: { state: 'completed', result: 'done' } };
    expect(seen).toEqual([first, first, both]);
    // Copies are part of what the flow does, not of what it is.
    expect(flow.get()?.counts).toMatchObject({ completed: 3, canceled: 0 });
    expect(flow.get()?.tasks.items).toHaveLength(3);
    await uqo.assertInvariants();
  });

  test('is refused where it cannot be', async () => {
    const submit = (more: object): Promise<unknown> =>
      uqo.submit({ type: 'work', redundancy: { copies: 3 }, ...more });
    const invalid = { code: 'INVALID_REQUEST' };
    await expect(submit({ redundancy: { copies: 3, agree: 4 } })).rejects.toMatchObject(invalid);
    await expect(submit({ redundancy: { copies: 1 } })).rejects.toMatchObject(invalid);
    await expect(submit({ hedge: {} })).rejects.toMatchObject(invalid);
    await expect(
      submit({ concurrencyKey: 'k', concurrency: { policy: 'cancel-oldest' } }),
    ).rejects.toMatchObject(invalid);
    const { id } = await uqo.submit({ type: 'work', redundancy: { copies: 4 } });
    expect(view(id).redundancy).toEqual({ copies: 4, agree: 3 });
  });
});

describe('what counts as the same', () => {
  const agreed = async (comparator: string | undefined, answers: readonly unknown[]) => {
    await answering(Object.fromEntries(answers.map((answer, i) => [`agent-${i}`, answer])));
    const task = await uqo.submit({
      type: 'work',
      redundancy: {
        copies: answers.length,
        agree: answers.length,
        ...(comparator === undefined ? {} : { comparator: comparator as 'text' }),
      },
    });
    return view(task.id).state;
  };

  test('is by default equal JSON', async () => {
    expect(
      await agreed(undefined, [
        { a: 1, b: [2] },
        { b: [2], a: 1.0 },
      ]),
    ).toBe('completed');
  });

  test('is for canonical no more than equal JSON', async () => {
    expect(await agreed('canonical', ['Same', 'same'])).toBe('failed');
  });

  test('is for numbers what is equal in nine digits', async () => {
    expect(await agreed('numbers', [[0.1 + 0.2], [0.3]])).toBe('completed');
  });

  test('is for numbers no more than that', async () => {
    expect(await agreed('numbers', [[0.300_000_1], [0.3]])).toBe('failed');
  });

  test('is for text what reads the same', async () => {
    expect(await agreed('text', [{ t: ' The  Answer' }, { t: 'the answer\n' }])).toBe('completed');
  });

  test('is what the program says of a type', async () => {
    uqo.orchestrator.registerComparator('work', (result) => (result as { answer: number }).answer);
    expect(
      await agreed(undefined, [
        { answer: 42, at: 1 },
        { answer: 42, at: 2 },
      ]),
    ).toBe('completed');
  });

  test('fails the copy where the program cannot say', async () => {
    uqo.orchestrator.registerComparator('work', () => {
      throw new Error('no idea');
    });
    await answering({ a: 1, b: 1 });
    const task = await uqo.submit({
      type: 'work',
      retry: { attemptsMax: 1 },
      redundancy: { copies: 2, agree: 2 },
    });
    expect(view(task.id).error?.message).toContain('COMPARATOR_FAILED');
  });
});
