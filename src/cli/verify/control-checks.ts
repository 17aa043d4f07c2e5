/** What is promised of limits, keys, flows, budgets, schedules, bulk operations and output. */
import type {
  ExplanationView,
  OperationView,
  OutputList,
  ScheduleView,
  SubmittedFlow,
  TaskList,
  TaskView,
} from '../../contract/index.ts';
import { pathOf, queryOf } from '../server-api.ts';
import { waitForTask } from '../tasks/wait-for-task.ts';
import type { CheckGroup } from './check.ts';
import { expect, expectRefusal } from './expect.ts';
import type { World } from './world.ts';

const WAIT_MS = 15_000;
const NAME = 'verify';

export function controlChecks(): CheckGroup {
  return {
    name: 'Flow control, flows, schedules, bulk operations, output',
    checks: [
      { title: 'a rate lets no more through than it says, and explains it', run: rate },
      { title: 'tasks of one key run one at a time', run: oneKey },
      { title: 'a task waits for those it depends on; a cycle is refused by its names', run: flow },
      { title: 'a spent budget stops what it bounds', run: budget },
      { title: 'a schedule fires by itself, and paused it does not', run: schedule },
      { title: 'a bulk operation counts first, then deals with what it found', run: bulk },
      { title: 'output is read on from a cursor, without gap or repeat', run: output },
    ],
  };
}

async function submitted(world: World, task: Readonly<Record<string, unknown>>): Promise<string> {
  return (await world.api.post<TaskView>('/tasks', task)).id;
}

async function rate(world: World): Promise<string> {
  const { api } = world;
  await api.put(pathOf('limits', NAME), { rate: { units: 1, perMs: 600_000 } });
  const limited = { type: 'verify.now', limits: [{ name: NAME, key: 'a' }] };
  await waitForTask(api, await submitted(world, limited), WAIT_MS);
  const id = await submitted(world, limited);
  // One of another key, which passes, shows that this one had its turn.
  const other = { type: 'verify.now', limits: [{ name: NAME, key: 'b' }] };
  await waitForTask(api, await submitted(world, other), WAIT_MS);
  const { state } = await world.task(id);
  expect(state === 'queued', 'the second task must wait', state);
  const { verdict } = await api.get<ExplanationView>(pathOf('tasks', id, 'explain'));
  expect(verdict.includes(`limit ${NAME}`), 'the verdict must name the limit', verdict);
  await api.post(pathOf('tasks', id, 'cancel'));
  const tooLarge = { type: 'verify.now', limits: [{ name: NAME, units: 2 }] };
  await expectRefusal(api.post('/tasks', tooLarge), 'LIMIT_IMPOSSIBLE', 400);
  return verdict;
}

async function oneKey(world: World): Promise<void> {
  const { api } = world;
  const first = await submitted(world, { type: 'verify.endless', concurrencyKey: NAME });
  for await (const { data } of api.http.events({ taskId: first })) {
    if (data['state'] === 'running') break;
  }
  const second = await submitted(world, { type: 'verify.now', concurrencyKey: NAME });
  await waitForTask(api, await submitted(world, { type: 'verify.now' }), WAIT_MS);
  const { state } = await world.task(second);
  expect(state === 'queued', 'the second of the key must wait', state);
  await api.post(pathOf('tasks', first, 'cancel'));
  await waitForTask(api, second, WAIT_MS);
}

async function flow(world: World): Promise<string> {
  const { api } = world;
  const first = { ref: 'first', type: 'verify.now', delayMs: 100 };
  const last = { ref: 'last', type: 'verify.now', dependsOn: ['first'] };
  const made = await api.post<SubmittedFlow>('/flows', { tasks: [last, first] });
  const [lastId = ''] = made.tasks.map(({ id }) => id);
  const { state } = await world.task(lastId);
  expect(state === 'blocked', 'it must wait for the first', state);
  await waitForTask(api, lastId, WAIT_MS);
  const cycle = { tasks: [last, { ...first, dependsOn: ['last'] }] };
  await expectRefusal(api.post('/flows', cycle), 'FLOW_CYCLE', 409);
  return `${made.tasks.length} tasks in their order`;
}

async function budget(world: World): Promise<void> {
  const estimate = { tokens: 10 };
  const id = await submitted(world, { type: 'verify.now', budget: { tokens: 5 }, estimate });
  await waitForTask(world.api, id, WAIT_MS);
  const { error } = await world.task(id);
  expect(error?.code === 'BUDGET_EXCEEDED', 'the error must be BUDGET_EXCEEDED', error);
}

async function schedule(world: World): Promise<string> {
  const { api } = world;
  const path = pathOf('schedules', NAME);
  const tick = { everyMs: 200, overlap: 'allow', task: { type: 'verify.now' } };
  await api.put<ScheduleView>(path, tick);
  let fired = 0;
  for await (const { type } of api.http.events({})) {
    if (type === 'schedule.fired') fired += 1;
    if (fired === 3) break;
  }
  const paused = await api.post<ScheduleView>(`${path}/pause`, { by: NAME });
  expect(paused.state === 'paused', 'it must be paused', paused.state);
  expect(paused.runs >= fired, `it must have made ${fired} tasks`, paused.runs);
  const never = { cron: '0 0 30 2 *', task: tick.task };
  await expectRefusal(api.put(path, never), 'SCHEDULE_NEVER_FIRES', 400);
  await api.delete(path);
  return `${paused.runs} firings`;
}

async function bulk(world: World): Promise<string> {
  const { api } = world;
  for (let n = 0; n < 3; n++) await submitted(world, { type: 'verify.nobody', priority: n });
  const order = { action: 'cancel', query: 'type:verify.nobody state:queued', by: NAME };
  const count = await api.post<{ matched: number }>('/operations', { ...order, dryRun: true });
  expect(count.matched === 3, 'the dry run must find 3 tasks', count.matched);
  const { id } = await api.post<OperationView>('/operations', order);
  // It ends within a few entries: each task that runs meanwhile lets some pass.
  for (let round = 0; round < 100; round++) {
    const { state } = await api.get<OperationView>(pathOf('operations', id));
    if (state === 'completed') break;
    await waitForTask(api, await submitted(world, { type: 'verify.now' }), WAIT_MS);
  }
  const { items } = await api.get<TaskList>(`/tasks${queryOf({ q: order.query })}`);
  expect(items.length === 0, 'none of them may be queued any more', items.length);
  return `${count.matched} counted and canceled`;
}

async function output(world: World): Promise<string> {
  const { api } = world;
  const id = await submitted(world, { type: 'verify.tells' });
  await waitForTask(api, id, WAIT_MS);
  const path = pathOf('tasks', id, 'output');
  const first = await api.get<OutputList>(`${path}${queryOf({ limit: '2' })}`);
  const cursor = first.nextCursor;
  const rest = await api.get<OutputList>(`${path}${queryOf({ cursor })}`);
  const all = [...first.items, ...rest.items].map(({ chunk }) => JSON.stringify(chunk)).join('');
  expect(all === '{"n":0}{"n":1}{"n":2}{"n":3}{"n":4}', 'the chunks must be 0 to 4', all);
  const other = await submitted(world, { type: 'verify.now' });
  const foreign = api.get(`${pathOf('tasks', other, 'output')}${queryOf({ cursor })}`);
  await expectRefusal(foreign, 'CURSOR_OTHER_TASK', 400);
  return `2 and ${rest.items.length} chunks`;
}
