/** What is promised of a task's life: retries, dead letters, delays, order, cancel, timeouts. */
import type {
  BulkAnswer,
  ExplanationView,
  LeaseView,
  TaskList,
  TaskView,
} from '../../contract/index.ts';
import { pathOf, queryOf } from '../server-api.ts';
import { waitForTask } from '../tasks/wait-for-task.ts';
import type { CheckGroup } from './check.ts';
import { expect, expectRefusal } from './expect.ts';
import type { World } from './world.ts';

const DELAY_MS = 600;
const WAIT_MS = 15_000;
const QUICK = { attemptsMax: 2, strategy: 'fixed', delayMs: 10, jitter: 0 };

export function taskChecks(): CheckGroup {
  return {
    name: 'Tasks',
    checks: [
      { title: 'an idempotency key of before the crash is known after it', run: repeatKey },
      { title: 'a failed attempt is followed by another', run: retry },
      { title: 'an error that says so is not retried', run: giveUp },
      {
        title: 'a task without attempts left is a dead letter, and runs when redriven',
        run: redrive,
      },
      { title: 'a purged dead letter is gone from the list', run: purge },
      { title: 'a delayed task does not start early', run: delay },
      { title: 'a paused queue starts nothing; resumed, priorities go first', run: order },
      { title: 'canceling tells the running attempt to stop', run: cancel },
      { title: 'an attempt that runs too long is ended', run: timeOut },
      { title: 'a question waits for its answer; details reach the next attempt', run: ask },
      { title: 'explain names what no agent can do', run: explain },
      { title: 'the events of a task end with its end', run: events },
    ],
  };
}

async function submitted(world: World, task: Readonly<Record<string, unknown>>): Promise<string> {
  return (await world.api.post<TaskView>('/tasks', task)).id;
}

/** The task once it has finished. */
async function finished(world: World, id: string): Promise<TaskView> {
  await waitForTask(world.api, id, WAIT_MS);
  return world.task(id);
}

/** The key that the crash checks submitted with. */
async function repeatKey(world: World): Promise<void> {
  const keyed = { type: 'verify.socket', payload: { n: 7 }, idempotencyKey: 'verify-key' };
  const again = await world.api.post<TaskView>('/tasks', keyed);
  expect(again.id === world.ids.get('keyed'), 'the repeat must answer the first task', again.id);
  const other = { ...keyed, payload: { n: 8 } };
  await expectRefusal(world.api.post('/tasks', other), 'IDEMPOTENCY_CONFLICT', 409);
}

async function retry(world: World): Promise<string> {
  const id = await submitted(world, { type: 'verify.flaky', retry: QUICK });
  const task = await finished(world, id);
  expect(task.state === 'completed' && task.attempt === 2, 'attempt 2 must complete', task);
  return 'completed at attempt 2';
}

async function giveUp(world: World): Promise<void> {
  const id = await submitted(world, { type: 'verify.hopeless', retry: QUICK });
  const task = await finished(world, id);
  expect(task.state === 'failed' && task.attempt === 1, 'attempt 1 must be the last', task);
  expect(task.error?.code === 'HOPELESS', 'the error must be the handler’s', task.error);
}

async function redrive(world: World): Promise<string> {
  world.ailing.add('redrive');
  const payload = { group: 'redrive' };
  const id = await submitted(world, { type: 'verify.ailing', payload, retry: QUICK });
  const failed = await finished(world, id);
  expect(
    failed.state === 'failed' && failed.failures.length === 2,
    'both attempts must fail',
    failed,
  );
  expect((await deadIds(world)).includes(id), 'it must be listed as a dead letter', id);
  world.ailing.delete('redrive');
  const answer = await world.api.post<BulkAnswer>('/dead-letters/redrive', { ids: [id] });
  expect(answer.done === 1, 'one must be queued again', answer);
  const task = await finished(world, id);
  expect(task.state === 'completed', 'the redriven task must complete', task);
  return '2 attempts failed, redriven, completed';
}

async function purge(world: World): Promise<void> {
  world.ailing.add('purge');
  const payload = { group: 'purge' };
  const retryOnce = { ...QUICK, attemptsMax: 1 };
  const id = await submitted(world, { type: 'verify.ailing', payload, retry: retryOnce });
  await finished(world, id);
  const answer = await world.api.post<BulkAnswer>('/dead-letters/purge', { ids: [id] });
  expect(answer.done === 1, 'one must be purged', answer);
  expect(!(await deadIds(world)).includes(id), 'it must be no dead letter any more', id);
}

async function deadIds(world: World): Promise<string[]> {
  const query = queryOf({ type: 'verify.ailing', limit: 1000 });
  const { items } = await world.api.get<TaskList>(`/dead-letters${query}`);
  return items.map(({ id }) => id);
}

async function delay(world: World): Promise<string> {
  const before = performance.now();
  const id = await submitted(world, { type: 'verify.now', delayMs: DELAY_MS });
  const task = await finished(world, id);
  const ranAfterMs = (task.result as { at: number }).at - before;
  expect(ranAfterMs >= DELAY_MS, `it must run after ${DELAY_MS} ms or later`, ranAfterMs);
  return `${DELAY_MS} ms asked, ran after ${Math.round(ranAfterMs)} ms`;
}

