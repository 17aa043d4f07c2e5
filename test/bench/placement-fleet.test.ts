/** The agents of the simulator against agents that are objects. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fleet, type Job } from '../../bench/placement/fleet.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };
const AGENTS = 4;
/** Sums of a few hundred terms, each rounded. */
const DIGITS = 6;

/** One agent: its tasks, each with the work left and the time spent on it. */
class Twin {
  readonly jobs: { job: Job; leftMs: number; spentMs: number }[] = [];
  workedMs = 0;
  speed = 1;

  pass(ms: number): void {
    const [first] = this.jobs;
    if (first === undefined) return;
    first.leftMs -= ms * this.speed;
    first.spentMs += ms;
    this.workedMs += ms;
  }

  get endsInMs(): number {
    return (this.jobs[0]?.leftMs ?? Infinity) / this.speed;
  }

  get backlogMs(): number {
    return this.jobs.reduce((sum, { leftMs }) => sum + leftMs, 0) / this.speed;
  }
}

type Step =
  | { what: 'add'; agent: number; leftMs: number; isHedge: boolean }
  | { what: 'pass'; part: number }
  | { what: 'end' }
  | { what: 'remove'; agent: number; at: number }
  | { what: 'speed'; agent: number; speed: number };

const agent = fc.nat(AGENTS - 1);
const added: fc.Arbitrary<Step> = fc.record({
  what: fc.constant('add' as const),
  agent,
  leftMs: fc.double({ min: 1, max: 1_000, noNaN: true }),
  isHedge: fc.boolean(),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: added },
  fc.record({ what: fc.constant('end' as const) }),
  fc.record({
    what: fc.constant('pass' as const),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  fc.record({ what: fc.constant('remove' as const), agent, at: fc.nat(5) }),
  fc.record({
    what: fc.constant('speed' as const),
    agent,
    speed: fc.double({ min: 0.1, max: 10, noNaN: true }),
  }),
);

/** A fleet and its twins, which do the same. */
class Both {
  readonly fleet = new Fleet(new Float64Array(AGENTS).fill(1));
  readonly twins = Array.from({ length: AGENTS }, () => new Twin());
  nowMs = 0;
  #task = 0;

  do(one: Step): void {
    const nextMs = Math.min(...this.twins.map(({ endsInMs }) => endsInMs));
    switch (one.what) {
      case 'add':
        this.#add(one.agent, one.leftMs, one.isHedge);
        break;
      case 'end':
        if (nextMs < Infinity) this.#end(nextMs);
        break;
      case 'pass':
        if (nextMs < Infinity) this.#pass(nextMs * one.part);
        break;
      case 'remove':
        this.#remove(one.agent, one.at);
        break;
      case 'speed':
        this.fleet.setSpeed(one.agent, one.speed, this.nowMs);
        (this.twins[one.agent] as Twin).speed = one.speed;
    }
  }

  #add(to: number, leftMs: number, isHedge: boolean): void {
    const job = { task: this.#task++, sentMs: this.nowMs, leftMs, fails: leftMs > 500, isHedge };
    this.fleet.add(to, job, this.nowMs);
    this.twins[to]?.jobs.push({ job, leftMs, spentMs: 0 });
  }

  #pass(ms: number): void {
    this.nowMs += ms;
    for (const twin of this.twins) twin.pass(ms);
  }

  #end(ms: number): void {
    this.#pass(ms);
    const { next } = this.fleet;
    expect(this.fleet.endMs(next)).toBeCloseTo(this.nowMs, DIGITS);
    const first = this.twins[next]?.jobs.shift();
    expect({ ...this.fleet.shift(next, this.nowMs), leftMs: 0 }).toEqual({
      ...first?.job,
      leftMs: 0,
    });
  }

  #remove(from: number, at: number): void {
    const { jobs } = this.twins[from] as Twin;
    const [gone] = jobs.splice(at, 1);
    const { isHedge = false, task = -2 } = gone?.job ?? {};
    const spentMs = this.fleet.remove(from, task, isHedge, this.nowMs);
    if (gone === undefined) expect(spentMs).toBeNull();
    else expect(spentMs).toBeCloseTo(gone.spentMs, DIGITS);
  }

  check(): void {
    const { fleet, nowMs, twins } = this;
    expect(fleet.taskCount).toBe(twins.reduce((sum, { jobs }) => sum + jobs.length, 0));
    for (const [at, twin] of twins.entries()) {
      expect(fleet.load(at)).toBe(twin.jobs.length);
      expect(fleet.backlogMs(at, nowMs)).toBeCloseTo(twin.backlogMs, DIGITS);
      if (twin.jobs.length > 0) {
        expect(fleet.endMs(at) - nowMs).toBeCloseTo(twin.endsInMs, DIGITS);
      }
    }
  }
}

test('agents do their tasks in order, each at its speed, as objects would', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const both = new Both();
      for (const one of steps) {
        both.do(one);
        both.check();
      }
      // What is under way counts once it has ended.
      while (both.fleet.taskCount > 0) both.do({ what: 'end' });
      const workedMs = both.twins.map((twin) => twin.workedMs);
      for (const [at, ms] of both.fleet.workedMs().entries()) {
        expect(ms).toBeCloseTo(workedMs[at] as number, DIGITS);
      }
    }),
    { ...SEED },
  );
});

test('an agent that goes down loses its tasks, in order, and takes them again when it is up', () => {
  const fleet = new Fleet(Float64Array.of(1, 1));
  const job = { sentMs: 0, leftMs: 10, fails: false, isHedge: false };
  for (const task of [1, 2, 3]) fleet.add(0, { ...job, task }, 0);
  fleet.add(1, { ...job, task: 4 }, 5);
  expect(fleet.takeDown(0).map(({ task }) => task)).toEqual([1, 2, 3]);
  expect([fleet.isDown(0), fleet.load(0), fleet.next]).toEqual([true, 0, 1]);
  fleet.bringUp(0);
  fleet.add(0, { ...job, task: 5 }, 6);
  expect([fleet.isDown(0), fleet.endMs(0), fleet.endMs(1)]).toEqual([false, 16, 15]);
});
