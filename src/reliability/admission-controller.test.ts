import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  AdmissionController,
  CALM_BELOW,
  CALM_MS,
  STEP_MS,
  WINDOW_MS,
} from './admission-controller.ts';
import { admissionSettings } from './admission-options.ts';
import { pressuresOf, type AdmissionSample } from './pressure.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };
const SETTINGS = admissionSettings({ delayTargetMs: 100 });

const QUIET: AdmissionSample = {
  delayMs: 0,
  lagMs: 0,
  applied: 0,
  waiting: 0,
  finished: 0,
  queued: 0,
  backlogShare: 0,
  memoryShare: 0,
  storeShare: 0,
  diskFreeBytes: Number.POSITIVE_INFINITY,
  diskBytes: 1,
};

/** A controller that is shown a sample a step. */
class Steps {
  readonly controller = new AdmissionController(SETTINGS);
  nowMs = 0;

  show(sample: Partial<AdmissionSample>, steps = 1): void {
    for (let i = 0; i < steps; i++) {
      this.nowMs += STEP_MS;
      this.controller.observe({ ...QUIET, ...sample }, this.nowMs);
    }
  }
}

const WHOLE = WINDOW_MS / STEP_MS + 1;

function admits(controller: AdmissionController, priority: number): boolean {
  return controller.admit({ kind: 'submit', priority, tasks: 1 }) === null;
}

describe('a level', () => {
  test('is entered for what stood a whole interval, and for no burst, however large', () => {
    const steps = new Steps();
    steps.show({ delayMs: 5_000 }, WHOLE - 1);
    expect(steps.controller.level).toBe('normal');
    steps.show({ delayMs: 50 });
    steps.show({ delayMs: 5_000 }, WHOLE - 1);
    expect(steps.controller.level).toBe('normal');
    steps.show({ delayMs: 150 });
    expect(steps.controller.level).toBe('elevated');
  });

  test('is critical at once where memory ran out, and for delay only when shedding did not help', () => {
    const memory = new Steps();
    memory.show({ memoryShare: 0.95 }, WHOLE);
    expect(memory.controller.level).toBe('critical');
    const delay = new Steps();
    delay.show({ delayMs: 2_000 }, WHOLE);
    expect(delay.controller.level).toBe('elevated');
    // Nothing is served: whatever came before, the floor goes to its end and then the level changes.
    for (let i = 0; i < WHOLE + 12; i++) {
      delay.controller.admit({ kind: 'submit', priority: 8, tasks: 10 });
      delay.show({ delayMs: 2_000, waiting: 1_000 });
    }
    expect(delay.controller.level).toBe('critical');
  });

  test('names what it was entered for', () => {
    for (const [cause, sample] of [
      ['delay', { delayMs: 150 }],
      ['lag', { lagMs: 150 }],
      ['memory', { memoryShare: 0.8 }],
      ['backlog', { backlogShare: 0.6 }],
      ['store', { storeShare: 1.1 }],
      ['disk', { diskFreeBytes: 3e9, diskBytes: 1e11 }],
    ] as const) {
      const steps = new Steps();
      const isDisk = cause === 'disk';
      // Of 100 GB the last gibibyte counts as little.
      steps.show(isDisk ? { ...sample, diskFreeBytes: 9e8 } : sample, WHOLE);
      expect([steps.controller.level, steps.controller.cause]).toEqual(['elevated', cause]);
    }
  });

  test('does not follow from two measurements with nothing between them', () => {
    const steps = new Steps();
    steps.show({ delayMs: 500 });
    steps.nowMs += 10 * WINDOW_MS;
    steps.show({ delayMs: 500 });
    expect(steps.controller.level).toBe('normal');
  });

  test('follows from few measurements where the event loop was too late for more', () => {
    const steps = new Steps();
    for (let i = 0; i < 4; i++) {
      steps.nowMs += 700;
      steps.show({ lagMs: 700 });
    }
    expect(steps.controller.level).toBe('elevated');
  });

  test('is left after a whole calm time, which any measurement above the threshold begins anew', () => {
    const steps = new Steps();
    steps.show({ memoryShare: 0.8 }, WHOLE);
    const calm = CALM_MS / STEP_MS;
    steps.show({}, calm);
    expect(steps.controller.level).toBe('elevated');
    // 0.75 is a pressure of 1: 0.55 is above 0.7 of it.
    steps.show({ memoryShare: 0.55 });
    steps.show({}, calm);
    expect(steps.controller.level).toBe('elevated');
    steps.show({});
    expect(steps.controller.level).toBe('normal');
    expect(steps.controller.floor).toBe(0);
  });

  test('goes back one at a time', () => {
    const steps = new Steps();
    steps.show({ memoryShare: 1 }, WHOLE);
    const seen = new Set<string>();
    for (let i = 0; i < 100; i++) {
      steps.show({});
      seen.add(steps.controller.level);
    }
    expect([...seen]).toEqual(['critical', 'elevated', 'normal']);
  });
});

