import type { SubmitTask } from '../../src/contract/index.ts';
import type { AgentId } from '../../src/core/index.ts';
import type { Runtime, RuntimeOptions } from '../../src/runtime/index.ts';
import { pause } from './probe.ts';

export interface Scene {
  readonly runtime: Runtime;
  readonly tasks: number;
}

/** A command, or a moment, that concerns many tasks at once. */
export interface StallCase {
  readonly name: string;
  readonly terms?: Partial<RuntimeOptions>;
  readonly setUp?: (scene: Scene) => Promise<void>;
  /** Resolves when nothing of it is left to do. */
  readonly act: (scene: Scene) => Promise<void>;
}

const WORK = { type: 'work', retry: { attemptsMax: 1 } } as const;
const CHILDREN = 10_000;
const LEASES = 10_000;
/** How far ahead moments are set that many tasks share: all must be there before. */
const AHEAD_MS = 4_000;

export const CASES: readonly StallCase[] = [
  {
    name: 'submit of 2,000 that depend on each other',
    act: async ({ runtime }) => void (await runtime.submitFlow({ tasks: chain(2_000) })),
  },
  {
    name: 'submit of 10,000 that depend on each other',
    act: async ({ runtime }) => void (await runtime.submitFlow({ tasks: chain(10_000) })),
  },
  {
    name: 'submit of 10,000 with dedupe keys',
    act: async ({ runtime }) => {
      await runtime.submitTasks(
        many(CHILDREN, (i) => ({ dedupe: { mode: 'keep-last', key: `k${i}` } })),
      );
    },
  },
  {
    name: 'submit of 10,000 children',
    act: async ({ runtime }) => {
      const over = Promise.withResolvers<void>();
      await runtime.serve({ id: 'parent', capabilities: ['parent'] }, async (_, context) => {
        await context.submit(many(CHILDREN));
        over.resolve();
        return null;
      });
      await runtime.submitTask({ type: 'parent' });
      await over.promise;
    },
  },
  {
    name: 'children of one task released',
    setUp: async ({ runtime, tasks }) => void (await runtime.submitFlow({ tasks: fan(tasks) })),
    act: async ({ runtime, tasks }) => {
      await runtime.serve({ id: 'root', capabilities: ['root'] }, () => null);
      await until(() => counts(runtime).queued >= tasks);
    },
  },
  {
    name: 'children of one task fail with it',
    setUp: async ({ runtime, tasks }) => void (await runtime.submitFlow({ tasks: fan(tasks) })),
    act: async ({ runtime, tasks }) => {
      await runtime.serve({ id: 'root', capabilities: ['root'] }, () =>
        Promise.reject(new Error('no')),
      );
      await until(() => counts(runtime).failed >= tasks);
    },
  },
  {
    name: 'fan-out and fan-in, accepted and run',
    act: async ({ runtime, tasks }) => {
      await runtime.serve(
        { id: 'all', capabilities: ['root', 'work', 'sum'], slots: 2_000 },
        () => 1,
      );
      const { id } = await runtime.submitFlow({ tasks: [...fan(tasks), sum(tasks)] });
      await until(() => runtime.observed.state.records.trees.get(id)?.members.size === 0);
    },
  },
  {
    name: 'flow canceled',
    setUp: async ({ runtime, tasks }) => void (await runtime.submitFlow({ tasks: fan(tasks) })),
    act: async ({ runtime }) => {
      const [flow] = runtime.flows.list(null, 1).items;
      await runtime.flows.cancel(flow?.id ?? '', 'unwanted');
      await until(() => waiting(runtime) === 0);
    },
  },
  {
    name: 'namespace killed and restored',
    setUp: async ({ runtime, tasks }) => {
      await runtime.submitTasks(many(tasks));
      await runtime.serve({ id: 'worker', capabilities: ['work'], slots: LEASES }, forever);
      await until(() => counts(runtime).running >= LEASES);
    },
    act: async ({ runtime }) => {
      await runtime.kills.kill('namespace', 'default', { reason: 'stop' });
      await until(() => counts(runtime).running === 0);
      await runtime.kills.restore('namespace', 'default');
      await until(() => counts(runtime).running >= LEASES);
    },
  },
  {
    name: 'agent with 10,000 leases lost',
    setUp: async ({ runtime }) => {
      await runtime.serve({ id: 'worker', capabilities: ['work'], slots: LEASES }, forever);
      await runtime.submitTasks(many(LEASES, () => ({ retry: { attemptsMax: 3 } })));
      await until(() => counts(runtime).running >= LEASES);
    },
    act: async ({ runtime }) => {
      const agentId = 'worker' as AgentId;
      await runtime.observed.loop.propose({ type: 'agent.lost', agentId });
      await until(() => counts(runtime).running === 0);
    },
  },
  {
    name: 'agent with 10,000 leases killed',
    setUp: async ({ runtime }) => {
      await runtime.serve({ id: 'worker', capabilities: ['work'], slots: LEASES }, forever);
      await runtime.submitTasks(many(LEASES, () => ({ retry: { attemptsMax: 3 } })));
      await until(() => counts(runtime).running >= LEASES);
    },
    act: async ({ runtime }) => {
      await runtime.kills.kill('agent', 'worker', { reason: 'stop' });
      await until(() => counts(runtime).running === 0);
    },
  },
  {
    name: 'deadlines at the same moment',
    setUp: ({ runtime, tasks }) => submitFor(runtime, tasks, 'deadlineAt'),
    act: ({ runtime, tasks }) => until(() => counts(runtime).failed >= tasks),
  },
  {
    name: 'delayed tasks due at the same moment',
    setUp: ({ runtime, tasks }) => submitFor(runtime, tasks, 'runAt'),
    act: ({ runtime, tasks }) => until(() => counts(runtime).queued >= tasks),
  },
  {
    name: 'delayed tasks due, and 10,000 free slots',
    setUp: async ({ runtime, tasks }) => {
      await runtime.serve({ id: 'worker', capabilities: ['work'], slots: LEASES }, () => null);
      await submitFor(runtime, tasks, 'runAt');
    },
    act: ({ runtime }) => until(() => waiting(runtime) === 0 && counts(runtime).running === 0),
  },
  {
    name: 'queue with many waiting resumed, 10,000 slots',
    setUp: async ({ runtime, tasks }) => {
      await runtime.serve({ id: 'worker', capabilities: ['work'], slots: LEASES }, forever);
      await runtime.queues.set('work', {});
      await runtime.queues.pause('work');
      for (let some = 0; some < 10; some++)
        await runtime.submitTasks(many(tasks, () => ({ queue: 'work' })));
    },
    act: async ({ runtime }) => {
      await runtime.queues.resume('work');
      await until(() => counts(runtime).running >= LEASES);
    },
  },
  {
    name: 'operation cancels all',
    setUp: async ({ runtime, tasks }) => void (await runtime.submitTasks(many(tasks))),
    act: async ({ runtime }) => {
      await runtime.operations.start({ action: 'cancel', query: 'type:work' });
      await until(() => waiting(runtime) === 0);
    },
  },
  {
    name: 'operation retries all',
    setUp: async ({ runtime, tasks }) => {
      await runtime.submitFlow({ tasks: fan(tasks) });
      await runtime.serve({ id: 'root', capabilities: ['root'] }, () =>
        Promise.reject(new Error('no')),
      );
      await until(() => counts(runtime).failed > tasks);
    },
    act: async ({ runtime }) => {
      await runtime.operations.start({ action: 'retry', query: 'type:work' });
      await until(() => counts(runtime).failed === 1);
    },
  },
  {
    name: 'history let go',
    terms: { history: { ageMsMax: 1_500 } },
    setUp: async ({ runtime, tasks }) => {
      await runtime.serve({ id: 'worker', capabilities: ['work'], slots: 2_000 }, () => null);
      // The results of the first half are wanted by tasks that wait.
      await runtime.submitFlow({ tasks: [...fan(tasks / 2), sum(tasks / 2)] });
      await runtime.submitTasks(many(tasks / 2));
    },
    // The store looks once a minute.
    act: async () => pause(62_000),
  },
];

