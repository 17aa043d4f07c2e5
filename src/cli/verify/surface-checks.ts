/** Built-in agents, refusals, and what an operator looks at. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { QueueList, TaskOutcome, TaskView } from '../../contract/index.ts';
import { pathOf } from '../server-api.ts';
import { PID_FILE_NAME } from '../server/pid-file.ts';
import { waitForTask } from '../tasks/wait-for-task.ts';
import type { CheckGroup } from './check.ts';
import { expect, expectRefusal } from './expect.ts';
import type { World } from './world.ts';

const WAIT_MS = 15_000;

export function surfaceChecks(): CheckGroup {
  return {
    name: 'Agents and interfaces',
    checks: [
      { title: 'the data agent finds the mean of a table', run: analyze },
      { title: 'the forecast agent continues a line', run: forecast },
      { title: 'a request with an unknown field is refused and stores nothing', run: refuseField },
      { title: 'an unknown task is not found', run: refuseUnknown },
      { title: 'health, metrics and the API description answer', run: observe },
      { title: 'uqo.pid names the server', run: checkPid },
    ],
  };
}

async function outcomeOf(world: World, type: string, payload: unknown): Promise<TaskOutcome> {
  const { id } = await world.api.post<TaskView>('/tasks', { type, payload });
  return waitForTask(world.api, id, WAIT_MS);
}

async function analyze(world: World): Promise<string> {
  const rows = Array.from({ length: 99 }, (_, n) => `${n + 1},${n % 2 === 0 ? 'even' : 'odd'}`);
  const outcome = await outcomeOf(world, 'data.analyze', { csv: `n,kind\n${rows.join('\n')}\n` });
  expect(outcome.state === 'completed', 'the analysis must complete', outcome);
  const means = numbersNamed(outcome.result, 'mean');
  expect(
    means.some((mean) => Math.abs(mean - 50) < 1e-9),
    'the mean of 1 to 99 must be 50',
    means,
  );
  return 'mean of 1 to 99 is 50';
}

async function forecast(world: World): Promise<string> {
  const series = Array.from({ length: 40 }, (_, n) => 10 + 3 * n);
  const outcome = await outcomeOf(world, 'ml.forecast', { series, horizon: 3 });
  expect(outcome.state === 'completed', 'the forecast must complete', outcome);
  const { forecast: values } = outcome.result as { forecast: readonly number[] };
  const wanted = [130, 133, 136];
  expect(
    values.length === 3 && values.every((value, at) => Math.abs(value - (wanted[at] ?? 0)) < 0.5),
    `the forecast must be near ${wanted.join(', ')}`,
    values,
  );
  return values.map((value) => value.toFixed(2)).join(', ');
}

/** Every number that stands under `name` anywhere in a JSON value. */
function numbersNamed(value: unknown, name: string): number[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === name && typeof inner === 'number' ? [inner] : numbersNamed(inner, name),
  );
}

async function refuseField(world: World): Promise<void> {
  const before = await totals(world);
  const body = { type: 'verify.now', prority: 9 };
  const refusal = await expectRefusal(world.api.post('/tasks', body), 'INVALID_REQUEST', 400);
  expect(refusal.details['path'] === '/prority', 'the field must be named', refusal.details);
  const tasks = [{ type: 'verify.nobody' }, { type: 'verify.nobody', priority: 10 }];
  await expectRefusal(world.api.post('/tasks', { tasks }), 'INVALID_REQUEST', 400);
  const after = await totals(world);
  expect(before === after, 'nothing must be stored', { before, after });
}

/** How many tasks live. */
async function totals(world: World): Promise<number> {
  const { items } = await world.api.get<QueueList>('/queues');
  return items.reduce((sum, queue) => sum + queue.queued + queue.scheduled + queue.running, 0);
}

async function refuseUnknown(world: World): Promise<void> {
  const id = '00000000-0000-7000-8000-000000000000';
  await expectRefusal(world.api.get(pathOf('tasks', id)), 'TASK_NOT_FOUND', 404);
}

async function observe(world: World): Promise<void> {
  const read = async (path: string): Promise<string> => {
    const response = await fetch(world.server.url + path);
    expect(response.ok, `${path} must answer`, response.status);
    return response.text();
  };
  await read('/health/live');
  await read('/health/ready');
  const metrics = await read('/metrics');
  expect(/^uqo_tasks_finished_total\{.*\} \d+/m.test(metrics), 'finished tasks must be counted');
  const { openapi } = JSON.parse(await read('/openapi.json')) as { openapi: string };
  expect(openapi.startsWith('3.1'), 'the API description must be OpenAPI 3.1', openapi);
}

async function checkPid(world: World): Promise<void> {
  const pid = Number(await readFile(join(world.dataDir, PID_FILE_NAME), 'utf8'));
  expect(pid === world.server.pid, 'the process id must be the server’s', pid);
}
