/** Failing on purpose: retries with back-off, a failure that no retry can mend, and a dead letter queued again. */
import { TaskFailure, UnifiedQuantumOrchestrator } from 'unified-quantum-orchestrator';
import { check, scratchFolder } from './harness/scratch.ts';

const orchestrator = new UnifiedQuantumOrchestrator({ dataDir: scratchFolder() });
await orchestrator.start();

let isServiceUp = false;
const tokens: number[] = [];
await orchestrator.registerAgent(
  { id: 'worker', capabilities: ['charge'], slots: 2 },
  (task: { readonly payload: { readonly card: string } }, context) => {
    tokens.push(context.fencingToken);
    if (task.payload.card === 'stolen')
      throw new TaskFailure('CARD_REFUSED', 'no attempt will help', { retryable: false });
    if (!isServiceUp) throw new Error('the payment service does not answer');
    return { paid: true };
  },
);

const retry = { attemptsMax: 3, strategy: 'exponential', delayMs: 20, jitter: 0 } as const;
const failing = await orchestrator.submitTask({ type: 'charge', payload: { card: 'good' }, retry });
await failing.result().catch(() => undefined);
const dead = orchestrator.getTask(failing.id);
check('after 3 attempts the task is a dead letter', dead?.state === 'failed' && dead.attempt === 3);
check(
  'each attempt had a greater fencing token',
  tokens.every((token, i) => i === 0 || token > (tokens[i - 1] ?? 0)),
);

isServiceUp = true;
await orchestrator.runtime.tasks.retry([failing.id as never]);
await failing.result();
check('queued again, it completes', orchestrator.getTask(failing.id)?.state === 'completed');

const refused = await orchestrator.submitTask({
  type: 'charge',
  payload: { card: 'stolen' },
  retry,
});
await refused.result().catch(() => undefined);
check('a failure that says so is not retried', orchestrator.getTask(refused.id)?.attempt === 1);

await orchestrator.stop();
