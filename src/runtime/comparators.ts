/**
 * What counts as the same result of redundant copies: results with equal hashes do.
 *
 * `canonical`: equal as JSON, in whatever order keys stand and however numbers and texts are written
 * (the canonical form of RFC 8785). `numbers`: the same, numbers being equal in their first nine digits.
 * `text`: the same, texts being equal but for case and white space.
 */
import { createHash } from 'node:crypto';

export type ComparatorName = 'canonical' | 'numbers' | 'text';

/** Brings results that count as the same to one value, which is then compared as JSON. Must be pure. */
export type Comparator = (result: unknown) => unknown;

const BUILT_IN: Readonly<Record<ComparatorName, Comparator>> = {
  canonical: (result) => result,
  numbers: (result) => mapLeaves(result, roundedLeaf),
  text: (result) => mapLeaves(result, foldedLeaf),
};

/** Comparators that the embedding program gave, by task type. */
export class Comparators {
  readonly #byType = new Map<string, Comparator>();

  register(taskType: string, comparator: Comparator): void {
    this.#byType.set(taskType, comparator);
  }

  /** Hash of a result, JSON text: by the comparator that is named, else the type's own, else `canonical`. */
  hash(taskType: string, name: ComparatorName | undefined, result: string): string {
    const own = name === undefined ? this.#byType.get(taskType) : undefined;
    const comparator = own ?? BUILT_IN[name ?? 'canonical'];
    const text = canonicalJson(comparator(JSON.parse(result) as unknown));
    return createHash('sha256').update(text).digest('base64url').slice(0, HASH_LENGTH);
  }
}

/** 132 bits: nobody finds two results that share it. */
const HASH_LENGTH = 22;

/** JSON with its keys in the order of their UTF-16 units, without white space, as RFC 8785 has it. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  const fields = value as Readonly<Record<string, unknown>>;
  const pairs = Object.keys(fields)
    .toSorted((a, b) => (a < b ? -1 : 1))
    .filter((key) => fields[key] !== undefined)
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(fields[key])}`);
  return `{${pairs.join(',')}}`;
}

/** Digits of a number that must be equal. */
const DIGITS = 9;

function roundedLeaf(value: unknown): unknown {
  if (typeof value !== 'number') return value;
  return Number(value.toPrecision(DIGITS));
}

function foldedLeaf(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  return value.normalize('NFKC').toLowerCase().replace(/\s+/g, ' ').trim();
}

function mapLeaves(value: unknown, leaf: (value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => mapLeaves(item, leaf));
  if (typeof value !== 'object' || value === null) return leaf(value);
  const entries = Object.entries(value).map(([key, item]) => [key, mapLeaves(item, leaf)] as const);
  return Object.fromEntries(entries);
}
