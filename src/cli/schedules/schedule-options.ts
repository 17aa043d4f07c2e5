/** The options of `uqo schedule set`, and the settings they describe. */
import type { Readable } from 'node:stream';
import { taskOfOptions, type SubmitOptions } from '../tasks/submit-options.ts';
import { readPayload } from '../tasks/read-payload.ts';

/** As in the contract; a test keeps the two equal. */
export const OVERLAP_CHOICES: readonly string[] = ['allow', 'skip', 'queue-one', 'cancel-running'];

export interface ScheduleOptions extends SubmitOptions {
  readonly cron?: string;
  readonly tz?: string;
  readonly every?: number;
  readonly offset?: number;
  readonly at?: readonly string[];
  readonly overlap?: string;
  readonly catchUp?: string;
  readonly catchUpWindow?: number;
  readonly jitter?: number;
  readonly startAt?: string;
  readonly endAt?: string;
  readonly runsMax?: number;
  readonly payload?: string;
}

/** The body of the request; what was not said is left to the server. */
export async function settingsOf(
  type: string,
  options: ScheduleOptions,
  stdin: Readable,
): Promise<Record<string, unknown>> {
  const { payload } = options;
  const settings = {
    cron: options.cron,
    timezone: options.tz,
    everyMs: options.every,
    offsetMs: options.offset,
    at: options.at,
    overlap: options.overlap,
    catchUp: options.catchUp,
    catchUpMs: options.catchUpWindow,
    jitterMs: options.jitter,
    startAt: options.startAt,
    endAt: options.endAt,
    runsMax: options.runsMax,
    task: {
      type,
      ...taskOfOptions(options),
      ...(payload === undefined ? {} : { payload: await readPayload(payload, stdin) }),
    },
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
