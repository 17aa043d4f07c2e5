/** What callers do with schedules. */
import { OrchestratorError } from '../base/errors.ts';
import {
  BACKFILL_MAX,
  InvalidRequestError,
  momentMs,
  type BackfillAnswer,
  type BackfillBody,
  type ScheduleBody,
  type ScheduleList,
  type ScheduleView,
  type TriggerAnswer,
} from '../contract/index.ts';
import {
  scheduleKey,
  type CoreState,
  type OverlapPolicy,
  type Schedule,
  type ScheduleSettings,
  type TaskId,
} from '../core/index.ts';
import type { AdmissionGate } from './admission-gate.ts';
import type { Clock } from './clock.ts';
import type { CommandLoop } from './command-loop.ts';
import { readScheduleSettings } from './read-schedule.ts';
import { throwIfRefused } from './refusal.ts';
import { momentsBetween, nextMoment } from './schedule-times.ts';
import { scheduleView } from './schedule-view.ts';
import { iso } from './views.ts';

export interface ScheduleServiceParts {
  readonly state: CoreState;
  readonly loop: CommandLoop;
  readonly clock: Clock;
  readonly nextId: () => TaskId;
  readonly admission: AdmissionGate;
}

/** Moments shown of what is to come, at most. */
const UPCOMING_MAX = 200;

/** Moments worked out without a pause: about 20 ms of a cron expression. */
const SLICE_MAX = 200;

export class ScheduleService {
  readonly #parts: ScheduleServiceParts;

  constructor(parts: ScheduleServiceParts) {
    this.#parts = parts;
  }

  /** @param key - `name`, or `namespace/name` */
  get(key: string): ScheduleView | null {
    const schedule = this.#parts.state.records.schedules.get(keyOf(key));
    return schedule === undefined ? null : scheduleView(schedule);
  }

  /** Schedules in the order they were made; `cursor` is that of the page before. O(schedules). */
  list(query: {
    readonly namespace?: string | undefined;
    readonly cursor?: string | undefined;
    readonly limit: number;
  }): ScheduleList {
    const after = cursorSeq(query.cursor);
    const page: Schedule[] = [];
    for (const schedule of this.#parts.state.records.schedules.values()) {
      const { namespace, seq } = schedule;
      if (seq <= after || (query.namespace !== undefined && namespace !== query.namespace))
        continue;
      page.push(schedule);
    }
    // Restored ones may come in another order.
    page.sort((a, b) => a.seq - b.seq);
    const items = page.slice(0, query.limit);
    const last = items.at(-1);
    const nextCursor = page.length > items.length && last !== undefined ? String(last.seq) : null;
    return { items: items.map((schedule) => scheduleView(schedule)), nextCursor };
  }

  /**
   * Makes a schedule or replaces its settings; a pause stays as it is. The same again changes nothing.
   *
   * @throws OrchestratorError `SCHEDULE_INVALID`, `SCHEDULE_NEVER_FIRES`, `SCHEDULE_LIMIT`, `PAYLOAD_TOO_LARGE`
   */
  async set(key: string, body: ScheduleBody): Promise<ScheduleView> {
    const { clock, loop, state } = this.#parts;
    const { name, namespace } = splitKey(key);
    const settings = readScheduleSettings(body, namespace);
    const known = state.records.schedules.get(scheduleKey(namespace, name));
    // Where the clock went back: no moment that it fired for comes again.
    const nextAt = nextMoment(settings, Math.max(clock.now(), known?.lastAt ?? 0) + 1);
    // One that has run its course may be set again as it is.
    if (nextAt === 0 && !(known !== undefined && isSameTiming(known.settings, settings))) {
      throw new OrchestratorError(
        'SCHEDULE_NEVER_FIRES',
        'a schedule must have a moment to come, got none: such a date does not exist, or all of them are past',
        { schedule: scheduleKey(namespace, name) },
      );
    }
    const command = { type: 'schedule.set', namespace, name, settings, nextAt } as const;
    throwIfRefused(await loop.propose(command));
    return this.#view(key);
  }

  async remove(key: string): Promise<void> {
    const { loop } = this.#parts;
    throwIfRefused(await loop.propose({ type: 'schedule.remove', key: keyOf(key) }));
  }