describe('what is let in', () => {
  test('at critical is priority 9, and whatever is no new work', () => {
    const steps = new Steps();
    steps.show({ memoryShare: 1 }, WHOLE);
    const { controller } = steps;
    for (let priority = 0; priority < 9; priority++)
      expect(admits(controller, priority)).toBe(false);
    expect(admits(controller, 9)).toBe(true);
    expect(controller.admit({ kind: 'other', priority: 0, tasks: 0 })).toBeNull();
    expect(controller.admit({ kind: 'list', priority: 0, tasks: 0 })).toMatchObject({
      level: 'critical',
      reason: 'memory',
    });
    expect(controller.shed).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
    expect(controller.shedLists).toBe(1);
  });

  test('shrinks from the lowest priority up as memory runs out', () => {
    const taken = [0.75, 0.8, 0.85, 0.89].map((memoryShare) => {
      const steps = new Steps();
      steps.show({ memoryShare }, WHOLE + 20);
      return [...Array(10).keys()].filter((priority) => admits(steps.controller, priority));
    });
    const counts = taken.map((priorities) => priorities.length);
    expect(counts).toEqual(counts.toSorted((a, b) => b - a));
    expect(counts[0]).toBe(10);
    expect(counts[3]).toBeLessThan(3);
    for (const priorities of taken) {
      expect(priorities).toEqual([...Array(10).keys()].slice(10 - priorities.length));
    }
  });

  test('waits longer the further it is below the floor', () => {
    const steps = new Steps();
    steps.show({ memoryShare: 0.87 }, WHOLE + 20);
    const waits = [0, 1, 2, 3, 4].map(
      (priority) =>
        steps.controller.admit({ kind: 'submit', priority, tasks: 1 })?.retryAfterMs ?? 0,
    );
    expect(waits).toEqual(waits.toSorted((a, b) => b - a));
    expect(waits[0]).toBeGreaterThan(waits[4] ?? Number.NaN);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(200);
  });
});

/** The levels as one would write them down: every rule looks through all samples there were. */
class PlainLevels {
  level: 'normal' | 'elevated' | 'critical' = 'normal';
  readonly #seen: { readonly atMs: number; readonly pressures: readonly number[] }[] = [];
  #calmFromMs = 0;

