import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeTask } from '../testing/fixtures.ts';
import { Fleet } from '../testing/fleet.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

/** A fleet whose agents all are known to take `ms` for a task and to complete it. */
function knownFleet(
  speeds: Readonly<Record<string, number>>,
  costOf: (id: string) => number = () => 0,
): Fleet {
  const fleet = new Fleet('shortest-expected-delay');
  for (const id of Object.keys(speeds)) fleet.add(id, { slots: 64, cost: costOf(id) });
  // The strategy learns once it was asked for.
  warmUp(fleet);
  for (let round = 0; round < 50; round++) {
    fleet.nowMs += 1_000;
    for (const [id, ms] of Object.entries(speeds)) serve(fleet, id, ms);
  }
  return fleet;
}

function warmUp(fleet: Fleet): void {
  fleet.start();
  fleet.finishAll();
}

function serve(fleet: Fleet, id: string, ms: number, ok = true): void {
  fleet.scheduler.observe(fleet.agent(id).id, ms, ok, fleet.nowMs);
}

/** How many of so many tasks each agent gets while none of them ends. */
function shares(fleet: Fleet, tasks: number): Record<string, number> {
  const counts: Record<string, number> = Object.fromEntries(
    [...fleet.agents.keys()].map((id) => [id, 0]),
  );
  for (let task = 0; task < tasks; task++) {
    const id = fleet.start() as string;
    counts[id] = (counts[id] ?? 0) + 1;
  }
  return counts;
}

/** How many of so many tasks each agent gets when each ends before the next comes. */
function sharesOneByOne(
  fleet: Fleet,
  tasks: number,
  msOf: (id: string) => number = () => 100,
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let task = 0; task < tasks; task++) {
    const id = fleet.start() as string;
    counts[id] = (counts[id] ?? 0) + 1;
    fleet.nowMs += msOf(id);
    fleet.finish(id);
    serve(fleet, id, msOf(id));
  }
  return counts;
}

