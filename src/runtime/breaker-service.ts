import { OrchestratorError } from '../base/errors.ts';
import {
  InvalidRequestError,
  type BreakerKindText,
  type BreakerKindView,
  type BreakerSettingsBody,
  type BreakerStateText,
  type BreakerView,
  type BreakerWhy,
} from '../contract/index.ts';
import {
  BREAKER_KINDS,
  breakerKey,
  breakerSettings,
  countsAt,
  describeBreaker,
  type Breaker,
  type BreakerSettings,
  type CoreState,
} from '../core/index.ts';
import type { Clock } from './clock.ts';
import type { CommandLoop } from './command-loop.ts';
import { throwIfRefused } from './refusal.ts';
import { iso } from './views.ts';

export interface BreakerServiceParts {
  readonly state: CoreState;
  readonly loop: CommandLoop;
  readonly clock: Clock;
}

/** Which breakers are asked for. */
export interface BreakerSelection {
  readonly kind?: BreakerKindText;
  readonly state?: BreakerStateText;
}

/** How many breakers there are of each kind and state. */
export type BreakerCounts = Readonly<
  Record<BreakerKindText, Readonly<Record<BreakerStateText, number>>>
>;

/** What operators see of breakers, and do to them. */
export class BreakerService {
  readonly #parts: BreakerServiceParts;

  constructor(parts: BreakerServiceParts) {
    this.#parts = parts;
  }

  /** The breakers that counted a failure of late or were set, by kind and name. O(breakers · log). */
  list({ kind, state }: BreakerSelection = {}): BreakerView[] {
    const all = [...this.#parts.state.records.breakers.values()];
    return all
      .filter((one) => (kind ?? one.kind) === one.kind && (state ?? one.state) === one.state)
      .toSorted((a, b) => (a.key < b.key ? -1 : 1))
      .map((one) => this.#view(one));
  }

  /** @throws OrchestratorError `BREAKER_NOT_FOUND` */
  get(kind: BreakerKindText, name: string): BreakerView {
    const breaker = this.#parts.state.records.breakers.get(breakerKey(kind, name));
    if (breaker !== undefined) return this.#view(breaker);
    throw new OrchestratorError(
      'BREAKER_NOT_FOUND',
      `a breaker must have counted a failure or been set, got ${kind} ${name}`,
      { kind, name },
    );
  }

  kinds(): BreakerKindView[] {
    return BREAKER_KINDS.map((kind) => this.kind(kind));
  }

  /** What holds for breakers of a kind that have no settings of their own. */
  kind(kind: BreakerKindText): BreakerKindView {
    const settings = breakerSettings(this.#parts.state, kind, null);
    return { kind, settings: settingsView(settings) };
  }

  /**
   * Replaces what is set for one breaker, or with a name of null for all of the kind; null for nothing.
   *
   * @throws InvalidRequestError for a time to stay open that is longer than it may grow to
   */
  async set(
    kind: BreakerKindText,
    name: string | null,
    settings: BreakerSettingsBody | null,
  ): Promise<void> {
    const { loop } = this.#parts;
    const { openMs, openMsMax } = settings ?? {};
    if (openMs !== undefined && openMsMax !== undefined && openMsMax < openMs) {
      throw new InvalidRequestError('/openMsMax', `must be at least openMs, ${openMs}`);
    }
    throwIfRefused(await loop.propose({ type: 'breaker.set', kind, name, settings }));
  }

  /** Holds a breaker open or closed; `auto` lets it go by its calls again, closed at first. */
  async force(
    breaker: { readonly kind: BreakerKindText; readonly name: string },
    to: 'open' | 'closed' | 'auto',
    { by = null, reason = null }: { [Field in keyof BreakerWhy]: BreakerWhy[Field] | null } = {},
  ): Promise<void> {
    const { kind, name } = breaker;
    const command = { type: 'breaker.force', kind, name, to, by, reason } as const;
    throwIfRefused(await this.#parts.loop.propose(command));
  }

  /** For metrics. */
  counts(): BreakerCounts {
    const none = { closed: 0, open: 0, 'half-open': 0 };
    const counts = { agent: { ...none }, capability: { ...none }, downstream: { ...none } };
    for (const { kind, state } of this.#parts.state.records.breakers.values()) {
      counts[kind][state] += 1;
    }
    return counts;
  }

  /** How many breakers of all kinds there are in each state. */
  sums(): Readonly<Record<BreakerStateText, number>> {
    const sums = { closed: 0, open: 0, 'half-open': 0 };
    for (const { state } of this.#parts.state.records.breakers.values()) sums[state] += 1;
    return sums;
  }

  #view(breaker: Breaker): BreakerView {
    const { clock, state } = this.#parts;
    const { by, forced, kind, name, openUntil, probes, settings: own, stateAt } = breaker;
    const nowMs = Math.max(clock.now(), state.nowMs);
    const settings = breakerSettings(state, kind, own);
    return {
      kind,
      name,
      state: breaker.state,
      stateAt: iso(stateAt),
      summary: describeBreaker(breaker, nowMs),
      forced,
      reason: breaker.why,
      by,
      ...countsAt(breaker.window, nowMs),
      ...(openUntil === 0 ? {} : { openUntil: iso(openUntil) }),
      probes,
      successes: breaker.successes,
      trips: breaker.trips,
      settings: settingsView(settings),
      ...(own === null ? {} : { own: ownView(own) }),
    };
  }
}

function settingsView(settings: BreakerSettings): BreakerKindView['settings'] {
  return { ...settings, count: [...settings.count], ignore: [...settings.ignore] };
}

function ownView(own: NonNullable<Breaker['settings']>): BreakerSettingsBody {
  const { count, ignore, ...rest } = own;
  return {
    ...rest,
    ...(count === undefined ? {} : { count: [...count] }),
    ...(ignore === undefined ? {} : { ignore: [...ignore] }),
  };
}
