/** A flow with an approval: three drafts side by side, an editor who must say yes, and what follows a no. */
import {
  UnifiedQuantumOrchestrator,
  type HandlerContext,
  type HandlerTask,
} from 'unified-quantum-orchestrator';
import { check, scratchFolder } from './harness/scratch.ts';

const orchestrator = new UnifiedQuantumOrchestrator({ dataDir: scratchFolder() });
await orchestrator.start();

/** What a task was given of those that it depends on. */
function textOf({ parents }: HandlerContext, ref: string): string {
  return String(parents[ref]?.result);
}

const handlers: Record<string, (task: HandlerTask, context: HandlerContext) => unknown> = {
  draft: ({ payload }, { reportUsage }) => {
    reportUsage({ tokens: 400, costUsd: 0.002 });
    return `a text on ${String(payload)}`;
  },
  choose: (_task, { parents }) => Object.values(parents).map(({ result }) => result as string)[0],
  approve: async (_task, context) => {
    const text = textOf(context, 'choose');
    const { approved } = await context.waitForInput<{ approved: boolean }>({
      key: 'approve',
      message: `Publish "${text}"?`,
      answerers: ['ann'],
    });
    if (approved) return text;
    throw Object.assign(new Error('the editor said no'), { code: 'DECLINED', retryable: false });
  },
  publish: (_task, context) => `published: ${textOf(context, 'approve')}`,
  report: (_task, { parents }) => parents['publish']?.state,
};
const agent = { id: 'desk', capabilities: Object.keys(handlers), slots: 4 };
await orchestrator.registerAgent(agent, (task: HandlerTask, context) =>
  handlers[task.type]?.(task, context),
);

function article() {
  return orchestrator.submitFlow({
    name: 'article',
    budget: { tokens: 2_000, costUsd: 0.1, wallMs: 3_600_000 },
    tasks: [
      ...['tea', 'rain', 'trains'].map((topic) => ({ type: 'draft', ref: topic, payload: topic })),
      { type: 'choose', ref: 'choose', dependsOn: ['tea', 'rain', 'trains'] },
      { type: 'approve', ref: 'approve', dependsOn: ['choose'] },
      { type: 'publish', ref: 'publish', dependsOn: [{ ref: 'approve', onFailure: 'skip' }] },
      { type: 'report', ref: 'report', dependsOn: [{ ref: 'publish', onFailure: 'continue' }] },
    ],
  });
}

/** Waits for the question, then answers it. */
async function decide(flow: Awaited<ReturnType<typeof article>>, approved: boolean): Promise<void> {
  const task = flow.task('approve');
  while (orchestrator.getTask(task.id)?.state !== 'input_required')
    await new Promise((resolve) => setImmediate(resolve));
  const { counts } = flow.get() ?? {};
  check(
    `${counts?.completed} tasks are done, one asks, ${counts?.blocked} wait for it`,
    counts?.completed === 4 && counts.input_required === 1 && counts.blocked === 2,
  );
  await task.answer({ approved }, { by: 'ann' });
}

const first = await article();
await decide(first, true);
check(
  'what was approved is published',
  (await first.task('publish').result()) === 'published: a text on tea',
);
check('and reported', (await first.task('report').result()) === 'completed');
const used = first.get()?.budget?.used;
check(`it took ${used?.tokens} tokens of 2,000`, used?.tokens === 1_200);

const second = await article();
await decide(second, false);
check(
  'what was declined is skipped, and that is reported',
  (await second.task('report').result()) === 'canceled',
);
check(
  'the publication says why it did not run',
  orchestrator.getTask(second.task('publish').id)?.reason === 'skipped',
);

const circle = [
  { type: 'draft', ref: 'a', dependsOn: ['b'] },
  { type: 'draft', ref: 'b', dependsOn: ['a'] },
];
const refusal = await orchestrator
  .submitFlow({ tasks: circle })
  .catch((error: { code: string; message: string }) => error);
check(
  `a circle is refused: ${'message' in refusal ? refusal.message : ''}`,
  'code' in refusal && refusal.code === 'FLOW_CYCLE',
);

await orchestrator.stop();
