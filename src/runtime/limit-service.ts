import { OrchestratorError } from '../base/errors.ts';
import type { FairnessBody, FairnessView, LimitView } from '../contract/index.ts';
import {
  fairnessOf,
  levelAt,
  type CoreState,
  type Limit,
  type LimitSettings,
} from '../core/index.ts';
import type { Scheduler } from '../scheduling/index.ts';
import type { Clock } from './clock.ts';
import type { CommandLoop } from './command-loop.ts';
import { throwIfRefused } from './refusal.ts';

export interface LimitServiceParts {
  readonly state: CoreState;
  readonly loop: CommandLoop;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
}

/** Keys of a limit that a view names, at most. */
const KEYS_SHOWN_MAX = 100;

/** What operators do with named limits, and with how work is shared. */
export class LimitService {
  readonly #parts: LimitServiceParts;

  constructor(parts: LimitServiceParts) {
    this.#parts = parts;
  }

  /** All named limits. O(keys that live tasks name). */
  limits(): LimitView[] {
    const { limits } = this.#parts.state.records;
    const views = [...limits.values()].map((limit) => this.#view(limit));
    return views.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** @throws OrchestratorError `LIMIT_NOT_FOUND` */
  limit(name: string): LimitView {
    const limit = this.#parts.state.records.limits.get(name);
    if (limit !== undefined) return this.#view(limit);
    throw new OrchestratorError('LIMIT_NOT_FOUND', `a limit must exist, got ${name}`, {
      limit: name,
    });
  }

  /** Makes a limit, or replaces its settings; waiting tasks are held to the new ones at once. */
  async setLimit(name: string, settings: LimitSettings): Promise<void> {
    throwIfRefused(await this.#parts.loop.propose({ type: 'limit.set', limit: name, settings }));
  }

  /** Forgets a limit: waiting tasks that name it pass freely. */
  async removeLimit(name: string): Promise<void> {
    throwIfRefused(await this.#parts.loop.propose({ type: 'limit.remove', limit: name }));
  }

  fairness(): FairnessView {
    const { scheduler, state } = this.#parts;
    const { tokensPerSlot, usdPerSlot, weights } = fairnessOf(state);
    return { weights: { ...weights }, tokensPerSlot, usdPerSlot, namespaces: scheduler.shares() };
  }

  /** Changes what is given. */
  async setFairness(settings: FairnessBody): Promise<void> {
    throwIfRefused(await this.#parts.loop.propose({ type: 'fairness.set', ...settings }));
  }

  #view({ key: name, settings }: Limit): LimitView {
    const { clock, state } = this.#parts;
    const gates = [...state.limitGates.values()].filter((gate) => gate.name.limit === name);
    const { rate } = settings;
    return {
      name,
      ...settings,
      keys: gates.length,
      inUse: gates.slice(0, KEYS_SHOWN_MAX).map((gate) => ({
        key: gate.subKey === '' ? null : gate.subKey,
        running: gate.running,
        ...(rate === undefined ? {} : { unitsLeft: levelAt(gate.bucket, rate, clock.now()) }),
      })),
    };
  }
}
