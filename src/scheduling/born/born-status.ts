import type { Pool } from '../pool.ts';
import { Born } from '../strategies/born.ts';
import { BornZones } from '../strategies/born-zones.ts';

import { emptyBins, fidelityOf, type DispatchFidelity } from './dispatch-record.ts';
import type { LearnedMeasures } from './state-measures.ts';

/** A measure of a state, and what it would be if all its agents served equally well; null while that is not known. */
export interface JudgedMeasure {
  readonly value: number;
  /** On average. */
  readonly expected: number | null;
  /** What it would fall below once in 1,000 looks. */
  readonly alarmBelow: number | null;
}

/** What one strategy has learned in one pool. */
export interface BornStateView {
  /** The requirement that its agents meet, as `explain` names it. */
  readonly pool: string;
  readonly strategy: 'born' | 'born+p2c' | 'born+zones' | 'born+zones+p2c';
  readonly agents: number;
  /** Ends of attempts that it learned from. */
  readonly attempts: number;
  readonly targetFidelity: JudgedMeasure;
  readonly entropyBits: JudgedMeasure;
}

export type BornAlarm = 'dispatchFidelity' | 'targetFidelity' | 'entropyBits';

/** What can be measured of the Born strategies' states. What is null was not measured. */
export interface BornStatus {
  /** Pools with a Born strategy and an agent. */
  readonly pools: number;
  /** Of what `born` and `born+zones` dispatched last, over all pools; null before 256 recorded dispatches. */
  readonly dispatchFidelity: DispatchFidelity | null;
  /** |⟨τ|ψ⟩|² of the pool where it is lowest, 0..1. */
  readonly targetFidelity: number | null;
  /** Entropy of the Born distribution of the pool where it is lowest, in bits. */
  readonly entropyBits: number | null;
  /** Measures that are lower than chance explains, in any pool. */
  readonly alarms: readonly BornAlarm[];
  /** At most 20, those whose target fidelity is furthest below what chance explains first. */
  readonly states: readonly BornStateView[];
}

/** Members that are looked at for one status, about: one or two milliseconds. */
const MEMBERS_MAX = 16_384;
const MEMBERS_A_STATE_MIN = 64;
const STATES_SHOWN_MAX = 20;

/** Measures all states. O(members), 16,384 of them in all, or 64 a state. */
export function bornStatus(pools: Iterable<Pool>): BornStatus {
  const bins = emptyBins();
  const found = [...pools].flatMap((pool) =>
    pool.strategies.learning
      .filter((strategy) => strategy instanceof Born || strategy instanceof BornZones)
      .map((strategy) => ({ pool, strategy })),
  );
  const membersMax = Math.max(MEMBERS_A_STATE_MIN, Math.floor(MEMBERS_MAX / found.length));
  const counted = new Set<Pool>();
  const states: BornStateView[] = [];
  for (const { pool, strategy } of found) {
    strategy.addDispatches(bins);
    const measures = strategy.measures(membersMax);
    if (measures === null) continue;
    counted.add(pool);
    states.push(viewOf(pool.signature, strategy.name, measures));
  }
  const dispatchFidelity = fidelityOf(bins);
  return {
    pools: counted.size,
    dispatchFidelity,
    targetFidelity: leastOf(states.map(({ targetFidelity }) => targetFidelity.value)),
    entropyBits: leastOf(states.map(({ entropyBits }) => entropyBits.value)),
    alarms: [
      ...(dispatchFidelity !== null && isAlarming(dispatchFidelity)
        ? (['dispatchFidelity'] as const)
        : []),
      ...(['targetFidelity', 'entropyBits'] as const).filter((measure) =>
        states.some((state) => isAlarming(state[measure])),
      ),
    ],
    states: states
      .toSorted((a, b) => marginOf(a.targetFidelity) - marginOf(b.targetFidelity))
      .slice(0, STATES_SHOWN_MAX),
  };
}

function viewOf(
  pool: string,
  strategy: BornStateView['strategy'],
  { attempts, byChance, entropyBits, members, targetFidelity }: LearnedMeasures,
): BornStateView {
  const unknown = { expected: null, alarmBelow: null };
  return {
    pool,
    strategy,
    agents: members,
    attempts,
    targetFidelity: { value: targetFidelity, ...(byChance?.targetFidelity ?? unknown) },
    entropyBits: { value: entropyBits, ...(byChance?.entropyBits ?? unknown) },
  };
}

function isAlarming({ alarmBelow, value }: JudgedMeasure): boolean {
  return alarmBelow !== null && value < alarmBelow;
}

function marginOf({ alarmBelow, value }: JudgedMeasure): number {
  return value - (alarmBelow ?? 0);
}

function leastOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.min(...values);
}
