/** Agents, queues, limits, breakers and settings in a scenario file. */
import type { BreakerKind } from '../../src/core/breaker-settings.ts';
import type { Command } from '../../src/core/command.ts';
import type { AgentId } from '../../src/core/ids.ts';
import { SESSION_MS, SESSIONS_MAX } from '../../src/core/session.ts';
import type { LimitSettings, StrategyName } from '../../src/core/spec.ts';
import { CORE_SETTINGS_DEFAULT } from '../../src/core/state.ts';
import { agentSpec } from '../../src/core/testing/commands.ts';
import { type Words, split, numberOf } from './script-words.ts';

export function parseBreaker(words: Words): Command {
  const [kind = '', name = ''] = words.plain;
  const settings = {
    callsMin: words.number('calls') ?? 2,
    openMs: words.number('open') ?? 500,
    openMsMax: words.number('openMax') ?? 10_000,
    probesMax: words.number('probes') ?? 1,
    successesMin: words.number('successes') ?? 1,
    jitter: 0,
  };
  return { type: 'breaker.set', kind: kind as BreakerKind, name, settings };
}

export function parseForce(words: Words): Command {
  const [kind = '', name = '', to = ''] = words.plain;
  return {
    type: 'breaker.force',
    kind: kind as BreakerKind,
    name,
    to: to as 'open' | 'closed' | 'auto',
    reason: words.text('reason') ?? null,
    by: words.text('by') ?? null,
  };
}

/** `max=2 rate=3/500/4` */
export function parseLimits(words: Words): LimitSettings {
  const concurrencyMax = words.number('max');
  const rate = words.text('rate')?.split('/').map(numberOf);
  const [units = 0, perMs = 0, burst] = rate ?? [];
  return {
    ...(concurrencyMax === undefined ? {} : { concurrencyMax }),
    ...(rate === undefined
      ? {}
      : { rate: { units, perMs, ...(burst === undefined ? {} : { burst }) } }),
  };
}

/** `team:3,other:1` */
export function parseWeights(text: string): Record<string, number> {
  const pairs = text.split(',').map((part) => split(part, ':'));
  return Object.fromEntries(pairs.map(([name, weight]) => [name, numberOf(weight)]));
}

export function parseRegister(agentId: string, words: Words): Command {
  return {
    type: 'agent.register',
    agentId: agentId as AgentId,
    incarnation: words.text('as') ?? 'first',
    spec: agentSpec({
      slots: words.number('slots') ?? 1,
      capabilities: words.list('can') ?? ['email'],
      labels: words.labels(),
    }),
  };
}

export function parseQueue(queue: string, words: Words): Command {
  const [depthMax, strategy] = [words.number('depth'), words.text('strategy')];
  return {
    type: 'queue.set',
    queue,
    settings: {
      ...(depthMax === undefined ? {} : { depthMax }),
      ...(strategy === undefined ? {} : { strategy: strategy as StrategyName }),
      ...parseLimits(words),
      ...(words.has('unlimited') ? { concurrencyMax: null, rate: null } : {}),
    },
  };
}

export function parseSettings(words: Words): Command {
  const defaults = CORE_SETTINGS_DEFAULT;
  return {
    type: 'settings.set',
    settings: {
      idempotencyWindowMs: words.number('window') ?? defaults.idempotencyWindowMs,
      idempotencyKeysMax: words.number('keys') ?? defaults.idempotencyKeysMax,
      queuesMax: words.number('queues') ?? defaults.queuesMax,
      agentsMax: words.number('agents') ?? defaults.agentsMax,
      queueDefaults: defaults.queueDefaults,
      flowStepMax: words.number('flowStep') ?? defaults.flowStepMax,
      depthMax: words.number('depth') ?? defaults.depthMax,
      fanOutMax: words.number('fanOut') ?? defaults.fanOutMax,
      sessionMs: words.number('sessionMs') ?? SESSION_MS,
      sessionsMax: words.number('sessions') ?? SESSIONS_MAX,
    },
  };
}
