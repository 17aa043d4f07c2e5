/** The controller in front of a queue that serves a fixed rate: what it does about overload that comes and goes. */
import { expect, test } from 'vitest';
import { AdmissionController, STEP_MS } from './admission-controller.ts';
import { admissionSettings } from './admission-options.ts';

const TARGET_MS = 200;
/** Tasks a second. */
const CAPACITY = 20_000;
const TICK_MS = 10;

interface Moment {
  readonly atMs: number;
  readonly level: string;
  readonly floor: number;
  readonly delayMs: number;
  readonly served: number;
}

/** First come, first served, at a fixed rate; 9 goes first, as in the command loop. */
class Plant {
  readonly controller = new AdmissionController(admissionSettings({ delayTargetMs: TARGET_MS }));
  readonly moments: Moment[] = [];
  readonly shed = new Float64Array(10);
  readonly offered = new Float64Array(10);
  #queue: { readonly sinceMs: number; readonly priority: number; tasks: number }[] = [];
  #nowMs = 0;
  #applied = 0;
  #delayMs = 0;

  /** Lets `ms` pass with so many tasks a second, spread over the priorities by weight. */
  run(ms: number, perSecond: number, weights: readonly number[], capacity = CAPACITY): void {
    const sum = weights.reduce((a, b) => a + b, 0);
    for (const endMs = this.#nowMs + ms; this.#nowMs < endMs;) {
      this.#nowMs += TICK_MS;
      for (const [priority, weight] of weights.entries()) {
        const tasks = (perSecond * TICK_MS * weight) / (1_000 * sum);
        for (let part = 0; part < 4; part++) this.#submit(priority, tasks / 4);
      }
      this.#serve((capacity * TICK_MS) / 1_000);
      if (this.#nowMs % STEP_MS === 0) this.#observe();
    }
  }

  get queued(): number {
    return this.#queue.reduce((sum, { tasks }) => sum + tasks, 0);
  }

  #submit(priority: number, tasks: number): void {
    if (tasks === 0) return;
    this.offered[priority] = (this.offered[priority] as number) + tasks;
    const shed = this.controller.admit({ kind: 'submit', priority, tasks });
    if (shed === null) this.#queue.push({ sinceMs: this.#nowMs, priority, tasks });
    else this.shed[priority] = (this.shed[priority] as number) + tasks;
  }

  #serve(count: number): void {
    let left = count;
    let head = this.#queue[0];
    while (head !== undefined && left > 0) {
      const tasks = Math.min(left, head.tasks);
      left -= tasks;
      head.tasks -= tasks;
      this.#applied += tasks;
      this.#delayMs = Math.min(this.#delayMs, this.#nowMs - head.sinceMs);
      if (head.tasks > 0) break;
      this.#queue.shift();
      head = this.#queue[0];
    }
  }

  /** As the command loop does after a step. */
  #shedWaiting(): void {
    let tooMany = this.queued - this.controller.waitingMax;
    if (tooMany <= 0) return;
    this.#queue = this.#queue.filter(({ priority, tasks }) => {
      if (tooMany <= 0 || this.controller.reconsider(priority, tasks) === null) return true;
      this.shed[priority] = (this.shed[priority] as number) + tasks;
      tooMany -= tasks;
      return false;
    });
  }

  #observe(): void {
    const delayMs = Number.isFinite(this.#delayMs) ? this.#delayMs : 0;
    this.controller.observe(
      {
        delayMs,
        lagMs: 0,
        applied: this.#applied,
        waiting: this.queued,
        finished: this.#applied,
        queued: 0,
        backlogShare: 0,
        memoryShare: 0,
        storeShare: 0,
        diskFreeBytes: Number.POSITIVE_INFINITY,
        diskBytes: 1,
      },
      this.#nowMs,
    );
    this.#shedWaiting();
    const { floor, level } = this.controller;
    this.moments.push({ atMs: this.#nowMs, level, floor, delayMs, served: this.#applied });
    this.#applied = 0;
    this.#delayMs = Number.POSITIVE_INFINITY;
  }
}

const UNIFORM = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1];
const ALL_DEFAULT = [0, 0, 0, 0, 1, 0, 0, 0, 0, 0];
const MIXES = {
  uniform: UNIFORM,
  'one priority': ALL_DEFAULT,
  'mostly low': [9, 0, 0, 0, 0.5, 0, 0, 0, 0, 0.5],
};

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

