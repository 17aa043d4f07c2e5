/** What a seed of the raft suite stands for: the cluster, the faults that are on, and how long they last. */
import { DEFAULT_RAFT_SETTINGS, type RaftSettings } from '../../../src/consensus/index.ts';
import { Chance } from '../kernel/chance.ts';
import { LINK_FAULTS } from '../network/link-faults.ts';

const PROCESS_FAULTS = ['crash', 'power', 'pause', 'drift', 'step', 'upgrade', 'wipe'] as const;
const DISK_FAULTS = ['slow-disk', 'stall', 'flush-error', 'disk-full', 'rot'] as const;
const CLUSTER_MOVES = [
  'partition',
  'flap',
  'membership',
  'transfer',
  'crash-leader',
  'cut-leader',
] as const;
/** Nodes hear that a peer is gone: of deaths nearly always, and now and then of one that lives. */
const NEWS = 'news';

/** Every fault that a seed may turn on. */
export const RAFT_FAULTS: readonly string[] = [
  ...LINK_FAULTS,
  ...PROCESS_FAULTS,
  ...DISK_FAULTS,
  ...CLUSTER_MOVES,
  NEWS,
];

/** One election after the other, with little else in the way: what old leaders left behind meets what new ones do. */
const STORM_FAULTS: readonly string[] = [
  'crash-leader',
  'cut-leader',
  'partition',
  'loss',
  'slow-disk',
  'crash',
];

export interface RaftPlan {
  readonly seed: number;
  readonly nodes: number;
  readonly faults: ReadonlySet<string>;
  /** Virtual time with faults, before the healing phase. */
  readonly faultyMs: number;
  readonly tickUs: number;
  readonly settings: RaftSettings;
  readonly clients: number;
  readonly keys: number;
  readonly thinkMs: number;
  /** Inputs that come within this time are one step. */
  readonly batchUs: number;
  readonly snapshotEveryEntries: number;
  readonly mayLeaseRead: boolean;
  /** How long a node that died stays down. */
  readonly restartMeanMs: number;
}

/** What a reader may change about a plan, to make a failure smaller. */
export interface PlanChanges {
  readonly nodes?: number;
  readonly without?: ReadonlySet<string>;
  readonly faultyMs?: number;
}

export function drawRaftPlan(seed: number, changes: PlanChanges = {}): RaftPlan {
  const chance = new Chance(seed).fork('plan');
  // Some seeds have few faults, so that one at a time goes far; others nearly all.
  const density = chance.pick([0.1, 0.3, 0.3, 0.5, 0.8]);
  const isStorm = chance.happens(0.2);
  const eligible = isStorm ? STORM_FAULTS : RAFT_FAULTS;
  const drawn = RAFT_FAULTS.filter(
    (fault) =>
      fault !== NEWS && chance.happens(isStorm ? 0.6 : density) && eligible.includes(fault),
  );
  // Drawn beside the others: plans of known seeds stay what they are.
  if (new Chance(seed).fork('news').happens(0.4)) drawn.push(NEWS);
  const faults = new Set(drawn.filter((fault) => changes.without?.has(fault) !== true));
  const nodes = chance.pick([1, 3, 3, 3, 5, 5, 7]);
  const faultyMs = chance.between(2_000, 12_000);
  const mayLeaseRead = chance.happens(0.2) && !['drift', 'step'].some((fault) => faults.has(fault));
  return {
    seed,
    faults,
    nodes: changes.nodes ?? nodes,
    faultyMs: changes.faultyMs ?? faultyMs,
    tickUs: chance.pick([10_000, 20_000]),
    settings: drawSettings(chance, mayLeaseRead, isStorm),
    restartMeanMs: isStorm ? 60 : 300,
    clients: chance.between(2, 6),
    keys: chance.between(1, 5),
    thinkMs: chance.between(2, 60),
    batchUs: chance.pick([0, 0, 200, 2_000]),
    snapshotEveryEntries: chance.pick([5, 20, 60, 400]),
    mayLeaseRead,
  };
}

function drawSettings(chance: Chance, mayLeaseRead: boolean, isStorm: boolean): RaftSettings {
  const heartbeatTicks = chance.between(1, 3);
  const electionTicks = heartbeatTicks * chance.between(4, 10);
  // Off, they cost availability, never safety; and old leaders linger, as their mistakes must to be seen.
  const [isPreVoteOn, isCheckQuorumOn] = chance.pick([
    [true, true],
    [true, true],
    [false, true],
    [false, false],
  ] as const);
  return {
    ...DEFAULT_RAFT_SETTINGS,
    isPreVoteOn,
    isCheckQuorumOn: isCheckQuorumOn || mayLeaseRead,
    heartbeatTicks,
    electionTicks,
    leaseTicks: mayLeaseRead ? Math.floor(electionTicks / 2) : 0,
    appendBytesMax: chance.pick(isStorm ? [1, 64] : [64, 400, 4_000, 1_000_000]),
    inFlightMessagesMax: chance.pick([1, 2, 8, 64]),
    inFlightBytesMax: chance.pick([300, 4_000, 1_000_000]),
    uncommittedBytesMax: chance.pick([500, 5_000, 1_000_000]),
    tailBytesMax: chance.pick([200, 2_000, 1_000_000]),
    applyBytesMax: chance.pick([100, 1_000_000]),
    readsMax: chance.pick([2, 1_000]),
    snapshotChunkBytes: chance.pick([16, 100, 10_000]),
    trailingEntries: chance.pick([0, 3, 20, 200]),
    catchUpEntriesMax: chance.pick([3, 50, 1_000]),
  };
}
