/**
 * How long it takes until as much gets done as before, when a zone goes down and when it is back.
 *
 * What is done in the runs of all seeds is added up, for the outage is at the same moment in all. Throughput at t is what
 * is done in [t, t + 3 s), and is back from the first t on for which no window that begins in the next 5 s has less than
 * 95 % of the mean of the 30 s before the outage. In a single run a window has some 180 tasks: chance alone would take
 * it below that.
 */
import { bootstrap } from './bootstrap.ts';
import type { Estimate } from './estimates.ts';
import type { Run } from './simulate.ts';
import { ZONE_OUTAGE, ZONE_SIZE, type World } from './world.ts';

const BIN_MS = 100;
const WINDOW = 30;
const HOLD = 50;
const BEFORE = 300;
const LEVEL = 0.95;
/** The zone does a quarter of it all: 95 % of that is within what chance makes of a window. */
const ZONE_LEVEL = 0.8;

/** Tasks done in each tenth of a second of a run: by all agents, and by those of the zone. */
export interface Throughput {
  readonly all: Float64Array;
  readonly zone: Float64Array;
}

export interface Recovery<Value = Estimate> {
  /** Least throughput while the zone is down, as a share of that before. */
  readonly lowest: number;
  /** Seconds from when the zone goes down; Infinity where it stays below until the zone is back. */
  readonly afterDeath: Value;
  /** Seconds from when it is back; Infinity where it stays below to the end. */
  readonly afterReturn: Value;
  /** The same for four fifths of what the agents of the zone did before. */
  readonly zone: Value;
}

export function throughputOf({ doneBy, responsesMs }: Run, { arrivalsMs }: World): Throughput {
  const bins = Math.ceil((arrivalsMs.at(-1) ?? 0) / BIN_MS);
  const [all, zone] = [new Float64Array(bins), new Float64Array(bins)];
  for (const [task, agent] of doneBy.entries()) {
    if (agent < 0) continue;
    const bin = Math.floor(((arrivalsMs[task] as number) + (responsesMs[task] as number)) / BIN_MS);
    // After the last arrival there is less and less to do.
    if (bin >= bins) continue;
    all[bin] = (all[bin] as number) + 1;
    if (agent < ZONE_SIZE) zone[bin] = (zone[bin] as number) + 1;
  }
  return { all, zone };
}

/** Times with 95 % intervals over which runs there are; a least value of runs drawn again would be too low. */
export function recoveryOf(runs: readonly Throughput[]): Recovery {
  const [afterDeath, afterReturn, zone] = bootstrap(runs, (drawn) => {
    const one = pooledRecovery(drawn);
    return [one.afterDeath, one.afterReturn, one.zone];
  }) as [Estimate, Estimate, Estimate];
  return { lowest: pooledRecovery(runs).lowest, afterDeath, afterReturn, zone };
}

/** A moment in seconds and the throughput from then on, as a share of that before the zone goes down. */
export type Moment = readonly [seconds: number, share: number];

/** Throughput second by second, of all runs added up. */
export function courseOf(runs: readonly Throughput[]): Moment[] {
  const all = pooled(runs.map((run) => run.all));
  const before = windowMean(all);
  return [...windowsOf(all)].flatMap((done, bin): Moment[] =>
    bin % (1_000 / BIN_MS) === 0 ? [[(bin * BIN_MS) / 1_000, done / before]] : [],
  );
}

/** As one run that is as long as the shortest. */
function pooledRecovery(runs: readonly Throughput[]): Recovery<number> {
  const [all, zone] = [pooled(runs.map((run) => run.all)), pooled(runs.map((run) => run.zone))];
  const [from, until] = [ZONE_OUTAGE.fromMs / BIN_MS, ZONE_OUTAGE.untilMs / BIN_MS];
  return {
    lowest: Math.min(...windowsOf(all.subarray(from, until))) / windowMean(all),
    afterDeath: secondsTo(LEVEL * windowMean(all), all.subarray(from, until)),
    afterReturn: secondsTo(LEVEL * windowMean(all), all.subarray(until)),
    zone: secondsTo(ZONE_LEVEL * windowMean(zone), zone.subarray(until)),
  };
}

/** What a window has in the mean before the zone goes down. */
function windowMean(bins: Float64Array): number {
  const from = ZONE_OUTAGE.fromMs / BIN_MS;
  return (WINDOW * sumOf(bins.subarray(from - BEFORE, from))) / BEFORE;
}

/** Seconds until every window that begins within the time to hold has `least` tasks; Infinity for never. */
export function secondsTo(least: number, bins: Float64Array): number {
  let held = 0;
  for (const [at, done] of windowsOf(bins).entries()) {
    held = done < least ? 0 : held + 1;
    if (held === HOLD) return ((at + 1 - HOLD) * BIN_MS) / 1_000;
  }
  return Infinity;
}

/** What is done in the window that begins with each bin, as far as they are whole. */
function windowsOf(bins: Float64Array): Float64Array {
  const windows = new Float64Array(Math.max(0, bins.length - WINDOW + 1));
  let done = sumOf(bins.subarray(0, WINDOW - 1));
  for (let at = 0; at < windows.length; at++) {
    done += bins[at + WINDOW - 1] as number;
    windows[at] = done;
    done -= bins[at] as number;
  }
  return windows;
}

function pooled(runs: readonly Float64Array[]): Float64Array {
  const sums = new Float64Array(Math.min(...runs.map((bins) => bins.length)));
  for (const bins of runs) {
    for (let bin = 0; bin < sums.length; bin++)
      sums[bin] = (sums[bin] as number) + (bins[bin] as number);
  }
  return sums;
}

function sumOf(bins: Float64Array): number {
  return bins.reduce((sum, done) => sum + done, 0);
}
