/** Values that many records share, each stored once under a small number. */
import type { BlockWriter } from './block.ts';
import { encodeRow } from './row-codec.ts';
import { openRows, TABLE, type Tables } from './tables.ts';

/** Kinds of values; each kind is numbered by itself. */
export const DICTIONARY_KIND = { combo: 1, spec: 2 } as const;
type Kind = (typeof DICTIONARY_KIND)[keyof typeof DICTIONARY_KIND];

/** Values of one kind that are numbered; later ones go without. */
const DICTIONARY_SIZE_MAX = 16_384;

const KEY_BYTES = 5;

/** One kind of value, held in memory whole. Numbers start from 1 and are never given up. */
export class Dictionary<Value> {
  readonly #kind: Kind;
  readonly #numbers = new Map<string, number>();
  readonly #values: Value[] = [];

  constructor(tables: Tables, kind: Kind) {
    this.#kind = kind;
    const range = { start: dictionaryKey(kind, 0), end: dictionaryKey(kind, 0xffff_ffff) };
    for (const { value } of openRows(tables, 'dictionary').getRange(range)) {
      const [text, stored] = value as readonly [string, Value];
      this.#values.push(stored);
      this.#numbers.set(text, this.#values.length);
    }
  }

  get size(): number {
    return this.#values.length;
  }

  /** The number of a value known by `text`, given to it now when it has none; 0 when there is no room. */
  numberOf(text: string, value: Value, block: BlockWriter): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    if (this.#values.length >= DICTIONARY_SIZE_MAX) return 0;
    this.#values.push(value);
    const number = this.#values.length;
    this.#numbers.set(text, number);
    block.put(TABLE.dictionary, dictionaryKey(this.#kind, number), encodeRow([text, value]));
    return number;
  }

  valueOf(number: number): Value | undefined {
    return this.#values[number - 1];
  }

  /** Numbers of the values that `accepts`. */
  search(accepts: (value: Value) => boolean): number[] {
    const found: number[] = [];
    for (const [index, value] of this.#values.entries()) if (accepts(value)) found.push(index + 1);
    return found;
  }
}

function dictionaryKey(kind: Kind, number: number): Buffer {
  const key = Buffer.allocUnsafe(KEY_BYTES);
  key[0] = kind;
  key.writeUInt32BE(number, 1);
  return key;
}
