/** Programs as the trees that OpenQASM's own grammar gives them, rule by rule, to compare with. */
import type {
  ArrayLiteralNode,
  ArrayReferenceNode,
  ArrayTypeNode,
  ExpressionNode,
  IndexNode,
  ModifierNode,
  Name,
  OldTypeNode,
  OperandNode,
  ParameterNode,
  ProgramNode,
  QubitTypeNode,
  RangeNode,
  ScalarTypeNode,
  ScopeNode,
  SetNode,
  StatementNode,
  ValueNode,
} from '../../src/quantum/qasm/ast.ts';
import type { Span } from '../../src/quantum/qasm/source-text.ts';

/** A token, or a rule's name before what it is made of. */
type Tree = string | Branch;
interface Branch extends ReadonlyArray<Tree> {
  readonly 0: string;
}

/** The tree as text: one rule or token in a line, two blanks for each level. */
export function referenceTree(program: ProgramNode): string {
  const lines: string[] = [];
  const write = (tree: Tree, depth: number): void => {
    const [head = '', ...children] = typeof tree === 'string' ? [tree] : tree;
    lines.push(`${'  '.repeat(depth)}${head as string}`);
    for (const child of children) write(child, depth + 1);
  };
  write(new Writer(program.source).program(program), 0);
  return lines.join('\n');
}

class Writer {
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  program({ header, statements }: ProgramNode): Tree {
    const version: Tree[] = header === null ? [] : [['version', 'OPENQASM', header.text, ';']];
    return ['program', ...version, ...statements.map((s) => this.#statementOrScope(s)), '<EOF>'];
  }

  #text({ start, end }: Span): string {
    return this.#source.slice(start, end);
  }

  /** Items with their commas, the last one's as well where the source has it. */
  #list<T extends Span>(items: readonly T[], tree: (item: T) => Tree): Tree[] {
    const last = items.at(-1);
    const trees = items.flatMap((item, k): Tree[] => (k === 0 ? [tree(item)] : [',', tree(item)]));
    if (last === undefined) return trees;
    const rest = this.#source.slice(last.end).replace(/^(?:\s|\/\/.*|\/\*[^]*?\*\/)+/, '');
    return rest.startsWith(',') ? [...trees, ','] : trees;
  }