for (const [name, weights] of Object.entries(MIXES)) {
  // From 10 times on, a mix with a tenth of 9 would be too much by that alone.
  for (const factor of [1.2, 2, 5, 7]) {
    test(`${factor} times what can be served settles: the server stays busy and the delay bounded (${name})`, () => {
      const plant = new Plant();
      plant.run(20_000, CAPACITY * factor, weights);
      const settled = plant.moments.slice(-100);
      expect(mean(settled.map(({ served }) => served))).toBeGreaterThan(
        0.95 * (CAPACITY / 1_000) * STEP_MS,
      );
      expect(new Set(settled.map(({ level }) => level))).toEqual(new Set(['elevated']));
      expect(Math.max(...settled.map(({ delayMs }) => delayMs))).toBeLessThan(2 * TARGET_MS);
      const floors = settled.map(({ floor }) => floor);
      expect(Math.max(...floors) - Math.min(...floors)).toBeLessThan(1);
    });
  }
}

test('what is shed is the lowest: nothing above the floor, nothing of 9', () => {
  const plant = new Plant();
  plant.run(30_000, CAPACITY * 2, UNIFORM);
  const shares = [...plant.shed].map(
    (shed, priority) => shed / (plant.offered[priority] as number),
  );
  expect(shares).toEqual(shares.toSorted((a, b) => b - a));
  expect(shares[0]).toBeGreaterThan(0.9);
  expect(shares[8]).toBeLessThan(0.1);
  expect(shares[9]).toBe(0);
});

test('a square wave of overload enters and leaves the level once a wave, and all is as before after each', () => {
  const plant = new Plant();
  const waves = 5;
  for (let wave = 0; wave < waves; wave++) {
    plant.run(10_000, CAPACITY * 5, UNIFORM);
    plant.run(10_000, CAPACITY * 0.5, UNIFORM);
    expect(plant.controller.level).toBe('normal');
    expect(plant.controller.floor).toBe(0);
    expect(plant.queued).toBeLessThan((CAPACITY * TICK_MS) / 1_000);
  }
  const levels = plant.moments.map(({ level }) => level);
  const changes = levels.filter((level, i) => i > 0 && level !== levels[i - 1]).length;
  // Into the level and out of it; the first overload of all may pass through critical.
  expect(changes).toBeLessThanOrEqual(2 * waves + 2);
});

test('load just below what can be served is never refused', () => {
  const plant = new Plant();
  plant.run(60_000, CAPACITY * 0.97, UNIFORM);
  expect(plant.shed.every((shed) => shed === 0)).toBe(true);
});

test('recovers within seconds of the end of the overload', () => {
  const plant = new Plant();
  plant.run(30_000, CAPACITY * 5, UNIFORM);
  const endMs = plant.moments.at(-1)?.atMs ?? 0;
  plant.run(20_000, CAPACITY * 0.5, UNIFORM);
  const back = plant.moments.find(({ atMs, level }) => atMs > endMs && level === 'normal');
  expect((back?.atMs ?? Number.POSITIVE_INFINITY) - endMs).toBeLessThan(5_000);
});

test('after a standstill it finds its way back to all that can be served', () => {
  const plant = new Plant();
  plant.run(5_000, CAPACITY * 2, ALL_DEFAULT);
  plant.run(5_000, CAPACITY * 2, ALL_DEFAULT, 1);
  plant.run(15_000, CAPACITY * 2, ALL_DEFAULT);
  const settled = plant.moments.slice(-50).map(({ served }) => served);
  expect(mean(settled)).toBeGreaterThan(0.95 * (CAPACITY / 1_000) * STEP_MS);
});

test('a trickle after the overload is all let in, although nothing gets done', () => {
  const controller = new AdmissionController(admissionSettings({ delayTargetMs: TARGET_MS }));
  const show = (steps: number, sample: { delayMs: number; waiting: number }): void => {
    for (let i = 0; i < steps; i++) {
      nowMs += STEP_MS;
      for (let n = 0; n < 3; n++) controller.admit({ kind: 'submit', priority: 4, tasks: 1 });
      controller.observe(
        {
          ...sample,
          lagMs: 0,
          applied: 3,
          finished: 0,
          queued: 100_000,
          backlogShare: 0,
          memoryShare: 0,
          storeShare: 0,
          diskFreeBytes: Number.POSITIVE_INFINITY,
          diskBytes: 1,
        },
        nowMs,
      );
    }
  };
  let nowMs = 0;
  show(30, { delayMs: 500, waiting: 1_000 });
  expect(controller.floor).toBeGreaterThan(4);
  show(50, { delayMs: 0, waiting: 0 });
  expect(controller.level).toBe('normal');
});
