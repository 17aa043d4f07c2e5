/** Whatever called agents answer, and whenever the server restarts: each task ends once, and as it was told. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OrchestratorError } from '../../base/errors.ts';
import { RuntimeWorld, turn, type TaskId } from '../testing/runtime-world.ts';
import type { PostWebhook, WebhookResponse } from './post-webhook.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

const SECRET = 'a secret of sixteen bytes or more';

interface Open {
  readonly taskId: TaskId;
  readonly fencingToken: number;
  readonly resolve: (response: WebhookResponse) => void;
  readonly reject: (error: Error) => void;
}

const step = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ kind: 'submit' as const, which: 0 }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('result', 'error', 'take', 'busy', 'odd', 'unreachable', 'break'),
      which: fc.nat(9),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('report' as const), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), which: fc.nat(9) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass' as const), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const, which: 0 }) },
);

async function settled(): Promise<void> {
  for (let i = 0; i < 8; i++) await turn();
}

test('each task ends once, by an answer that was given for its newest attempt', async () => {
  const property = fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
    let open: Open[] = [];
    let taken: Open[] = [];
    /** Answers given, by task: the tokens they were for. */
    const answers = new Map<string, Set<number>>();
    const post: PostWebhook = (request) =>
      new Promise((resolve, reject) => {
        const { lease } = JSON.parse(request.body) as { lease: Open };
        const call = { ...lease, resolve, reject };
        request.signal.addEventListener('abort', () => {
          open = open.filter((each) => each !== call);
          reject(new Error('aborted'));
        });
        open.push(call);
      });
    const supervision = { enabled: false };
    const world = new RuntimeWorld({ supervision, webhooks: { secret: SECRET, post } }, 'memory');
    let runtime = await world.open();
    const url = 'https://agent.example/';
    for (const id of ['one', 'two']) {
      const availability = { kind: 'webhook', url } as const;
      const agent = { id, capabilities: ['work'], slots: 2, heartbeatMs: 30_000, availability };
      await runtime.agents.register([agent], 'first');
    }
    const ids: TaskId[] = [];
    const canceledAt: [id: string, isTaken: boolean][] = [];
    const answer = (call: Open, status: number, body: object | string): void => {
      open = open.filter((each) => each !== call);
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      call.resolve({ status, body: text, retryAfterMs: null });
    };
    const given = ({ fencingToken, taskId }: Open): void => {
      const tokens = answers.get(taskId) ?? new Set();
      answers.set(taskId, tokens.add(fencingToken));
    };
    for (const { kind, which } of steps) {
      const call = open[which % Math.max(1, open.length)];
      if (kind === 'submit') {
        const retry = { attemptsMax: 1_000, delayMs: 0 };
        ids.push((await runtime.submitTask({ type: 'work', retry })) as TaskId);
      } else if (kind === 'pass') {
        world.clock.advance(1_000 * 2 ** which);
      } else if (kind === 'restart') {
        await runtime.close(0);
        // What is held by whoever took it is still held: the server calls again, and it takes it again.
        taken = [];
        runtime = await world.open();
      } else if (kind === 'cancel') {
        const some = ids.slice(which % Math.max(1, ids.length)).slice(0, 1);
        const refusals = await runtime.tasks.cancel(some, 'no longer wanted');
        for (const [at, id] of some.entries()) canceledAt.push([id, refusals[at] === null]);
      } else if (kind === 'report') {
        const held = taken[which % Math.max(1, taken.length)];
        if (held !== undefined) {
          const { fencingToken, taskId } = held;
          const report = { ok: true, result: String(fencingToken) } as const;
          given(held);
          await runtime.agents.report([{ taskId, fencingToken, report }]);
        }
      } else if (call !== undefined) {
        if (kind === 'result') {
          given(call);
          answer(call, 200, { result: call.fencingToken });
        } else if (kind === 'error') answer(call, 200, { error: { code: 'NO_PAPER' } });
        else if (kind === 'take') {
          taken.push(call);
          answer(call, 202, '');
        } else if (kind === 'busy') answer(call, 429, '');
        else if (kind === 'odd') answer(call, 418, 'a teapot');
        else {
          open = open.filter((each) => each !== call);
          const code = kind === 'break' ? 'WEBHOOK_BROKEN' : 'WEBHOOK_UNREACHABLE';
          call.reject(new OrchestratorError(code, 'no route'));
        }
      }
      await settled();
      // Nobody has two calls for one attempt, and nobody more than its slots.
      expect(new Set(open.map(({ taskId }) => taskId)).size).toBe(open.length);
      expect(open.length).toBeLessThanOrEqual(4);
    }
    // From here on agents only work: everything ends.
    for (let round = 0; ids.some((id) => !isOver(id)) && round < 200; round++) {
      for (const call of open) {
        given(call);
        answer(call, 200, { result: call.fencingToken });
      }
      await settled();
      world.clock.advance(400_000);
      await settled();
    }
    function isOver(id: TaskId): boolean {
      return ['completed', 'canceled', 'failed'].includes(runtime.tasks.get(id)?.state ?? '');
    }
    const canceled = new Set(canceledAt.filter(([, isTaken]) => isTaken).map(([id]) => id));
    for (const id of ids) {
      const task = runtime.tasks.get(id);
      if (canceled.has(id)) expect(task?.state).toBe('canceled');
      else {
        expect(task?.state).toBe('completed');
        expect(answers.get(id)?.has(task?.result as number)).toBe(true);
        expect(task?.result).toBe(task?.fencingToken);
      }
    }
    await world.dispose();
  });
  await fc.assert(property, { numRuns: 25, ...SEED });
}, 60_000);
