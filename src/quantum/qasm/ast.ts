/**
 * Programs of OpenQASM 2 and 3 as trees, close to the grammar; what a tree means is found out later.
 *
 * Every node has its stretch of source.
 */
import type { Span } from './source-text.ts';
import type { QasmVersion } from './token.ts';

export interface Name extends Span {
  readonly text: string;
}

export type UnarySign = '-' | '~' | '!';
export type BinarySign =
  | '**'
  | '*'
  | '/'
  | '%'
  | '+'
  | '-'
  | '<<'
  | '>>'
  | '<'
  | '<='
  | '>'
  | '>='
  | '=='
  | '!='
  | '&'
  | '^'
  | '|'
  | '&&'
  | '||';

export interface RangeNode extends Span {
  readonly kind: 'range';
  readonly from: ExpressionNode | null;
  readonly step: ExpressionNode | null;
  readonly to: ExpressionNode | null;
}

export interface SetNode extends Span {
  readonly kind: 'set';
  readonly items: readonly ExpressionNode[];
}

/** What stands between the brackets of one `[…]`. */
export type IndexNode = Span &
  (
    | { readonly kind: 'index-set'; readonly set: SetNode }
    | { readonly kind: 'index-list'; readonly items: readonly (ExpressionNode | RangeNode)[] }
  );

export type ExpressionNode = Span &
  (
    | { readonly kind: 'group'; readonly inner: ExpressionNode }
    | { readonly kind: 'identifier'; readonly name: string }
    | { readonly kind: 'hardware-qubit'; readonly qubit: number }
    | { readonly kind: 'int'; readonly value: bigint }
    | { readonly kind: 'float'; readonly value: number }
    | { readonly kind: 'imaginary'; readonly value: number }
    | { readonly kind: 'bool'; readonly value: boolean }
    /** Digits 0 and 1 alone, the most significant first. */
    | { readonly kind: 'bitstring'; readonly digits: string }
    | { readonly kind: 'timing'; readonly value: number; readonly unit: TimeUnit }
    | { readonly kind: 'unary'; readonly sign: UnarySign; readonly operand: ExpressionNode }
    | {
        readonly kind: 'binary';
        readonly sign: BinarySign;
        readonly left: ExpressionNode;
        readonly right: ExpressionNode;
      }
    | { readonly kind: 'index'; readonly target: ExpressionNode; readonly index: IndexNode }
    | { readonly kind: 'call'; readonly name: Name; readonly args: readonly ExpressionNode[] }
    | {
        readonly kind: 'cast';
        readonly type: ScalarTypeNode | ArrayTypeNode;
        readonly operand: ExpressionNode;
      }
    | { readonly kind: 'duration-of'; readonly body: ScopeNode }
  );

export type TimeUnit = 'dt' | 'ns' | 'us' | 'ms' | 's';

export interface ArrayLiteralNode extends Span {
  readonly kind: 'array-literal';
  readonly items: readonly (ExpressionNode | ArrayLiteralNode)[];
}

/** What a declaration, an assignment or a `return` can take. */
export type ValueNode =
  | ExpressionNode
  | ArrayLiteralNode
  | (Span &
      (
        | { readonly kind: 'concatenation'; readonly parts: readonly ExpressionNode[] }
        | { readonly kind: 'measure'; readonly operand: OperandNode }
        /** A subroutine called as a gate is: parameters in parentheses, then qubits. */
        | {
            readonly kind: 'quantum-call';
            readonly name: Name;
            readonly args: readonly ExpressionNode[] | null;
            readonly operands: readonly OperandNode[];
          }
      ));

/** `name[…][…]…` */
export interface IndexedNameNode extends Span {
  readonly kind: 'indexed-name';
  readonly name: Name;
  readonly indices: readonly IndexNode[];
}

/** What a gate acts on. */
export type OperandNode =
  IndexedNameNode | (Span & { readonly kind: 'hardware-qubit'; readonly qubit: number });

export type ScalarName =
  'bit' | 'int' | 'uint' | 'float' | 'angle' | 'bool' | 'duration' | 'stretch' | 'complex';

export interface ScalarTypeNode extends Span {
  readonly kind: 'scalar-type';
  readonly name: ScalarName;
  readonly size: ExpressionNode | null;
  /** Of `complex[…]` alone. */
  readonly component: ScalarTypeNode | null;
}

export interface ArrayTypeNode extends Span {
  readonly kind: 'array-type';
  readonly element: ScalarTypeNode;
  readonly dimensions: readonly ExpressionNode[];
}

export interface ArrayReferenceNode extends Span {
  readonly kind: 'array-reference-type';
  readonly access: 'readonly' | 'mutable';
  readonly element: ScalarTypeNode;
  /** Null when only their count is given. */
  readonly dimensions: readonly ExpressionNode[] | null;
  readonly dimensionCount: ExpressionNode | null;
}

export interface QubitTypeNode extends Span {
  readonly kind: 'qubit-type';
  readonly size: ExpressionNode | null;
}

/** `creg c[3]` or `qreg q[3]` as a parameter; the size stands after the name. */
export interface OldTypeNode extends Span {
  readonly kind: 'old-type';
  readonly name: 'creg' | 'qreg';
  readonly size: ExpressionNode | null;
}

export interface ParameterNode extends Span {
  readonly kind: 'parameter';
  readonly type: ScalarTypeNode | ArrayReferenceNode | QubitTypeNode | OldTypeNode;
  readonly name: Name;
}

export interface ModifierNode extends Span {
  readonly kind: 'inv' | 'pow' | 'ctrl' | 'negctrl';
  readonly argument: ExpressionNode | null;
}

