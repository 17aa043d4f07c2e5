import { invariant } from '../base/invariant.ts';
import { ShardedMap } from '../base/sharded-map.ts';
import type { AgentSpec } from './spec.ts';

interface Entry {
  readonly key: string;
  readonly spec: AgentSpec;
  agents: number;
  /** Of those, how many are ready. */
  ready: number;
}

/** Specs that are found without their key: a map of so few never takes long to grow. */
const RECENT_MAX = 4_096;

/**
 * What agents say of themselves, held once for all that say the same: of a million agents most do.
 *
 * A spec that came from here is equal to another exactly if it is the same object. O(size of the spec)
 * for each call.
 */
export class SpecPool {
  readonly #byKey = new ShardedMap<string, Entry>();
  /** Some of them, those used last among them. */
  readonly #recent = new Map<AgentSpec, Entry>();

  /** Different specs in use. */
  get size(): number {
    return this.#byKey.size;
  }

  /** The one object for all equal specs, counted for one more agent. */
  intern(spec: AgentSpec): AgentSpec {
    const known = this.#entryOf(spec);
    if (known !== undefined) {
      known.agents += 1;
      return known.spec;
    }
    const entry = { key: specKey(spec), spec, agents: 1, ready: 0 };
    this.#byKey.set(entry.key, entry);
    this.#remember(entry);
    return spec;
  }

  /** The one object that equals the spec, or the spec itself where no agent has it. Counts nothing. */
  find(spec: AgentSpec): AgentSpec {
    return this.#byKey.get(specKey(spec))?.spec ?? spec;
  }

  /** An agent has the spec no more; it is forgotten with its last one. */
  release(spec: AgentSpec): void {
    const entry = this.#entryOf(spec);
    invariant(entry !== undefined, 'a released spec is one that was interned');
    entry.agents -= 1;
    if (entry.agents > 0) return;
    this.#byKey.delete(entry.key);
    this.#recent.delete(entry.spec);
  }

  /** One more agent with the spec is ready, or one less. */
  countReady(spec: AgentSpec, by: 1 | -1): void {
    const entry = this.#entryOf(spec);
    invariant(entry !== undefined, 'a ready agent has a spec that was interned');
    entry.ready += by;
    invariant(entry.ready >= 0, 'no more agents end to be ready than were');
    invariant(entry.ready <= entry.agents, 'no more agents are ready than there are');
  }

  /** Specs of ready agents, and how many these are, in any order. O(specs). */
  *ready(): Generator<readonly [AgentSpec, number], undefined> {
    for (const { ready, spec } of this.#byKey.values()) if (ready > 0) yield [spec, ready];
  }

  #entryOf(spec: AgentSpec): Entry | undefined {
    const recent = this.#recent.get(spec);
    if (recent !== undefined) return recent;
    const known = this.#byKey.get(specKey(spec));
    if (known?.spec === spec) this.#remember(known);
    return known;
  }

  #remember(entry: Entry): void {
    if (this.#recent.size >= RECENT_MAX) this.#recent.clear();
    this.#recent.set(entry.spec, entry);
  }
}

/** One that is forgotten here does not compile. */
const NUMBERS: Readonly<
  Record<Exclude<keyof AgentSpec, 'kind' | 'capabilities' | 'labels' | 'availability'>, true>
> = { slots: true, cost: true, weight: true, heartbeatMs: true };
const NUMBER_FIELDS = Object.keys(NUMBERS) as (keyof typeof NUMBERS)[];

/** Equal exactly for specs that are equal as they are written, the order of labels included. */
function specKey(spec: AgentSpec): string {
  let key = `${sized(spec.kind)}${spec.capabilities.length}`;
  for (const field of NUMBER_FIELDS) key += ` ${spec[field]}`;
  for (const capability of spec.capabilities) key += ` ${sized(capability)}`;
  for (const name of Object.keys(spec.labels)) {
    key += ` ${sized(name)}${sized(spec.labels[name] as string)}`;
  }
  // No text with its length before it begins like this one.
  if (spec.availability !== undefined) key += ` ${JSON.stringify(spec.availability)}`;
  return key;
}

/** With its length before it no text runs into the next one. */
function sized(text: string): string {
  return `${text.length}:${text}`;
}
