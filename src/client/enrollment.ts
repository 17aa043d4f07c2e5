import type { RawFrame, RegisterAgent } from '../contract/index.ts';

/** Agents that a hello names; further ones of the connection are enrolled after it. */
const HELLO_AGENTS_MAX = 100;

/** Agents of one `enroll` frame. */
const ENROLL_AGENTS_MAX = 10_000;

/** The agents of one connection, as they are registered: a few at once, then all others in columns. */
export interface Enrollment {
  readonly hello: readonly RegisterAgent[];
  /** In the order in which they are to be sent, after the welcome. */
  readonly frames: readonly RawFrame[];
}

/** Agents that say the same of themselves say it once in a frame. */
export function enrollmentOf(agents: readonly RegisterAgent[]): Enrollment {
  const frames: RawFrame[] = [];
  for (let from = HELLO_AGENTS_MAX; from < agents.length; from += ENROLL_AGENTS_MAX) {
    frames.push(enrollFrame(frames.length + 1, agents.slice(from, from + ENROLL_AGENTS_MAX)));
  }
  return { hello: agents.slice(0, HELLO_AGENTS_MAX), frames };
}

function enrollFrame(sequence: number, agents: readonly RegisterAgent[]): RawFrame {
  const specs: Omit<RegisterAgent, 'id'>[] = [];
  const positions = new Map<string, number>();
  const specOf = agents.map(({ id: _id, ...spec }) => {
    const key = JSON.stringify(spec);
    const known = positions.get(key);
    if (known !== undefined) return known;
    positions.set(key, specs.length);
    return specs.push(spec) - 1;
  });
  const ids = agents.map(({ id }) => id);
  return ['enroll', sequence, specs, ids, specs.length === 1 ? null : specOf];
}
