/** What an agent of the drill does with a task: its payload says it. */
import { setTimeout as delay } from 'node:timers/promises';
import { TaskFailure, type HandlerContext, type HandlerTask } from '../../../src/client/index.ts';

export interface Work {
  /** How long it takes, in milliseconds. */
  readonly ms?: number;
  /** Attempts that fail before one completes; absent: none. */
  readonly fails?: number;
  readonly code?: string;
  readonly retryable?: boolean;
  readonly retryAfterMs?: number;
  readonly tokens?: number;
  /** Chunks of output that it hands out. */
  readonly chunks?: number;
  /** Key of a question that it asks. */
  readonly asks?: string;
  /** What its result says, whoever brings it; only {@link LIAR} says something else. */
  readonly says?: string;
  /** Tasks that it submits. */
  readonly children?: number;
  readonly ill?: Illness;
}

/** What goes wrong for a while. */
export interface Illness {
  /** In milliseconds since 1970, by the clock of the machine. */
  readonly until: number;
  /** The only agent that has it; absent: whoever does the task. */
  readonly agentId?: string;
  /** How long the work takes meanwhile, in milliseconds; absent: it fails. */
  readonly ms?: number;
  /** The service that is said to be at fault. */
  readonly blames?: string;
}

/** The agent whose results are not what it was told to say. */
const LIAR = 'agent-3';

/** What says which attempt it was, so that no two have the same; or what the task says. */
export type WorkResult =
  { readonly by: string; readonly token: number } | { readonly says: string };

export function resultOf(agentId: string, token: number, { says }: Work): WorkResult {
  if (says === undefined) return { by: agentId, token };
  return { says: agentId === LIAR ? `not ${says}` : says };
}

export async function doWork(
  agentId: string,
  { payload }: HandlerTask<Work>,
  context: HandlerContext,
): Promise<WorkResult> {
  const { attempt, emit, fencingToken, heartbeat, reportUsage, signal, submit, waitForInput } =
    context;
  heartbeat({ at: fencingToken });
  for (let chunk = 0; chunk < (payload.chunks ?? 0); chunk++) emit(`${fencingToken}:${chunk}`);
  if (payload.tokens !== undefined) reportUsage({ tokens: payload.tokens });
  const children = Array.from({ length: payload.children ?? 0 }, (_, child) => ({
    type: 'work',
    payload: { ms: child } satisfies Work,
    estimate: { tokens: 5 },
  }));
  if (children.length > 0) await submit(children);
  if (payload.asks !== undefined) {
    const expiry = { expiresMs: 20_000, default: 'nobody' };
    await waitForInput({ key: payload.asks, message: 'go on?', ...expiry });
  }
  await delay(durationMs(agentId, payload), undefined, { signal });
  const failure = failureOf(agentId, attempt, payload);
  if (failure !== null) throw failure;
  return resultOf(agentId, fencingToken, payload);
}

/** How long an agent works on it. */
export function durationMs(agentId: string, work: Work): number {
  return illnessOf(agentId, work)?.ms ?? work.ms ?? 0;
}

/** How an attempt fails; null where it does not. */
export function failureOf(agentId: string, attempt: number, work: Work): TaskFailure | null {
  const { code = 'DRILL_FAILED', fails = 0, retryable = true, retryAfterMs } = work;
  if (attempt <= fails) {
    const after = retryAfterMs === undefined ? {} : { retryAfterMs };
    return new TaskFailure(code, 'as the drill asked', { retryable, ...after });
  }
  const ill = illnessOf(agentId, work);
  if (ill === null || ill.ms !== undefined) return null;
  const blame = ill.blames === undefined ? {} : { downstream: ill.blames };
  return new TaskFailure('DRILL_ILL', 'for a while', blame);
}

function illnessOf(agentId: string, { ill }: Work): Illness | null {
  if (ill === undefined || Date.now() >= ill.until) return null;
  return (ill.agentId ?? agentId) === agentId ? ill : null;
}
