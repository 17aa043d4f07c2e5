/** What a seed of the stack suite stands for. */
import { DEFAULT_RAFT_SETTINGS, type RaftSettings } from '../../../src/consensus/index.ts';
import { Chance } from '../kernel/chance.ts';
import type { PlanChanges } from '../raft/raft-plan.ts';

/** Every fault that a seed may turn on. */
const STACK_FAULTS: readonly string[] = [
  'slow',
  'loss',
  'corrupt',
  'clog',
  'reset',
  'partition',
  'crash',
  'crash-leader',
  'power',
  'pause',
  'drift',
  'clock-step',
  'wipe',
  'transfer',
  'slow-disk',
  'stall',
  'flush-error',
  'disk-full',
  'short-write',
  'slow-apply',
];

/** Drawn after everything else, so that older seeds keep the rest of their plans. */
const LATER_FAULTS: readonly string[] = ['rot', 'membership', 'upgrade'];

export interface StackPlan {
  readonly seed: number;
  readonly nodes: number;
  readonly faults: ReadonlySet<string>;
  /** Virtual time with faults, before the healing phase. */
  readonly faultyMs: number;
  readonly tickMs: number;
  readonly settings: RaftSettings;
  readonly clients: number;
  readonly thinkMs: number;
  /** Clients send histories of every kind of command rather than tasks that they follow to their end. */
  readonly isMixed: boolean;
  /** … and of every feature: flows, copies, budgets, submits in parts. */
  readonly hasAllFeatures: boolean;
  readonly snapshotEveryEntries: number;
  readonly checkpointEveryEntries: number;
  readonly restartMeanMs: number;
  /** After healing the leader leaves the cluster for ever, and must be told that it has. */
  readonly doesLeaderLeave: boolean;
}

/** @param more - faults of one suite alone, drawn after everything else */
export function drawStackPlan(
  seed: number,
  changes: PlanChanges = {},
  more: readonly string[] = [],
): StackPlan {
  const chance = new Chance(seed).fork('stack plan');
  const density = chance.pick([0.1, 0.3, 0.3, 0.5, 0.8]);
  const drawn = STACK_FAULTS.filter(() => chance.happens(density));
  const late = new Chance(seed).fork('stack plan, later faults');
  drawn.push(...LATER_FAULTS.filter(() => late.happens(0.35)));
  const last = new Chance(seed).fork('stack plan, faults of one suite');
  drawn.push(...more.filter(() => last.happens(0.35)));
  // Members that leave while another one is lost for good would take the quorum with them.
  const without = late.happens(0.5) ? ['membership'] : ['wipe', 'rot'];
  const faults = new Set(drawn.filter((fault) => changes.without?.has(fault) !== true));
  if (faults.has('membership')) for (const fault of without) faults.delete(fault);
  const nodes = chance.pick([3, 3, 3, 5]);
  const faultyMs = chance.between(1_500, 6_000);
  const heartbeatTicks = chance.between(1, 3);
  return {
    seed,
    faults,
    nodes: changes.nodes ?? nodes,
    faultyMs: changes.faultyMs ?? faultyMs,
    tickMs: chance.pick([20, 30]),
    settings: {
      ...DEFAULT_RAFT_SETTINGS,
      heartbeatTicks,
      electionTicks: heartbeatTicks * chance.between(4, 8),
      appendBytesMax: chance.pick([300, 4_000, 1_000_000]),
      inFlightMessagesMax: chance.pick([1, 8, 64]),
      tailBytesMax: chance.pick([300, 5_000, 1_000_000]),
      applyBytesMax: chance.pick([400, 1_000_000]),
      snapshotChunkBytes: chance.pick([500, 4_000, 100_000]),
      trailingEntries: chance.pick([0, 0, 5, 40]),
      catchUpEntriesMax: 50,
      proposalBytesMax: 64 * 1024,
    },
    clients: chance.between(2, 5),
    thinkMs: chance.between(3, 40),
    isMixed: chance.happens(0.35),
    hasAllFeatures: seed % 2 === 1,
    snapshotEveryEntries: chance.pick([5, 20, 80]),
    checkpointEveryEntries: chance.pick([3, 10, 40]),
    restartMeanMs: chance.pick([60, 300, 900]),
    doesLeaderLeave: late.happens(0.4),
  };
}
