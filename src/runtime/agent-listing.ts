/**
 * Pages of agents: each once, in core's order, which is that of registering where there are few and none came back
 * from a checkpoint.
 *
 * Where a page ended is remembered for the next one, which then costs what it shows. Without that, after a restart
 * or long after, the place is found again by walking there; where thousands came meanwhile some may then be seen twice,
 * or not. Whatever is walked is walked in slices.
 */
import { OrchestratorError } from '../base/errors.ts';
import type { AgentView } from '../contract/index.ts';
import { zoneOf, type Agent, type AgentId, type CoreState } from '../core/index.ts';
import type { Clock } from './clock.ts';
import { Slices } from './slices.ts';

/** Agents that must be so; each without it: any. */
export interface AgentFilter {
  readonly state?: AgentView['state'] | undefined;
  readonly capability?: string | undefined;
  readonly zone?: string | undefined;
  /** `name=value`. */
  readonly label?: string | undefined;
}

export interface AgentPage {
  readonly items: AgentView[];
  /** Null at the end. A page may hold fewer agents than wanted, or none, and go on all the same. */
  readonly nextCursor: string | null;
}

interface ListingParts {
  readonly state: CoreState;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly view: (agent: Agent) => AgentView;
}

/** Listings that are under way at once and go on where they were. */
const PLACES_MAX = 64;
/** Agents that one page looks at for those its filter lets through. */
const LOOKS_MAX = 100_000;
/** Agents looked at before the clock is. */
const LOOKS_UNASKED = 64;
const SLICE_MS = 2;

/** What follows an agent: one that was seen already, and those after it. */
interface Place {
  readonly next: Agent | null;
  /** It shows nobody who left, and not all who came. */
  readonly rest: Iterator<Agent>;
}

export class AgentListing {
  readonly #parts: ListingParts;
  /** By the agent that a page ended with. */
  readonly #places = new Map<string, Place>();

  constructor(parts: ListingParts) {
    this.#parts = parts;
  }

  /**
   * Agents after the one named, `limit` of them at most. O(agents looked at), 100,000 at most, and
   * O(agents up to there) where no page ended with it lately.
   *
   * @throws OrchestratorError `CURSOR_INVALID` where that one is gone: what came after it is not known then
   */
  async page(after: string | null, limit: number, filter: AgentFilter = {}): Promise<AgentPage> {
    const { state, view } = this.#parts;
    const slices = new Slices(this.#parts.clock, SLICE_MS);
    const { next, rest } = await this.#placeAfter(after, slices);
    const passes = filterOf(filter);
    const items: AgentView[] = [];
    let last: AgentId | null = null;
    // The one that was seen may have left since.
    let agent = next !== null && state.agents.get(next.id) === next ? next : nextOf(rest);
    for (let looks = 1; agent !== null; looks++) {
      if (items.length === limit || looks > LOOKS_MAX)
        return {
          items,
          nextCursor: last === null ? null : this.#keep(last, { next: agent, rest }),
        };
      last = agent.id;
      if (passes(agent)) {
        const seen = view(agent);
        if (filter.state === undefined || seen.state === filter.state) items.push(seen);
      }
      if (looks % LOOKS_UNASKED === 0 && slices.isOver) await slices.next();
      agent = nextOf(rest);
    }
    return { items, nextCursor: null };
  }

  async #placeAfter(after: string | null, slices: Slices): Promise<Place> {
    const { agents } = this.#parts.state;
    if (after === null) return { next: null, rest: agents.values() };
    if (!agents.has(after as AgentId)) throw goneError(after);
    const known = this.#places.get(after);
    this.#places.delete(after);
    if (known !== undefined) return known;
    const rest = agents.values();
    for (let looks = 1; ; looks++) {
      const agent = nextOf(rest);
      // It left while others had their turn.
      if (agent === null) throw goneError(after);
      if (agent.id === after) return { next: null, rest };
      if (looks % LOOKS_UNASKED === 0 && slices.isOver) await slices.next();
    }
  }

  #keep(last: AgentId, place: Place): string {
    this.#places.set(last, place);
    const [oldest] = this.#places.keys();
    if (this.#places.size > PLACES_MAX && oldest !== undefined) this.#places.delete(oldest);
    return last;
  }
}

function nextOf(agents: Iterator<Agent>): Agent | null {
  const { done, value } = agents.next();
  return done === true ? null : value;
}

function goneError(after: string): OrchestratorError {
  const message = `a cursor must be the nextCursor of a page before, and its agent still registered, got ${after}: begin with the first page`;
  return new OrchestratorError('CURSOR_INVALID', message);
}

/** All of a filter but the state, which its view has. */
function filterOf({ capability, label, zone }: AgentFilter): (agent: Agent) => boolean {
  const at = label?.indexOf('=') ?? -1;
  const name = label?.slice(0, at) ?? '';
  const value = label?.slice(at + 1);
  return (agent) =>
    (zone === undefined || zoneOf(agent) === zone) &&
    (label === undefined || agent.spec.labels[name] === value) &&
    (capability === undefined || agent.spec.capabilities.includes(capability));
}
