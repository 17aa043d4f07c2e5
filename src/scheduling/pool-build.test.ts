import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { STRATEGY_NAMES, type Agent } from '../core/index.ts';
import { Scheduler } from './scheduler.ts';
import { makeAgent, makeProfile, makeQueue, makeTask } from './testing/fixtures.ts';

const seed = process.env['SEED'];
const options = seed === undefined ? {} : { seed: Number(seed) };
const NOTHING = { freed: [], ended: [], arrivals: [], nowMs: 0, assignmentsMax: 1_000 };

const action = fc.record({
  kind: fc.constantFrom('register', 'register', 'remove', 'place', 'ask', 'serve'),
  agent: fc.nat(30),
  offer: fc.nat(5),
});

function agentOf(number: number, offer: number): Agent {
  const labels = { zone: `zone-${offer % 3}` };
  return makeAgent(`a${number}`, {
    capabilities: offer < 3 ? ['work'] : ['work', 'other'],
    labels,
  });
}

describe('a pool that is built in slices', () => {
  test('has every agent in the end, however they come and go meanwhile', () => {
    const strategies = fc.constantFrom(...STRATEGY_NAMES);
    const actions = fc.array(action, { maxLength: 150, size: 'max' });
    fc.assert(
      fc.property(
        actions,
        fc.integer({ min: 1, max: 6 }),
        strategies,
        (all, buildSlice, strategy) => {
          const scheduler = new Scheduler({ seed: 1, buildSlice });
          const agents = new Map<number, Agent>();
          let count = 0;
          for (const { agent: number, kind, offer } of all) {
            const known = agents.get(number);
            if (kind === 'register') {
              const agent = known ?? agentOf(number, offer);
              agent.spec = agentOf(number, offer).spec;
              agents.set(number, agent);
              scheduler.agentChanged(agent);
            } else if (kind === 'remove' && known !== undefined) {
              scheduler.agentRemoved(known);
              agents.delete(number);
            } else if (kind === 'serve' && known !== undefined) {
              scheduler.setCredit(known.id, offer % 2);
            } else if (kind === 'ask') {
              const requires = { capabilities: offer < 3 ? ['work'] : ['other'], labels: {} };
              const queue = makeQueue('default', strategy);
              const task = makeTask(++count, makeProfile({ queue, requires }));
              scheduler.taskWaiting(task);
            } else {
              scheduler.place(NOTHING);
            }
            scheduler.checkInvariants();
          }
          while (scheduler.isUnfinished) scheduler.place(NOTHING);
          scheduler.checkInvariants();
        },
      ),
      { ...options, numRuns: 300 },
    );
  });

  test('finds the only agent that is free without being told of anything again', () => {
    const scheduler = new Scheduler({ seed: 1, buildSlice: 10 });
    const agents = Array.from({ length: 1_000 }, (_, i) => agentOf(i, 0));
    for (const agent of agents) scheduler.agentChanged(agent);
    // Agents are taken from the last to the first.
    const free = agents[0] as Agent;
    scheduler.setCredit(free.id, 1);
    scheduler.taskWaiting(
      makeTask(1, makeProfile({ queue: makeQueue('default', 'least-loaded') })),
    );
    let turns = 0;
    let placed: readonly string[] = [];
    while (scheduler.hasWork() && placed.length === 0) {
      placed = scheduler.place(NOTHING).agentIds;
      turns += 1;
    }
    expect(placed).toEqual([free.id]);
    expect(turns).toBeGreaterThan(90);
  });

  test('is whole where somebody asks for an explanation', () => {
    const scheduler = new Scheduler({ seed: 1, buildSlice: 10 });
    for (let i = 0; i < 1_000; i++) scheduler.agentChanged(agentOf(i, i % 3));
    const task = makeTask(1, makeProfile({ queue: makeQueue('default', 'round-robin') }));
    scheduler.taskWaiting(task);
    expect(scheduler.isUnfinished).toBe(true);
    expect(scheduler.explain(task, 0).agents.matching).toBe(1_000);
    expect(scheduler.isUnfinished).toBe(false);
  });
});
