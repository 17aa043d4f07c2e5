/** A server, an agent and a submitter over the network, with types from end to end. */
import { Agent, Client } from 'unified-quantum-orchestrator/client';
import { check, scratchServer } from './harness/scratch.ts';

type Types = {
  'text.count': { payload: { text: string }; result: { words: number } };
};

const server = await scratchServer();

const agent = new Agent({
  url: server.url,
  id: 'counter',
  capabilities: ['text.count'],
  slots: 8,
  handler: {
    'text.count': (task: { readonly payload: Types['text.count']['payload'] }, context) => {
      context.progress(0.5, 'counting');
      return { words: task.payload.text.split(/\s+/).length };
    },
  },
});
await agent.start();

const client = new Client<Types>({ url: server.url });
const handle = await client.submit({
  type: 'text.count',
  payload: { text: 'durable before it is told' },
});
const { words } = await handle.result();
check(`the agent counted ${words} words`, words === 5);

const handles = await client.submitMany(
  Array.from({ length: 1_000 }, (_, i) => ({
    type: 'text.count' as const,
    payload: { text: 'w '.repeat(i).trim() || 'w' },
  })),
);
const results = await Promise.all(handles.map((each) => each.result()));
check('1,000 tasks in one submit came back', results.length === 1_000);

const forecast = (await client.http.call('POST', '/tasks', {
  type: 'ml.forecast',
  payload: { series: [10, 12, 14, 16, 18, 20, 22, 24], horizon: 2 },
})) as { id: string };
const outcome = (await client.http.call('GET', `/tasks/${forecast.id}/result?waitMs=20000`)) as {
  state: string;
};
check('a built-in agent made a forecast', outcome.state === 'completed');

await client.close();
await agent.stop();
await server.stop();