export interface ScopeNode extends Span {
  readonly kind: 'scope';
  readonly statements: readonly StatementNode[];
}

/** Text that belongs to the statement after it. */
export interface AnnotationNode extends Span {
  /** With the at sign. */
  readonly keyword: string;
  readonly content: string;
}

export type AssignmentSign =
  '=' | '+=' | '-=' | '*=' | '/=' | '&=' | '|=' | '~=' | '^=' | '<<=' | '>>=' | '%=' | '**=';

export interface SwitchCaseNode extends Span {
  /** Null for `default`. */
  readonly labels: readonly ExpressionNode[] | null;
  readonly body: ScopeNode;
}

export interface GateStatementNode extends Span {
  readonly kind: 'gate';
  readonly name: Name;
  /** Null without parentheses. */
  readonly params: readonly Name[] | null;
  readonly qubits: readonly Name[];
  readonly body: ScopeNode;
}

export interface GateCallNode extends Span {
  readonly kind: 'gate-call';
  readonly modifiers: readonly ModifierNode[];
  readonly name: Name;
  readonly args: readonly ExpressionNode[] | null;
  readonly duration: ExpressionNode | null;
  readonly operands: readonly OperandNode[];
}

export interface DefStatementNode extends Span {
  readonly kind: 'def';
  readonly name: Name;
  readonly params: readonly ParameterNode[];
  readonly returns: ScalarTypeNode | null;
  readonly body: ScopeNode;
}

export interface ForStatementNode extends Span {
  readonly kind: 'for';
  readonly type: ScalarTypeNode;
  readonly name: Name;
  readonly over: SetNode | RangeNode | ExpressionNode;
  readonly body: StatementNode;
}

export interface JumpNode extends Span {
  readonly kind: 'break' | 'continue' | 'end';
}

export interface OperandsNode extends Span {
  readonly kind: 'barrier' | 'nop';
  readonly operands: readonly OperandNode[];
}

export type PlainStatement =
  | ScopeNode
  | JumpNode
  | OperandsNode
  | GateStatementNode
  | GateCallNode
  | DefStatementNode
  | ForStatementNode
  | (Span &
      (
        | { readonly kind: 'pragma'; readonly hasHash: boolean; readonly content: string }
        | { readonly kind: 'include'; readonly file: string }
        | { readonly kind: 'calibration-grammar'; readonly name: string }
        | {
            readonly kind: 'if';
            readonly condition: ExpressionNode;
            readonly then: StatementNode;
            readonly otherwise: StatementNode | null;
          }
        | {
            readonly kind: 'while';
            readonly condition: ExpressionNode;
            readonly body: StatementNode;
          }
        | {
            readonly kind: 'switch';
            readonly on: ExpressionNode;
            readonly cases: readonly SwitchCaseNode[];
          }
        | { readonly kind: 'return'; readonly value: ValueNode | null }
        | {
            readonly kind: 'box';
            readonly duration: ExpressionNode | null;
            readonly body: ScopeNode;
          }
        | {
            readonly kind: 'delay';
            readonly duration: ExpressionNode;
            readonly operands: readonly OperandNode[];
          }
        | { readonly kind: 'reset'; readonly operand: OperandNode }
        /** `measure q -> c;`, `f(x) q -> c;`, or the same without an arrow. */
        | {
            readonly kind: 'arrow';
            readonly value: Extract<ValueNode, { kind: 'measure' | 'quantum-call' }>;
            readonly target: IndexedNameNode | null;
          }
        | {
            readonly kind: 'alias';
            readonly name: Name;
            readonly parts: readonly ExpressionNode[];
          }
        | {
            readonly kind: 'declare';
            readonly isConst: boolean;
            readonly type: ScalarTypeNode | ArrayTypeNode;
            readonly name: Name;
            readonly value: ValueNode | null;
          }
        | {
            readonly kind: 'io';
            readonly direction: 'input' | 'output';
            readonly type: ScalarTypeNode | ArrayTypeNode;
            readonly name: Name;
          }
        | {
            readonly kind: 'old-declare';
            readonly register: 'creg' | 'qreg';
            readonly name: Name;
            readonly size: ExpressionNode | null;
          }
        | { readonly kind: 'declare-qubits'; readonly type: QubitTypeNode; readonly name: Name }
        | {
            readonly kind: 'extern';
            readonly name: Name;
            readonly params: readonly (ScalarTypeNode | ArrayReferenceNode | OldTypeNode)[];
            readonly returns: ScalarTypeNode | null;
          }
        /** Of OpenQASM 2: a gate without a definition. */
        | {
            readonly kind: 'opaque';
            readonly name: Name;
            readonly params: readonly Name[] | null;
            readonly qubits: readonly Name[];
          }
        | {
            readonly kind: 'assign';
            readonly target: IndexedNameNode;
            readonly sign: AssignmentSign;
            readonly value: ValueNode;
          }
        | { readonly kind: 'expression'; readonly expression: ExpressionNode }
        | { readonly kind: 'cal'; readonly content: Span }
        | {
            readonly kind: 'defcal';
            readonly target: Name;
            readonly params: readonly (ParameterNode | ExpressionNode)[] | null;
            readonly operands: readonly Name[];
            readonly returns: ScalarTypeNode | null;
            readonly content: Span;
          }
      ));

export type StatementNode = PlainStatement & { readonly annotations?: readonly AnnotationNode[] };

export interface ProgramNode extends Span {
  readonly source: string;
  readonly version: QasmVersion;
  /** The header's number, and where it is; null without a header. */
  readonly header: Name | null;
  readonly statements: readonly StatementNode[];
}
