import { unreachable } from '../../base/invariant.ts';
import type { StrategyName } from '../../core/index.ts';
import type { Interference } from '../born/interference.ts';
import type { Latency } from '../latency.ts';
import type { Pool } from '../pool.ts';
import type { Strategy } from '../strategy.ts';
import { Born } from './born.ts';
import { BornZones } from './born-zones.ts';
import { ConsistentHash } from './consistent-hash.ts';
import { LatencyAware } from './latency-aware.ts';
import { LeastLoaded } from './least-loaded.ts';
import { PowerOfTwoChoices } from './power-of-two-choices.ts';
import { RoundRobin } from './round-robin.ts';
import { ShortestExpectedDelay } from './shortest-expected-delay.ts';
import { WeightedRoundRobin } from './weighted-round-robin.ts';

/** What strategies of all pools have in common. */
export interface Shared {
  readonly latency: Latency;
  /** For the Born strategies; null leaves their amplitudes real. */
  readonly interference: Interference | null;
  /** Members that a strategy takes in at once when it is used first; a default without it. */
  readonly takenAtOnce?: number | undefined;
}

/** The strategy of a name for one pool; the pool tells it of its members. */
export function createStrategy(name: StrategyName, pool: Pool, shared: Shared): Strategy {
  switch (name) {
    case 'round-robin':
      return new RoundRobin(pool);
    case 'weighted-round-robin':
      return new WeightedRoundRobin(pool);
    case 'least-loaded':
      return new LeastLoaded(pool);
    case 'shortest-expected-delay':
      return new ShortestExpectedDelay(pool);
    case 'power-of-two-choices':
      return new PowerOfTwoChoices(pool);
    case 'consistent-hash':
      return new ConsistentHash(pool);
    case 'latency-aware':
      return new LatencyAware(pool, shared.latency);
    case 'born':
    case 'born+p2c':
      return new Born(name, pool, shared.interference);
    case 'born+zones':
    case 'born+zones+p2c':
      return new BornZones(name, pool);
    default:
      return unreachable(name);
  }
}
