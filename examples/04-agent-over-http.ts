/** An agent in any language: nothing but HTTP requests, here with `fetch`. */
import { check, scratchServer } from './harness/scratch.ts';

const server = await scratchServer();

async function call(
  path: string,
  body: unknown,
): Promise<{ status: number; answer: Record<string, unknown> }> {
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
}

await call('/agents', { id: 'shouter', capabilities: ['shout'], slots: 1 });
const submitted = await call('/tasks', { type: 'shout', payload: { text: 'hello' } });

const { answer } = await call('/agents/shouter/lease', { max: 1, waitMs: 10_000 });
const [lease] = answer['leases'] as {
  taskId: string;
  fencingToken: number;
  payload: { text: string };
}[];
check('the lease is for the task', lease?.taskId === submitted.answer['id']);

const { fencingToken, payload, taskId } = lease as NonNullable<typeof lease>;
const stale = await call(`/leases/${taskId}/complete`, {
  fencingToken: fencingToken + 1,
  result: 'not mine',
});
check('another token is refused with 409', stale.status === 409);

const result = { text: payload.text.toUpperCase() };
const done = await call(`/leases/${taskId}/complete`, { fencingToken, result });
check('the completion is taken', done.status === 200);

const outcome = await (await fetch(`${server.url}/api/v1/tasks/${taskId}/result`)).json();
check(
  `the result is there: ${JSON.stringify(outcome)}`,
  (outcome as { state: string }).state === 'completed',
);

await server.stop();
