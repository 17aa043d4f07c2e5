import { afterEach, expect, test } from 'vitest';
import { RuntimeWorld, turn, type TaskId } from './testing/runtime-world.ts';

let world = new RuntimeWorld({}, 'memory');
afterEach(async () => {
  await world.dispose();
  world = new RuntimeWorld({}, 'memory');
});

test('tells who has most of the work and of the failures, and forgets it after a while', async () => {
  const runtime = await world.open();
  const fail = (): never => {
    throw Object.assign(new Error('no paper'), { code: 'NO_PAPER' });
  };
  await runtime.serve({ id: 'printer', capabilities: ['print'] }, fail);
  await runtime.serve({ id: 'mailer', capabilities: ['mail'], slots: 9 }, () => {
    world.clock.advance(40);
    return 1;
  });
  const ids: string[] = [];
  for (let n = 0; n < 20; n++) {
    const mail = { type: 'mail', namespace: n < 5 ? 'red' : 'blue', affinityKey: `to-${n}` };
    ids.push(await runtime.submitTask(mail));
  }
  const once = { attemptsMax: 1 };
  for (let n = 0; n < 3; n++) {
    ids.push(await runtime.submitTask({ type: 'print', retry: once, fairnessKey: 'ann' }));
  }
  for (const id of ids) await runtime.tasks.wait(id as TaskId, 3_600_000);
  await turn();
  const view = runtime.top(2);
  expect(view.submitted).toMatchObject({
    tasks: 23,
    types: [
      { name: 'mail', count: 20, overBy: 0 },
      { name: 'print', count: 3, overBy: 0 },
    ],
    namespaces: [
      { name: 'blue', count: 15 },
      { name: 'red', count: 5 },
    ],
  });
  expect(view.busy.agents[0]).toMatchObject({ name: 'mailer' });
  expect(view.busy.agents[0]?.count).toBeGreaterThanOrEqual(20 * 40);
  expect(view.failures).toMatchObject({
    attempts: 3,
    types: [{ name: 'print', count: 3 }],
    agents: [{ name: 'printer', count: 3 }],
  });
  expect(view.failures.codes[0]?.count).toBe(3);
  expect(view.distinct).toEqual({ types: 2, namespaces: 3, agents: 2, keys: 21 });

  // In the next window it still counts, in the one after that no more.
  world.clock.advance(300_000);
  await runtime.tasks.wait((await runtime.submitTask({ type: 'mail' })) as TaskId, 3_600_000);
  expect(runtime.top(5).submitted.types[0]).toMatchObject({ name: 'mail', count: 21 });
  world.clock.advance(300_000);
  await runtime.tasks.wait((await runtime.submitTask({ type: 'mail' })) as TaskId, 3_600_000);
  expect(runtime.top(5).submitted.types).toEqual([{ name: 'mail', count: 2, overBy: 0 }]);
  expect(runtime.top(5).failures.attempts).toBe(0);
  world.clock.advance(900_000);
  expect(runtime.top(5).submitted).toEqual({ tasks: 0, types: [], namespaces: [] });
  expect(runtime.distinct()).toEqual({ types: 0, namespaces: 0, agents: 0, keys: 0 });
});
