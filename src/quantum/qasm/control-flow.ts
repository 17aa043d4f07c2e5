/** Branches and loops: run now where their conditions are known, else emitted. */
import type { Expression } from '../circuit/classical.ts';
import type { Operation } from '../circuit/operation.ts';
import type {
  ExpressionNode,
  ForStatementNode,
  JumpNode,
  PlainStatement,
  StatementNode,
} from './ast.ts';
import { assignedNames, mentions } from './assigned-names.ts';
import { type Elaborator } from './elaborator.ts';
import {
  NeedsEmission,
  type Completion,
  type EmittedLoop,
  type LoopTarget,
} from './jump-targets.ts';
import { conditionOf, evaluateValue } from './evaluate.ts';
import { forValues, runBody } from './loop-values.ts';
import { binary } from './operate.ts';
import { materialize, write } from './places.ts';
import type { Span } from './source-text.ts';
import { BOOL, known, type Value } from './value.ts';
import { convert } from './convert.ts';

/** Rounds of a `while` that are unrolled; one with more is left to the run. */
export const UNROLLED_MAX = 10_000;

type StatementOf<K extends PlainStatement['kind']> = Extract<PlainStatement, { kind: K }>;

/** Brings all into the circuit that these statements may change. */
function materializeAssigned(e: Elaborator, span: Span, nodes: readonly StatementNode[]): void {
  for (const node of nodes) {
    for (const name of assignedNames(node)) {
      const symbol = e.scope.find(name);
      if (symbol === null || symbol.kind === 'subroutine' || symbol.kind === 'extern') continue;
      materialize(e, symbol, span);
    }
  }
}

/** A branch of its own, with names of its own. */
function runBranch(e: Elaborator, node: StatementNode): Completion {
  return e.scoped('block', () => e.parts.execute(e, node));
}

export function runIf(e: Elaborator, node: StatementOf<'if'>): Completion {
  const condition = conditionOf(e, node.condition);
  if (condition === true) return runBranch(e, node.then);
  if (condition === false) {
    return node.otherwise === null ? 'normal' : runBranch(e, node.otherwise);
  }
  const { then, otherwise } = node;
  const branches = otherwise === null ? [then] : [then, otherwise];
  materializeAssigned(e, node, branches);
  return emitBranches(e, node, {
    condition,
    onTrue: () => runBranch(e, then),
    onFalse: () => (otherwise === null ? 'normal' : runBranch(e, otherwise)),
  });
}

function emitBranches(
  e: Elaborator,
  span: Span,
  parts: { condition: Expression; onTrue: () => Completion; onFalse: () => Completion },
): Completion {
  let ended: Completion = 'normal';
  let otherEnded: Completion = 'normal';
  const then = e.collect(() => {
    ended = parts.onTrue();
  });
  const otherwise = e.collect(() => {
    otherEnded = parts.onFalse();
  });
  if (then.length > 0 || otherwise.length > 0) {
    e.emit(span, { kind: 'if', condition: parts.condition, then, otherwise });
  }
  return (ended as Completion) === 'stop' && (otherEnded as Completion) === 'stop'
    ? 'stop'
    : 'normal';
}

export function runSwitch(e: Elaborator, node: StatementOf<'switch'>): Completion {
  const on = e.parts.evaluate(e, node.on);
  const isInteger = on.type.kind === 'int' || on.type.kind === 'bit';
  if (!isInteger) e.fail('QASM_TYPE', node.on, 'a switch is on an integer or bits');
  const bodies = node.cases.map(({ body }) => body);
  const conditions = node.cases.map(({ labels }) =>
    labels === null ? known(BOOL, true) : anyOf(e, on, labels),
  );
  const defaults = node.cases.filter(({ labels }) => labels === null).length;
  const isLast = node.cases.at(-1)?.labels === null;
  if (defaults > 1 || (defaults === 1 && !isLast)) {
    e.fail('QASM_SYNTAX', node, "a switch has one 'default', after its cases");
  }
  if (conditions.some((condition) => condition.known === null)) {
    materializeAssigned(e, node, bodies);
  }
  const from = (k: number): Completion => {
    if (k === bodies.length) return 'normal';
    const condition = conditions[k];
    if (condition.known === true) return runBranch(e, bodies[k]);
    if (condition.known !== null) return from(k + 1);
    return emitBranches(e, node.cases[k], {
      condition: condition.expression,
      onTrue: () => runBranch(e, bodies[k]),
      onFalse: () => e.deeper(node, () => from(k + 1)),
    });
  };
  return from(0);
}

