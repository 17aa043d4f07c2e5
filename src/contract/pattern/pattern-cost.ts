/**
 * What matching a pattern can cost at most, without matching it.
 *
 * An engine that goes back tries, at every place where a pattern can go on in several ways, each of them.
 * Where the next character always tells which (the ways begin with disjoint sets), all but one end at
 * once, and the whole takes steps in proportion to the text. Where it does not, a repetition multiplies
 * the steps by the length of the text; inside another repetition it multiplies them again and again,
 * which is refused. The rest is bounded by the length of what is matched.
 */
import { intersects, NONE, union, type CharSet } from './char-set.ts';
import { parsePattern, UnsupportedPattern, type PatternNode } from './parse-pattern.ts';

export const PATTERN_LENGTH_MAX = 256;
/** Steps that one pattern may take on the shortest text it must be good for. */
const STEPS_MAX = 1_000_000;
const TEXT_LENGTH_MIN = 64;
const DEGREE_MAX = 3;
/** Repetitions with more ways to end than this count as without bound. */
const WIDE = 8;

/** Of all patterns of names in one schema: each character of a name costs so many steps. */
export const PATTERNS_WEIGHT_MAX = 48;

/** Steps on a text of n characters are at most `weight` · n^`degree` / `degree`!. */
export interface PatternCost {
  readonly weight: number;
  readonly degree: number;
}

export type CostOrFault = PatternCost | { readonly fault: string };

/** The cost of a pattern that `RegExp` takes with the flag `u`, or why it is refused. */
export function costOfPattern(pattern: string): CostOrFault {
  if (pattern.length > PATTERN_LENGTH_MAX)
    return { fault: `must have at most ${PATTERN_LENGTH_MAX} characters, got ${pattern.length}` };
  try {
    const root = parsePattern(pattern);
    const count = new Ways();
    count.look(root, NONE, false);
    const isAnchored = beginsAtStart(root);
    const degree = 1 + count.degree + (!isAnchored && count.isWide ? 1 : 0);
    const attempt = isAnchored ? nodesOf(root) : Math.max(nodesOf(root), lengthOf(root));
    const cost = { weight: count.factor * attempt, degree };
    if (degree <= DEGREE_MAX && stepsOf(cost, TEXT_LENGTH_MIN) <= STEPS_MAX) return cost;
    return { fault: 'must not have so many repetitions that can take the same characters' };
  } catch (error) {
    if (error instanceof UnsupportedPattern) return { fault: error.message };
    throw error;
  }
}

/** Most steps that a match takes on a text of so many characters. */
export function stepsOf({ degree, weight }: PatternCost, length: number): number {
  let steps = weight;
  for (let power = 1; power <= degree; power++) steps = (steps * (length + power)) / power;
  return steps;
}

/** Gathers in how many ways a pattern can be gone through. */
class Ways {
  degree = 0;
  factor = 1;
  isWide = false;

  /** @param follow - what can come behind the node, also in the next round of what repeats it */
  look(node: PatternNode, follow: CharSet, isRepeated: boolean): void {
    switch (node.type) {
      case 'chars':
      case 'edge':
        return;
      case 'sequence':
        this.#sequence(node.parts, follow, isRepeated);
        return;
      case 'choice':
        this.#choice(node.options, follow, isRepeated);
        return;
      default:
        this.#repeat(node, follow, isRepeated);
    }
  }

  #sequence(parts: readonly PatternNode[], follow: CharSet, isRepeated: boolean): void {
    let after = follow;
    for (const part of parts.toReversed()) {
      this.look(part, after, isRepeated);
      after = isEmptyable(part) ? union(firstOf(part), after) : firstOf(part);
    }
  }

  #choice(options: readonly PatternNode[], follow: CharSet, isRepeated: boolean): void {
    let seen = NONE;
    let isClear = true;
    for (const option of options) {
      const first = isEmptyable(option) ? union(firstOf(option), follow) : firstOf(option);
      if (intersects(first, seen)) isClear = false;
      seen = union(seen, first);
      this.look(option, follow, isRepeated);
    }
    if (isClear) return;
    if (isRepeated)
      throw new UnsupportedPattern('must not repeat a choice whose options begin alike');
    this.factor *= options.length;
  }

  #repeat(
    { body, max, min }: Extract<PatternNode, { type: 'repeat' }>,
    follow: CharSet,
    isRepeated: boolean,
  ): void {
    if (max > 1 && isEmptyable(body))
      throw new UnsupportedPattern('must not repeat what may be empty');
    const first = firstOf(body);
    const isWide = max - min > WIDE;
    if (isWide) this.isWide = true;
    if (max > min && (intersects(first, follow) || isEmptyable(body))) {
      if (isRepeated)
        throw new UnsupportedPattern('must not repeat a repetition that can take what follows it');
      if (isWide) this.degree += 1;
      else this.factor *= max - min + 1;
    }
    this.look(body, max > 1 ? union(follow, first) : follow, isRepeated || max > 1);
  }
}

/** What a match of the node can begin with. */
function firstOf(node: PatternNode): CharSet {
  switch (node.type) {
    case 'chars':
      return node.set;
    case 'edge':
      return NONE;
    case 'choice':
      return union(...node.options.map(firstOf));
    case 'repeat':
      return node.max === 0 ? NONE : firstOf(node.body);
    default: {
      const end = node.parts.findIndex((part) => !isEmptyable(part));
      const parts = end < 0 ? node.parts : node.parts.slice(0, end + 1);
      return union(...parts.map(firstOf));
    }
  }
}

function isEmptyable(node: PatternNode): boolean {
  switch (node.type) {
    case 'chars':
      return false;
    case 'edge':
      return true;
    case 'choice':
      return node.options.some(isEmptyable);
    case 'repeat':
      return node.min === 0 || isEmptyable(node.body);
    default:
      return node.parts.every(isEmptyable);
  }
}

function beginsAtStart(node: PatternNode): boolean {
  if (node.type === 'choice') return node.options.every(beginsAtStart);
  if (node.type === 'sequence') return node.parts[0] !== undefined && beginsAtStart(node.parts[0]);
  return node.type === 'edge' && node.isStart;
}

/** Nodes that one character may be held against before one takes it. */
function nodesOf(node: PatternNode): number {
  switch (node.type) {
    case 'sequence':
      return node.parts.reduce((sum, part) => sum + nodesOf(part), 1);
    case 'choice':
      return node.options.reduce((sum, part) => sum + nodesOf(part), 1);
    case 'repeat':
      return 1 + nodesOf(node.body);
    default:
      return 1;
  }
}

/** Characters that one attempt goes through, repetitions without bound aside. */
function lengthOf(node: PatternNode): number {
  switch (node.type) {
    case 'sequence':
      return node.parts.reduce((sum, part) => sum + lengthOf(part), 0);
    case 'choice':
      return node.options.reduce((sum, part) => sum + lengthOf(part), 0);
    case 'repeat':
      return lengthOf(node.body) * (node.max - node.min > WIDE ? node.min + 1 : node.max);
    default:
      return 1;
  }
}
