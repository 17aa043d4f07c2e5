import { isDeepStrictEqual } from 'node:util';
import { formatDuration } from '../base/duration.ts';
import type { FeedEvent, Runtime } from '../runtime/index.ts';

/** An event by its type, or by any of its fields. */
export type EventPattern = string | Readonly<Record<string, unknown>>;

/** Every event since the beginning, over crashes and restarts. */
export class EventRecord {
  readonly all: FeedEvent[] = [];

  /** Listens to a runtime until it ends. */
  follow(runtime: Runtime): void {
    const event = (next: FeedEvent): boolean => this.all.push(next) > 0;
    runtime.feed.listen({ taskId: null, event, closed: () => undefined }, null);
  }

  ofTask(taskId: string): readonly FeedEvent[] {
    return this.all.filter((event) => event.taskId === taskId);
  }
}

/** How many of the patterns are found in their order, with anything between them. */
export function matchInOrder(
  events: readonly FeedEvent[],
  patterns: readonly EventPattern[],
): number {
  let matched = 0;
  for (const event of events) {
    const pattern = patterns[matched];
    if (pattern === undefined) break;
    if (isLike(event, pattern)) matched += 1;
  }
  return matched;
}

function isLike(event: FeedEvent, pattern: EventPattern): boolean {
  if (typeof pattern === 'string') return event.type === pattern;
  const facts: Readonly<Record<string, unknown>> = { ...event };
  return Object.entries(pattern).every(([name, value]) => isDeepStrictEqual(facts[name], value));
}

/** What every event has, or says elsewhere in its line. */
const LEFT_OUT = new Set(['index', 'position', 'at', 'type']);

/** One line an event, with the time since the first one. */
export function eventLines(events: readonly FeedEvent[], omit: readonly string[] = []): string {
  const first = events[0];
  if (first === undefined) return '    nothing happened';
  const since = (at: number): string => `+${at <= first.at ? '0' : formatDuration(at - first.at)}`;
  return events
    .map((event) => {
      const facts = Object.entries(event)
        .filter(([name]) => !LEFT_OUT.has(name) && !omit.includes(name))
        .map(
          ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
        );
      return `    ${since(event.at).padEnd(10)} ${event.type} ${facts.join(' ')}`.trimEnd();
    })
    .join('\n');
}
