/** Who may still report: agents that vanish, attempts that were overtaken. */
import type { AgentView, LeaseAnswer, LeaseView, TaskView } from '../../contract/index.ts';
import type { Static } from 'typebox';
import { pathOf } from '../server-api.ts';
import type { CheckGroup } from './check.ts';
import { expect, expectRefusal } from './expect.ts';
import type { World } from './world.ts';

const TYPE = 'verify.fenced';
/** Shortest silence that the server takes for a loss. */
const HEARTBEAT_MS = 1_000;

interface Overtaken {
  taskId: string;
  stale: LeaseView | null;
  fresh: LeaseView | null;
}

export function fencingChecks(): CheckGroup {
  const overtaken: Overtaken = { taskId: '', stale: null, fresh: null };
  return {
    name: 'Fencing',
    isIndependent: false,
    checks: [
      {
        title: 'a task of an agent that fell silent goes to another',
        run: (world) => loseAgent(world, overtaken),
      },
      {
        title: 'a report with a stale fencing token is refused (409)',
        run: (world) => reportStale(world, overtaken),
      },
      {
        title: 'the newest attempt completes, and may say so twice',
        run: (world) => reportFresh(world, overtaken),
      },
    ],
  };
}

async function loseAgent(world: World, overtaken: Overtaken): Promise<string> {
  const { api } = world;
  await register(world, 'verify-mute', HEARTBEAT_MS);
  const retry = { attemptsMax: 5, strategy: 'fixed', delayMs: 0, jitter: 0 };
  const task = await api.post<TaskView>('/tasks', { type: TYPE, retry });
  overtaken.taskId = task.id;
  overtaken.stale = await lease(world, 'verify-mute');
  await register(world, 'verify-heir', 60_000);
  overtaken.fresh = await lease(world, 'verify-heir');
  const [stale, fresh] = [overtaken.stale.fencingToken, overtaken.fresh.fencingToken];
  expect(fresh > stale, 'the fencing token must have grown', { stale, fresh });
  const mute = await api.get<AgentView>(pathOf('agents', 'verify-mute'));
  expect(mute.state === 'lost', 'the silent agent must be lost', mute.state);
  return `token ${stale}, then ${fresh}`;
}

async function register({ api }: World, id: string, heartbeatMs: number): Promise<void> {
  await api.post('/agents', { id, capabilities: [TYPE], heartbeatMs });
}

async function lease({ api }: World, agentId: string): Promise<LeaseView> {
  const path = pathOf('agents', agentId, 'lease');
  const body = { max: 1, waitMs: 9_000 };
  const { leases } = await api.post<{ leases: readonly LeaseView[] }>(path, body);
  const [first] = leases;
  expect(first !== undefined, `${agentId} must be leased the task within 9 s`, leases);
  return first;
}

async function reportStale({ api }: World, { stale, taskId }: Overtaken): Promise<void> {
  const body = { fencingToken: stale?.fencingToken };
  const said = { ...body, result: 'stale' };
  await expectRefusal(api.post(pathOf('leases', taskId, 'complete'), said), 'LEASE_FENCED', 409);
  const failed = { ...body, error: { code: 'STALE' } };
  await expectRefusal(api.post(pathOf('leases', taskId, 'fail'), failed), 'LEASE_FENCED', 409);
  const extended = { ...body, runMs: 1000 };
  await expectRefusal(api.post(pathOf('leases', taskId, 'extend'), extended), 'LEASE_FENCED', 409);
}

async function reportFresh(world: World, { fresh, stale, taskId }: Overtaken): Promise<void> {
  const { api } = world;
  const path = pathOf('leases', taskId, 'complete');
  const body = { fencingToken: fresh?.fencingToken, result: 'fresh' };
  const first = await api.post<Static<typeof LeaseAnswer>>(path, body);
  const second = await api.post<Static<typeof LeaseAnswer>>(path, body);
  expect(first.state === 'completed' && second.state === 'completed', 'both must be taken', second);
  const late = { fencingToken: stale?.fencingToken, result: 'stale' };
  await expectRefusal(api.post(path, late), 'LEASE_FENCED', 409);
  const task = await world.task(taskId);
  expect(task.result === 'fresh', 'the result must be that of the newest attempt', task.result);
  for (const id of ['verify-mute', 'verify-heir']) await api.delete(pathOf('agents', id));
}
