/**
 * What is counted about tasks. Everything on the path of a task is a lookup by its profile and plain
 * additions; labels and text are made at the scrape.
 */
import { CappedNames, OTHER } from './capped-names.ts';
import { Histogram, TASK_SECONDS } from './histogram.ts';
import type { Sample } from './sample.ts';

/** What tasks with the same options share, as the orchestrator's core holds it. */
export interface MeasuredProfile {
  readonly spec: { readonly type: string; readonly priority: number };
  readonly queue: { readonly name: string };
}

export interface MeasuredTask {
  readonly profile: MeasuredProfile;
  readonly reason: string | null;
}

export interface MeasuredFailure {
  readonly error: { readonly code: string };
}

/** Different names counted apart; the rest is counted as `__other__`. */
export const QUEUES_MAX = 50;
export const TYPES_MAX = 100;
/** Pairs of queue and type counted apart: bounds what a scrape costs. */
export const PAIRS_MAX = 200;
/** Error codes and failure reasons counted apart. */
const CODES_MAX = 20;

const BANDS = ['low', 'normal', 'high'] as const;

interface QueueStat {
  readonly queue: string;
  readonly wait: readonly [Histogram, Histogram, Histogram];
  attemptsCompleted: number;
  readonly attemptsFailed: Map<string, number>;
  readonly dead: Map<string, number>;
}

interface PairStat {
  readonly queue: string;
  readonly type: string;
  submitted: number;
  completed: number;
  failed: number;
  canceled: number;
  readonly run: Histogram;
}

interface ProfileStat {
  readonly pair: PairStat;
  readonly queue: QueueStat;
  readonly wait: Histogram;
}

export class TaskStats {
  readonly #queueNames = new CappedNames(QUEUES_MAX);
  readonly #typeNames = new CappedNames(TYPES_MAX);
  readonly #codes = new CappedNames(CODES_MAX);
  readonly #reasons = new CappedNames(CODES_MAX);
  readonly #queues = new Map<string, QueueStat>();
  readonly #pairs = new Map<string, PairStat>();
  readonly #profiles = new WeakMap<MeasuredProfile, ProfileStat>();
  #lastProfile: MeasuredProfile | null = null;
  #lastStat: ProfileStat | null = null;

  submitted(task: MeasuredTask): void {
    this.#statOf(task.profile).pair.submitted += 1;
  }

  /** @param weight - attempts that this one stands for; 0 leaves it out */
  started(task: MeasuredTask, waitMs: number, weight: number): void {
    if (weight > 0) this.#statOf(task.profile).wait.observe(waitMs / 1000, weight);
  }

  /** @param weight - run times that this one stands for; it is counted whatever its weight */
  completed(task: MeasuredTask, runMs: number, weight: number): void {
    const stat = this.#statOf(task.profile);
    stat.pair.completed += 1;
    stat.queue.attemptsCompleted += 1;
    if (weight > 0) stat.pair.run.observe(runMs / 1000, weight);
  }

  attemptFailed(task: MeasuredTask, failure: MeasuredFailure): void {
    const { attemptsFailed } = this.#statOf(task.profile).queue;
    const code = this.#codes.take(failure.error.code);
    attemptsFailed.set(code, (attemptsFailed.get(code) ?? 0) + 1);
  }

  failed(task: MeasuredTask): void {
    const { pair, queue } = this.#statOf(task.profile);
    pair.failed += 1;
    const reason = this.#reasons.take(task.reason ?? 'failed');
    queue.dead.set(reason, (queue.dead.get(reason) ?? 0) + 1);
  }

  canceled(task: MeasuredTask): void {
    this.#statOf(task.profile).pair.canceled += 1;
  }

