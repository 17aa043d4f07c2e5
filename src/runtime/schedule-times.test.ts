import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ScheduleSettings } from '../core/index.ts';
import { cronTimes } from './cron-times.ts';
import { lastMoment, momentsBetween, nextMoment } from './schedule-times.ts';

const SEED = process.env['SEED'];
const MINUTE_MS = 60_000;

type Timing = ScheduleSettings['timing'];
const timed = (
  timing: Timing,
  bounds: { readonly startAt?: number; readonly endAt?: number } = {},
): Pick<ScheduleSettings, 'timing' | 'startAt' | 'endAt'> => {
  return { timing, startAt: 0, endAt: 0, ...bounds };
};
const cron = (expression: string, timezone: string): Timing => ({
  type: 'cron',
  expression,
  timezone,
});

/** What an expression gives between two days, in UTC to the minute. */
function firings(expression: string, timezone: string, from: string, to: string): string[] {
  const range = { fromMs: Date.parse(from), toMs: Date.parse(to) };
  const moments = momentsBetween(timed(cron(expression, timezone)), range, 200);
  return moments.map((at) => new Date(at).toISOString().slice(0, 16));
}

interface Change {
  readonly zone: string;
  /** Day of the change, local. */
  readonly day: string;
  /** First moment by the new offset. */
  readonly at: string;
}

const FORWARD: readonly Change[] = [
  { zone: 'America/New_York', day: '2026-03-08', at: '2026-03-08T07:00' },
  { zone: 'America/New_York', day: '2027-03-14', at: '2027-03-14T07:00' },
  { zone: 'America/New_York', day: '2028-03-12', at: '2028-03-12T07:00' },
  { zone: 'Europe/Berlin', day: '2026-03-29', at: '2026-03-29T01:00' },
  { zone: 'Europe/Berlin', day: '2027-03-28', at: '2027-03-28T01:00' },
  { zone: 'Europe/Berlin', day: '2028-03-26', at: '2028-03-26T01:00' },
  { zone: 'Australia/Lord_Howe', day: '2026-10-04', at: '2026-10-03T15:30' },
  { zone: 'Australia/Lord_Howe', day: '2027-10-03', at: '2027-10-02T15:30' },
  { zone: 'Australia/Lord_Howe', day: '2028-10-01', at: '2028-09-30T15:30' },
];

const BACK: readonly (Change & { readonly first: string; readonly second: string })[] = [
  back(
    'America/New_York',
    '2026-11-01',
    '2026-11-01T06:00',
    '2026-11-01T05:45',
    '2026-11-01T06:45',
  ),
  back(
    'America/New_York',
    '2027-11-07',
    '2027-11-07T06:00',
    '2027-11-07T05:45',
    '2027-11-07T06:45',
  ),
  back(
    'America/New_York',
    '2028-11-05',
    '2028-11-05T06:00',
    '2028-11-05T05:45',
    '2028-11-05T06:45',
  ),
  back('Europe/Berlin', '2026-10-25', '2026-10-25T01:00', '2026-10-25T00:45', '2026-10-25T01:45'),
  back('Europe/Berlin', '2027-10-31', '2027-10-31T01:00', '2027-10-31T00:45', '2027-10-31T01:45'),
  back('Europe/Berlin', '2028-10-29', '2028-10-29T01:00', '2028-10-29T00:45', '2028-10-29T01:45'),
  back(
    'Australia/Lord_Howe',
    '2026-04-05',
    '2026-04-04T15:00',
    '2026-04-04T14:45',
    '2026-04-04T15:15',
  ),
  back(
    'Australia/Lord_Howe',
    '2027-04-04',
    '2027-04-03T15:00',
    '2027-04-03T14:45',
    '2027-04-03T15:15',
  ),
  back(
    'Australia/Lord_Howe',
    '2028-04-02',
    '2028-04-01T15:00',
    '2028-04-01T14:45',
    '2028-04-01T15:15',
  ),
];

function back(
  ...[zone, day, at, first, second]: readonly [string, string, string, string, string]
): (typeof BACK)[number] {
  return { zone, day, at, first, second };
}

const around = (at: string): readonly [string, string] => {
  const ms = Date.parse(`${at}Z`);
  return [new Date(ms - 6 * 3_600_000).toISOString(), new Date(ms + 6 * 3_600_000).toISOString()];
};

describe('a time that the clocks leave out', () => {
  test.each(FORWARD)(
    'fires at the first moment after the gap, once: $zone $day',
    ({ at, zone }) => {
      const times = zone === 'Australia/Lord_Howe' ? ['15 2', '5,10,15 2'] : ['30 2', '10,20,30 2'];
      for (const time of times) {
        expect(firings(`${time} * * *`, zone, ...around(at))).toEqual([at]);
      }
    },
  );

  test.each(FORWARD)('is no time for one that follows the hands: $zone $day', ({ at, zone }) => {
    const minutes = firings('*/15 * * * *', zone, ...around(at));
    expect(minutes).toHaveLength(49);
    // Half an hour is left out there: the other half of it is shown.
    const shown = zone === 'Australia/Lord_Howe' ? [at, at.replace(':30', ':45')] : [];
    expect(firings('*/15 2 * * *', zone, ...around(at))).toEqual(shown);
  });
});