describe('shortest expected delay', () => {
  test('picks an available agent, whatever was heard of any', () => {
    const step = fc.record({
      agent: fc.nat(5),
      what: fc.constantFrom('start', 'finish', 'serve', 'fail', 'leave', 'join'),
      runMs: fc.oneof(fc.nat(100_000), fc.constantFrom(-5, 0, 1e-9, 1e15, Infinity)),
      waitMs: fc.nat(10_000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (history) => {
        const fleet = new Fleet('shortest-expected-delay');
        for (const { agent, runMs, waitMs, what } of history) {
          const id = `${agent}`;
          const known = fleet.agents.get(id);
          fleet.nowMs += waitMs;
          if (what === 'start') {
            const free = [...fleet.agents.values()].filter(
              (one) => one.leases.size < one.spec.slots,
            );
            const picked = fleet.start();
            if (picked === null) expect(free).toEqual([]);
            else expect(free).toContain(fleet.agent(picked));
          } else if (what === 'join') {
            if (known === undefined) fleet.add(id, { slots: 1 + (agent % 3) });
          } else if (known === undefined) continue;
          else if (what === 'serve' || what === 'fail') serve(fleet, id, runMs, what === 'serve');
          else if (known.leases.size > 0) fleet.finish(id);
          else if (what === 'leave') fleet.remove(id);
        }
        fleet.scheduler.checkInvariants();
      }),
      { numRuns: 200, ...SEED },
    );
  });

  test('gives the quicker of two idle agents the next task', () => {
    const counts = sharesOneByOne(knownFleet({ slow: 1_000, quick: 100 }), 100);
    expect(counts['quick']).toBeGreaterThan(95);
  });

  test('lets an idle agent take over once the queue of a quicker one is longer than it is worth', () => {
    const counts = shares(knownFleet({ slow: 1_000, quick: 100 }), 12);
    // (q + 1)^1.5 · 100 ms reaches 1,000 ms where q is 3 to 4, and 2,800 ms, what a second task costs, at 8.
    expect(counts['slow']).toBeGreaterThanOrEqual(1);
    expect(counts['slow']).toBeLessThanOrEqual(4);
    expect(counts['quick']).toBeGreaterThanOrEqual(8);
  });

  test('shares evenly among agents that are alike', () => {
    const counts = shares(knownFleet({ a: 100, b: 100, c: 100, d: 100 }), 40);
    for (const count of Object.values(counts)) expect(Math.abs(count - 10)).toBeLessThanOrEqual(3);
  });

  test('does not hold the wait in its queue against an agent', () => {
    const fleet = new Fleet('shortest-expected-delay');
    for (const id of ['queueing', 'slow']) fleet.add(id, { slots: 64 });
    warmUp(fleet);
    for (let round = 0; round < 50; round++) {
      fleet.nowMs += 10_000;
      serve(fleet, 'slow', 300);
      // Five tasks that came together and were done one after another, 100 ms each.
      for (let task = 1; task <= 5; task++) {
        fleet.nowMs += 100;
        serve(fleet, 'queueing', task * 100);
      }
    }
    expect(sharesOneByOne(fleet, 100)['queueing']).toBeGreaterThan(90);
  });

  test('gives next to nothing to an agent whose attempts fail, however fast they do', () => {
    const fleet = knownFleet({ good: 100, bad: 100 });
    for (let round = 0; round < 20; round++) {
      fleet.nowMs += 1_000;
      serve(fleet, 'bad', 1, false);
    }
    expect(sharesOneByOne(fleet, 100)['good']).toBeGreaterThan(95);
  });

  test('uses agents again that serve well, however many were never tried', () => {
    const fleet = new Fleet('shortest-expected-delay');
    for (let at = 0; at < 1_000; at++) fleet.add(`agent-${at}`);
    const used = Object.keys(sharesOneByOne(fleet, 500));
    expect(used.length).toBeLessThan(250);
  });

  test('gives an agent less whose results were not those that others agreed on', () => {
    const fleet = knownFleet({ honest: 100, doubtful: 100 });
    const doubtful = fleet.agent('doubtful');
    doubtful.trust = { factor: 1 / 8, dissents: 3, agreements: 0 };
    fleet.scheduler.agentChanged(doubtful);
    expect(shares(fleet, 20)['honest']).toBeGreaterThan(13);
  });

  test('tries an agent again that was slow or failed, after some minutes, and takes up with it once it serves well', () => {
    for (const isFailing of [true, false]) {
      const fleet = knownFleet({ steady: 200, recovering: 100 });
      for (let round = 0; round < 5; round++) {
        fleet.nowMs += 10_000;
        serve(fleet, 'recovering', isFailing ? 1 : 1_000, !isFailing);
      }
      const msOf = (id: string): number => (id === 'steady' ? 200 : 100);
      expect(sharesOneByOne(fleet, 20, msOf)['recovering'] ?? 0).toBeLessThan(5);
      fleet.nowMs += 1_800_000;
      expect(sharesOneByOne(fleet, 2_000, msOf)['recovering']).toBeGreaterThan(500);
    }
  });

  test('forgets nothing where a choice is made by a clock that is behind', () => {
    const fleet = knownFleet({ slow: 1_000, quick: 100 });
    fleet.nowMs -= 500;
    expect(shares(fleet, 2)['slow']).toBe(0);
    const { pick } = fleet.scheduler.explain(makeTask(1_000, fleet.profile), fleet.nowMs);
    expect(pick?.reason).toMatch(/about 1\d\d ms a task, 2 in flight, 99 % complete/);
  });

  test('prefers the cheaper of agents that are about as quick, and not of others', () => {
    const costOf = (id: string): number => (id.startsWith('cheap') ? 1 : 2);
    const pairs = Array.from({ length: 100 }, (_, at) => [`dear-${at}`, `cheap-${at}`]).flat();
    const fleet = knownFleet(Object.fromEntries(pairs.map((id) => [id, 100])), costOf);
    const first = fleet.startAll(new Array<null>(100).fill(null));
    expect(first.filter((id) => id.startsWith('cheap')).length).toBeGreaterThan(60);
    const other = knownFleet({ cheap: 1_000, dear: 100 }, costOf);
    expect(sharesOneByOne(other, 100)['dear']).toBeGreaterThan(95);
  });

  test('expects an agent of twice the weight to be twice as quick until it is known', () => {
    const fleet = new Fleet('shortest-expected-delay');
    fleet.add('declared', { slots: 64, weight: 8 });
    fleet.add('plain', { slots: 64 });
    const counts = shares(fleet, 20);
    expect(counts['declared']).toBeGreaterThan(12);
  });

  test('says what it goes by', () => {
    const fleet = knownFleet({ slow: 1_000, quick: 100 });
    const { pick } = fleet.scheduler.explain(makeTask(1_000, fleet.profile), fleet.nowMs);
    expect(pick?.agentId).toBe('quick');
    expect(pick?.reason).toMatch(
      /^expected to be done first of 2 available \(about 1\d\d ms a task, 0 in flight, 99 % complete\)$/,
    );
  });
});
