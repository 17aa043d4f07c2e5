/** What must not happen to a breaker, each as a way to spoil `soundEvidence`. */
import type { BreakerChange } from '../../../src/core/index.ts';
import type { Fact, FactOf } from '../log/fact.ts';
import { changed } from './doctored.ts';
import { facts, without, type Doctor, type DoctoredCase } from './doctors.ts';

/** The service's breaker was set otherwise. */
const serviceSet = (settings: BreakerChange): Doctor =>
  facts((all) =>
    changed(all, 'breaker-set', (fact) => ({ settings: { ...fact.settings, ...settings } })),
  );

const callOf = (taskId: string, end: Partial<FactOf<'call-ended'>>): Doctor =>
  facts((all) => changed(all, 'call-ended', (fact) => (fact.taskId === taskId ? end : null)));

const isChange =
  (from: string, to: string) =>
  (fact: Fact): boolean =>
    fact.type === 'breaker-changed' && fact.from === from && fact.to === to;

export const BREAKER_CASES: readonly DoctoredCase[] = [
  [
    'while a breaker that concerns it was open',
    'a probe comes before it is half-open',
    without(isChange('open', 'half-open')),
  ],
  [
    'while a breaker that concerns it was open',
    'one starts although people hold it open',
    facts((all) =>
      all.flatMap((fact) => {
        if (fact.type !== 'breaker-forced' || fact.to !== 'auto') return [fact];
        const start = all.find((each) => each.type === 'call-began') as Fact;
        return [{ ...start, index: fact.index }, fact];
      }),
    ),
  ],
  [
    'more probes running than it may',
    'the first probe runs on beside the second',
    without((fact) => fact.type === 'call-ended' && fact.taskId === 'probe-1'),
  ],
  ['breakers opened when', 'one stays closed', without(isChange('closed', 'open'))],
  [
    'breakers opened when',
    'a failed probe changes nothing',
    without(isChange('half-open', 'open')),
  ],
  [
    'breakers opened when',
    'one of the failures never was',
    without((fact) => fact.type === 'call-ended' && fact.taskId === 'down-1'),
  ],
  [
    'breakers opened when',
    'an attempt that completed is not counted',
    without((fact) => fact.type === 'call-ended' && fact.taskId === 'half-bad'),
  ],
  [
    'breakers opened when',
    "a failure is the task's fault",
    callOf('down-1', { isRetryable: false }),
  ],
  ['breakers opened when', 'another service is blamed', callOf('down-2', { blames: 'other' })],
  ['breakers opened when', 'only its agent was lost', callOf('down-2', { code: 'AGENT_LOST' })],
  ['breakers opened when', 'a failure is to be ignored', serviceSet({ ignore: ['UPSTREAM'] })],
  ['breakers opened when', 'more calls are needed', serviceSet({ callsMin: 3 })],
  ['breakers opened when', 'more of them must fail', serviceSet({ failureRate: 0.6 })],
  ['breakers opened when', 'the window is shorter', serviceSet({ windowMs: 1_000 })],
  ['breakers opened when', 'calls were slow', serviceSet({ slowMs: 1_000, slowRate: 0.1 })],
  [
    'breakers opened when',
    'one is open for too long',
    facts((all) =>
      changed(all, 'breaker-changed', ({ openUntil, to }) =>
        to === 'open' && openUntil !== null ? { openUntil: openUntil + 60_000 } : null,
      ),
    ),
  ],
  [
    'let probes through in their time',
    'probes are let through too early',
    serviceSet({ openMs: 4_000 }),
  ],
  [
    'let probes through in their time',
    'one stays half-open',
    without(isChange('half-open', 'closed')),
  ],
  ['let probes through in their time', 'more must succeed', serviceSet({ successesMin: 3 })],
  [
    'let probes through in their time',
    'an attempt from before helps to close it',
    callOf('probe-1', { token: 1 }),
  ],
  [
    'let probes through in their time',
    'one that people hold is let go',
    without((fact) => fact.type === 'breaker-forced' && fact.to === 'auto'),
  ],
  [
    'let probes through in their time',
    'one is forgotten that was set',
    facts((all) =>
      all.flatMap((fact) =>
        fact.type === 'breaker-forgotten'
          ? [{ ...fact, type: 'breaker-set', settings: {} } as Fact, fact]
          : [fact],
      ),
    ),
  ],
  [
    'let probes through in their time',
    'one is forgotten too early',
    facts((all) => changed(all, 'breaker-forgotten', ({ at }) => ({ at: at - 30_000 }))),
  ],
];