  observe(sample: AdmissionSample, nowMs: number, [floorBefore, floor]: [number, number]): void {
    const all = pressuresOf(sample, SETTINGS);
    const { delay, lag } = all;
    const most = floorBefore === 9 ? Number.POSITIVE_INFINITY : 1.99;
    const steered = { ...all, delay: Math.min(delay, most), lag: Math.min(lag, most) };
    const pressures = Object.values(steered);
    this.#seen.push({ atMs: nowMs, pressures });
    const last = this.#seen.filter(({ atMs }) => atMs >= nowMs - WINDOW_MS);
    const first = this.#seen[0]?.atMs ?? 0;
    const stood = pressures.map((_, i) =>
      first > nowMs - WINDOW_MS ? 0 : Math.min(...last.map((one) => one.pressures[i] as number)),
    );
    const worst = Math.max(...stood);
    const isCalm =
      this.level !== 'normal' &&
      Math.max(...pressures) < CALM_BELOW[this.level] &&
      (this.level === 'critical' || floor === 0);
    const before = this.level;
    if (worst >= 2) this.level = 'critical';
    else if (worst >= 1 && this.level === 'normal') this.level = 'elevated';
    if (!isCalm || before !== this.level) this.#calmFromMs = nowMs + STEP_MS;
    if (nowMs - this.#calmFromMs >= CALM_MS && before === this.level) {
      if (this.level === 'critical') this.level = 'elevated';
      else if (this.level === 'elevated') this.level = 'normal';
      this.#calmFromMs = nowMs + STEP_MS;
    }
  }
}

const stretch = fc.record({
  steps: fc.integer({ min: 1, max: 40 }),
  sample: fc.record({
    delayMs: fc.constantFrom(0, 40, 90, 120, 400, 1_200),
    lagMs: fc.constantFrom(0, 0, 0, 130),
    applied: fc.nat(500),
    waiting: fc.nat(5_000),
    finished: fc.nat(500),
    queued: fc.constantFrom(0, 100_000),
    backlogShare: fc.constantFrom(0, 0, 0.6),
    memoryShare: fc.constantFrom(0, 0.3, 0.6, 0.8, 0.89, 0.95),
    storeShare: fc.constantFrom(0, 0, 1.5),
    diskFreeBytes: fc.constantFrom(1e12, 1e12, 5e8),
    diskBytes: fc.constant(1e12),
  }),
  submits: fc.array(fc.record({ priority: fc.integer({ min: 0, max: 9 }), tasks: fc.nat(2_000) }), {
    maxLength: 6,
  }),
});

test('levels are those of a plain model, and the floor keeps its bounds, whatever is measured', () => {
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 12 }), (stretches) => {
      const controller = new AdmissionController(SETTINGS);
      const plain = new PlainLevels();
      let nowMs = 0;
      for (const { sample, steps, submits } of stretches) {
        for (let i = 0; i < steps; i++) {
          nowMs += STEP_MS;
          const before = { level: controller.level, floor: controller.floor };
          for (const submit of submits) expectRightAnswer(controller, submit);
          expect(controller.admit({ kind: 'other', priority: 0, tasks: 0 })).toBeNull();
          const list = controller.admit({ kind: 'list', priority: 0, tasks: 0 });
          expect(list === null).toBe(controller.level !== 'critical');
          controller.observe(sample, nowMs);
          expect(controller.floor).toBeGreaterThanOrEqual(0);
          expect(controller.floor).toBeLessThanOrEqual(9);
          plain.observe(sample, nowMs, [before.floor, floorOf(controller, before)]);
          expect(controller.level).toBe(plain.level);
          if (before.level === 'elevated' && controller.level === 'elevated')
            expect(Math.abs(controller.floor - before.floor)).toBeLessThanOrEqual(1 + 1e-9);
        }
      }
    }),
    { numRuns: 200, ...SEED },
  );
});

function expectRightAnswer(
  controller: AdmissionController,
  submit: { readonly priority: number; readonly tasks: number },
): void {
  const shed = controller.admit({ kind: 'submit', ...submit });
  if (submit.priority === 9 || controller.level === 'normal') expect(shed).toBeNull();
  if (submit.priority >= controller.floor) expect(shed).toBeNull();
  if (submit.priority + 1 <= controller.floor) expect(shed).not.toBeNull();
}

/** The floor that the step moved to, which at a change of the level is no longer to be seen. */
function floorOf(
  controller: AdmissionController,
  before: { readonly level: string; readonly floor: number },
): number {
  return controller.level === before.level ? controller.floor : 0;
}
