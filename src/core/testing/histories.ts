/** Random histories of commands: mostly sensible ones, some stale, some wrong. */
import fc from 'fast-check';
import type { Command, CommandBatch } from '../command.ts';
import type { AgentId, TaskId } from '../ids.ts';
import { CORE_SETTINGS_DEFAULT, type CoreState } from '../state.ts';
import { RETRY_STRATEGIES, type TaskRules, type TaskSpec } from '../spec.ts';
import { questionOf, type LiveState } from '../task.ts';
import {
  ADVANCE,
  agentCommand,
  agentSpec,
  answer,
  ask,
  breakLease,
  cancel,
  complete,
  details,
  enroll,
  extend,
  fail,
  output,
  purge,
  register,
  release,
  retry,
  taskSpec,
} from './commands.ts';

/** What someone wants to do; {@link batchOf} decides about whom when it knows the state. */
interface Intent {
  readonly kind: Kind;
  /** Three free choices, each a number of no meaning of its own. */
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

export interface Move {
  /** Time that passes before the batch; below 0 the leader's clock went back. */
  readonly waitMs: number;
  readonly intents: readonly Intent[];
}

const KINDS = {
  submit: 8,
  assign: 12,
  complete: 4,
  fail: 6,
  release: 1,
  break: 1,
  extend: 1,
  details: 2,
  ask: 5,
  answer: 5,
  cancel: 2,
  output: 3,
  retry: 2,
  purge: 1,
  register: 3,
  drain: 1,
  lost: 1,
  back: 1,
  remove: 1,
  pause: 1,
  resume: 2,
  set: 1,
  settings: 1,
  advance: 6,
} as const;
type Kind = keyof typeof KINDS;

const kinds = Object.entries(KINDS).map(([kind, weight]) => ({
  weight,
  arbitrary: fc.constant(kind as Kind),
}));
const choice = fc.nat({ max: 999_999 });
const intent: fc.Arbitrary<Intent> = fc.record({
  kind: fc.oneof(...kinds),
  a: choice,
  b: choice,
  c: choice,
});
const move: fc.Arbitrary<Move> = fc.record({
  waitMs: fc.oneof(
    { weight: 6, arbitrary: fc.nat({ max: 300 }) },
    { weight: 2, arbitrary: fc.nat({ max: 5_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: -2_000, max: -1 }) },
  ),
  intents: fc.array(intent, { minLength: 1, maxLength: 4 }),
});

/** Histories of up to `movesMax` batches. */
export function histories(movesMax: number): fc.Arbitrary<readonly Move[]> {
  return fc.array(move, { minLength: 1, maxLength: movesMax, size: 'max' });
}

/** The batch a move comes to in `state`; pure, so that equal states give equal batches. */
export function batchOf(state: CoreState, move: Move): CommandBatch {
  const at = Math.max(state.nowMs, 1_000_000) + move.waitMs;
  return { at, commands: move.intents.map((one) => commandOf(state, one, at)) };
}

function commandOf(state: CoreState, { kind, a, b, c }: Intent, at: number): Command {
  const agentId = `a${a % 5}`;
  const queue = ['default', 'mail', 'team/mail', 'nowhere'][a % 4] as string;
  const held = c % 4 === 0 ? 'input_required' : 'running';
  const running = (): [string, number] => tokenOf(state, pick(state, held, a), b);
  switch (kind) {
    case 'submit':
      return submitOf(a, b, c, at);
    case 'assign':
      return assignOf(state, a, b);
    case 'complete':
      return complete(...running());
    case 'fail': {
      const [id, token] = running();
      const code = ['SMTP_DOWN', 'BAD_ADDRESS', 'RESULT_INVALID'][b % 3] as string;
      const retryAfterMs = [undefined, 0, 700][c % 3];
      const critique = a % 3 === 0 ? { critique: `hint ${a % 5}` } : {};
      const wish = retryAfterMs === undefined ? {} : { retryAfterMs };
      return fail(id, token, { code, retryable: c % 5 !== 0, ...wish, ...critique });
    }
    case 'release':
      return release(...running());
    case 'break': {
      const code = c % 4 === 0 ? 'BAD_ADDRESS' : 'HEARTBEAT_TIMEOUT';
      return breakLease(...running(), { code, message: 'no word' });
    }
    case 'extend':
      return extend(...running(), c % 2_000);
    case 'details':
      return details(...running(), String(c % 5));
    case 'ask':
      return ask(...running(), {
        key: [null, 'x', 'y', '2'][b % 4] as string | null,
        expiresMs: [0, 150, 900][c % 3] as number,
        default: b % 3 === 0 ? '"late"' : null,
        answerers: b % 5 === 0 ? ['ann'] : null,
      });
    case 'answer':
      return answerOf(state, a, b, c);
    case 'cancel':
      return cancel(pick(state, CANCELED[b % 4] as LiveState, a), 'unwanted', [0, 0, 200][c % 3]);
    case 'output':
      return outputOf(state, running(), b, c);
    case 'retry':
      return retry(pick(state, 'failed', a));
    case 'purge':
      return purge(pick(state, 'failed', a));
    case 'register':
      return registerOf(agentId, b, c);
    case 'pause':
    case 'resume':
      return { type: `queue.${kind}`, queue };
    case 'set':
      // Not a kind of its own: the same choices would mean other histories.
      if (c % 2 === 0) return { type: 'queue.remove', queue: idleQueue(state, b) ?? queue };
      return { type: 'queue.set', queue, settings: { depthMax: 1 + (b % 12) } };
    case 'settings':
      return settingsOf(state, [a, b, c]);
    case 'advance':
      return ADVANCE;
    default:
      return agentCommand(`agent.${kind}`, agentId);
  }
}

/** One that nothing is in, if there is any; mostly such a one is removed. */
function idleQueue(state: CoreState, choice: number): string | undefined {
  if (choice % 4 === 0) return undefined;
  const used = new Set([...state.tasks.values()].map(({ profile }) => profile.queue.name));
  const idle = [...state.queues.keys()].filter((name) => !used.has(name)).toSorted();
  return idle[choice % Math.max(1, idle.length)];
}

function outputOf(state: CoreState, [id, token]: [string, number], b: number, c: number): Command {
  const known = state.tasks.get(id as TaskId)?.extra?.output ?? null;
  const next = known?.token === token ? known.chunks - known.attemptFrom : 0;
  const from = [null, next, Math.max(0, next - 1), next + 1][c % 4] as number | null;
  const lengths = Array.from({ length: 1 + (b % 3) }, () => (b % 5 === 0 ? 30_000_000 : 10));
  return output(id, token, lengths, from);
}

const CANCELED = ['scheduled', 'queued', 'running', 'input_required'] as const;

function answerOf(state: CoreState, a: number, b: number, c: number): Command {
  const wanted = c % 6 === 0 ? (['queued', 'running', 'failed'][b % 3] as LiveState) : null;
  const [id, token] = tokenOf(state, pick(state, wanted ?? 'input_required', a), b);
  const task = state.tasks.get(id as TaskId);
  const asked = task === undefined ? undefined : questionOf(task)?.key;
  const known = task?.extra?.answers.at(-1)?.key;
  const key = [asked, asked, asked, known, 'x', 'never'][b % 6] ?? 'y';
  const by = ['ann', 'bob', null][c % 3] as string | null;
  return answer(id, token, { key, by, answer: c % 2 === 0 ? '"yes"' : '"no"' });
}

function submitOf(a: number, b: number, c: number, at: number): Command {
  const specs = [specOf(b), specOf(c)];
  const tasks = Array.from({ length: 1 + (c % 3) }, (_, i) => {
    const id = `t${(a + i * (b % 7)) % 16}` as TaskId;
    const spec = i % 2;
    const key = (a >> 4) + i * (b % 2);
    return {
      id,
      spec,
      payloadBytes: a % 100,
      ...((b >> 3) % 4 === 0 ? { runAt: at + (c % 900) - 100 } : {}),
      ...((b >> 5) % 5 === 0 ? { deadlineAt: at + (a % 3_000) - 100 } : {}),
      ...((c >> 2) % 3 === 0
        ? { idempotencyKey: `k${key % 6}`, bodyHash: key % 11 === 0 ? 'x' : 'y' }
        : {}),
      ...(b % 9 === 0 ? { traceparent: `of ${a % 3}` } : {}),
      ...(c % 7 === 0 ? { metadata: { ward: b % 3 }, affinityKey: `user-${a % 3}` } : {}),
    };
  });
  return { type: 'task.submit', specs, tasks };
}

/** One of forty specs, with one of three queue timeouts. */
function specOf(choice: number): TaskSpec {
  const n = (choice % 40) * 1_237;
  const strategy = RETRY_STRATEGIES[n % 5] as TaskSpec['retry']['strategy'];
  const queueMs = [undefined, undefined, 0, 400][(choice >> 6) % 4];
  const runMs = [undefined, 50, 800][(n >> 4) % 3];
  const labels: Record<string, string> = (n >> 5) % 5 === 0 ? { zone: 'eu' } : {};
  const capabilities = [['email'], ['email'], ['email@2'], []][(n >> 7) % 4] as string[];
  const agent = `a${(choice >> 9) % 6}` as AgentId;
  return taskSpec({
    namespace: (n >> 1) % 4 === 0 ? 'team' : 'default',
    queue: n % 3 === 0 ? 'default' : 'mail',
    priority: n % 10,
    requires: { capabilities, labels, ...((choice >> 8) % 6 === 0 ? { agent } : {}) },
    retry: {
      strategy,
      attemptsMax: 1 + ((n >> 3) % 4),
      delayMs: [0, 100, 250][(n >> 6) % 3] as number,
      delayMsMax: [300, 60_000][(n >> 8) % 2] as number,
      jitter: [0, 0.5, 1][(n >> 9) % 3] as number,
      nonRetryable: n % 2 === 0 ? ['BAD_ADDRESS'] : ['BAD_ADDRESS', 'AGENT_LOST', 'RUN_TIMEOUT'],
    },
    timeouts: {
      ...(queueMs === undefined ? {} : { queueMs }),
      ...(runMs === undefined ? {} : { runMs }),
      ...(n % 7 === 0 ? { totalMs: 2_500 } : {}),
    },
    ...(n % 4 < 2 ? {} : { rules: rulesOf(n >> 2) }),
  });
}

function rulesOf(n: number): TaskRules {
  const step = { afterAttempt: 1 + (n % 2), priority: n % 10 };
  const more = n % 3 === 0 ? { queue: 'senior', capabilities: [], labels: {} } : {};
  return {
    escalate: n % 5 === 0 ? [] : [{ ...step, ...more }],
    avoid: (['agent', 'zone', 'none'] as const)[n % 3] ?? 'none',
    ...(n % 2 === 0 ? { invalid: { attemptsMax: 2, critique: true } } : {}),
  };
}

function registerOf(agentId: string, b: number, c: number): Command {
  const version = ['email', 'email@2', 'post'][c % 3] as string;
  const spec = agentSpec({
    capabilities: ['email', version],
    slots: 1 + (b % 3),
    labels: c % 2 === 0 ? { zone: 'eu' } : {},
  });
  const incarnation = b % 4 === 0 ? 'second' : 'first';
  if (c % 5 > 1) return register(agentId, spec, incarnation);
  // Others with it, and the same one twice.
  return enroll([agentId, `a${b % 5}`, agentId], [spec, { slots: 2 }], [0, 1, c % 2], incarnation);
}

/** Other bounds; whether there are breakers stays. */
function settingsOf(state: CoreState, [a, b, c]: readonly [number, number, number]): Command {
  const { breakers } = state.settings;
  return {
    type: 'settings.set',
    settings: {
      ...CORE_SETTINGS_DEFAULT,
      ...(breakers === undefined ? {} : { breakers }),
      idempotencyWindowMs: 500 + (a % 3_000),
      idempotencyKeysMax: 2 + (b % 6),
      queuesMax: 2 + (c % 4),
      agentsMax: 3 + (b % 4),
      poisonAgents: 1 + (c % 3),
      queueDefaults: { ...CORE_SETTINGS_DEFAULT.queueDefaults, depthMax: 3 + (a % 12) },
    },
  };
}

function assignOf(state: CoreState, a: number, b: number): Command {
  const agents = [...state.agents.keys()].toSorted();
  const isWild = b % 8 === 0 || agents.length === 0;
  const agentIds = [0, 1].map((i) =>
    isWild ? (`a${(b + i) % 6}` as AgentId) : (agents[(b + i) % agents.length] as AgentId),
  );
  const taskIds = [pick(state, 'queued', a), pick(state, 'queued', a + 1)] as TaskId[];
  return { type: 'task.assign', taskIds, agentIds };
}

/** A task in that state where there is one; now and then, and otherwise, any id at all. */
function pick(state: CoreState, wanted: LiveState, n: number): string {
  const fitting = [...state.tasks.values()].filter((task) => task.state === wanted);
  const task = fitting.toSorted((one, other) => one.seq - other.seq)[n % (fitting.length || 1)];
  return task === undefined || n % 11 === 0 ? `t${n % 16}` : task.id;
}

function tokenOf(state: CoreState, id: string, n: number): [string, number] {
  const newest = state.tasks.get(id as TaskId)?.fencingToken ?? 0;
  return [id, n % 9 === 0 ? newest - 1 : newest];
}
