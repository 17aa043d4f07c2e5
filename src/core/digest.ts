import { agentRow, profileRow, queueRow, taskRow } from './rows.ts';
import { stateHead } from './restore.ts';
import type { CoreState } from './state.ts';

/**
 * A 64-bit fingerprint of the whole state, as 16 hexadecimal digits: equal states have equal digests,
 * and unequal ones differ but for chance (no adversary is assumed). O(size of the state).
 */
export function digest(state: CoreState): string {
  const hash = new Fingerprint();
  hash.add(canonical(stateHead(state)));
  const byText = (rows: Iterable<unknown>): void => {
    for (const text of [...rows].map((row) => canonical(row)).toSorted()) hash.add(text);
  };
  byText(state.queues.values().map(queueRow));
  byText(state.profiles.values().map(profileRow));
  byText(state.agents.values().map(agentRow));
  byText(state.tasks.values().map(taskRow));
  byText(state.idempotency.values());
  return hash.text;
}

/** JSON with the keys of every object in order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** Two 32-bit multiply-and-mix lanes over UTF-16 units, finished as in MurmurHash3 (Appleby, 2011). */
class Fingerprint {
  #a = 0x9747b28c;
  #b = 0x3c6ef372;

  add(text: string): void {
    for (let i = 0; i < text.length; i++) this.#mix(text.charCodeAt(i));
    this.#mix(0x1_0000);
  }

  #mix(word: number): void {
    this.#a = Math.imul(this.#a ^ word, 0x85ebca6b) ^ (this.#a >>> 13);
    this.#b = Math.imul(this.#b ^ word, 0xc2b2ae35) ^ (this.#b >>> 16);
  }

  get text(): string {
    return [finish(this.#a ^ (this.#b >>> 7)), finish(this.#b ^ (this.#a >>> 9))].join('');
  }
}

function finish(lane: number): string {
  let h = lane;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0).toString(16).padStart(8, '0');
}
