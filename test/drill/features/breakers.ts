/** Services, a capability and an agent that fail or are slow for a while; breakers opened by hand meanwhile. */
import { proveBreakers } from '../proofs/breakers.ts';
import type { DrillTask, DrillUser } from '../world/drill-user.ts';
import type { Illness, Work } from '../world/work.ts';
import type { Feature } from './feature.ts';

const RETRY = { attemptsMax: 1_000, delayMs: 30, delayMsMax: 300 };

/** Quick to judge and to try again, each in its own way. */
const BREAKERS = {
  'downstream/drill-down': {
    callsMin: 6,
    windowMs: 3_000,
    openMs: 200,
    openMsMax: 1_600,
    jitter: 0.5,
    probesMax: 2,
    ignore: ['DRILL_IGNORED'],
    count: ['DRILL_COUNTED'],
  },
  'downstream/drill-slow': {
    callsMin: 5,
    slowMs: 150,
    slowRate: 0.6,
    windowMs: 3_000,
    openMs: 200,
    openMsMax: 800,
    probesMax: 1,
    successesMin: 2,
  },
  'capability/flaky': {
    callsMin: 8,
    failureRate: 0.6,
    windowMs: 4_000,
    openMs: 300,
    openMsMax: 1_200,
    probesMax: 3,
    successesMin: 2,
  },
  'agent/agent-2': { callsMin: 6, windowMs: 3_000, openMs: 200, openMsMax: 1_000 },
} as const;
const SUBJECTS = Object.keys(BREAKERS) as (keyof typeof BREAKERS)[];

/** Failures that a service's breaker is told to count or not, and one that is the task's fault. */
const ODD: readonly Work[] = [
  { fails: 1, code: 'DRILL_IGNORED' },
  { fails: 1_000, code: 'DRILL_COUNTED', retryable: false },
  { fails: 1_000, code: 'DRILL_BAD_INPUT', retryable: false },
];

async function load(user: DrillUser): Promise<void> {
  const { rng } = user;
  for (const subject of SUBJECTS) await user.call('PUT', `/breakers/${subject}`, BREAKERS[subject]);
  while (!user.isOver) {
    const ill = SUBJECTS[rng.below(SUBJECTS.length + 1)] ?? null;
    const until = Date.now() + 500 + rng.below(2_000);
    while (!user.isOver && Date.now() < until) {
      const tasks = Array.from({ length: 1 + rng.below(6) }, () => taskOf(user, ill, until));
      await user.submit(tasks);
      await user.pause(rng.below(200));
    }
    if (rng.below(3) === 0) await byHand(user);
  }
  for (const subject of SUBJECTS) await user.call('POST', `/breakers/${subject}/reset`, {});
}

async function byHand(user: DrillUser): Promise<void> {
  const { rng } = user;
  const path = `/breakers/${SUBJECTS[rng.below(SUBJECTS.length)] ?? ''}`;
  const action = rng.below(3) === 0 ? 'close' : 'open';
  await user.call('POST', `${path}/${action}`, { reason: 'drill', by: 'ann' });
  await user.pause(rng.below(800));
  await user.call('POST', `${path}/reset`, {});
}

/** One that needs some of them, and suffers where it needs the one that is ill. */
function taskOf({ rng }: DrillUser, ill: keyof typeof BREAKERS | null, until: number): DrillTask {
  const ms = rng.below(40);
  const base = { retry: RETRY, work: { ms } };
  const isBlamed = rng.below(2) === 0;
  switch (rng.below(4)) {
    case 0: {
      const downstreams = ['drill-down', ...(rng.below(4) === 0 ? ['drill-slow'] : [])];
      // Where the service is blamed this must not count for what else the task needs.
      const type = isBlamed ? 'flaky' : 'work';
      if (rng.below(4) === 0)
        return { ...base, type, downstreams, work: { ms, ...ODD[rng.below(ODD.length)] } };
      const illness = isBlamed ? { until, blames: 'drill-down' } : { until };
      return {
        ...base,
        type,
        downstreams,
        ...workOf(ms, ill === 'downstream/drill-down', illness),
      };
    }
    case 1: {
      const illness = { until, ms: 150 + rng.below(100) };
      // Some are quick all the same: it is the part that counts.
      const isSlow = ill === 'downstream/drill-slow' && rng.below(4) > 0;
      const work = workOf(ms, isSlow, illness);
      return { ...base, downstreams: ['drill-slow'], ...work };
    }
    case 2:
      return { ...base, type: 'flaky', ...workOf(ms, ill === 'capability/flaky', { until }) };
    default: {
      const illness = { until, agentId: 'agent-2' };
      return { ...base, ...workOf(ms, ill === 'agent/agent-2', illness) };
    }
  }
}

function workOf(ms: number, isIll: boolean, ill: Illness): { readonly work: Work } {
  return { work: isIll ? { ms, ill } : { ms } };
}

export const breakers: Feature = { name: 'breakers', load, prove: proveBreakers };