/** One lease at a time, so that the order of the leases is the order of the queue. */
async function order(world: World): Promise<string> {
  const { api } = world;
  const agent = { id: 'verify-order', capabilities: ['verify.order', 'verify.barrier'] };
  await api.post('/agents', agent);
  await api.put('/queues/verify-order', {});
  await api.post('/queues/verify-order/pause');
  const priorities = [1, 9, 4, 0, 5];
  for (const priority of priorities) {
    await submitted(world, {
      type: 'verify.order',
      queue: 'verify-order',
      priority,
      payload: priority,
    });
  }
  const barrier = await submitted(world, { type: 'verify.barrier', payload: 'barrier' });
  const first = await leaseOne(world, agent.id);
  expect(first.taskId === barrier, 'only the task of the open queue must start', first);
  await complete(world, first);
  await api.post('/queues/verify-order/resume');
  const seen: unknown[] = [];
  for (const _priority of priorities) {
    const lease = await leaseOne(world, agent.id);
    seen.push(lease.payload);
    await complete(world, lease);
  }
  await api.delete(pathOf('agents', agent.id));
  const wanted = priorities.toSorted((a, b) => b - a);
  expect(seen.join() === wanted.join(), `the order must be ${wanted.join(', ')}`, seen);
  return `order ${seen.join(', ')}`;
}

async function leaseOne({ api }: World, agentId: string): Promise<LeaseView> {
  const path = pathOf('agents', agentId, 'lease');
  const body = { max: 1, waitMs: 8_000 };
  const { leases } = await api.post<{ leases: readonly LeaseView[] }>(path, body);
  const [lease] = leases;
  expect(lease !== undefined, 'a task must be leased within 8 s', leases);
  return lease;
}

async function complete({ api }: World, { fencingToken, taskId }: LeaseView): Promise<void> {
  await api.post(pathOf('leases', taskId, 'complete'), { fencingToken, result: null });
}

async function cancel(world: World): Promise<void> {
  const id = await submitted(world, { type: 'verify.endless' });
  for await (const { data } of world.api.http.events({ taskId: id })) {
    if (data['state'] === 'running') break;
  }
  await world.api.post(pathOf('tasks', id, 'cancel'), { reason: 'verified' });
  const task = await finished(world, id);
  expect(task.state === 'canceled', 'the task must be canceled', task.state);
  await toldToStop(world, id);
}

/** A task of the same agent that runs after the news shows that the news has come. */
async function toldToStop(world: World, id: string): Promise<void> {
  await finished(world, await submitted(world, { type: 'verify.now' }));
  expect(world.aborted.has(id), 'the handler’s signal must be aborted', [...world.aborted]);
}

async function timeOut(world: World): Promise<string> {
  const timeouts = { runMs: 200 };
  const retryOnce = { ...QUICK, attemptsMax: 1 };
  const id = await submitted(world, { type: 'verify.endless', timeouts, retry: retryOnce });
  const task = await finished(world, id);
  expect(task.error?.code === 'RUN_TIMEOUT', 'the error must be RUN_TIMEOUT', task.error);
  await toldToStop(world, id);
  const ranMs = Date.parse(task.stateAt) - Date.parse(task.startedAt ?? task.stateAt);
  return `200 ms allowed, ended after ${ranMs} ms`;
}

async function ask(world: World): Promise<string> {
  const { api } = world;
  const id = await submitted(world, { type: 'verify.asks', retry: QUICK });
  for await (const { data } of api.http.events({ taskId: id })) {
    if (data['state'] === 'input_required') break;
  }
  const path = pathOf('tasks', id, 'input');
  await expectRefusal(api.post(path, { answer: 'yes' }), 'INPUT_INVALID', 400);
  await expectRefusal(api.post(path, { key: 'other', answer: true }), 'INPUT_KEY_MISMATCH', 409);
  await api.post(path, { answer: true, by: 'verify' });
  const { result } = await finished(world, id);
  const wanted = '{"answer":true,"lastDetails":{"attempt":1}}';
  expect(JSON.stringify(result) === wanted, `the result must be ${wanted}`, result);
  return `answered at attempt 2: ${wanted}`;
}

async function explain(world: World): Promise<string> {
  const id = await submitted(world, { type: 'verify.nobody' });
  const { verdict } = await world.api.get<ExplanationView>(pathOf('tasks', id, 'explain'));
  expect(verdict.includes('verify.nobody'), 'the verdict must name the capability', verdict);
  await world.api.post(pathOf('tasks', id, 'cancel'));
  return verdict;
}

async function events(world: World): Promise<string> {
  const id = await submitted(world, { type: 'verify.now', delayMs: 50 });
  const types: string[] = [];
  for await (const { type } of world.api.http.events({ taskId: id })) types.push(type);
  expect(types[0] === 'snapshot', 'the first event must be a snapshot', types);
  expect(types.at(-1) === 'task.completed', 'the last event must be its completion', types);
  return types.join(' ');
}