/** Whether a value is one of some constants. */
function anyOf(e: Elaborator, on: Value, labels: readonly ExpressionNode[]): Value {
  let any: Value = known(BOOL, false);
  for (const label of labels) {
    const value = e.parts.evaluate(e, label);
    if (value.known === null) e.unsupported(label, 'a case must not depend on measurements');
    const same = binary('==', on, value);
    const either = typeof same === 'string' ? same : binary('||', any, same);
    if (typeof either === 'string') return e.fail('QASM_TYPE', label, either);
    any = either;
  }
  return any;
}

/** Runs with a loop's target in place. */
function within(e: Elaborator, target: LoopTarget, run: () => Completion): Completion {
  e.loops.push(target);
  try {
    return run();
  } finally {
    e.loops.pop();
  }
}

/** How an unrolled loop goes on after a round: null to go on. */
function afterRound(completion: Completion): Completion | null {
  if (completion === 'break') return 'normal';
  return completion === 'return' || completion === 'stop' ? completion : null;
}

export function runFor(e: Elaborator, node: ForStatementNode): Completion {
  if (!mentions(node.body, 'break', 'continue')) return unrollFor(e, node);
  return e.attempt(node, () => unrollFor(e, node)) ?? emitFor(e, node);
}

function unrollFor(e: Elaborator, node: ForStatementNode): Completion {
  const target = unrolled(node, e.level);
  for (const value of forValues(e, node)) {
    const round = (): Completion => e.parts.execute(e, node.body);
    const end = afterRound(within(e, target, () => runBody(e, node, value, round)));
    if (end !== null) return end;
  }
  return 'normal';
}

function unrolled(node: StatementNode, level: number): LoopTarget {
  return { node, level, breakTo: null, continueTo: null, continueBy: 'break' };
}

/** Rounds after one another inside a loop that runs once: `break` leaves it. */
function emitFor(e: Elaborator, node: ForStatementNode): Completion {
  materializeAssigned(e, node, [node.body]);
  const always: Expression = { kind: 'literal', value: true };
  e.emitLoop(node, always, (outer) => {
    for (const value of forValues(e, node)) {
      if (emitRound(e, node, value, outer) === 'stop') return;
    }
    e.emit(node, { kind: 'break' });
  });
  return 'normal';
}

function emitRound(
  e: Elaborator,
  node: ForStatementNode,
  value: Value,
  outer: EmittedLoop,
): Completion {
  const round = (inner: EmittedLoop | null): Completion => {
    const { level } = e;
    const target: LoopTarget = {
      node,
      level,
      breakTo: outer,
      continueTo: inner,
      continueBy: 'break',
    };
    return within(e, target, () => runBody(e, node, value, () => e.parts.execute(e, node.body)));
  };
  if (!mentions(node.body, 'continue')) return round(null);
  const always: Expression = { kind: 'literal', value: true };
  e.emitLoop(node, always, (inner) => {
    if (round(inner) !== 'stop') e.emit(node, { kind: 'break' });
  });
  return 'normal';
}

export function runWhile(e: Elaborator, node: StatementOf<'while'>): Completion {
  return e.attempt(node, () => unrollWhile(e, node)) ?? emitWhile(e, node);
}

