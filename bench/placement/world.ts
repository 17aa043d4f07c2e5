/** Everything about a run that no policy influences, drawn beforehand: all policies meet the same. */
import { Rng } from '../../src/base/rng.ts';
import type { Scenario } from './scenarios.ts';

export type Change =
  | {
      readonly atMs: number;
      readonly agent: number;
      readonly what: 'speed';
      readonly speed: number;
    }
  | {
      readonly atMs: number;
      readonly agent: number;
      readonly what: 'down' | 'up' | 'known down' | 'known up' | 'failing' | 'well';
    };

export interface World {
  /** By agent, at first. */
  readonly speeds: Float64Array;
  /** By task. */
  readonly arrivalsMs: Float64Array;
  /** Milliseconds at speed 1. */
  readonly works: Float64Array;
  readonly dispatchers: Uint8Array;
  readonly changes: readonly Change[];
}

export const WORK_MEAN_MS = 1_000;
const PARETO_EXPONENT = 1.5;
const PARETO_CUT = 100;
/** Means of a log-normal of σ = 1 in its four quarters, about. */
const CLASSES = [0.317, 0.727, 1.376, 3.158];
/** Agents with one label `zone`, which are the domains of the largest shocks. */
export const ZONE_SIZE = 25;
/** With one label `host`: those of the smallest. */
export const HOST_SIZE = 4;
const BURST_MS = 10_000;
const OUTAGE_MS = 10_000;
const NOTICE_MS = 2_000;
/** The one outage of the scenario of that name: the first zone. */
export const ZONE_OUTAGE = { fromMs: 60_000, noticedMs: 65_000, untilMs: 110_000, backMs: 111_000 };
const PROVIDERS = 4;
const PROVIDER_UP_MS = 50_000;
const GREY_MS = 30_000;
const DRIFT_MS = 10_000;

export function makeWorld(scenario: Scenario, seed: number): World {
  const rng = Rng.fromSeed(seed);
  const speeds = speedsOf(scenario, rng);
  const capacity = speeds.reduce((sum, speed) => sum + speed, 0);
  const rate = (scenario.load * capacity * (scenario.hands ?? 1)) / WORK_MEAN_MS;
  const arrivalsMs = arrivalsOf(scenario, rate, rng);
  const works = new Float64Array(scenario.tasks).map(() => workOf(scenario, rng));
  const dispatchers = new Uint8Array(scenario.tasks).map(() => rng.below(scenario.dispatchers));
  const endMs = arrivalsMs.at(-1) ?? 0;
  const changes = changesOf(scenario, speeds, endMs, rng).toSorted((a, b) => a.atMs - b.atMs);
  return { speeds, arrivalsMs, works, dispatchers, changes };
}

function speedsOf({ agents, speeds }: Scenario, rng: Rng): Float64Array {
  const mean = CLASSES.reduce((sum, speed) => sum + speed, 0) / CLASSES.length;
  const values = new Float64Array(agents).fill(1);
  if (speeds === 'equal') return values;
  for (let agent = 0; agent < agents; agent++) {
    values[agent] = (CLASSES[agent % CLASSES.length] as number) / mean;
  }
  return shuffled(values, rng);
}

function shuffled(values: Float64Array, rng: Rng): Float64Array {
  for (let last = values.length - 1; last > 0; last--) {
    const other = rng.below(last + 1);
    [values[last], values[other]] = [values[other] as number, values[last] as number];
  }
  return values;
}

function exponential(mean: number, rng: Rng): number {
  return -mean * Math.log(1 - rng.unit());
}

function workOf({ work }: Scenario, rng: Rng): number {
  if (work === 'exponential') return exponential(WORK_MEAN_MS, rng);
  const a = PARETO_EXPONENT;
  // The mean of what is cut at H·m is less than that of what is not: a/(a−1)·m·(1 − H^(1−a)/a).
  const least = (WORK_MEAN_MS * (a - 1)) / a / (1 - (PARETO_CUT * 3) ** (1 - a) / a);
  return Math.min(least * (1 - rng.unit()) ** (-1 / a), least * PARETO_CUT * 3);
}

function arrivalsOf(scenario: Scenario, rate: number, rng: Rng): Float64Array {
  const times = new Float64Array(scenario.tasks);
  let nowMs = 0;
  let isHigh = false;
  let switchMs = scenario.arrivals === 'bursts' ? exponential(BURST_MS, rng) : Infinity;
  for (let task = 0; task < times.length; task++) {
    let left = exponential(1, rng);
    for (;;) {
      const current = scenario.arrivals === 'bursts' ? rate * (isHigh ? 1.5 : 0.5) : rate;
      const atMs = nowMs + left / current;
      if (atMs < switchMs) {
        nowMs = atMs;
        break;
      }
      left -= (switchMs - nowMs) * current;
      nowMs = switchMs;
      isHigh = !isHigh;
      switchMs = nowMs + exponential(BURST_MS, rng);
    }
    times[task] = nowMs;
  }
  return times;
}

