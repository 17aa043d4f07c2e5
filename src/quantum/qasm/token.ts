import type { Span } from './source-text.ts';

/** `symbol` and `keyword` are told apart by their text. */
export type TokenKind =
  | 'identifier'
  | 'keyword'
  | 'symbol'
  | 'int'
  | 'float'
  | 'imaginary'
  | 'timing'
  | 'string'
  | 'hardware-qubit'
  | 'annotation'
  | 'pragma'
  | 'end';

export interface Token extends Span {
  readonly kind: TokenKind;
  /** As written. */
  readonly text: string;
}

/** Languages that are read: by the header's version. */
export type QasmVersion = 2 | 3;

/** Words that cannot be names in OpenQASM 2. */
export const KEYWORDS_2: ReadonlySet<string> = new Set([
  'OPENQASM',
  'include',
  'qreg',
  'creg',
  'gate',
  'opaque',
  'measure',
  'reset',
  'barrier',
  'if',
]);

/** Words that cannot be names in OpenQASM 3. */
export const KEYWORDS_3: ReadonlySet<string> = new Set(
  (
    'OPENQASM include defcalgrammar def cal defcal gate extern box let break continue if else end ' +
    'return for while in switch case default nop input output const readonly mutable qreg qubit ' +
    'creg bool bit int uint float angle complex array void duration stretch gphase inv pow ctrl ' +
    'negctrl durationof delay reset measure barrier true false im'
  ).split(' '),
);

/** What a token is called in a message. */
export function describeToken({ kind, text }: Token): string {
  if (kind === 'end') return 'the end of the program';
  if (kind === 'annotation' || kind === 'pragma') return kind;
  return `'${text}'`;
}
