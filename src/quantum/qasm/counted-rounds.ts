/** Rounds of loops that are known before a program is read. */
import type { ExpressionNode, ForStatementNode, StatementNode } from './ast.ts';
import { mentions, writtenNames } from './assigned-names.ts';
import { staticValue, type Lookup, type StaticValue } from './static-value.ts';

/**
 * Rounds of a `while` that counts: one variable, changed in one place of its body by a known step.
 *
 * @returns null where the loop is of another form
 */
export function countedRounds(
  { condition, body }: StatementNode & { kind: 'while' },
  lookup: Lookup,
): number | null {
  if (body.kind !== 'scope' || mentions(body, 'break', 'continue', 'return', 'end')) return null;
  const asked = condition.kind === 'group' ? condition.inner : condition;
  if (asked.kind !== 'binary' || asked.left.kind !== 'identifier') return null;
  const { name } = asked.left;
  const written = writtenNames(body);
  const fixed: Lookup = (wanted) => (written.has(wanted) ? null : lookup(wanted));
  const [start, end] = [lookup(name), staticValue(asked.right, fixed)];
  const step = stepOf(body.statements, name, fixed);
  if (start?.kind !== 'int' || end?.kind !== 'int' || step === null) return null;
  const distance = end.value - start.value;
  switch (asked.sign) {
    case '<':
      return step > 0 ? Math.max(0, Math.ceil(distance / step)) : null;
    case '<=':
      return step > 0 ? Math.max(0, Math.floor(distance / step) + 1) : null;
    case '>':
      return step < 0 ? Math.max(0, Math.ceil(distance / step)) : null;
    case '>=':
      return step < 0 ? Math.max(0, Math.floor(distance / step) + 1) : null;
    case '!=':
      return distance % step === 0 && distance / step >= 0 ? distance / step : null;
    default:
      return null;
  }
}

/** What each round adds to a variable, or null. */
function stepOf(body: readonly StatementNode[], name: string, lookup: Lookup): number | null {
  const writing = body.filter((statement) => writtenNames(statement).has(name));
  const [only] = writing;
  if (writing.length !== 1 || only.kind !== 'assign' || only.target.indices.length > 0) return null;
  const isKnownSign = only.sign === '+=' || only.sign === '-=';
  const { value } = only;
  if (!isKnownSign || value.kind === 'array-literal' || value.kind === 'concatenation') return null;
  if (value.kind === 'measure' || value.kind === 'quantum-call') return null;
  const by = staticValue(value, lookup);
  if (by?.kind !== 'int' || by.value === 0) return null;
  return only.sign === '+=' ? by.value : -by.value;
}

export interface LoopValues {
  readonly count: number;
  /** Steps that finding one takes. */
  readonly steps: number;
  /** The k-th, or null where it is not known. */
  readonly at: (k: number) => StaticValue | null;
}

export function loopValues(over: ForStatementNode['over'], lookup: Lookup): LoopValues | null {
  if (over.kind === 'set') {
    const values = over.items.map((item) => staticValue(item, lookup));
    return { count: values.length, steps: 1, at: (k) => values[k] };
  }
  if (over.kind !== 'range') {
    const found = over.kind === 'identifier' ? lookup(over.name) : null;
    if (found?.kind !== 'register' || found.isQubits) return null;
    return { count: found.size, steps: 0, at: () => null };
  }
  const end = (node: ExpressionNode | null): number | null => {
    const value = node === null ? null : staticValue(node, lookup);
    return value?.kind === 'int' ? value.value : null;
  };
  const [from, to, step] = [end(over.from), end(over.to), over.step === null ? 1 : end(over.step)];
  if (from === null || to === null || step === null || step === 0) return null;
  const count = Math.max(0, Math.floor((to - from) / step) + 1);
  const { MAX_SAFE_INTEGER: max } = Number;
  return {
    count,
    steps: 1,
    at: (k) => ({ kind: 'int', value: from + k * step, min: -max, max }),
  };
}