describe('a time that comes twice', () => {
  test.each(BACK)('fires at the first of the two: $zone $day', ({ at, first, zone }) => {
    const hour = zone === 'Europe/Berlin' ? 2 : 1;
    expect(firings(`45 ${hour} * * *`, zone, ...around(at))).toEqual([first]);
  });

  test.each(BACK)('fires twice for one that follows the hands: $zone $day', (change) => {
    const found = firings('45 * * * *', change.zone, ...around(change.at));
    expect(found).toEqual(expect.arrayContaining([change.first, change.second]));
  });
});

/** Every minute around some changes of the clocks, with what a clock on the wall shows. */
function wallClock(zone: string, at: string): readonly (readonly [ms: number, wall: string])[] {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'short',
  });
  const fromMs = Date.parse(`${at}Z`) - 36 * 3_600_000;
  return Array.from({ length: 72 * 60 }, (_, minute) => {
    const ms = fromMs + minute * MINUTE_MS;
    return [ms, format.format(ms)] as const;
  });
}

const CAIRO: Change = { zone: 'Africa/Cairo', day: '2026-04-24', at: '2026-04-23T22:00' };
const WALLS = [...FORWARD.slice(0, 1), ...FORWARD.slice(3, 4), ...FORWARD.slice(6, 7), CAIRO]
  .concat(BACK[0] ?? [], BACK[3] ?? [], BACK[6] ?? [])
  .map(({ at, zone }) => ({ zone, clock: wallClock(zone, at) }));

/** Steps through the minutes and reads the wall clock; see `cron-times.ts` for the two rules. */
function naive(
  clock: ReturnType<typeof wallClock>,
  { hours, isFixed, minutes }: { hours: number[]; minutes: number[]; isFixed: boolean },
): number[] {
  const shows = (wall: string): boolean =>
    hours.includes(Number(wall.slice(11, 13))) && minutes.includes(Number(wall.slice(14, 16)));
  if (!isFixed) return clock.filter(([, wall]) => shows(wall)).map(([ms]) => ms);
  const days = [...new Set(clock.map(([, wall]) => wall.slice(0, 10)))];
  const pad = (value: number): string => String(value).padStart(2, '0');
  const moments = days.flatMap((day) =>
    hours.flatMap((hour) =>
      minutes.flatMap((minute) => {
        const wanted = `${day} ${pad(hour)}:${pad(minute)}`;
        if (wanted < (clock[0]?.[1] ?? '')) return [];
        return clock.find(([, wall]) => wall >= wanted)?.[0] ?? [];
      }),
    ),
  );
  return [...new Set(moments)].toSorted((a, b) => a - b);
}

const some = (max: number): fc.Arbitrary<number[]> =>
  fc.uniqueArray(fc.integer({ min: 0, max }), { minLength: 1, maxLength: 4 });
interface Field {
  readonly text: string;
  readonly values: number[];
  readonly isFixed: boolean;
}
/** A field of values up to `last`; lists and ranges stay below `max`, where clocks change. */
const field = (max: number, last: number): fc.Arbitrary<Field> =>
  fc.oneof(
    some(max).map((values) => ({ text: values.join(','), values, isFixed: true })),
    fc.constantFrom(1, 2, 5, 7).map((step) => ({
      text: step === 1 ? '*' : `*/${step}`,
      values: Array.from({ length: last + 1 }, (_, i) => i).filter((i) => i % step === 0),
      isFixed: false,
    })),
    some(max).map((ends) => {
      const [from, to] = [Math.min(...ends), Math.max(...ends)];
      const values = Array.from({ length: to - from + 1 }, (_, i) => from + i);
      return { text: `${from}-${to}`, values, isFixed: true };
    }),
  );

test('an expression fires when a minute-stepping reader of the wall clock says so', () => {
  fc.assert(
    fc.property(fc.nat(WALLS.length - 1), field(59, 59), field(5, 23), (place, minute, hour) => {
      const { clock, zone } = WALLS[place] ?? { clock: [], zone: '' };
      const isFixed = minute.isFixed && hour.isFixed;
      const [from, to] = [clock[0]?.[0] ?? 0, clock.at(-1)?.[0] ?? 0];
      const settings = timed(cron(`${minute.text} ${hour.text} * * *`, zone));
      const found = momentsBetween(settings, { fromMs: from, toMs: to }, 10_000);
      const expected = naive(clock, { hours: hour.values, minutes: minute.values, isFixed });
      expect(found).toEqual(expected);
    }),
    { numRuns: 120, ...(SEED === undefined ? {} : { seed: Number(SEED) }) },
  );
}, 30_000);