function many(count: number, more: (i: number) => Partial<SubmitTask> = () => ({})): SubmitTask[] {
  return Array.from({ length: count }, (_, i) => ({ ...WORK, payload: i, ...more(i) }));
}

function chain(count: number): SubmitTask[] {
  return many(count, (i) => ({ ref: `t${i}`, dependsOn: i === 0 ? [] : [`t${i - 1}`] }));
}

/** One, and so many that wait for it. */
function fan(count: number): SubmitTask[] {
  const root = { ...WORK, type: 'root', ref: 'root' };
  return [root, ...many(count, (i) => ({ ref: `t${i}`, dependsOn: ['root'] }))];
}

function sum(count: number): SubmitTask {
  return { ...WORK, type: 'sum', dependsOn: Array.from({ length: count }, (_, i) => `t${i}`) };
}

/** Submits tasks that share a moment, and waits until shortly before it. */
async function submitFor(
  runtime: Runtime,
  tasks: number,
  what: 'deadlineAt' | 'runAt',
): Promise<void> {
  const atMs = Date.now() + AHEAD_MS;
  await runtime.submitTasks(many(tasks, () => ({ [what]: new Date(atMs).toISOString() })));
  await pause(Math.max(0, atMs - 1_000 - Date.now()));
}

function counts(runtime: Runtime): ReturnType<Runtime['status']>['tasks'] {
  return runtime.status().tasks;
}

function waiting(runtime: Runtime): number {
  const { blocked, queued, scheduled } = counts(runtime);
  return blocked + queued + scheduled;
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await pause(5);
}

/** An attempt that ends when it is told to. */
function forever(_: unknown, { signal }: { readonly signal: AbortSignal }): Promise<null> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(null)));
}