  /** Forgets what was counted of a queue that is gone; one of its name begins anew. O(pairs). */
  queueRemoved(name: string): void {
    if (!this.#queueNames.drop(name)) return;
    this.#queues.delete(name);
    for (const [key, pair] of this.#pairs) if (pair.queue === name) this.#pairs.delete(key);
    this.#lastProfile = null;
    this.#lastStat = null;
  }

  /** The name a queue is counted under. */
  queueLabel(name: string): string {
    return this.#queueNames.take(name);
  }

  submittedSamples(): Sample[] {
    return this.#eachPair(({ queue, type, submitted }) => [
      { labels: { queue, type }, value: submitted },
    ]);
  }

  finishedSamples(): Sample[] {
    return this.#eachPair(({ queue, type, ...counts }) =>
      (['completed', 'failed', 'canceled'] as const).map((outcome) => ({
        labels: { queue, type, outcome },
        value: counts[outcome],
      })),
    );
  }

  runSamples(name: string): Sample[] {
    return this.#eachPair(({ queue, type, run }) => run.samples(name, { queue, type }));
  }

  waitSamples(name: string): Sample[] {
    return [...this.#queues.values()].flatMap(({ queue, wait }) =>
      BANDS.flatMap((priority, band) => wait[band]?.samples(name, { queue, priority }) ?? []),
    );
  }

  attemptSamples(): Sample[] {
    return [...this.#queues.values()].flatMap(({ queue, attemptsCompleted, attemptsFailed }) => [
      { labels: { queue, outcome: 'completed', error_type: '' }, value: attemptsCompleted },
      ...[...attemptsFailed].map(([code, value]) => ({
        labels: { queue, outcome: 'failed', error_type: code },
        value,
      })),
    ]);
  }

  deadLetterSamples(): Sample[] {
    return [...this.#queues.values()].flatMap(({ queue, dead }) =>
      [...dead].map(([reason, value]) => ({ labels: { queue, reason }, value })),
    );
  }

  #eachPair(samplesOf: (pair: PairStat) => Sample[]): Sample[] {
    return [...this.#pairs.values()].flatMap(samplesOf);
  }

  #statOf(profile: MeasuredProfile): ProfileStat {
    // Neighbours mostly share their profile: this spares them the lookup.
    if (profile === this.#lastProfile) return this.#lastStat as ProfileStat;
    let stat = this.#profiles.get(profile);
    if (stat === undefined) {
      stat = this.#newStat(profile);
      this.#profiles.set(profile, stat);
    }
    this.#lastProfile = profile;
    this.#lastStat = stat;
    return stat;
  }

  #newStat(profile: MeasuredProfile): ProfileStat {
    const { priority } = profile.spec;
    const queueName = this.#queueNames.take(profile.queue.name);
    const queue = getOrMake(this.#queues, queueName, newQueueStat);
    const band = priority <= 3 ? 0 : priority <= 6 ? 1 : 2;
    return { queue, pair: this.#pair(queueName, profile.spec.type), wait: queue.wait[band] };
  }

  #pair(queue: string, typeName: string): PairStat {
    const type = this.#typeNames.take(typeName);
    const key = `${queue} ${type}`;
    if (this.#pairs.has(key) || this.#pairs.size < PAIRS_MAX) {
      return getOrMake(this.#pairs, key, () => newPairStat(queue, type));
    }
    return getOrMake(this.#pairs, OTHER, () => newPairStat(OTHER, OTHER));
  }
}

function getOrMake<Stat>(map: Map<string, Stat>, key: string, make: (key: string) => Stat): Stat {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make(key);
  map.set(key, made);
  return made;
}

function newQueueStat(queue: string): QueueStat {
  return {
    queue,
    wait: [new Histogram(TASK_SECONDS), new Histogram(TASK_SECONDS), new Histogram(TASK_SECONDS)],
    attemptsCompleted: 0,
    attemptsFailed: new Map(),
    dead: new Map(),
  };
}

function newPairStat(queue: string, type: string): PairStat {
  return {
    queue,
    type,
    submitted: 0,
    completed: 0,
    failed: 0,
    canceled: 0,
    run: new Histogram(TASK_SECONDS),
  };
}
