import { describeBreaker, breakerTitle, letsPass, type Breaker } from './breaker.ts';
import type { BreakerKind } from './breaker-settings.ts';
import type { Gate, GateAhead } from './gate.ts';
import type { CoreState } from './state.ts';
import type { Task } from './task.ts';

/**
 * The way through a breaker of a capability or a downstream service.
 *
 * Derived. That of a downstream is there while live tasks declare it; that of a capability only while
 * its breaker is not closed, so that tasks of healthy capabilities pass no gate at all.
 */
export class BreakerGate implements Gate {
  readonly kind: Exclude<BreakerKind, 'agent'>;
  readonly name: string;
  readonly key: string;
  /** Tasks of one pool require the same: the gate of a capability is closed to all of a lane or none. */
  readonly splitsLanes: boolean;
  /** Null while no call of it has failed. */
  breaker: Breaker | null;
  /** Profiles that declare it; not counted for capabilities. */
  refs = 0;
  mirror: object | null = null;

  constructor(kind: Exclude<BreakerKind, 'agent'>, name: string, breaker: Breaker | null) {
    this.kind = kind;
    this.name = name;
    this.key = breakerTitle({ kind, name });
    this.splitsLanes = kind === 'downstream';
    this.breaker = breaker;
  }

  /** Infinity while it is open: it is core that lets probes through, when the moment has come. */
  passableAt(nowMs: number, _units: number, _limit = 0, ahead: GateAhead | null = null): number {
    if (this.breaker === null) return nowMs;
    // Attempts that will end need not be probes: they make no room before core has seen them end.
    return letsPass(this.breaker, ahead?.starts ?? 0) ? nowMs : Infinity;
  }

  describe(nowMs: number): string {
    return this.breaker === null ? 'closed' : describeBreaker(this.breaker, nowMs);
  }

  take(state: CoreState): void {
    if (this.breaker !== null) startProbe(state, this.breaker);
  }

  giveBack(state: CoreState, task: Task): void {
    if (this.breaker !== null) endProbe(state, this.breaker, task.fencingToken);
  }
}

/** An attempt starts; it is a probe where the breaker is half-open. */
export function startProbe(state: CoreState, breaker: Breaker): void {
  if (breaker.state !== 'half-open') return;
  state.records.breakers.touch(breaker);
  breaker.probes += 1;
}

/** An attempt ended, whatever came of it. */
export function endProbe(state: CoreState, breaker: Breaker, fencingToken: number): void {
  if (breaker.state !== 'half-open' || fencingToken < breaker.probeFrom) return;
  state.records.breakers.touch(breaker);
  breaker.probes -= 1;
}
