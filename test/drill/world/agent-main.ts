/** An agent process of the drill, until it is killed: over the channel, or polling over HTTP. */
import { writeSync } from 'node:fs';
import { Agent } from '../../../src/client/index.ts';
import { Journal } from './journal.ts';
import { PollAgent } from './poll-agent.ts';
import { doWork, type Work } from './work.ts';
import type { AgentPlan } from './agent-process.ts';

const { journalFile, plan, url } = JSON.parse(process.argv[2] ?? '{}') as {
  readonly plan: AgentPlan;
  readonly url: string;
  readonly journalFile: string;
};
const journal = new Journal(journalFile);
const { id, isPolling, ...rest } = plan;
const registration = { id, ...rest, heartbeatMs: 1_200 };

if (isPolling) {
  await new PollAgent(url, registration, journal).run();
} else {
  const agent = new Agent({
    url,
    ...registration,
    handler: (task: { id: string; type: string; payload: Work }, context) => {
      journal.write({ type: 'ran', id: task.id, token: context.fencingToken, agentId: id });
      return doWork(id, task, context);
    },
    // After a kill of the server it is told of attempts that are over; that is what the drill is about.
    onError: () => undefined,
  });
  await agent.start();
}
writeSync(1, 'serves\n');
