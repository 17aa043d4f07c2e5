/** A month of a program in a test: time that jumps, a crash, an agent that hangs, a disk without room. */
import {
  TaskFailure,
  type HandlerContext,
  type HandlerTask,
  type OrchestratorError,
  type UnifiedQuantumOrchestrator,
} from 'unified-quantum-orchestrator';
import { TestOrchestrator } from 'unified-quantum-orchestrator/testing';
import { check } from './harness/scratch.ts';

interface Subscription {
  readonly customer: string;
  readonly month: number;
}

const charges: string[] = [];

/** What is tested: charges a customer, and comes again a month later. */
async function charge(
  { payload: { customer, month } }: HandlerTask<Subscription>,
  { attempt, submit }: HandlerContext,
): Promise<string> {
  if (month === 2 && attempt === 1) throw new TaskFailure('BANK_DOWN', 'the bank does not answer');
  charges.push(`${customer} ${month}`);
  const payload = { customer, month: month + 1 };
  const idempotencyKey = `${customer} ${month + 1}`;
  if (month < 3)
    await submit({ type: 'charge', payload, idempotencyKey, delayMs: 30 * 86_400_000 });
  return `charged ${customer}`;
}

function subscribe(orchestrator: UnifiedQuantumOrchestrator, customer: string): Promise<unknown> {
  return orchestrator.submitTask({ type: 'charge', payload: { customer, month: 1 } });
}

/** The code of the error that a promise rejects with. */
async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'none',
    (error: unknown) => (error as OrchestratorError).code,
  );
}

const startedMs = performance.now();
const uqo = await TestOrchestrator.start({ startAt: '2026-01-31T00:00:00Z' });
await uqo.agent({ id: 'cashier', capabilities: ['charge'], slots: 4 }, charge);

await subscribe(uqo.orchestrator, 'ada');
await uqo.settle();
check('the first month is charged at once', charges.join() === 'ada 1');

await uqo.clock.advance('29d');
check('the second one is not before its day', charges.length === 1);
uqo.crash();
await uqo.restart();
await uqo.clock.advance('1d');
uqo.expectEvents([
  { type: 'attempt.failed', error: { code: 'BANK_DOWN', message: 'the bank does not answer' } },
  { type: 'task.scheduled', reason: 'retry' },
]);
check('a crash later its first attempt fails', charges.length === 1);
await uqo.clock.runUntilIdle();
check(`all is charged, each month once: ${charges.join(', ')}`, charges.length === 3);

// A remote agent, played by the test: it hangs, and what it says later is refused.
const printer = await uqo.scripted({ id: 'printer', capabilities: ['print'], heartbeatMs: 5_000 });
const bill = await uqo.submit({ type: 'print' });
const lease = await printer.nextLease();
await printer.goSilent();
await uqo.eventually(() => bill.state() === 'queued', { within: '6s' });
await printer.reconnect();
const refusal = await codeOf(lease.complete('late'));
check(`a report after its time is refused: ${refusal}`, refusal === 'LEASE_FENCED');
await (await printer.nextLease()).complete('printed');
uqo.expectCompleted(bill, 'printed');

await uqo.fullDisk(true);
const full = await codeOf(uqo.submit({ type: 'print' }));
check(`a full disk takes nothing: ${full}`, full === 'LOG_FULL');
await uqo.fullDisk(false);

await uqo.assertInvariants();
check('nothing was lost, nothing done twice, and the log gives the same state again', true);
await uqo.stop();
const months = (uqo.clock.now() - Date.parse('2026-01-31T00:00:00Z')) / (30 * 86_400_000);
const tookMs = (performance.now() - startedMs).toFixed(0);
check(`${months.toFixed(0)} months passed in ${tookMs} ms`, months > 2);
