import type { Rng } from '../../src/base/rng.ts';
import type { AgentTable } from '../../src/scheduling/agent-table.ts';
import type { Latency, LatencyTuning } from '../../src/scheduling/latency.ts';
import type { Pool } from '../../src/scheduling/pool.ts';
import type { Strategy } from '../../src/scheduling/strategy.ts';

/** The port of the product's strategies, without what only explanations need. */
export interface Chooser extends Omit<Strategy, 'name' | 'reason' | 'stateful'> {
  /** The agent ran out of work and tells this dispatcher alone. */
  becameIdle?(member: number): void;
  /** As `Born` counts what was sent, by the distribution at the draw. */
  addDispatches?(bins: Float64Array): void;
}

/** What is true now, for policies that no dispatcher can have. */
export interface Truth {
  load(agent: number): number;
  speed(agent: number): number;
  /** Milliseconds until all that it has is done. */
  backlogMs(agent: number): number;
  isWell(agent: number): boolean;
}

export interface ChooserContext {
  readonly pool: Pool;
  readonly table: AgentTable;
  readonly latency: Latency;
  readonly truth: Truth;
  readonly rng: Rng;
}

/** Numbers that a policy can be set to. */
export type Setting = Readonly<Record<string, number>>;

export interface Policy {
  readonly name: string;
  /** What it knows that others do not: the agents' first speeds, or all that is true at the moment. */
  readonly told: 'nothing' | 'speeds' | 'truth';
  /** `shipped` is chosen by its name in a queue's settings. */
  readonly origin: 'shipped' | 'ours' | 'classical';
  /** Settings that are tried in tuning; without them it has none. */
  readonly grid?: readonly Setting[];
  readonly setting?: Setting;
  readonly make: (context: ChooserContext, setting: Setting) => Chooser;
  /** Exponent on the speeds that it is told; 1 without it. */
  readonly weightExponent?: (setting: Setting) => number;
  readonly latency?: (setting: Setting) => LatencyTuning;
  /** Steers clear of domains that fail as a whole, as the product does whatever the strategy. */
  readonly avoids?: boolean;
}
