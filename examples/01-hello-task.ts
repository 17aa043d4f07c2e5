/** A durable task inside one program: no server, nothing to install. */
import { UnifiedQuantumOrchestrator } from 'unified-quantum-orchestrator';
import { check, scratchFolder } from './harness/scratch.ts';

const orchestrator = new UnifiedQuantumOrchestrator({
  dataDir: scratchFolder(),
  maxAgents: 1_000_000,
});
await orchestrator.start();

await orchestrator.registerAgent(
  { id: 'greeter', capabilities: ['greet'], slots: 4 },
  (task: { readonly payload: { readonly name: string } }, context) => {
    context.logger.info('greeting', { name: task.payload.name });
    return { greeting: `Hello, ${task.payload.name}!`, attempt: context.attempt };
  },
);

// When this resolves the task is on disk: a crash from here on cannot lose it.
const task = await orchestrator.submitTask<{ greeting: string }>({
  type: 'greet',
  payload: { name: 'Ada' },
});
const { greeting } = await task.result();
check(`the task's result is "${greeting}"`, greeting === 'Hello, Ada!');

const status = orchestrator.getSystemStatus();
check('nothing is left to do', status.tasks.queued === 0 && status.tasks.running === 0);
await orchestrator.stop();

// The same folder again: finished tasks are remembered.
const later = new UnifiedQuantumOrchestrator({ dataDir: orchestrator.dataDir });
await later.start();
check(
  'the finished task is still there after a restart',
  later.getTask(task.id)?.state === 'completed',
);
await later.stop();
