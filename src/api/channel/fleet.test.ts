/** Thousands of agents of the SDK over one connection, against the server's end. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AgentId } from '../../core/index.ts';
import type { HandlerContext, HandlerTask } from '../../contract/index.ts';
import { Cast, happensAgain } from './testing/cast.ts';

let cast: Cast;
beforeEach(async () => {
  cast = await Cast.open();
});
afterEach(() => cast.close());

const COUNT = 12_000;
type Handler = (task: HandlerTask, context: HandlerContext) => unknown;

/** Agents `device-1` to `device-N`, of which every second one measures and the others move. */
function devices(handler: Handler, count = COUNT): Parameters<Cast['agent']>[1] {
  return {
    id: 'device-0',
    also: Array.from({ length: count }, (_, n) => ({
      id: `device-${n + 1}`,
      capabilities: [n % 2 === 0 ? 'measure' : 'move'],
      labels: { zone: 'eu' },
      handler,
    })),
  };
}

test('a fleet is registered whole once it has started, shares what it is, and each serves as itself', async () => {
  const served: string[] = [];
  await cast.agent(
    cast.world.url,
    devices(({ type }) => {
      served.push(type);
      return type;
    }),
  );
  const { runtime } = cast.world;
  expect(runtime.status().agents.ready).toBe(COUNT + 1);
  expect(runtime.observed.state.agentSpecs.size).toBe(3);
  const last = runtime.agents.get(`device-${COUNT}` as AgentId);
  expect(last).toMatchObject({ capabilities: ['move'], labels: { zone: 'eu' }, state: 'ready' });
  const client = cast.client(cast.world.url);
  const handles = await Promise.all(
    ['measure', 'move', 'measure'].map((type) => client.submit({ type })),
  );
  expect(await Promise.all(handles.map((handle) => handle.result()))).toEqual([
    'measure',
    'move',
    'measure',
  ]);
  expect(served.toSorted()).toEqual(['measure', 'measure', 'move']);
});

test('an attempt of an enrolled agent goes on over a new connection, and is not begun twice', async () => {
  const begun: { readonly signal: AbortSignal; readonly end: (result: unknown) => void }[] = [];
  const handler: Handler = (_task, { signal }) =>
    new Promise((resolve) => begun.push({ signal, end: resolve }));
  await cast.agent(cast.proxy.url, devices(handler, 300));
  const { runtime } = cast.world;
  const handle = await cast.client(cast.world.url).submit({ type: 'move' });
  await happensAgain(() => begun.length > 0);
  const busy = runtime.tasks.get(handle.id as never)?.agentId as AgentId;
  cast.proxy.cut();
  await happensAgain(() => runtime.agents.get(busy)?.connection === null);
  await happensAgain(() => runtime.agents.get(busy)?.connection === 'channel');
  // Whatever the enrolment led to has come by the answer to a later task.
  const other = await cast.client(cast.world.url).submit({ type: 'move' });
  await happensAgain(() => begun.length > 1);
  begun[1]?.end('other');
  expect(await other.result()).toBe('other');
  expect(begun).toHaveLength(2);
  expect(begun[0]?.signal.aborted).toBe(false);
  begun[0]?.end('done');
  expect(await handle.result()).toBe('done');
  expect(runtime.tasks.get(handle.id as never)?.attempt).toBe(1);
});

test('a fleet that is refused while it enrolls does not start', async () => {
  const fleet = devices(() => 1, 300);
  const also = [...(fleet?.also ?? [])];
  also.push(also[0] as (typeof also)[number]);
  await expect(cast.agent(cast.world.url, { ...fleet, also })).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
  });
});