/** Rounds as long as the condition is known; as soon as it is not, the loop is emitted instead. */
function unrollWhile(e: Elaborator, node: StatementOf<'while'>): Completion {
  const target = unrolled(node, e.level);
  const isCounting = changesCondition(node);
  const canEnd = isCounting || mentions(node.body, 'break', 'return', 'end');
  let start = e.operations.length;
  for (let rounds = 0; ; rounds++) {
    const condition = conditionOf(e, node.condition);
    if (condition === false) return 'normal';
    if (condition !== true || !canEnd || rounds === UNROLLED_MAX) throw new NeedsEmission(node);
    // Without a count, a round that the run has a say in may be one of any number.
    if (!isCounting && e.operations.slice(start).some(isUpToTheRun)) throw new NeedsEmission(node);
    start = e.operations.length;
    const end = afterRound(within(e, target, () => runBranch(e, node.body)));
    if (end !== null) return end;
  }
}

function isUpToTheRun({ kind }: Operation): boolean {
  return kind === 'measure' || kind === 'if' || kind === 'while';
}

/** True when the body may change what the condition looks at. */
function changesCondition(node: StatementOf<'while'>): boolean {
  const assigned = assignedNames(node.body);
  const open: unknown[] = [node.condition];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null) continue;
    if ('kind' in next && next.kind === 'call') return true;
    if ('kind' in next && next.kind === 'identifier' && 'name' in next) {
      if (assigned.has(String(next.name))) return true;
    }
    open.push(...Object.values(next));
  }
  return false;
}

function emitWhile(e: Elaborator, node: StatementOf<'while'>): Completion {
  materializeAssigned(e, node, [node.body]);
  let condition: boolean | Expression = true;
  const before = e.collect(() => {
    condition = conditionOf(e, node.condition);
  });
  const known = condition as boolean | Expression;
  if (known === false) return 'normal';
  const asked: Expression = known === true ? { kind: 'literal', value: true } : known;
  const always: Expression = { kind: 'literal', value: true };
  e.emitLoop(node, before.length === 0 ? asked : always, (loop) => {
    if (before.length > 0) {
      // What the condition measures is measured in each round.
      for (const operation of before) e.emit(node, operation);
      const otherwise = [{ kind: 'break' } as const];
      e.emit(node, { kind: 'if', condition: asked, then: [], otherwise });
    }
    const { level } = e;
    const target: LoopTarget = {
      node,
      level,
      breakTo: loop,
      continueTo: loop,
      continueBy: 'continue',
    };
    within(e, target, () => runBranch(e, node.body));
  });
  return 'normal';
}

export function runJump(e: Elaborator, node: JumpNode): Completion {
  const { kind } = node;
  if (kind === 'end') {
    if (e.level > 0) e.emit(node, { kind: 'end' });
    return 'stop';
  }
  const target = e.loops.at(-1);
  if (target === undefined) return e.fail('QASM_SYNTAX', node, `'${kind}' stands in a loop`);
  if (target.breakTo === null) {
    if (e.level === target.level) return kind;
    throw new NeedsEmission(target.node);
  }
  if (kind === 'break') return e.jump(node, target.breakTo, 'break');
  // Only a loop without `continue` has no place for it.
  return e.jump(node, target.continueTo ?? target.breakTo, target.continueBy);
}

export function runReturn(e: Elaborator, node: StatementOf<'return'>): Completion {
  const { call } = e;
  if (call === null) return e.fail('QASM_SYNTAX', node, "'return' stands in a subroutine");
  const value = node.value === null ? null : evaluateValue(e, node.value);
  if ((value === null) !== (call.type === null)) {
    const message = call.type === null ? 'returns no value' : 'returns a value';
    e.fail('QASM_TYPE', node, `this subroutine ${message}`);
  }
  const result = value === null || call.type === null ? null : convert(value, call.type);
  if (value !== null && result === null) {
    e.fail('QASM_TYPE', node, 'the value must be of the type that the subroutine returns');
  }
  if (call.exit === null) {
    if (e.level !== call.level) throw new NeedsEmission(call.node);
    call.value = result;
    return 'return';
  }
  if (result !== null && call.holder !== null) write(e, node, call.holder, result);
  return e.jump(node, call.exit, 'break');
}