describe('intervals', () => {
  test('count from 1970, with their offset, whoever asks and when', () => {
    const timing: Timing = { type: 'every', intervalMs: 7_000, offsetMs: 3_000 };
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e12 }), (from) => {
        const next = nextMoment(timed(timing), from);
        expect(next).toBeGreaterThanOrEqual(from);
        expect(next - from).toBeLessThan(7_000);
        expect((next - 3_000) % 7_000).toBe(0);
      }),
    );
  });
});

describe('bounds', () => {
  const timing: Timing = { type: 'every', intervalMs: 1_000, offsetMs: 0 };

  test('are included on both sides', () => {
    const bounds = { startAt: 5_000, endAt: 7_000 };
    const range = { fromMs: 0, toMs: 9_000 };
    expect(momentsBetween(timed(timing, bounds), range, 99)).toEqual([5_000, 6_000, 7_000]);
    expect(nextMoment(timed(timing, bounds), 7_001)).toBe(0);
  });

  test('given moments come each once, in order', () => {
    const at: Timing = { type: 'at', moments: [3, 9] };
    expect([1, 3, 4, 9, 10].map((from) => nextMoment(timed(at), from))).toEqual([3, 3, 9, 9, 0]);
  });
});

test('the last moment of a range is the last of all of its moments', () => {
  const timings: Timing[] = [
    { type: 'every', intervalMs: 300, offsetMs: 7 },
    { type: 'at', moments: [10, 500, 501, 2_000_000] },
    cron('*/7 * * * * *', 'UTC'),
    cron('30 2 * * *', 'America/New_York'),
  ];
  const start = Date.parse('2026-03-07T00:00:00Z');
  fc.assert(
    fc.property(fc.constantFrom(...timings), fc.nat(3e5), fc.nat(3e5), (timing, skip, length) => {
      const isAt = timing.type === 'at';
      const fromMs = isAt ? skip : start + skip * 100;
      const range = { fromMs, toMs: fromMs + length };
      const all = momentsBetween(timed(timing), range, 100_000);
      const first = nextMoment(timed(timing), range.fromMs);
      expect(lastMoment(timed(timing), first, range.toMs)).toBe(all.at(-1) ?? 0);
    }),
    { numRuns: 60 },
  );
});

describe('an expression', () => {
  test('may have seconds, names, steps, and the last or second day of a kind', () => {
    const next = (expression: string): string | undefined => {
      const at = cronTimes(expression, 'UTC').next(Date.parse('2026-01-01T00:00:30Z'));
      return at === null ? undefined : new Date(at).toISOString().slice(0, 19);
    };
    expect(next('*/20 * * * * *')).toBe('2026-01-01T00:00:40');
    expect(next('*/5 * * * *')).toBe('2026-01-01T00:05:00');
    expect(next('0 9 * * MON-FRI')).toBe('2026-01-01T09:00:00');
    expect(next('0 9 * feb sun')).toBe('2026-02-01T09:00:00');
    expect(next('0 0 L * *')).toBe('2026-01-31T00:00:00');
    expect(next('0 0 * * MON#2')).toBe('2026-01-12T00:00:00');
    expect(next('0 0 * * 7')).toBe('2026-01-04T00:00:00');
    expect(next('@daily')).toBe('2026-01-02T00:00:00');
    expect(next('0 0 29 2 *')).toBe('2028-02-29T00:00:00');
    expect(next('0 0 30 2 *')).toBeUndefined();
  });

  test.each([
    ['61 * * * *', 'minute', 1],
    ['* 24 * * *', 'hour', 2],
    ['* * 0 * *', 'day of month', 3],
    ['* * * 13 *', 'month', 4],
    ['* * * * FOO', 'day of week', 5],
    ['60 * * * * *', 'second', 1],
    ['*/0 * * * *', 'minute', 1],
    ['*/61 * * * *', 'minute', 1],
    ['5-1 * * * *', 'minute', 1],
    ['1-2-3 * * * *', 'minute', 1],
    ['5/10 * * * *', 'minute', 1],
    ['1,,2 * * * *', 'minute', 1],
    ['* * * JANFEB *', 'month', 4],
  ])('%s is refused, and its field named', (expression, name, position) => {
    expect(() => cronTimes(expression, 'UTC')).toThrow(
      expect.objectContaining({
        code: 'SCHEDULE_INVALID',
        details: expect.objectContaining({ field: name, position }) as unknown,
      }),
    );
  });

  test.each(['', '* * * *', '* * * * * * *', '@nope', '* * * * *'.repeat(60)])(
    '"%s" is refused',
    (expression) => {
      expect(() => cronTimes(expression, 'UTC')).toThrow(
        expect.objectContaining({ code: 'SCHEDULE_INVALID' }),
      );
    },
  );

  test.each(['Mars/Base', '+02:00', '', 'CEST-2'])('time zone "%s" is refused', (timezone) => {
    expect(() => cronTimes('* * * * *', timezone)).toThrow(
      expect.objectContaining({ code: 'SCHEDULE_INVALID' }),
    );
  });
});
