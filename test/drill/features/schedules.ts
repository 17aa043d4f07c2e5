/** Schedules of every overlap and catch-up policy, over kills and clocks that jump. */
import type { ScheduleBody } from '../../../src/contract/index.ts';
import type { ScheduleSettings } from '../../../src/core/index.ts';
import { ofType, type Fact, type FactOf } from '../log/fact.ts';
import { byEntry } from '../proofs/once.ts';
import { Check, type Evidence, type Proof } from '../proofs/proof.ts';
import type { DrillUser } from '../world/drill-user.ts';
import { linesOf } from '../world/journal.ts';
import type { Feature } from './feature.ts';

const SCHEDULES: Readonly<Record<string, Omit<ScheduleBody, 'task'> & { readonly ms: number }>> = {
  'drill-all': { everyMs: 500, overlap: 'allow', catchUp: 'all', ms: 5 },
  'drill-latest': { everyMs: 700, offsetMs: 100, overlap: 'allow', catchUp: 'latest', ms: 5 },
  'drill-skip': { everyMs: 300, overlap: 'skip', catchUp: 'all', ms: 400 },
  'drill-queue': { everyMs: 900, overlap: 'queue-one', catchUp: 'all', ms: 600 },
  'drill-cancel': { everyMs: 800, overlap: 'cancel-running', catchUp: 'latest', ms: 900 },
  'drill-jitter': { everyMs: 600, overlap: 'allow', catchUp: 'all', jitterMs: 300, ms: 5 },
  'drill-cron': { cron: '*/2 * * * * *', overlap: 'allow', catchUp: 'all', ms: 5 },
};

/** Longest time from a moment to its firing while the server serves, in milliseconds. */
const LATE_MS_MAX = 5_000;

async function load(user: DrillUser): Promise<void> {
  for (const [name, { ms, ...settings }] of Object.entries(SCHEDULES)) {
    const retry = { attemptsMax: 100, delayMs: 10, delayMsMax: 200 };
    const task = { type: 'work', payload: { ms }, retry };
    await user.call('PUT', `/schedules/${name}`, { ...settings, task });
  }
  while (!user.isOver) {
    await user.pause(2_000 + user.rng.below(4_000));
    const names = Object.keys(SCHEDULES);
    const name = names[user.rng.below(names.length)] ?? '';
    if (user.isOver || user.rng.below(3) > 0) continue;
    await user.call('POST', `/schedules/${name}/pause`, { reason: 'drill' });
    await user.pause(user.rng.below(2_000));
    await user.call('POST', `/schedules/${name}/resume`, {});
  }
  for (const name of Object.keys(SCHEDULES)) {
    await user.call('POST', `/schedules/${name}/pause`, { reason: 'the drill is over' });
  }
}

function prove(evidence: Evidence): readonly Proof[] {
  return [
    moments(evidence),
    outcomes(evidence),
    catchUps(evidence),
    overlaps(evidence),
    lateness(evidence),
  ];
}

/** The first moment after that one, worked out from the settings alone. */
function momentAfter({ timing }: ScheduleSettings, afterMs: number): number {
  if (timing.type === 'every') {
    const { intervalMs, offsetMs } = timing;
    return (Math.floor((afterMs - offsetMs) / intervalMs) + 1) * intervalMs + offsetMs;
  }
  if (timing.type !== 'cron' || timing.expression !== '*/2 * * * * *') {
    throw new Error('the drill has no other schedules');
  }
  return (Math.floor(afterMs / 2_000) + 1) * 2_000;
}

/** Longest time that passes between a look at the clock and the log's own, in milliseconds. */
const STALL_MS_MAX = 2_000;

/** Whether a moment had come for whoever looked at the clock just before it was set back. */
function hadCome(journal: Evidence['journal'], momentMs: number, at: number): boolean {
  if (momentMs <= at) return true;
  return linesOf(journal, 'set-back').some(
    ({ fromMs, toMs }) => at >= toMs - STALL_MS_MAX && momentMs <= fromMs + STALL_MS_MAX,
  );
}

