import type { StatementNode } from './ast.ts';

interface Facts {
  readonly assigned: ReadonlySet<string>;
  readonly written: ReadonlySet<string>;
  readonly kinds: ReadonlySet<string>;
}

const FACTS = new WeakMap<object, Facts>();

/** Names that a statement, or one inside it, may change: a few too many, never one too few. */
export function assignedNames(node: StatementNode): ReadonlySet<string> {
  return factsOf(node).assigned;
}

/** Names that a statement, or one inside it, assigns to or measures into. */
export function writtenNames(node: StatementNode): ReadonlySet<string> {
  return factsOf(node).written;
}

/** True when a statement, or one inside it, is of one of these kinds. */
export function mentions(node: StatementNode, ...kinds: readonly string[]): boolean {
  const facts = factsOf(node);
  return kinds.some((kind) => facts.kinds.has(kind));
}

function factsOf(node: StatementNode): Facts {
  const cached = FACTS.get(node);
  if (cached !== undefined) return cached;
  const assigned = new Set<string>();
  const written = new Set<string>();
  const kinds = new Set<string>();
  // In a row, not in depth: programs may be deep.
  const open: unknown[] = [node];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null) continue;
    if (Array.isArray(next)) {
      for (const item of next) open.push(item);
      continue;
    }
    note(next as Readonly<Record<string, unknown>>, { assigned, written, kinds });
    for (const inner of Object.values(next)) open.push(inner);
  }
  const facts = { assigned, written, kinds };
  FACTS.set(node, facts);
  return facts;
}

function note(
  node: Readonly<Record<string, unknown>>,
  { assigned, written, kinds }: Readonly<Record<keyof Facts, Set<string>>>,
): void {
  const kind = node['kind'];
  if (typeof kind !== 'string') return;
  kinds.add(kind);
  if (kind === 'assign' || kind === 'arrow') {
    noteTarget(node['target'], assigned);
    noteTarget(node['target'], written);
  }
  // Arrays are handed to subroutines by reference.
  if (kind === 'call' || kind === 'quantum-call' || kind === 'gate-call') {
    const args = (node['args'] ?? []) as readonly unknown[];
    for (const arg of args) noteRoot(arg, assigned);
  }
}

function noteTarget(target: unknown, assigned: Set<string>): void {
  if (typeof target !== 'object' || target === null || !('name' in target)) return;
  assigned.add((target.name as { readonly text: string }).text);
}

/** The name that an indexed expression starts with. */
function noteRoot(node: unknown, assigned: Set<string>): void {
  let at = node;
  while (typeof at === 'object' && at !== null && 'kind' in at) {
    if (at.kind === 'identifier') {
      assigned.add((at as unknown as { readonly name: string }).name);
      return;
    }
    if (at.kind === 'index') at = (at as unknown as { readonly target: unknown }).target;
    else if (at.kind === 'group') at = (at as unknown as { readonly inner: unknown }).inner;
    else return;
  }
}
