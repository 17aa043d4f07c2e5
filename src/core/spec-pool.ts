import { invariant } from '../base/invariant.ts';
import type { AgentSpec } from './spec.ts';

interface Entry {
  readonly key: string;
  readonly spec: AgentSpec;
  agents: number;
}

/**
 * What agents say of themselves, held once for all that say the same: of a million agents most do.
 *
 * A spec that came from here is equal to another exactly if it is the same object. O(size of the spec)
 * for each call.
 */
export class SpecPool {
  readonly #byKey = new Map<string, Entry>();
  readonly #bySpec = new Map<AgentSpec, Entry>();

  /** Different specs in use. */
  get size(): number {
    return this.#byKey.size;
  }

  /** The one object for all equal specs, counted for one more agent. */
  intern(spec: AgentSpec): AgentSpec {
    const known = this.#bySpec.get(spec) ?? this.#byKey.get(specKey(spec));
    if (known !== undefined) {
      known.agents += 1;
      return known.spec;
    }
    const entry = { key: specKey(spec), spec, agents: 1 };
    this.#byKey.set(entry.key, entry);
    this.#bySpec.set(spec, entry);
    return spec;
  }

  /** The one object that equals the spec, or the spec itself where no agent has it. Counts nothing. */
  find(spec: AgentSpec): AgentSpec {
    return this.#byKey.get(specKey(spec))?.spec ?? spec;
  }

  /** An agent has the spec no more; it is forgotten with its last one. */
  release(spec: AgentSpec): void {
    const entry = this.#bySpec.get(spec);
    invariant(entry !== undefined, 'a released spec is one that was interned');
    entry.agents -= 1;
    if (entry.agents > 0) return;
    this.#byKey.delete(entry.key);
    this.#bySpec.delete(spec);
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
