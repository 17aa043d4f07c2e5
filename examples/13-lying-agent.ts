/** Three agents do the same work, and one lies: two that agree outvote it, and it is trusted less. */
import { UnifiedQuantumOrchestrator } from 'unified-quantum-orchestrator';
import { check, scratchFolder } from './harness/scratch.ts';

interface Invoice {
  readonly items: readonly number[];
}

const sum = ({ items }: Invoice): number => items.reduce((total, item) => total + item, 0);

const uqo = new UnifiedQuantumOrchestrator({ dataDir: scratchFolder() });
await uqo.start();
// The liar answers at once, the others only after it: it always votes first.
const lied = Promise.withResolvers<void>();
await uqo.registerAgent({ id: 'liar', capabilities: ['invoice.sum'] }, ({ payload }) => {
  lied.resolve();
  return { total: sum(payload as Invoice) + 1_000 };
});
for (const id of ['honest-1', 'honest-2']) {
  await uqo.registerAgent({ id, capabilities: ['invoice.sum'] }, async ({ payload }) => {
    await lied.promise;
    return { total: sum(payload as Invoice) };
  });
}

const task = await uqo.submitTask<{ total: number }>({
  type: 'invoice.sum',
  payload: { items: [120, 80, 42] },
  redundancy: { copies: 3, agree: 2 },
});
const { total } = await task.result();

const { copies } = uqo.getTask(task.id) ?? {};
console.log(`total: ${total}`);
for (const { agentId, hash } of copies?.votes ?? []) console.log(`${agentId} voted ${hash}`);
check('the two that agree decide', total === 242);
check('each copy ran on an agent of its own', new Set(copies?.taskIds).size === 3);
check('the liar dissented', copies?.dissented?.join() === 'liar');
check('the others agreed', copies?.agreed?.toSorted().join() === 'honest-1,honest-2');
const { trust } = uqo.runtime.agents.get('liar' as never) ?? {};
check('the liar is trusted half as much', trust?.factor === 0.5 && trust.dissents === 1);

// Nobody can outvote a liar where all must agree: the task fails, and says who said what.
const strict = await uqo.submitTask({
  type: 'invoice.sum',
  payload: { items: [1, 2] },
  redundancy: { copies: 3, agree: 3 },
});
const failure: unknown = await strict.result().catch((error: unknown) => error);
await uqo.stop();
const { code, message } = failure as { code: string; message: string };
console.log(`${code}: ${message}`);
check('without a quorum the task fails', code === 'REDUNDANCY_DISAGREED');
check('its error names the liar', message.includes('liar'));
