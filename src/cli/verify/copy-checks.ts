/** What is promised of copies: liars are outvoted, and slow attempts overtaken. */
import type { AgentView, ExplanationView, LeaseView, TaskView } from '../../contract/index.ts';
import { pathOf } from '../server-api.ts';
import { waitForTask } from '../tasks/wait-for-task.ts';
import type { CheckGroup } from './check.ts';
import { expect, expectRefusal } from './expect.ts';
import type { World } from './world.ts';

const TYPE = 'verify.copied';
const AGENTS = ['verify-copy-1', 'verify-copy-2', 'verify-copy-3'] as const;
const LIAR = AGENTS[0];
const WAIT_MS = 9_000;
/** Time in which a hedge is made and leased. */
const OFFER_MS = 1_500;

export function copyChecks(): CheckGroup {
  return {
    name: 'Redundant copies, hedging',
    isIndependent: false,
    checks: [
      {
        title: 'two agents that agree outvote one that lies, and it is trusted less',
        run: outvote,
      },
      {
        title: 'where no quorum is possible the task fails, and says who said what',
        run: disagree,
      },
      { title: 'a hedge overtakes an attempt that takes too long', run: overtake },
    ],
  };
}

async function offered({ api }: World, agentId: string, waitMs: number): Promise<LeaseView[]> {
  const path = pathOf('agents', agentId, 'lease');
  return (await api.post<{ leases: LeaseView[] }>(path, { max: 1, waitMs })).leases;
}

async function leaseOf(world: World, agentId: string): Promise<LeaseView> {
  const leases = await offered(world, agentId, WAIT_MS);
  const [first] = leases;
  expect(first !== undefined, `${agentId} must be leased a copy`, leases);
  return first;
}

async function complete({ api }: World, lease: LeaseView, result: unknown): Promise<void> {
  const { fencingToken, taskId } = lease;
  await api.post(pathOf('leases', taskId, 'complete'), { fencingToken, result });
}

async function outvote(world: World): Promise<string> {
  const { api } = world;
  for (const id of AGENTS) await api.post('/agents', { id, capabilities: [TYPE], slots: 2 });
  const redundancy = { copies: 3, agree: 2 };
  const { id } = await api.post<TaskView>('/tasks', { type: TYPE, payload: { n: 1 }, redundancy });
  for (const agentId of AGENTS) {
    const lease = await leaseOf(world, agentId);
    expect(JSON.stringify(lease.payload) === '{"n":1}', 'a copy must have the payload', lease);
    await complete(world, lease, agentId === LIAR ? 'lie' : 'truth');
  }
  await waitForTask(api, id, WAIT_MS);
  const { copies, result } = await world.task(id);
  expect(result === 'truth', 'the result must be that of the two', result);
  expect(copies?.dissented?.join() === LIAR, 'the liar must be named', copies);
  const { trust } = await api.get<AgentView>(pathOf('agents', LIAR));
  expect(trust?.factor === 0.5, 'the liar must be trusted half as much', trust);
  return `${copies?.agreed?.length} agreed, 1 dissented`;
}

async function disagree(world: World): Promise<string> {
  const { api } = world;
  const tooMany = { type: TYPE, redundancy: { copies: 2, agree: 3 } };
  await expectRefusal(api.post('/tasks', tooMany), 'INVALID_REQUEST', 400);
  const redundancy = { copies: 3, agree: 2 };
  const { id } = await api.post<TaskView>('/tasks', { type: TYPE, redundancy });
  for (const agentId of AGENTS) await complete(world, await leaseOf(world, agentId), agentId);
  await waitForTask(api, id, WAIT_MS);
  const { error } = await world.task(id);
  expect(error?.code === 'REDUNDANCY_DISAGREED', 'the error must say so', error);
  for (const agentId of AGENTS) {
    expect(error.message.includes(agentId), `the error must name ${agentId}`, error.message);
  }
  return error.code;
}

async function overtake(world: World): Promise<string> {
  const { api } = world;
  const hedge = { afterMs: 100 };
  const { id } = await api.post<TaskView>('/tasks', { type: TYPE, hedge });
  // One of them is offered the task, one its hedge, and the third nothing.
  const offers = AGENTS.map((agentId) => offered(world, agentId, OFFER_MS));
  const leases = (await Promise.all(offers)).flat();
  const copy = leases.find(({ taskId }) => taskId !== id);
  expect(copy !== undefined, 'another agent must be leased a copy', leases);
  const { verdict } = await api.get<ExplanationView>(pathOf('tasks', id, 'explain'));
  expect(verdict.includes('is hedged'), 'the verdict must say so', verdict);
  await complete(world, copy, 'fast');
  await waitForTask(api, id, WAIT_MS);
  const { result } = await world.task(id);
  expect(result === 'fast', 'the first result must count', result);
  for (const agentId of AGENTS) await api.delete(pathOf('agents', agentId));
  return verdict;
}
