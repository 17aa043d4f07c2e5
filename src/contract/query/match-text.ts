/** Whether texts fit values, in time linear in the text, whatever the value. */
import type { QueryTerm, QueryValue } from './query-ast.ts';

export type TextTest = (text: string) => boolean;

/** Where a piece of text begins at or after `from`; -1 where nowhere. */
type Find = (text: string, from: number) => number;

/** The engine's own search may take text times piece: it is for pieces whose length is a small factor. */
const SHORT_PIECE_MAX = 32;
/** Values that are compared one by one; more are looked up. */
const COMPARED_MAX = 4;

/** A test for the values of a term of texts. */
export function textTest({ operator, values }: Pick<QueryTerm, 'operator' | 'values'>): TextTest {
  const exact = operator === ':' ? values.flatMap(exactText) : [];
  const tests = exact.length > 0 ? [equalTest(exact)] : [];
  for (const value of values) {
    if (value.type === 'any') tests.push(() => true);
    if (value.type === 'glob') tests.push(globTest(value.pieces));
    if (value.type === 'text' && operator === '~') tests.push(containsTest(value.text));
  }
  return anyOf(tests);
}

function exactText(value: QueryValue): string[] {
  return value.type === 'text' ? [value.text] : [];
}

function anyOf(tests: readonly TextTest[]): TextTest {
  const [first] = tests;
  if (tests.length === 1 && first !== undefined) return first;
  return (text) => {
    for (const test of tests) if (test(text)) return true;
    return false;
  };
}

function equalTest(texts: readonly string[]): TextTest {
  const [first] = texts;
  if (texts.length === 1) return (text) => text === first;
  if (texts.length <= COMPARED_MAX) return (text) => texts.includes(text);
  const known = new Set(texts);
  return (text) => known.has(text);
}

/** Whether a text contains the value, whatever the case. */
export function containsTest(value: string): TextTest {
  const find = finder(value.toLowerCase());
  return (text) => find(text.toLowerCase(), 0) >= 0;
}

/**
 * Whether a text is the pieces in their order, the first at its start and the last at its end.
 *
 * Each piece is taken where it first fits: with stars only, no later place could do better, and so
 * nothing is ever looked at twice.
 */
function globTest(pieces: readonly string[]): TextTest {
  const first = pieces[0] ?? '';
  const last = pieces.at(-1) ?? '';
  const middle = pieces.slice(1, -1).map((piece) => ({ find: finder(piece), of: piece.length }));
  const lengthMin = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return (text) => {
    if (text.length < lengthMin || !text.startsWith(first) || !text.endsWith(last)) return false;
    const end = text.length - last.length;
    let at = first.length;
    for (const { find, of } of middle) {
      const found = find(text, at);
      if (found < 0 || found + of > end) return false;
      at = found + of;
    }
    return true;
  };
}

function finder(piece: string): Find {
  if (piece.length <= SHORT_PIECE_MAX) return (text, from) => text.indexOf(piece, from);
  const fallbacks = fallbacksOf(piece);
  return (text, from) => {
    let matched = 0;
    for (let at = from; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      while (matched > 0 && piece.charCodeAt(matched) !== unit) {
        matched = fallbacks[matched - 1] as number;
      }
      if (piece.charCodeAt(matched) === unit) matched += 1;
      if (matched === piece.length) return at - matched + 1;
    }
    return -1;
  };
}

/** For each beginning of `piece`, how much of its end is a beginning too (Knuth, Morris, Pratt 1977). */
function fallbacksOf(piece: string): Uint16Array {
  const fallbacks = new Uint16Array(piece.length);
  let matched = 0;
  for (let at = 1; at < piece.length; at++) {
    const unit = piece.charCodeAt(at);
    while (matched > 0 && piece.charCodeAt(matched) !== unit) {
      matched = fallbacks[matched - 1] as number;
    }
    if (piece.charCodeAt(matched) === unit) matched += 1;
    fallbacks[at] = matched;
  }
  return fallbacks;
}
