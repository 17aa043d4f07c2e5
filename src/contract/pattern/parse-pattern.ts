/** Regular expressions as trees, as far as what they cost depends on it. */
import {
  ALL,
  complement,
  DIGITS,
  LINE_ENDS,
  SPACES,
  SURROGATES,
  union,
  WORDS,
  type CharSet,
} from './char-set.ts';

export type PatternNode =
  | { readonly type: 'chars'; readonly set: CharSet }
  /** `^`, `$`, `\b`, `\B`. */
  | { readonly type: 'edge'; readonly isStart: boolean }
  | { readonly type: 'sequence'; readonly parts: readonly PatternNode[] }
  | { readonly type: 'choice'; readonly options: readonly PatternNode[] }
  | {
      readonly type: 'repeat';
      readonly body: PatternNode;
      readonly min: number;
      readonly max: number;
    };

/** What is refused by name rather than by its cost. */
export class UnsupportedPattern extends Error {}

const CLASSES: Readonly<Record<string, CharSet>> = {
  d: DIGITS,
  D: complement(DIGITS),
  w: WORDS,
  W: complement(WORDS),
  s: SPACES,
  S: complement(SPACES),
};
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, '0': 0 };

/**
 * Parses a pattern that `RegExp` takes with the flag `u`.
 *
 * @throws UnsupportedPattern for references to groups, looking around, and flags inside
 */
export function parsePattern(pattern: string): PatternNode {
  return new Parser(pattern).choice();
}

class Parser {
  readonly #points: readonly string[];
  #at = 0;

  constructor(pattern: string) {
    this.#points = Array.from(pattern);
  }

  choice(): PatternNode {
    const options = [this.#sequence()];
    while (this.#takes('|')) options.push(this.#sequence());
    return options.length === 1 ? (options[0] as PatternNode) : { type: 'choice', options };
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = [];
    for (;;) {
      const next = this.#points[this.#at];
      if (next === undefined || next === '|' || next === ')') return { type: 'sequence', parts };
      parts.push(this.#quantified(this.#atom()));
    }
  }

  #atom(): PatternNode {
    const point = this.#next();
    switch (point) {
      case '^':
        return { type: 'edge', isStart: true };
      case '$':
        return { type: 'edge', isStart: false };
      case '.':
        return chars(complement(LINE_ENDS));
      case '(':
        return this.#group();
      case '[':
        return chars(this.#class());
      case '\\':
        return this.#escape();
      default:
        return chars(one(point));
    }
  }

  #group(): PatternNode {
    if (this.#takes('?')) {
      const kind = this.#next();
      const isNamed = kind === '<' && !['=', '!'].includes(this.#points[this.#at] ?? '');
      if (isNamed) while (this.#next() !== '>');
      else if (kind !== ':') throw new UnsupportedPattern('must not look around or set flags');
    }
    const body = this.choice();
    this.#next();
    return body;
  }

  #quantified(body: PatternNode): PatternNode {
    const [min, max] = this.#bounds() ?? [1, 1];
    if (min === 1 && max === 1) return body;
    // Lazy or not, all that can be tried is tried.
    this.#takes('?');
    return { type: 'repeat', body, min, max };
  }

  #bounds(): readonly [min: number, max: number] | null {
    if (this.#takes('*')) return [0, Number.POSITIVE_INFINITY];
    if (this.#takes('+')) return [1, Number.POSITIVE_INFINITY];
    if (this.#takes('?')) return [0, 1];
    if (!this.#takes('{')) return null;
    const [min = '', max = min] = this.#upTo('}').split(',');
    return [Number(min), max === '' ? Number.POSITIVE_INFINITY : Number(max)];
  }

  #escape(): PatternNode {
    const point = this.#points[this.#at] ?? '';
    if (point === 'b' || point === 'B') {
      this.#at += 1;
      return { type: 'edge', isStart: false };
    }
    if (/[1-9k]/.test(point)) throw new UnsupportedPattern('must not refer to its groups');
    return chars(this.#escaped());
  }

  /** What follows a backslash, in a class or outside. */
  #escaped(): CharSet {
    const point = this.#next();
    if (Object.hasOwn(CLASSES, point)) return CLASSES[point] as CharSet;
    if (Object.hasOwn(CONTROLS, point)) return pointOf(CONTROLS[point] as number);
    switch (point) {
      case 'p':
      case 'P':
        this.#upTo('}');
        return ALL;
      case 'b':
        return pointOf(8);
      case 'c':
        return pointOf((this.#next().codePointAt(0) as number) % 32);
      case 'x':
        return this.#hex(2);
      case 'u':
        if (!this.#takes('{')) return this.#hex(4);
        return pointOf(Number.parseInt(this.#upTo('}'), 16));
      default:
        return one(point);
    }
  }

  #hex(digits: number): CharSet {
    let text = '';
    for (let i = 0; i < digits; i++) text += this.#next();
    return pointOf(Number.parseInt(text, 16));
  }

  #class(): CharSet {
    const isNegated = this.#takes('^');
    const sets: CharSet[] = [];
    while (!this.#takes(']')) {
      const first = this.#member();
      const isRange = this.#points[this.#at] === '-' && this.#points[this.#at + 1] !== ']';
      if (!isRange) {
        sets.push(first);
        continue;
      }
      this.#at += 1;
      const last = this.#member();
      sets.push([[first[0]?.[0] ?? 0, last.at(-1)?.[1] ?? 0]]);
    }
    const set = union(...sets);
    return isNegated ? complement(set) : set;
  }

  #member(): CharSet {
    const point = this.#next();
    return point === '\\' ? this.#escaped() : one(point);
  }

  #upTo(end: string): string {
    let text = '';
    for (let point = this.#next(); point !== end; point = this.#next()) text += point;
    return text;
  }

  #takes(point: string): boolean {
    if (this.#points[this.#at] !== point) return false;
    this.#at += 1;
    return true;
  }

  #next(): string {
    const point = this.#points[this.#at];
    if (point === undefined) throw new UnsupportedPattern('must be a regular expression');
    this.#at += 1;
    return point;
  }
}

function chars(set: CharSet): PatternNode {
  return { type: 'chars', set };
}

function one(point: string): CharSet {
  return pointOf(point.codePointAt(0) as number);
}

function pointOf(point: number): CharSet {
  return 0xd8_00 <= point && point <= 0xdf_ff ? SURROGATES : [[point, point]];
}
