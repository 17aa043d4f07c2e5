/**
 * What a statement unrolls to at least, found without unrolling it: a few lines can stand for more
 * than any machine holds, and are refused before the first gate.
 *
 * Rounds, calls and definitions are counted where they are known, each body once where its work does
 * not depend on values; what only the run or the reader knows counts as little as it can be. So the
 * bound is never too high, and takes a few milliseconds at most.
 */
import type {
  DefStatementNode,
  ExpressionNode,
  ForStatementNode,
  GateCallNode,
  Name,
  OperandNode,
  StatementNode,
  ValueNode,
} from './ast.ts';
import { mentions, writtenNames } from './assigned-names.ts';
import { UNROLLED_MAX } from './control-flow.ts';
import { countedRounds, loopValues, type LoopValues } from './counted-rounds.ts';
import type { Elaborator, GateDefinition } from './elaborator.ts';
import {
  barrier,
  isOneOf,
  isShort,
  measured,
  oneGate,
  restore,
  withModifiers,
  type Body,
} from './gate-work.ts';
import { standardGates } from './standard-gates.ts';
import {
  assigned,
  definitionFrame,
  Frame,
  isNoExpression,
  keyOf,
  lookupIn,
  sizeOf,
  touch,
} from './static-frame.ts';
import { asDeclared, sizeFrom, staticValue, type StaticValue } from './static-value.ts';
import {
  emitted,
  endOf,
  handled,
  laterEnd,
  leaving,
  NOTHING,
  plus,
  times,
  type End,
  type Work,
} from './work.ts';

const NO_BODY: Body = { work: NOTHING, isWhole: false, reach: 0 };
/** Statements looked at for one bound: most, fewest, and on the whole for each step of the reader. */
const VISITS_MAX = 20_000;
const VISITS_MIN = 500;
const VISITS_PER_STEP = 2;
const DEPTH_MAX = 400;
const CALLS_MAX = 64;

export class WorkBound {
  readonly #e: Elaborator;
  readonly #isRecognized: (definition: GateDefinition) => boolean;
  readonly #bodies = new Map<GateDefinition | DefStatementNode, Body>();
  readonly #calls = new Map<string, Body>();
  #visits = 0;
  #visitsMax = 0;
  #depth = 0;
  #callDepth = 0;
  /** Decisions that values unknown here have a say in. */
  #open = 0;

  constructor(e: Elaborator, isRecognized: (definition: GateDefinition) => boolean) {
    this.#e = e;
    this.#isRecognized = isRecognized;
  }

