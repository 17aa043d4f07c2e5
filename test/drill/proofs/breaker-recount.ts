/** What a breaker should do, told anew from every call with its time: docs/breakers.md, and nothing of core. */
import type { BreakerKind, BreakerSettings, BreakerState } from '../../../src/core/index.ts';

/** A half-open breaker that no attempt comes for may be forgotten after this, in milliseconds. */
const IDLE_MS = 3_600_000;

const BASE: BreakerSettings = {
  enabled: true,
  callsMin: 20,
  failureRate: 0.5,
  slowMs: 0,
  slowRate: 0.8,
  windowMs: 60_000,
  openMs: 5_000,
  openMsMax: 120_000,
  jitter: 0.2,
  probesMax: 3,
  successesMin: 3,
  count: [],
  ignore: [],
};

/** As documented. */
export const BUILT_IN: Readonly<Record<BreakerKind, BreakerSettings>> = {
  agent: { ...BASE, probesMax: 1, successesMin: 2 },
  capability: { ...BASE, callsMin: 50, failureRate: 0.8 },
  downstream: BASE,
};

export interface CountedCall {
  readonly at: number;
  readonly token: number;
  readonly isFailed: boolean;
  readonly isSlow: boolean;
}

export class Recount {
  readonly #settings: () => BreakerSettings;
  standing: BreakerState = 'closed';
  /** What somebody holds it at. */
  forced: 'open' | 'closed' | null = null;
  /** Where it must go because of what was counted, and has not been seen to go yet. */
  readonly due: ('open' | 'closed')[] = [];
  /** Whether it is not known which calls were counted: settings changed in an entry with calls. */
  isUnsure = false;
  lastAt: number;
  #calls: CountedCall[] = [];
  #windowMs: number;
  #opens = 0;
  #openedAt = 0;
  #probesFrom = 0;
  #successes = 0;

  constructor(settings: () => BreakerSettings, at: number) {
    this.#settings = settings;
    this.#windowMs = settings().windowMs;
    this.lastAt = at;
  }

  count(call: CountedCall): void {
    const to = this.goesTo(call);
    if (!this.#isCounted(call)) return;
    this.lastAt = call.at;
    if (this.standing === 'closed') this.#calls = [...this.#recent(call.at), call];
    else if (to === null) this.#successes += 1;
    if (to !== null) this.#due(to, call.at);
  }

  /** Where counting that call would bring it; null for nowhere else. */
  goesTo(call: CountedCall): 'open' | 'closed' | null {
    if (!this.#isCounted(call)) return null;
    if (this.standing === 'half-open') {
      if (call.isFailed || call.isSlow) return 'open';
      return this.#successes + 1 >= this.#settings().successesMin ? 'closed' : null;
    }
    return !this.isUnsure && this.#areBad([...this.#recent(call.at), call]) ? 'open' : null;
  }

  #isCounted({ token }: CountedCall): boolean {
    if (this.forced !== null || this.standing === 'open') return false;
    return this.standing === 'closed' || token >= this.#probesFrom;
  }

  /** The calls of the last ten tenths of the window, that of now included; none where it was another window. */
  #recent(now: number): CountedCall[] {
    const { windowMs } = this.#settings();
    if (windowMs !== this.#windowMs) this.#calls = [];
    this.#windowMs = windowMs;
    const tenthMs = Math.max(1, Math.ceil(windowMs / 10));
    const from = (Math.floor(now / tenthMs) - 9) * tenthMs;
    return this.#calls.filter(({ at }) => at >= from);
  }

  #areBad(calls: readonly CountedCall[]): boolean {
    const { callsMin, failureRate, slowMs, slowRate } = this.#settings();
    if (calls.length < callsMin) return false;
    const failed = calls.filter(({ isFailed }) => isFailed).length;
    const slow = calls.filter(({ isSlow }) => isSlow).length;
    const isSlow = slowMs > 0 && slow >= slowRate * calls.length;
    return failed >= failureRate * calls.length || isSlow;
  }

  #due(to: 'open' | 'closed', at: number): void {
    this.due.push(to);
    this.enter(to, at);
  }

  /** It is there now, whyever. */
  enter(to: 'open' | 'closed', at: number): void {
    this.standing = to;
    this.#calls = [];
    this.#successes = 0;
    this.isUnsure = false;
    this.#openedAt = at;
    this.#opens = to === 'open' ? this.#opens + 1 : 0;
  }

  /** Somebody brings it there. While it is held its calls are not counted, and letting it go begins anew. */
  force(to: 'open' | 'closed' | 'auto', at: number): void {
    const opens = this.#opens;
    this.forced = to === 'auto' ? null : to;
    this.enter(to === 'auto' ? 'closed' : to, at);
    if (to === 'open') this.#opens = opens;
    this.lastAt = at;
  }

  /** It lets attempts with at least that token through. */
  letProbes(token: number, at: number): void {
    this.standing = 'half-open';
    this.#probesFrom = token;
    this.#successes = 0;
    this.lastAt = at;
  }

  /** When it may let probes through: the first moment, and the last that may be drawn. */
  probesAt(): readonly [first: number, last: number] {
    const { jitter, openMs, openMsMax } = this.#settings();
    const most = Math.max(openMs, openMsMax);
    const longest = Math.min(most, openMs * 2 ** Math.max(0, this.#opens - 1));
    const shortest = Math.max(1, Math.floor(longest * (1 - jitter)));
    return [this.#openedAt + shortest, this.#openedAt + Math.max(1, Math.ceil(longest))];
  }

  /** Whether nothing was heard of it for so long that it is not needed. */
  isQuiet(at: number): boolean {
    const keptMs = this.standing === 'closed' ? this.#settings().windowMs : IDLE_MS;
    return this.forced === null && this.standing !== 'open' && at >= this.lastAt + keptMs;
  }
}