function changesOf(scenario: Scenario, speeds: Float64Array, endMs: number, rng: Rng): Change[] {
  switch (scenario.trouble) {
    case 'none':
      return [];
    case 'shocks':
      return shocks(scenario.agents, endMs, rng);
    case 'outage':
      return zoneOutage();
    case 'providers':
      return providerOutages(scenario.agents, endMs, rng);
    case 'slow':
    case 'failing':
      return grey(scenario.trouble, speeds, endMs, rng);
    case 'drift':
      return drift(speeds, endMs, rng);
  }
}

/** Marshall and Olkin's shocks: each domain has its own Poisson process, and all in it go down at once. */
function shocks(agents: number, endMs: number, rng: Rng): Change[] {
  const changes: Change[] = [];
  const downUntil = new Float64Array(agents);
  const hits: { atMs: number; from: number; size: number }[] = [];
  for (const { size, meanMs } of [
    { size: HOST_SIZE, meanMs: 400_000 },
    { size: 20, meanMs: 300_000 },
    { size: ZONE_SIZE, meanMs: 250_000 },
  ]) {
    for (let from = 0; from + size <= agents; from += size) {
      for (let at = exponential(meanMs, rng); at < endMs; at += exponential(meanMs, rng)) {
        hits.push({ atMs: at, from, size });
      }
    }
  }
  for (const { atMs, from, size } of hits.toSorted((a, b) => a.atMs - b.atMs)) {
    const upMs = atMs + NOTICE_MS + exponential(OUTAGE_MS, rng);
    for (let agent = from; agent < from + size; agent++) {
      // One that is down already stays so: outages of an agent do not overlap.
      if ((downUntil[agent] as number) >= atMs) continue;
      downUntil[agent] = upMs + NOTICE_MS;
      changes.push({ atMs, agent, what: 'down' });
      changes.push({ atMs: atMs + NOTICE_MS, agent, what: 'known down' });
      changes.push({ atMs: upMs, agent, what: 'up' });
      changes.push({ atMs: upMs + NOTICE_MS / 2, agent, what: 'known up' });
    }
  }
  return changes;
}

function zoneOutage(): Change[] {
  const { backMs, fromMs, noticedMs, untilMs } = ZONE_OUTAGE;
  return Array.from({ length: ZONE_SIZE }).flatMap((_, agent): Change[] => [
    { atMs: fromMs, agent, what: 'down' },
    { atMs: noticedMs, agent, what: 'known down' },
    { atMs: untilMs, agent, what: 'up' },
    { atMs: backMs, agent, what: 'known up' },
  ]);
}

/** All agents of a provider fail for as long as it is out; they are in different zones. */
function providerOutages(agents: number, endMs: number, rng: Rng): Change[] {
  const changes: Change[] = [];
  for (let provider = 0; provider < PROVIDERS; provider++) {
    let atMs = exponential(PROVIDER_UP_MS, rng);
    while (atMs < endMs) {
      const upMs = atMs + exponential(OUTAGE_MS, rng);
      for (let agent = provider; agent < agents; agent += PROVIDERS) {
        changes.push({ atMs, agent, what: 'failing' }, { atMs: upMs, agent, what: 'well' });
      }
      atMs = upMs + exponential(PROVIDER_UP_MS, rng);
    }
  }
  return changes;
}

/** A tenth of the agents is sick in each period, others in the next. */
function grey(kind: 'slow' | 'failing', speeds: Float64Array, endMs: number, rng: Rng): Change[] {
  const changes: Change[] = [];
  for (let atMs = GREY_MS / 2; atMs < endMs; atMs += GREY_MS) {
    for (let agent = 0; agent < speeds.length; agent++) {
      if (rng.unit() >= 0.1) continue;
      const speed = speeds[agent] as number;
      const wellMs = atMs + GREY_MS;
      if (kind === 'slow') {
        changes.push({ atMs, agent, what: 'speed', speed: speed / 10 });
        changes.push({ atMs: wellMs - 1, agent, what: 'speed', speed });
      } else {
        changes.push({ atMs, agent, what: 'failing' });
        changes.push({ atMs: wellMs - 1, agent, what: 'well' });
      }
    }
  }
  return changes;
}

function drift(speeds: Float64Array, endMs: number, rng: Rng): Change[] {
  const current = Float64Array.from(speeds);
  const changes: Change[] = [];
  for (let atMs = DRIFT_MS; atMs < endMs; atMs += DRIFT_MS) {
    for (let pair = 0; pair < speeds.length / 10; pair++) {
      const [a, b] = [rng.below(speeds.length), rng.below(speeds.length)];
      [current[a], current[b]] = [current[b] as number, current[a] as number];
      for (const agent of [a, b]) {
        changes.push({ atMs, agent, what: 'speed', speed: current[agent] as number });
      }
    }
  }
  return changes;
}