  /**
   * The least steps and operations of a statement that the reader is at; `isWhole` when no value had a
   * say that is not known, `extra` statements looked at beyond the reader's own pace.
   */
  of(node: StatementNode): {
    readonly work: Work;
    readonly isWhole: boolean;
    readonly extra: number;
  } {
    const { scope, gateOrder, limits, stepsLeft } = this.#e;
    const [before, open] = [this.#visits, this.#open];
    const spare = VISITS_MAX + VISITS_PER_STEP * (limits.stepsMax - stepsLeft) - before;
    this.#visitsMax = before + Math.max(VISITS_MIN, Math.min(VISITS_MAX, spare));
    const frame = new Frame(null, { scope, isDefinition: false, order: gateOrder });
    const work = this.#statement(node, frame);
    const extra = Math.max(0, this.#visits - before - Math.max(0, spare));
    return { work, isWhole: this.#open === open, extra };
  }

  #statement(node: StatementNode, frame: Frame): Work {
    this.#visits += 1;
    if (this.#visits > this.#visitsMax || this.#depth >= DEPTH_MAX) return this.#cutOff();
    this.#depth += 1;
    try {
      return plus({ steps: 1, operations: 0, end: 'normal' }, this.#effect(node, frame));
    } finally {
      this.#depth -= 1;
    }
  }

  /** Nothing is known of the rest. */
  #cutOff(): Work {
    this.#open += 1;
    return NOTHING;
  }

  #effect(node: StatementNode, frame: Frame): Work {
    switch (node.kind) {
      case 'scope':
        return this.#row(node.statements, frame.inner());
      case 'box':
        return this.#row(node.body.statements, frame.inner());
      case 'break':
      case 'end':
        return { ...NOTHING, end: 'leave' };
      case 'continue':
        return { ...NOTHING, end: 'continue' };
      case 'return':
        return { ...this.#value(node.value, frame), end: 'leave' };
      case 'if':
        return this.#branches(node, frame);
      case 'for':
        return this.#for(node, frame);
      case 'while':
        return this.#while(node, frame);
      case 'switch':
        return this.#switch(node, frame);
      case 'gate-call':
        return this.#gateCall(node, frame);
      default:
        return this.#simple(node, frame);
    }
  }

  /** A statement that always goes on with the next one. */
  #simple(node: StatementNode, frame: Frame): Work {
    switch (node.kind) {
      case 'reset':
        return emitted(sizeOf(node.operand, frame));
      case 'barrier':
        return frame.isGate ? NOTHING : barrier(node.operands, frame, this.#e.qubits);
      case 'arrow':
        if (node.target !== null && node.value.kind === 'measure') measured(node.target, frame);
        return this.#value(node.value, frame);
      case 'declare':
        return this.#declaration(node, frame);
      case 'assign': {
        const work = this.#value(node.value, frame);
        const { name, indices } = node.target;
        const before = frame.find(name.text);
        if (before?.kind === 'register') {
          if (node.value.kind === 'measure') measured(node.target, frame);
          else frame.set(name.text, { ...before, isMeasured: false });
          return plus(work, handled(indices.length === 0 ? before.size : 0));
        }
        frame.set(name.text, assigned(node, before, frame));
        return work;
      }
      case 'expression':
        return this.#expression(node.expression, frame);
      case 'alias':
        frame.names.set(node.name.text, null);
        return NOTHING;
      default:
        return NOTHING;
    }
  }

  #declaration(node: StatementNode & { kind: 'declare' }, frame: Frame): Work {
    const { name, type, value } = node;
    const work = this.#value(value, frame);
    const lookup = lookupIn(frame);
    if (type.kind === 'array-type') {
      frame.names.set(name.text, null);
      const sizes = type.dimensions.map((size) => sizeFrom(size, lookup));
      return plus(work, handled(sizes.reduce((product, size) => product * size, 1)));
    }
    if (type.name === 'bit' && type.size !== null) {
      const size = sizeFrom(type.size, lookup);
      frame.names.set(name.text, { kind: 'register', size, isQubits: false, isMeasured: false });
      return plus(work, handled(size));
    }
    const isExpression = value !== null && !isNoExpression(value);
    const first = isExpression ? staticValue(value, lookup) : null;
    frame.names.set(name.text, asDeclared(type, first, lookup));
    return work;
  }

  #row(nodes: readonly StatementNode[], frame: Frame): Work {
    let sum = NOTHING;
    for (const node of nodes) {
      sum = plus(sum, this.#statement(node, frame));
      if (sum.end !== 'normal') break;
    }
    return sum;
  }

  #branches(node: StatementNode & { kind: 'if' }, frame: Frame): Work {
    const asked = this.#expression(node.condition, frame);
    const condition = staticValue(node.condition, lookupIn(frame));
    if (condition?.kind === 'measured') return plus(asked, this.#bothBranches(node, frame));
    if (condition?.kind === 'bool') {
      const taken = condition.value ? node.then : node.otherwise;
      return taken === null ? asked : plus(asked, this.#statement(taken, frame.inner()));
    }
    this.#open += 1;
    const { other, then } = this.#eachBranch(node, frame);
    return plus(asked, {
      steps: Math.min(then.steps, other.steps),
      operations: Math.min(then.operations, other.operations),
      end: laterEnd(then.end, other.end),
    });
  }

  /** What the run decides on is in the circuit in any case; where each branch jumps, all of it ends. */
  #bothBranches(node: StatementNode & { kind: 'if' }, frame: Frame): Work {
    const { other, then } = this.#eachBranch(node, frame);
    const isLeft = then.end !== 'normal' && other.end !== 'normal';
    return { ...plus(then, other), end: isLeft ? laterEnd(then.end, other.end) : 'normal' };
  }

  /** Both branches by themselves: what one writes is not known in the other, nor after them. */
  #eachBranch(
    node: StatementNode & { kind: 'if' },
    frame: Frame,
  ): { readonly then: Work; readonly other: Work } {
    const touched = new Set(frame.touched);
    const branch = (of: StatementNode | null): Work => {
      this.#forget(node, frame);
      return of === null ? NOTHING : this.#statement(of, frame.inner());
    };
    const both = { then: branch(node.then), other: branch(node.otherwise) };
    this.#forget(node, frame);
    restore(frame.touched, touched);
    return both;
  }

  /** The case that a known value chooses. */
  #switch(node: StatementNode & { kind: 'switch' }, frame: Frame): Work {
    const lookup = lookupIn(frame);
    const on = staticValue(node.on, lookup);
    for (const { body, labels } of node.cases) {
      const isTaken = labels === null || isOneOf(on, labels, lookup);
      if (isTaken === null) break;
      if (isTaken) return this.#statement(body, frame.inner());
    }
    return this.#unknown(node, frame);
  }