/** Walks over each schedule's moments: none is left out, none comes twice, none too early. */
function moments({ journal, log }: Evidence): Proof {
  const check = new Check('every schedule took each of its moments once, in order, none too early');
  const settings = new Map<string, ScheduleSettings>();
  const next = new NextMoments();
  for (const fact of log.facts) {
    if (fact.type === 'schedule') settings.set(fact.key, fact.settings);
    if (fact.type !== 'moment') {
      next.see(fact);
      continue;
    }
    const { at, key, missed, nextAt, nominalAt, taskId } = fact;
    const of = settings.get(key);
    const expected = next.at(key);
    check.that(
      nominalAt === expected,
      () => `${key}: ${nominalAt} taken where ${expected} was next`,
    );
    check.that(hadCome(journal, nominalAt, at), () => `${key}: ${nominalAt} fired at ${at}`);
    if (of !== undefined) {
      const passed = taskId === null ? countBetween(of, nominalAt, nextAt) : 1;
      const following = taskId === null ? firstFrom(of, nextAt) : momentAfter(of, nominalAt);
      check.that(
        nextAt === following,
        () => `${key}: ${nextAt} after ${nominalAt}, not ${following}`,
      );
      // Long gaps are counted up to a hundred.
      const isCounted = taskId !== null || missed === Math.min(passed, 100);
      check.that(isCounted, () => `${key}: ${missed} counted of ${passed} from ${nominalAt}`);
    }
    next.see(fact);
  }
  return check.proof;
}

/** Which moment of each schedule comes next. */
class NextMoments {
  readonly #next = new Map<string, number>();
  readonly #pausedAt = new Map<string, number>();

