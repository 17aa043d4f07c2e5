/** The server is killed half-way through its work and started again on the same data. */
import { isOrchestratorError } from '../../base/errors.ts';
import type { AgentList, TaskList, TaskView } from '../../contract/index.ts';
import { queryOf } from '../server-api.ts';
import type { CheckGroup } from './check.ts';
import { expect } from './expect.ts';
import type { World } from './world.ts';

const SOCKET_TASKS = 300;
const POLL_TASKS = 100;
/** Tasks submitted one by one before the server is killed amid the next. */
const LATE_TASKS = 30;
/** Tasks that have begun when the server is killed. */
const HALF = 200;

interface Squares {
  /** The number in the payload of each acknowledged task, by id. */
  readonly numbers: Map<string, number>;
  /** The body of a submit that got no answer. */
  cutOff: Readonly<Record<string, unknown>> | null;
}

export function crashChecks(): CheckGroup {
  const squares: Squares = { numbers: new Map(), cutOff: null };
  return {
    name: 'Crash safety',
    isIndependent: false,
    checks: [
      { title: 'a server starts on a free port', run: startServer },
      { title: 'three agents: WebSocket, HTTP long poll, built in', run: startAgents },
      { title: 'tasks are taken one by one and in bulk', run: (world) => submit(world, squares) },
      { title: 'the server is killed half-way', run: (world) => kill(world, squares) },
      { title: 'it starts again on the same data', run: restart },
      {
        title: 'a submit cut off by the crash and repeated makes one task',
        run: (world) => repeatCutOff(world, squares),
      },
      {
        title: 'every acknowledged task completed once, with the right result',
        run: (world) => checkResults(world, squares),
      },
    ],
  };
}

async function startServer(world: World): Promise<string> {
  const { port } = await world.startServer();
  return `port ${port}`;
}

async function startAgents(world: World): Promise<void> {
  await world.startAgents();
  const { items } = await world.api.get<AgentList>('/agents');
  const links = new Map(items.map(({ connection, id }) => [id, connection]));
  expect(links.get('verify-socket') === 'channel', 'an agent must be on a channel', items);
  expect(links.has('verify-poll'), 'an agent must poll', items);
  expect(links.get('data-agent') === 'in-process', 'the data agent must be built in', items);
}

async function submit(world: World, { numbers }: Squares): Promise<string> {
  world.gate.closeAt(HALF);
  const many = Array.from({ length: SOCKET_TASKS }, (_, n) => ({
    type: 'verify.socket',
    payload: { n },
  }));
  const handles = await world.client.submitMany(many);
  for (const [n, { id }] of handles.entries()) numbers.set(id, n);
  const bulk = Array.from({ length: POLL_TASKS }, (_, n) => ({
    type: 'verify.poll',
    payload: { n },
  }));
  const { tasks } = await world.api.post<{ tasks: readonly TaskView[] }>('/tasks', { tasks: bulk });
  for (const [n, { id }] of tasks.entries()) numbers.set(id, n);
  const keyed = { type: 'verify.socket', payload: { n: 7 }, idempotencyKey: 'verify-key' };
  const single = await world.api.post<TaskView>('/tasks', keyed);
  numbers.set(single.id, 7);
  world.ids.set('keyed', single.id);
  return `${numbers.size} tasks`;
}

/** Submits go on until the server is gone, so that one of them is cut off. */
async function kill(world: World, squares: Squares): Promise<string> {
  await world.gate.reached;
  const enough = Promise.withResolvers<void>();
  const submitting = submitUntilGone(world, squares, enough.resolve);
  await Promise.race([enough.promise, submitting]);
  await world.server.kill();
  await submitting;
  return `${world.gate.started} attempts begun, ${squares.numbers.size} tasks acknowledged`;
}

async function submitUntilGone(world: World, squares: Squares, enough: () => void): Promise<void> {
  for (let n = 0; ; n++) {
    if (n === LATE_TASKS) enough();
    const body = { type: 'verify.poll', payload: { n }, idempotencyKey: `verify-late-${n}` };
    try {
      const { id } = await world.api.post<TaskView>('/tasks', body);
      squares.numbers.set(id, n);
    } catch (error) {
      if (!isOrchestratorError(error) || error.code !== 'SERVER_UNREACHABLE') throw error;
      squares.cutOff = body;
      return;
    }
  }
}

async function restart(world: World): Promise<void> {
  await world.startServer();
  world.gate.open();
}

async function repeatCutOff(world: World, { cutOff, numbers }: Squares): Promise<void> {
  expect(cutOff !== null, 'a submit must have been cut off');
  const first = await world.api.post<TaskView>('/tasks', cutOff);
  const second = await world.api.post<TaskView>('/tasks', cutOff);
  expect(first.id === second.id, 'both repeats must answer the same task', [first.id, second.id]);
  numbers.set(first.id, (cutOff['payload'] as { n: number }).n);
}

async function checkResults(world: World, { numbers }: Squares): Promise<string> {
  for (const [id, n] of numbers) {
    const result = await world.client.handle<{ square: number; token: number }>(id).result();
    expect(result.square === n ** 2, `the result of ${id} must be ${n ** 2}`, result);
    const task = await world.task(id);
    expect(task.state === 'completed', `task ${id} must be completed`, task.state);
    expect(
      result.token === task.fencingToken,
      `the result of ${id} must be of its newest attempt`,
      { result, newest: task.fencingToken },
    );
  }
  for (const [id, tokens] of world.pollAgent.taken) {
    expect(new Set(tokens).size === 1, `one completion of ${id} must be taken`, tokens);
  }
  const stored = await completedIds(world);
  expect(stored.length === numbers.size, `${numbers.size} tasks must be stored`, stored.length);
  expect(
    stored.every((id) => numbers.has(id)),
    'no task must be stored that nobody submitted',
  );
  return `${numbers.size} tasks, ${new Set(world.runs).size} attempts`;
}

async function completedIds(world: World): Promise<string[]> {
  const ids: string[] = [];
  for (const type of ['verify.socket', 'verify.poll']) {
    let cursor: string | undefined;
    do {
      const query = queryOf({ type, states: 'completed', limit: 1000, cursor });
      const page = await world.api.get<TaskList>(`/tasks${query}`);
      ids.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
  }
  return ids;
}
