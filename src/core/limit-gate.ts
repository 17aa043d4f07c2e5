import { correct, draw, levelAt, burstOf, removeBucket, setLevel, type Bucket } from './bucket.ts';
import { usesOf, type Gate, type GateAhead, type Gated } from './gate.ts';
import { reject, type Rejection } from './rejection.ts';
import type { LimitSettings } from './spec.ts';
import type { Task } from './task.ts';
import type { CoreState } from './state.ts';
import type { Usage } from './tree.ts';

/** What names a limit gate: what it is called, and where its bucket is kept. */
export interface LimitGateName {
  readonly key: string;
  readonly bucketKey: string;
  /** The named limit that sets it; null for that of a queue. */
  readonly limit: string | null;
  /** Empty for the one that tasks without a key share. */
  readonly subKey: string;
}

/**
 * At most so many attempts at once, at most so many units in a time; both are optional.
 *
 * One for each (limit, key) that live tasks name, and one for each queue with a bound of its own.
 */
export class LimitGate implements Gate {
  readonly name: LimitGateName;
  readonly splitsLanes = true;
  /** Null once the limit was removed: then everything passes. */
  settings: LimitSettings | null;
  /** Attempts that hold it. */
  running = 0;
  /** Live tasks that name it. */
  refs = 0;
  /** Null while full. */
  bucket: Bucket | null;
  mirror: object | null = null;

  constructor(name: LimitGateName, settings: LimitSettings | null, bucket: Bucket | null) {
    this.name = name;
    this.settings = settings;
    this.bucket = bucket;
  }

  get key(): string {
    return this.name.key;
  }

  get subKey(): string {
    return this.name.subKey;
  }

  /**
   * Open also where there will never be so many units, since the limit was lowered: then the task is to
   * fail instead, for whoever waits behind it would wait for ever, too.
   */
  passableAt(nowMs: number, units: number, _limit = 0, ahead: GateAhead | null = null): number {
    const { concurrencyMax, rate } = this.settings ?? {};
    if (concurrencyMax !== undefined) {
      const running = this.running + (ahead === null ? 0 : ahead.starts - ahead.ends);
      if (running >= concurrencyMax) return Infinity;
    }
    if (rate === undefined || units > burstOf(rate)) return nowMs;
    const wanted = units + (ahead?.units ?? 0);
    const missing = wanted - levelAt(this.bucket, rate, nowMs);
    return missing <= 0 ? nowMs : nowMs + Math.ceil((missing * rate.perMs) / rate.units);
  }

  describe(nowMs: number, units = 1): string {
    const { concurrencyMax, rate } = this.settings ?? {};
    if (concurrencyMax !== undefined && this.running >= concurrencyMax) {
      return `${this.running} of ${concurrencyMax} running`;
    }
    if (rate === undefined) return `${this.running} running`;
    const left = Math.floor(levelAt(this.bucket, rate, nowMs));
    const wanted = units === 1 ? '' : `, ${count(units)} wanted`;
    return `${count(left)} of ${count(burstOf(rate))} units left${wanted}`;
  }

  take(state: CoreState, units: number): void {
    this.running += 1;
    const rate = this.settings?.rate;
    if (rate === undefined) return;
    const { bucketKey } = this.name;
    this.bucket = draw(state, { bucketKey, bucket: this.bucket, rate }, units);
  }

  giveBack(state: CoreState, _task: Task, units: number, usage: Usage | null): void {
    this.running -= 1;
    const rate = this.settings?.rate;
    if (rate?.counts !== 'tokens' || usage === null || usage.tokens === units) return;
    const { bucketKey } = this.name;
    this.bucket = correct(state, { bucketKey, bucket: this.bucket, rate }, usage.tokens - units);
  }

  /** Takes over other settings; what was drawn stays drawn. */
  change(state: CoreState, settings: LimitSettings | null): void {
    const before = this.settings?.rate;
    const rate = settings?.rate;
    this.settings = settings;
    if (this.bucket === null || before === undefined) return;
    if (rate === undefined) {
      removeBucket(state, this.bucket);
      this.bucket = null;
      return;
    }
    const burst = burstOf(rate);
    const kept = levelAt(this.bucket, before, state.nowMs);
    const level = Math.max(-burst, Math.min(burst, kept));
    state.alarms.arm(this.bucket, 0);
    setLevel(state, this.bucket, rate, level);
  }
}

/** Why a limit can never let an attempt of the task pass, since it was lowered; null where all can. */
export function findImpossible(task: Gated): Rejection | null {
  for (const { gate, units } of usesOf(task)) {
    const rate = gate instanceof LimitGate ? gate.settings?.rate : undefined;
    if (rate === undefined || units <= burstOf(rate)) continue;
    const unitsMax = burstOf(rate);
    return reject(
      'LIMIT_IMPOSSIBLE',
      `an attempt can take at most ${unitsMax} units of ${gate.key}, got ${units}`,
      { gate: gate.key, units, unitsMax },
    );
  }
  return null;
}

function count(number: number): string {
  return number.toLocaleString('en-US');
}