  see(fact: Fact): void {
    switch (fact.type) {
      case 'schedule':
      case 'moment':
        this.#next.set(fact.key, fact.nextAt);
        return;
      case 'schedule-paused':
        this.#pausedAt.set(fact.key, fact.at);
        return;
      case 'schedule-resumed':
        // One that is not paused goes on as before: a resume that was sent again says nothing new.
        if (this.#pausedAt.delete(fact.key)) this.#next.set(fact.key, fact.nextAt);
        return;
      default:
    }
  }

  at(key: string): number | undefined {
    return this.#next.get(key);
  }

  /** Each schedule's next moment, and when it was paused; null where it is not. */
  *all(): Generator<{
    readonly key: string;
    readonly nextAt: number;
    readonly pausedAt: number | null;
  }> {
    for (const [key, nextAt] of this.#next) {
      yield { key, nextAt, pausedAt: this.#pausedAt.get(key) ?? null };
    }
  }
}

function firstFrom(settings: ScheduleSettings, fromMs: number): number {
  return momentAfter(settings, fromMs - 1);
}

function countBetween(settings: ScheduleSettings, fromMs: number, beforeMs: number): number {
  let count = 0;
  for (let at = fromMs; at < beforeMs; at = momentAfter(settings, at)) count += 1;
  return count;
}

/** Each moment that was not passed over made one task, or was skipped once. */
function outcomes({ log }: Evidence): Proof {
  const check = new Check('every moment taken made one task, or was skipped by its policy, once');
  const counts = new Map<string, number>();
  const count = (key: string, nominalAt: number): void => {
    const name = `${key} ${nominalAt}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  };
  for (const fact of log.facts) {
    if (fact.type === 'fired' && fact.outcome === 'scheduled') count(fact.key, fact.nominalAt);
    if (fact.type === 'skipped' && fact.reason !== 'missed') count(fact.key, fact.nominalAt);
  }
  const stillWaits = new Set(lastWaiting(log.facts));
  for (const { key, nominalAt, taskId } of ofType(log.facts, 'moment')) {
    if (taskId === null) continue;
    const name = `${key} ${nominalAt}`;
    const times = counts.get(name) ?? 0;
    counts.delete(name);
    const expected = stillWaits.has(name) ? 0 : 1;
    check.that(times === expected, () => `${name}: ${times} outcomes`);
  }
  for (const name of counts.keys()) check.that(false, () => `${name}: an outcome of no moment`);
  return check.proof;
}

/** Firings that wait for an end that has not come when the log ends. */
function lastWaiting(facts: readonly Fact[]): string[] {
  const waiting = new Map<string, string>();
  for (const fact of facts) {
    if (fact.type === 'waiting') waiting.set(fact.key, `${fact.key} ${fact.nominalAt}`);
    if (fact.type !== 'fired' && fact.type !== 'skipped') continue;
    if (waiting.get(fact.key) === `${fact.key} ${fact.nominalAt}`) waiting.delete(fact.key);
  }
  return [...waiting.values()];
}

function catchUps({ journal, log }: Evidence): Proof {
  const check = new Check('moments were passed over only where the catch-up policy says so');
  const settings = new Map<string, ScheduleSettings>();
  for (const fact of log.facts) {
    if (fact.type === 'schedule') settings.set(fact.key, fact.settings);
    if (fact.type !== 'moment') continue;
    const { at, key, nextAt, nominalAt, taskId } = fact;
    const { catchUp = 'all', catchUpMs = 0 } = settings.get(key) ?? {};
    const isOld = nominalAt < at - catchUpMs;
    const isFollowed = catchUp === 'latest' && hadCome(journal, nextAt, at);
    const isPassedOver = taskId === null;
    check.that(
      !isPassedOver || isOld || isFollowed,
      () => `${key}: ${nominalAt} passed over at ${at}`,
    );
  }
  return check.proof;
}

/** Follows, entry by entry, which tasks of each schedule are under way. */
function overlaps({ log }: Evidence): Proof {
  const check = new Check('firings kept to the overlap policy');
  const settings = new Map<string, ScheduleSettings>();
  const live = new Map<string, Set<string>>();
  const keyOf = new Map<string, string>();
  for (const entry of byEntry(log.facts)) {
    const settled = new Set(ofType(entry, 'settled').map(({ taskId }) => taskId));
    const firedNow = new Set(ofType(entry, 'fired').map(({ key }) => key));
    for (const fact of entry) {
      if (fact.type === 'schedule') settings.set(fact.key, fact.settings);
      if (fact.type !== 'fired' && fact.type !== 'skipped') continue;
      const before = live.get(fact.key) ?? new Set<string>();
      const { overlap = 'allow' } = settings.get(fact.key) ?? {};
      const isBusy = before.size > 0 || firedNow.has(fact.key);
      judgeOverlap(check, fact, { overlap, before, settled, isBusy });
    }
    for (const { key, taskId } of ofType(entry, 'fired')) {
      keyOf.set(taskId, key);
      live.set(key, (live.get(key) ?? new Set<string>()).add(taskId));
    }
    for (const taskId of settled) live.get(keyOf.get(taskId) ?? '')?.delete(taskId);
  }
  return check.proof;
}

function judgeOverlap(
  check: Check,
  fact: FactOf<'fired'> | FactOf<'skipped'>,
  now: {
    readonly overlap: string;
    readonly before: ReadonlySet<string>;
    readonly settled: ReadonlySet<string>;
    /** Whether a task of it was under way at any moment of the entry. */
    readonly isBusy: boolean;
  },
): void {
  const { before, isBusy, overlap, settled } = now;
  const where = `${fact.key}: ${fact.nominalAt}`;
  const others = [...before].filter((id) => !settled.has(id));
  if (fact.type === 'fired') {
    const isAlone = overlap === 'allow' || others.length === 0;
    check.that(isAlone, () => `${where} made ${fact.taskId} beside ${others.join(', ')}`);
  } else if (fact.reason === 'overlap') {
    const mayBeSkipped = overlap === 'skip' || overlap === 'queue-one';
    check.that(mayBeSkipped, () => `${where} was skipped with overlap ${overlap}`);
    check.that(isBusy, () => `${where} was skipped, but nothing was under way`);
  }
}

/** Every schedule was paused at the end: all that was due by then has fired. */
function lateness({ log }: Evidence): Proof {
  const check = new Check('when the drill ended no schedule was behind');
  const next = new NextMoments();
  for (const fact of log.facts) next.see(fact);
  for (const { key, nextAt, pausedAt } of next.all()) {
    const endedAt = pausedAt ?? log.endedAt;
    check.that(nextAt > endedAt - LATE_MS_MAX, () => `${key}: ${nextAt} not fired at ${endedAt}`);
  }
  return check.proof;
}

export const schedules: Feature = { name: 'schedules', load, prove };
