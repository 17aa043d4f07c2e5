import { AssertionError } from 'node:assert';

/** What is looked at to see whether anything still goes on. */
export interface Activity {
  /** Grows with whatever happens. */
  count(): number;
  /** Whether something is known to be under way. */
  isBusy(): boolean;
  /** What must end before anything counts as at rest, in real time; null when there is nothing. */
  awaited(): Promise<unknown> | null;
}

/** Turns of the event loop in which nothing happens before all is at rest. */
const QUIET_TURNS = 8;
/** Turns after which whatever goes on will go on for ever. */
const TURNS_MAX = 200_000;

/**
 * Lets this process go on until nothing happens any more, while the clock stands.
 *
 * Counts turns of the event loop, not time: the same program comes to rest at the same place.
 */
export async function comeToRest(activity: Activity): Promise<void> {
  let quiet = 0;
  let seen = activity.count();
  for (let turns = 0; quiet < QUIET_TURNS; turns++) {
    if (turns === TURNS_MAX) {
      throw new AssertionError({
        message: `all must come to rest while the clock stands, got ${TURNS_MAX} turns of the event loop in which something happened: is there a task that submits itself again without a delay?`,
      });
    }
    await activity.awaited();
    await new Promise<void>((resolve) => setImmediate(resolve));
    const now = activity.count();
    quiet = now === seen && !activity.isBusy() ? quiet + 1 : 0;
    seen = now;
  }
}
