/** A person in the loop: an attempt that asks, whose slot works meanwhile, and that goes on after a failure. */
import {
  UnifiedQuantumOrchestrator,
  type HandlerContext,
  type HandlerTask,
} from 'unified-quantum-orchestrator';
import { check, scratchFolder } from './harness/scratch.ts';

interface Invoice {
  readonly amount: number;
}

const orchestrator = new UnifiedQuantumOrchestrator({ dataDir: scratchFolder() });
await orchestrator.start();

let questions = 0;
let firstDetails: unknown = 'not asked yet';

async function pay(
  { payload }: HandlerTask<Invoice>,
  { attempt, heartbeat, lastDetails, waitForInput }: HandlerContext,
): Promise<string> {
  if (payload.amount < 1_000) return 'paid at once';
  if (attempt === 1) firstDetails = lastDetails;
  questions += 1;
  const { approved } = await waitForInput<{ approved: boolean }>({
    key: 'approve',
    message: `Pay ${payload.amount} EUR?`,
    schema: {
      type: 'object',
      required: ['approved'],
      properties: { approved: { type: 'boolean' } },
      additionalProperties: false,
    },
    expiresMs: 86_400_000,
    default: { approved: false },
    answerers: ['ann'],
  });
  if (!approved) return 'declined';
  // Kept with the task: the next attempt knows that the money is on its way.
  heartbeat({ transfer: 'T-1' });
  if (lastDetails === undefined) throw new Error('the bank hung up');
  return `paid by ${(lastDetails as { transfer: string }).transfer}`;
}

await orchestrator.registerAgent({ id: 'clerk', capabilities: ['pay'], slots: 1 }, pay);

const retry = { attemptsMax: 3, delayMs: 0 };
const large = await orchestrator.submitTask<string>({
  type: 'pay',
  payload: { amount: 12_000 },
  retry,
});
while (orchestrator.getTask(large.id)?.state !== 'input_required')
  await new Promise((resolve) => setImmediate(resolve));
const question = orchestrator.getTask(large.id)?.input;
check(`it asks: ${question?.message}`, question?.key === 'approve');

const small = await orchestrator.submitTask<string>({ type: 'pay', payload: { amount: 20 } });
check('the only slot works meanwhile', (await small.result()) === 'paid at once');

const refusals: string[] = [];
for (const [answer, by] of [
  [{ approved: 'yes' }, 'ann'],
  [{ approved: true }, 'eve'],
] as const) {
  await large.answer(answer, { by }).catch((error: { code: string }) => refusals.push(error.code));
}
check(
  `a wrong answer and a wrong person are refused: ${refusals.join(', ')}`,
  refusals.join() === 'INPUT_INVALID,INPUT_NOT_ALLOWED',
);

await large.answer({ approved: true }, { by: 'ann' });
check('the task goes on with the answer', (await large.result()) === 'paid by T-1');
const done = orchestrator.getTask(large.id);
check('its second attempt asked nobody again', questions === 2 && done?.answers?.length === 1);
check('the first attempt found no details', firstDetails === undefined);

await orchestrator.stop();