  async pause(
    key: string,
    why: { readonly reason?: string | undefined; readonly by?: string | undefined } = {},
  ): Promise<ScheduleView> {
    const { reason = null, by = null } = why;
    const command = { type: 'schedule.pause', key: keyOf(key), reason, by } as const;
    throwIfRefused(await this.#parts.loop.propose(command));
    return this.#view(key);
  }

  /** Lets it fire again from now on; what it would have done meanwhile is not made up for. */
  async resume(key: string): Promise<ScheduleView> {
    const { clock, loop } = this.#parts;
    const { lastAt, nextAt: untaken, settings } = this.#require(key);
    // Where the clock went back: no moment that was fired for, or passed over, comes again.
    const fromMs = Math.max(clock.now() + 1, lastAt + 1, untaken);
    const nextAt = nextMoment(settings, fromMs);
    throwIfRefused(await loop.propose({ type: 'schedule.resume', key: keyOf(key), nextAt }));
    return this.#view(key);
  }

  /**
   * Fires now, paused or not.
   *
   * @throws OrchestratorError `SCHEDULE_NOT_FOUND`, `SCHEDULE_BUSY`, or what a submit of its task would be
   *   refused with: `OVERLOADED`, `QUEUE_FULL`, `LIMIT_NOT_FOUND`, …
   */
  async trigger(key: string, overlap: OverlapPolicy | null = null): Promise<TriggerAnswer> {
    const { loop, nextId, state } = this.#parts;
    this.#admit(this.#require(key), 1);
    const taskId = nextId();
    const command = { type: 'schedule.trigger', key: keyOf(key), taskId, overlap } as const;
    throwIfRefused(await loop.propose(command));
    const isWaiting = state.records.schedules.get(keyOf(key))?.waiting?.taskId === taskId;
    return { taskId, isWaiting };
  }

  /**
   * Fires for all moments of a range, both ends included, in one step.
   *
   * @throws OrchestratorError `SCHEDULE_NOT_FOUND`, `BACKFILL_TOO_LARGE`, `QUEUE_FULL`
   */
  async backfill(key: string, body: BackfillBody): Promise<BackfillAnswer> {
    const { clock, loop, nextId, state } = this.#parts;
    const schedule = this.#require(key);
    const range = { fromMs: boundMs(body.from, '/from'), toMs: boundMs(body.to, '/to') };
    if (range.toMs < range.fromMs) throw new InvalidRequestError('/to', 'must not be before from');
    const moments = await momentsInSlices(schedule.settings, range, BACKFILL_MAX + 1);
    if (moments.length > BACKFILL_MAX) throw tooLarge(moments[BACKFILL_MAX - 1] as number);
    const { dryRun = false, overlap = 'allow', perSecond } = body;
    const nowMs = clock.now();
    const items = moments.map((nominalAt, position) => ({
      nominalAt,
      taskId: nextId(),
      ...(perSecond === undefined
        ? {}
        : { runAt: nowMs + Math.round((position * 1e3) / perSecond) }),
    }));
    if (!dryRun && items.length > 0) {
      this.#admit(schedule, items.length);
      const command = { type: 'schedule.backfill', key: schedule.key, overlap, items } as const;
      throwIfRefused(await loop.propose(command));
    }
    // No other entry was applied since: what was made and is not over with stands among the tasks.
    const made = dryRun ? 0 : items.filter(({ taskId }) => state.tasks.has(taskId)).length;
    const [first, last] = [moments[0], moments.at(-1)];
    return {
      count: moments.length,
      first: first === undefined ? null : iso(first),
      last: last === undefined ? null : iso(last),
      made,
      dryRun,
    };
  }

  /** The moments to come, before jitter; none while it is paused would be no help, so they are shown. */
  upcoming(key: string, count: number): string[] {
    const { settings } = this.#require(key);
    const range = { fromMs: this.#parts.clock.now() + 1, toMs: Number.POSITIVE_INFINITY };
    const moments = momentsBetween(settings, range, Math.min(count, UPCOMING_MAX));
    return moments.map((moment) => iso(moment));
  }

  /** Whoever fires by hand can come again, other than a moment: so it is let in like any submit. */
  #admit({ settings }: Schedule, tasks: number): void {
    const { payload, spec } = settings.task;
    const payloads = new Array<string>(tasks).fill(payload);
    this.#parts.admission.submit({ specs: [spec], payloads });
  }

  #require(key: string): Schedule {
    const schedule = this.#parts.state.records.schedules.get(keyOf(key));
    if (schedule !== undefined) return schedule;
    throw new OrchestratorError('SCHEDULE_NOT_FOUND', `a schedule must exist, got ${key}`, {
      schedule: key,
    });
  }

  #view(key: string): ScheduleView {
    return scheduleView(this.#require(key));
  }
}

/** `name` is of the namespace `default`, `namespace/name` of that. */
export function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const at = key.indexOf('/');
  if (at < 0) return { namespace: 'default', name: key };
  return { namespace: key.slice(0, at), name: key.slice(at + 1) };
}

function keyOf(key: string): string {
  const { name, namespace } = splitKey(key);
  return scheduleKey(namespace, name);
}

function isSameTiming(a: ScheduleSettings, b: ScheduleSettings): boolean {
  const text = ({ endAt, startAt, timing }: ScheduleSettings): string =>
    JSON.stringify([timing, startAt, endAt]);
  return text(a) === text(b);
}

/** As {@link momentsBetween}, letting others have their turn in between. */
async function momentsInSlices(
  settings: ScheduleSettings,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  max: number,
): Promise<number[]> {
  const moments: number[] = [];
  for (let from = fromMs; ; from = (moments.at(-1) ?? 0) + 1) {
    const count = Math.min(SLICE_MAX, max - moments.length);
    const slice = momentsBetween(settings, { fromMs: from, toMs }, count);
    moments.push(...slice);
    if (slice.length < count || moments.length >= max) return moments;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

function cursorSeq(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw new OrchestratorError('CURSOR_INVALID', 'a cursor must be the nextCursor of a page before');
}

function boundMs(moment: string | number, path: string): number {
  const ms = momentMs(moment);
  if (Number.isFinite(ms) && ms >= 0) return ms;
  throw new InvalidRequestError(path, `must be a moment since 1970, got ${moment}`);
}

function tooLarge(lastMs: number): OrchestratorError {
  return new OrchestratorError(
    'BACKFILL_TOO_LARGE',
    `a backfill must have at most ${BACKFILL_MAX} moments, got more; end it at ${iso(lastMs)} and go on from there`,
    { momentsMax: BACKFILL_MAX, to: iso(lastMs) },
  );
}