  /** Nothing is said about a statement but where it may lead. */
  #unknown(node: StatementNode, frame: Frame): Work {
    this.#open += 1;
    this.#forget(node, frame);
    return { ...NOTHING, end: endOf(node) };
  }

  /** Names that a statement writes are not known in it, nor after it. */
  #forget(node: StatementNode, frame: Frame): void {
    const names = writtenNames(node);
    this.#visits += names.size;
    for (const name of names) {
      const found = frame.find(name);
      frame.set(name, found?.kind === 'register' ? { ...found, isMeasured: false } : null);
    }
  }

  #for(node: ForStatementNode, frame: Frame): Work {
    const { over, body } = node;
    const lookup = lookupIn(frame);
    const values = loopValues(over, lookup);
    if (values === null) return { ...this.#unknown(body, frame), end: leaving(body) };
    if (values.count === 0) return NOTHING;
    const work = this.#rounds(node, values, frame);
    this.#forget(body, frame);
    return work;
  }

  #rounds(node: ForStatementNode, values: LoopValues, frame: Frame): Work {
    const { body } = node;
    const afterContinue: End = mentions(body, 'break', 'return', 'end') ? 'leave' : 'normal';
    let isAsked = false;
    const round = (value: StaticValue | null): Work => {
      this.#forget(body, frame);
      const inner = frame.inner();
      inner.names.set(node.name.text, asDeclared(node.type, value, lookupIn(frame)));
      const work = this.#statement(body, inner);
      isAsked = inner.isAsked;
      // What follows a `continue` that may be none could leave the loop.
      const end = work.end === 'continue' ? afterContinue : work.end;
      return { ...work, steps: work.steps + values.steps, end };
    };
    const open = this.#open;
    const any = round(null);
    const isSame = this.#open === open || !isAsked;
    if (isSame && any.end === 'normal') return times(any, values.count);
    if (any.end === 'leave') return this.#untilLeft(values, round, leaving(body));
    return this.#eachRound(values, any, round);
  }

  /** Rounds in order, up to one that may be the last. */
  #untilLeft(values: LoopValues, round: (value: StaticValue | null) => Work, end: End): Work {
    let sum = NOTHING;
    for (let k = 0; k < values.count && this.#visits <= this.#visitsMax; k++) {
      const work = round(values.at(k));
      sum = plus(sum, { ...work, end: 'normal' });
      if (work.end === 'leave') return { ...sum, end };
    }
    return this.#visits > this.#visitsMax ? { ...sum, end } : sum;
  }

  /** Rounds of different work, from both ends inwards, as the longest are often there. */
  #eachRound(
    { count, at }: LoopValues,
    any: Work,
    round: (value: StaticValue | null) => Work,
  ): Work {
    let sum = NOTHING;
    let k = 0;
    for (; k < count && this.#visits <= this.#visitsMax; k++) {
      const half = k >> 1;
      sum = plus(sum, round(at(k % 2 === 0 ? count - 1 - half : half)));
    }
    return plus(sum, times(any, count - k));
  }

  #while(node: StatementNode & { kind: 'while' }, frame: Frame): Work {
    const rounds = countedRounds(node, lookupIn(frame));
    this.#forget(node, frame);
    const work = rounds === null ? null : this.#statement(node.body, frame.inner());
    if (rounds === null || work?.end !== 'normal') {
      return { ...this.#unknown(node, frame), end: leaving(node.body) };
    }
    this.#forget(node, frame);
    // One with more rounds becomes a loop of the circuit, once that many are unrolled.
    if (rounds > UNROLLED_MAX) return { ...times(work, UNROLLED_MAX), operations: 0 };
    return times(work, rounds);
  }

  #value(node: ValueNode | null, frame: Frame): Work {
    if (node === null || node.kind === 'array-literal' || node.kind === 'concatenation') {
      return NOTHING;
    }
    if (node.kind === 'measure') return emitted(sizeOf(node.operand, frame));
    if (node.kind === 'quantum-call') {
      return this.#call(node.name, [...(node.args ?? []), ...node.operands], frame);
    }
    return this.#expression(node, frame);
  }

  #expression(node: ExpressionNode, frame: Frame): Work {
    this.#visits += 1;
    const self: Work = { steps: 1, operations: 0, end: 'normal' };
    if (this.#visits > this.#visitsMax || this.#depth >= DEPTH_MAX) return this.#cutOff();
    this.#depth += 1;
    try {
      return plus(self, this.#operands(node, frame));
    } finally {
      this.#depth -= 1;
    }
  }

  #operands(node: ExpressionNode, frame: Frame): Work {
    switch (node.kind) {
      case 'group':
        return this.#expression(node.inner, frame);
      case 'unary':
      case 'cast':
        return this.#expression(node.operand, frame);
      case 'binary': {
        const left = this.#expression(node.left, frame);
        // The right one may not be asked.
        if (node.sign === '&&' || node.sign === '||') return left;
        return plus(left, this.#expression(node.right, frame));
      }
      case 'identifier': {
        const found = frame.find(node.name);
        return found?.kind === 'register' ? handled(found.size) : NOTHING;
      }
      case 'call':
        return this.#call(node.name, node.args, frame);
      default:
        return NOTHING;
    }
  }

  #call(name: Name, args: readonly (ExpressionNode | OperandNode)[], frame: Frame): Work {
    let sum = NOTHING;
    for (const arg of args) {
      // What is handed over by its name is not read.
      const isName = arg.kind === 'indexed-name' || arg.kind === 'identifier';
      if (!isName) sum = plus(sum, this.#expression(arg, frame));
    }
    const symbol = frame.scope.find(name.text);
    if (symbol?.kind !== 'subroutine') return sum;
    const { node } = symbol;
    if (args.length !== node.params.length || this.#callDepth >= CALLS_MAX) {
      return plus(sum, this.#cutOff());
    }
    const lookup = lookupIn(frame);
    const values = args.map((arg): StaticValue | null => {
      if (arg.kind === 'indexed-name')
        return arg.indices.length > 0 ? null : frame.find(arg.name.text);
      return staticValue(arg, lookup);
    });
    const { work } = this.#bodyOf(node, frame, values);
    return plus(sum, { ...work, end: mentions(node.body, 'end') ? work.end : 'normal' });
  }

  /** What a definition does at least, found once where no value has a say, else for each of them. */
  #bodyOf(
    node: DefStatementNode | GateDefinition,
    frame: Frame,
    values: readonly (StaticValue | null)[],
  ): Body {
    const cached = this.#bodies.get(node);
    if (cached?.isWhole === true) return cached;
    const none = values.map(() => null);
    if (cached === undefined) {
      this.#bodies.set(node, NO_BODY);
      const found = this.#definition(node, frame, none);
      this.#bodies.set(node, found);
      if (this.#visits > this.#visitsMax) this.#bodies.delete(node);
      if (found.isWhole) return found;
    }
    const isGate = 'node' in node;
    const key = keyOf(isGate ? node.node.name : node.name, isGate ? 'gate' : 'def', values);
    const known = this.#calls.get(key);
    if (known !== undefined) {
      this.#open += known.isWhole ? 0 : 1;
      return known;
    }
    this.#calls.set(key, NO_BODY);
    const found = this.#definition(node, frame, values);
    if (this.#visits > this.#visitsMax) this.#calls.delete(key);
    else this.#calls.set(key, found);
    return found;
  }

  #definition(
    node: DefStatementNode | GateDefinition,
    frame: Frame,
    values: readonly (StaticValue | null)[],
  ): Body {
    const open = this.#open;
    const isGate = 'node' in node;
    const inner = definitionFrame(node, frame, values);
    this.#callDepth += isGate ? 0 : 1;
    const work = this.#row((isGate ? node.node : node).body.statements, inner);
    this.#callDepth -= isGate ? 0 : 1;
    return { work, isWhole: this.#open === open, reach: inner.touched.size };
  }

  #gateCall(node: GateCallNode, frame: Frame): Work {
    const { name, operands } = node;
    const { gates, program } = this.#e;
    const definition = gates.get(name.text);
    const isKnown = definition !== undefined && definition.order < frame.order;
    if (!isKnown && !standardGates(program.version).has(name.text)) {
      if (name.text === 'gphase') return NOTHING;
      return this.#call(name, [...(node.args ?? []), ...operands], frame);
    }
    const lookup = lookupIn(frame);
    const body = isKnown
      ? this.#gate(
          definition,
          frame,
          (node.args ?? []).map((arg) => staticValue(arg, lookup)),
        )
      : oneGate(operands.length);
    const powered = withModifiers(node, body, lookup);
    const isAll =
      powered.operations > 0 && body.reach >= (isKnown ? definition.node.qubits.length : 1);
    if (isAll) for (const operand of operands) touch(operand, frame);
    const broadcast = Math.max(1, ...operands.map((operand) => sizeOf(operand, frame)));
    return times(powered, broadcast);
  }

  #gate(definition: GateDefinition, frame: Frame, values: readonly (StaticValue | null)[]): Body {
    const { node } = definition;
    if ((node.params?.length ?? 0) !== values.length) return NO_BODY;
    const body = this.#bodyOf(definition, frame, values);
    if (isShort(body.work) && this.#isRecognized(definition)) {
      return oneGate(node.qubits.length);
    }
    return { ...body, work: { ...body.work, steps: body.work.steps + 1, end: 'normal' } };
  }
}
