import { Histogram, REQUEST_SECONDS } from './histogram.ts';
import type { Sample } from './sample.ts';

/** Stands for no route. */
const UNMATCHED = '__unmatched__';
/** Stands for methods that no route takes. */
const OTHER_METHOD = '_OTHER';
/** Combinations of method, route and status counted apart. */
const COMBINATIONS_MAX = 1_000;
const METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
]);

interface RequestStat {
  readonly labels: Readonly<Record<string, string>>;
  readonly seconds: Histogram;
}

/** How long requests took, by method, route template and status. */
export class RequestStats {
  readonly #stats = new Map<string, Map<number, RequestStat>>();
  #combinations = 0;

  /** @param route - the template, such as `/api/v1/tasks/:id`; null when none matched */
  observe(verb: string, route: string | null, status: number, durationMs: number): void {
    const method = METHODS.has(verb) ? verb : OTHER_METHOD;
    const full = this.#combinations >= COMBINATIONS_MAX;
    const name = route ?? UNMATCHED;
    const key = `${method} ${name}`;
    let byStatus = this.#stats.get(key);
    if (byStatus === undefined) {
      if (full) return;
      byStatus = new Map();
      this.#stats.set(key, byStatus);
    }
    let stat = byStatus.get(status);
    if (stat === undefined) {
      if (full) return;
      this.#combinations += 1;
      stat = {
        labels: {
          http_request_method: method,
          http_route: name,
          http_response_status_code: String(status),
        },
        seconds: new Histogram(REQUEST_SECONDS),
      };
      byStatus.set(status, stat);
    }
    stat.seconds.observe(durationMs / 1000);
  }

  samples(name: string): Sample[] {
    return [...this.#stats.values()].flatMap((byStatus) =>
      [...byStatus.values()].flatMap(({ labels, seconds }) => seconds.samples(name, labels)),
    );
  }
}
