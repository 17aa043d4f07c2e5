/** The schedules of a server, for `client.schedules`. */
import type {
  BackfillAnswer,
  BackfillBody,
  ScheduleBody,
  ScheduleList,
  ScheduleView,
  TriggerAnswer,
  UpcomingAnswer,
} from '../contract/index.ts';
import type { HttpApi } from './http-api.ts';

/** Names are `name`, or `namespace/name`; those that must be there throw `SCHEDULE_NOT_FOUND`. */
export class Schedules {
  readonly #http: HttpApi;

  constructor(http: HttpApi) {
    this.#http = http;
  }

  /**
   * Makes a schedule or replaces its settings: safe to repeat at every start. A paused one stays paused.
   *
   * @throws OrchestratorError `SCHEDULE_INVALID`, `SCHEDULE_NEVER_FIRES`, `SCHEDULE_LIMIT`
   */
  set(name: string, settings: ScheduleBody): Promise<ScheduleView> {
    return this.#call('PUT', name, '', settings);
  }

  get(name: string): Promise<ScheduleView> {
    return this.#call('GET', name);
  }

  /** All schedules, in the order they were made, a page after the other. */
  async *list(options: { readonly namespace?: string } = {}): AsyncGenerator<ScheduleView> {
    let cursor: string | null = null;
    do {
      const query = new URLSearchParams({
        limit: '1000',
        ...options,
        ...(cursor === null ? {} : { cursor }),
      });
      const page = (await this.#http.call('GET', `/schedules?${query.toString()}`)) as ScheduleList;
      yield* page.items;
      cursor = page.nextCursor;
    } while (cursor !== null);
  }

  /** Removes it; its tasks go on. */
  async remove(name: string): Promise<void> {
    await this.#call('DELETE', name);
  }

  pause(
    name: string,
    why: { readonly reason?: string; readonly by?: string } = {},
  ): Promise<ScheduleView> {
    return this.#call('POST', name, '/pause', why);
  }

  resume(name: string): Promise<ScheduleView> {
    return this.#call('POST', name, '/resume');
  }

  /**
   * Fires now, paused or not.
   *
   * @throws OrchestratorError `SCHEDULE_BUSY` where its overlap policy forbids it
   */
  trigger(
    name: string,
    options: { readonly overlap?: ScheduleView['overlap'] } = {},
  ): Promise<TriggerAnswer> {
    return this.#call('POST', name, '/trigger', options);
  }

  /** Fires for all moments from `from` to `to`, at most 10,000, or counts them with `dryRun`. */
  backfill(name: string, range: BackfillBody): Promise<BackfillAnswer> {
    return this.#call('POST', name, '/backfill', range);
  }

  /** The next `count` (at most 200) moments, as ISO 8601 in UTC. */
  async upcoming(name: string, count = 10): Promise<readonly string[]> {
    const answer: UpcomingAnswer = await this.#call('GET', name, `/upcoming?count=${count}`);
    return answer.items;
  }

  #call<Answer>(method: string, name: string, rest = '', body?: unknown): Promise<Answer> {
    const path = `/schedules/${encodeURIComponent(name)}${rest}`;
    return this.#http.call(method, path, body) as Promise<Answer>;
  }
}