  #statementOrScope(node: StatementNode): Tree {
    if (node.kind === 'scope') return ['statementOrScope', this.#scope(node)];
    const annotations = (node.annotations ?? []).map(({ keyword, content }): Tree =>
      content === '' ? ['annotation', keyword] : ['annotation', keyword, content],
    );
    return ['statementOrScope', ['statement', ...annotations, this.#statement(node)]];
  }

  #scope({ statements }: ScopeNode): Tree {
    return ['scope', '{', ...statements.map((s) => this.#statementOrScope(s)), '}'];
  }

  #expression(node: ExpressionNode): Tree {
    switch (node.kind) {
      case 'group':
        return ['expression', '(', this.#expression(node.inner), ')'];
      case 'unary':
        return ['expression', node.sign, this.#expression(node.operand)];
      case 'binary':
        return ['expression', this.#expression(node.left), node.sign, this.#expression(node.right)];
      case 'index':
        return ['expression', this.#expression(node.target), this.#index(node.index)];
      case 'call':
        return ['expression', node.name.text, ...this.#arguments(node.args)];
      case 'cast':
        return ['expression', this.#type(node.type), '(', this.#expression(node.operand), ')'];
      case 'duration-of':
        return ['expression', 'durationof', '(', this.#scope(node.body), ')'];
      default:
        return ['expression', this.#text(node)];
    }
  }

  #arguments(args: readonly ExpressionNode[]): Tree[] {
    return args.length === 0 ? ['(', ')'] : ['(', this.#expressions(args), ')'];
  }

  #expressions(items: readonly ExpressionNode[]): Tree {
    return ['expressionList', ...this.#list(items, (item) => this.#expression(item))];
  }

  #index(node: IndexNode): Tree {
    if (node.kind === 'index-set') return ['indexOperator', '[', this.#set(node.set), ']'];
    const items = this.#list(node.items, (item) => this.#rangeOrExpression(item));
    return ['indexOperator', '[', ...items, ']'];
  }

  #rangeOrExpression(item: ExpressionNode | RangeNode): Tree {
    if (item.kind !== 'range') return this.#expression(item);
    const part = (node: ExpressionNode | null): Tree[] =>
      node === null ? [] : [this.#expression(node)];
    const { from, step, to } = item;
    const rest = step === null ? [':', ...part(to)] : [':', ...part(step), ':', ...part(to)];
    return ['rangeExpression', ...part(from), ...rest];
  }

  #set({ items }: SetNode): Tree {
    return ['setExpression', '{', ...this.#list(items, (item) => this.#expression(item)), '}'];
  }

  #type(node: ScalarTypeNode | ArrayTypeNode): Tree {
    if (node.kind === 'array-type') {
      const { element, dimensions } = node;
      return [
        'arrayType',
        'array',
        '[',
        this.#type(element),
        ',',
        this.#expressions(dimensions),
        ']',
      ];
    }
    const { name, size, component } = node;
    const inner: Tree[] = component === null ? [] : ['[', this.#type(component), ']'];
    return ['scalarType', name, ...this.#designator(size), ...inner];
  }

  #designator(size: ExpressionNode | null): Tree[] {
    return size === null ? [] : [['designator', '[', this.#expression(size), ']']];
  }

  #qubitType({ size }: QubitTypeNode): Tree {
    return ['qubitType', 'qubit', ...this.#designator(size)];
  }

  #arrayReference(node: ArrayReferenceNode): Tree {
    const { access, element, dimensions, dimensionCount } = node;
    const shape: Tree[] =
      dimensions === null
        ? ['#dim', '=', this.#expression(dimensionCount as ExpressionNode)]
        : [this.#expressions(dimensions)];
    return ['arrayReferenceType', access, 'array', '[', this.#type(element), ',', ...shape, ']'];
  }

  #parameter({ type, name }: ParameterNode): Tree {
    switch (type.kind) {
      case 'old-type':
        return ['argumentDefinition', type.name, name.text, ...this.#designator(type.size)];
      case 'qubit-type':
        return ['argumentDefinition', this.#qubitType(type), name.text];
      case 'array-reference-type':
        return ['argumentDefinition', this.#arrayReference(type), name.text];
      case 'scalar-type':
        return ['argumentDefinition', this.#type(type), name.text];
    }
  }

  #externParameter(type: ScalarTypeNode | ArrayReferenceNode | OldTypeNode): Tree {
    if (type.kind === 'old-type')
      return ['externArgument', type.name, ...this.#designator(type.size)];
    const tree = type.kind === 'scalar-type' ? this.#type(type) : this.#arrayReference(type);
    return ['externArgument', tree];
  }

  #returns(type: ScalarTypeNode | null): Tree[] {
    return type === null ? [] : [['returnSignature', '->', this.#type(type)]];
  }

  #indexedName(node: Extract<OperandNode, { kind: 'indexed-name' }>): Tree {
    return [
      'indexedIdentifier',
      node.name.text,
      ...node.indices.map((index) => this.#index(index)),
    ];
  }

  #operand(node: OperandNode): Tree {
    return [
      'gateOperand',
      node.kind === 'indexed-name' ? this.#indexedName(node) : this.#text(node),
    ];
  }

  #operands(nodes: readonly OperandNode[]): Tree[] {
    if (nodes.length === 0) return [];
    return [['gateOperandList', ...this.#list(nodes, (node) => this.#operand(node))]];
  }

  #names(names: readonly Name[]): Tree {
    return ['identifierList', ...this.#list(names, ({ text }) => text)];
  }

  #value(node: ValueNode): Tree {
    switch (node.kind) {
      case 'array-literal':
        return this.#arrayLiteral(node);
      case 'concatenation':
        return ['concatenationExpression', ...this.#joined(node.parts)];
      case 'measure':
        return ['measureExpression', 'measure', this.#operand(node.operand)];
      case 'quantum-call': {
        const args = node.args === null ? [] : this.#arguments(node.args);
        return ['quantumCallExpression', node.name.text, ...args, ...this.#operands(node.operands)];
      }
      default:
        return this.#expression(node);
    }
  }

  #joined(parts: readonly ExpressionNode[]): Tree[] {
    return parts.flatMap((part, k): Tree[] =>
      k === 0 ? [this.#expression(part)] : ['++', this.#expression(part)],
    );
  }

  #arrayLiteral({ items }: ArrayLiteralNode): Tree {
    const tree = (item: ExpressionNode | ArrayLiteralNode): Tree =>
      item.kind === 'array-literal' ? this.#arrayLiteral(item) : this.#expression(item);
    return ['arrayLiteral', '{', ...this.#list(items, tree), '}'];
  }

  #modifier({ kind, argument }: ModifierNode): Tree {
    const inner: Tree[] = argument === null ? [] : ['(', this.#expression(argument), ')'];
    return ['gateModifier', kind, ...inner, '@'];
  }

  #statement(node: StatementNode): Tree {
    switch (node.kind) {
      case 'pragma':
        return ['pragma', node.hasHash ? '#pragma' : 'pragma', node.content];
      case 'include':
        return ['includeStatement', 'include', this.#quoted(node, 'include'), ';'];
      case 'calibration-grammar': {
        const name = this.#quoted(node, 'defcalgrammar');
        return ['calibrationGrammarStatement', 'defcalgrammar', name, ';'];
      }
      case 'break':
      case 'continue':
      case 'end':
        return [`${node.kind}Statement`, node.kind, ';'];
      case 'barrier':
      case 'nop':
        return [`${node.kind}Statement`, node.kind, ...this.#operands(node.operands), ';'];
      case 'reset':
        return ['resetStatement', 'reset', this.#operand(node.operand), ';'];
      case 'expression':
        return ['expressionStatement', this.#expression(node.expression), ';'];
      case 'gate':
      case 'gate-call':
      case 'def':
      case 'extern':
      case 'cal':
      case 'defcal':
      case 'opaque':
        return this.#definition(node);
      case 'declare':
      case 'io':
      case 'old-declare':
      case 'declare-qubits':
      case 'alias':
      case 'assign':
      case 'arrow':
        return this.#declaration(node);
      default:
        return this.#control(node);
    }
  }

  /** The quoted text of a statement, with its quotes. */
  #quoted(node: Span, word: string): string {
    const text = this.#text(node).slice(word.length);
    return text.replace(/;$/, '').trim();
  }

  #definition(
    node: Extract<
      StatementNode,
      { kind: 'gate' | 'gate-call' | 'def' | 'extern' | 'cal' | 'defcal' | 'opaque' }
    >,
  ): Tree {
    const { kind } = node;
    switch (kind) {
      case 'gate': {
        const { name, params, qubits, body } = node;
        const head = params === null ? [] : this.#paramNames(params);
        return [
          'gateStatement',
          'gate',
          name.text,
          ...head,
          this.#names(qubits),
          this.#scope(body),
        ];
      }
      case 'gate-call': {
        const { modifiers, name, args, duration, operands } = node;
        return [
          'gateCallStatement',
          ...modifiers.map((modifier) => this.#modifier(modifier)),
          name.text,
          ...(args === null ? [] : this.#arguments(args)),
          ...this.#designator(duration),
          ...this.#operands(operands),
          ';',
        ];
      }
      case 'def': {
        const { name, params, returns, body } = node;
        const list: Tree = [
          'argumentDefinitionList',
          ...this.#list(params, (param) => this.#parameter(param)),
        ];
        const head: Tree[] = params.length === 0 ? ['(', ')'] : ['(', list, ')'];
        return [
          'defStatement',
          'def',
          name.text,
          ...head,
          ...this.#returns(returns),
          this.#scope(body),
        ];
      }
      case 'extern': {
        const { name, params, returns } = node;
        const list: Tree = [
          'externArgumentList',
          ...this.#list(params, (param) => this.#externParameter(param)),
        ];
        const head: Tree[] = params.length === 0 ? ['(', ')'] : ['(', list, ')'];
        return ['externStatement', 'extern', name.text, ...head, ...this.#returns(returns), ';'];
      }
      case 'cal':
        return ['calStatement', 'cal', '{', ...this.#block(node.content), '}'];
      case 'defcal':
        return this.#defcal(node);
      case 'opaque':
        throw new Error('the grammar of OpenQASM 3 has no opaque gates');
    }
  }

  #paramNames(params: readonly Name[]): Tree[] {
    return params.length === 0 ? ['(', ')'] : ['(', this.#names(params), ')'];
  }

  #block(content: Span): Tree[] {
    const text = this.#text(content);
    return text === '' ? [] : [text];
  }

  #defcal(node: Extract<StatementNode, { kind: 'defcal' }>): Tree {
    const { target, params, operands, returns, content } = node;
    const param = (item: ParameterNode | ExpressionNode): Tree => [
      'defcalArgumentDefinition',
      item.kind === 'parameter' ? this.#parameter(item) : this.#expression(item),
    ];
    const head: Tree[] =
      params === null
        ? []
        : ['(', ['defcalArgumentDefinitionList', ...this.#list(params, param)], ')'];
    const qubits = this.#list(operands, ({ text }): Tree => ['defcalOperand', text]);
    return [
      'defcalStatement',
      'defcal',
      ['defcalTarget', target.text],
      ...head,
      ['defcalOperandList', ...qubits],
      ...this.#returns(returns),
      '{',
      ...this.#block(content),
      '}',
    ];
  }

  #declaration(
    node: Extract<
      StatementNode,
      {
        kind: 'declare' | 'io' | 'old-declare' | 'declare-qubits' | 'alias' | 'assign' | 'arrow';
      }
    >,
  ): Tree {
    switch (node.kind) {
      case 'declare': {
        const { isConst, type, name, value } = node;
        const head: Tree[] = isConst ? ['const'] : [];
        const rule = isConst ? 'constDeclarationStatement' : 'classicalDeclarationStatement';
        const first: Tree[] =
          value === null ? [] : ['=', ['declarationExpression', this.#value(value)]];
        return [rule, ...head, this.#type(type), name.text, ...first, ';'];
      }
      case 'io':
        return [
          'ioDeclarationStatement',
          node.direction,
          this.#type(node.type),
          node.name.text,
          ';',
        ];
      case 'old-declare': {
        const { register, name, size } = node;
        const parts = [register, name.text, ...this.#designator(size), ';'];
        return ['oldStyleDeclarationStatement', ...parts];
      }
      case 'declare-qubits':
        return ['quantumDeclarationStatement', this.#qubitType(node.type), node.name.text, ';'];
      case 'alias': {
        const value: Tree = ['aliasExpression', ...this.#joined(node.parts)];
        return ['aliasDeclarationStatement', 'let', node.name.text, '=', value, ';'];
      }
      case 'assign': {
        const target = this.#indexedName(node.target);
        return ['assignmentStatement', target, node.sign, this.#value(node.value), ';'];
      }
      case 'arrow': {
        const { value, target } = node;
        const arrow: Tree[] = target === null ? [] : ['->', this.#indexedName(target)];
        return ['measureArrowAssignmentStatement', this.#value(value), ...arrow, ';'];
      }
    }
  }

  #control(
    node: Extract<
      StatementNode,
      { kind: 'if' | 'while' | 'for' | 'switch' | 'return' | 'box' | 'delay' | 'scope' }
    >,
  ): Tree {
    switch (node.kind) {
      case 'if': {
        const { condition, then, otherwise } = node;
        const rest: Tree[] = otherwise === null ? [] : ['else', this.#statementOrScope(otherwise)];
        const test = this.#expression(condition);
        return ['ifStatement', 'if', '(', test, ')', this.#statementOrScope(then), ...rest];
      }
      case 'while': {
        const test = this.#expression(node.condition);
        return ['whileStatement', 'while', '(', test, ')', this.#statementOrScope(node.body)];
      }
      case 'for': {
        const { type, name, over, body } = node;
        const values: Tree[] =
          over.kind === 'set'
            ? [this.#set(over)]
            : over.kind === 'range'
              ? ['[', this.#rangeOrExpression(over), ']']
              : [this.#expression(over)];
        const head = ['for', this.#type(type), name.text, 'in', ...values];
        return ['forStatement', ...head, this.#statementOrScope(body)];
      }
      case 'switch': {
        const cases = node.cases.map(({ labels, body }): Tree =>
          labels === null
            ? ['switchCaseItem', 'default', this.#scope(body)]
            : ['switchCaseItem', 'case', this.#expressions(labels), this.#scope(body)],
        );
        return [
          'switchStatement',
          'switch',
          '(',
          this.#expression(node.on),
          ')',
          '{',
          ...cases,
          '}',
        ];
      }
      case 'return': {
        const value = node.value === null ? [] : [this.#value(node.value)];
        return ['returnStatement', 'return', ...value, ';'];
      }
      case 'box':
        return ['boxStatement', 'box', ...this.#designator(node.duration), this.#scope(node.body)];
      case 'delay': {
        const parts = [...this.#designator(node.duration), ...this.#operands(node.operands), ';'];
        return ['delayStatement', 'delay', ...parts];
      }
      case 'scope':
        return this.#scope(node);
    }
  }
}
