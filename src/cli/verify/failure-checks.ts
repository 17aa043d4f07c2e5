/** What is promised of breakers, and of a server that looks after itself. */
import { setTimeout as delay } from 'node:timers/promises';
import type {
  AgentView,
  BreakerView,
  ExplanationView,
  RecoveryList,
  StatusView,
  TaskView,
} from '../../contract/index.ts';
import { pathOf } from '../server-api.ts';
import { waitForTask } from '../tasks/wait-for-task.ts';
import type { CheckGroup } from './check.ts';
import { expect, expectRefusal } from './expect.ts';
import type { World } from './world.ts';

const WAIT_MS = 15_000;
const SERVICE = 'verify-service';

/** Attempts of a type that must have completed before the server predicts how long they take. */
const SAMPLES = 50;

export function failureChecks(): CheckGroup {
  return {
    name: 'Circuit breakers, supervision',
    checks: [
      { title: 'a service that fails is left alone, and only its tasks wait', run: service },
      { title: "an agent's breaker is held open and reset by hand", run: byHand },
      { title: 'an attempt that shows nothing for too long is told of', run: stuck },
      { title: 'log, store and disk are looked at', run: selfChecks },
    ],
  };
}

async function submitted(world: World, payload: object, fields: object = {}): Promise<string> {
  const task = { type: 'verify.calls', payload, ...fields };
  return (await world.api.post<TaskView>('/tasks', task)).id;
}

async function service(world: World): Promise<string> {
  const { ailing, api } = world;
  const path = pathOf('breakers', 'downstream', SERVICE);
  await api.put(path, { callsMin: 2, openMs: 500, jitter: 0, probesMax: 1, successesMin: 1 });
  ailing.add(SERVICE);
  const fields = { downstreams: [SERVICE], retry: { attemptsMax: 50, delayMs: 0 } };
  const ids = [];
  for (let n = 0; n < 3; n++) ids.push(await submitted(world, { group: SERVICE }, fields));
  await reached(async () => (await api.get<BreakerView>(path)).state === 'open');
  await waitForTask(api, await submitted(world, {}), WAIT_MS);
  const { verdict } = await api.get<ExplanationView>(pathOf('tasks', ids[2] ?? '', 'explain'));
  expect(verdict.includes(SERVICE), 'the verdict must name the service', verdict);
  ailing.delete(SERVICE);
  for (const id of ids) await waitForTask(api, id, WAIT_MS);
  const { state } = await api.get<BreakerView>(path);
  expect(state === 'closed', 'the breaker must have closed', state);
  return verdict;
}

async function byHand({ api }: World): Promise<void> {
  const path = pathOf('breakers', 'agent', 'verify-socket');
  await api.post(`${path}/open`, { reason: 'verify', by: 'uqo verify' });
  const { breaker } = await api.get<AgentView>(pathOf('agents', 'verify-socket'));
  expect(breaker === 'open', 'the agent must show its breaker', breaker);
  const { id } = await api.post<TaskView>('/tasks', { type: 'verify.now' });
  const { verdict } = await api.get<ExplanationView>(pathOf('tasks', id, 'explain'));
  expect(verdict.includes('breaker'), 'the verdict must name the breaker', verdict);
  await api.post(`${path}/reset`, {});
  await waitForTask(api, id, WAIT_MS);
  const unknown = pathOf('breakers', 'agent', 'nobody', 'reset');
  await expectRefusal(api.post(unknown, {}), 'BREAKER_NOT_FOUND', 404);
}

async function stuck(world: World): Promise<string> {
  const { api } = world;
  const tasks = Array.from({ length: SAMPLES }, () => ({ type: 'verify.calls', payload: {} }));
  const made = await api.post<{ tasks: readonly TaskView[] }>('/tasks', { tasks });
  for (const { id } of made.tasks) await waitForTask(api, id, WAIT_MS);
  const id = await submitted(world, { hangs: true });
  await reached(async () => (await api.get<StatusView>('/status')).stuck > 0);
  const found = (await api.get<RecoveryList>('/recoveries')).items.find(
    ({ kind, subject }) => kind === 'task.stuck' && subject.includes(id),
  );
  await api.post(pathOf('tasks', id, 'cancel'));
  expect(found !== undefined, 'it must be among the recoveries');
  return found.cause;
}

async function selfChecks({ api }: World): Promise<string> {
  let { checks } = await api.get<RecoveryList>('/recoveries');
  await reached(async () => {
    ({ checks } = await api.get<RecoveryList>('/recoveries'));
    return checks.length === 3;
  });
  const bad = checks.filter(({ isOk }) => !isOk);
  expect(bad.length === 0, 'all must be well', bad);
  return checks.map(({ detail, name }) => `${name}: ${detail}`).join('; ');
}

async function reached(isSo: () => Promise<boolean>): Promise<void> {
  const untilMs = performance.now() + WAIT_MS;
  while (!(await isSo())) {
    expect(performance.now() < untilMs, `it must be so within ${WAIT_MS} ms`);
    await delay(50);
  }
}
