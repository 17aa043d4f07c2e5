import type { Tree } from './tree.ts';

/** How messages name a tree. */
export function treeName({ key, kind, name }: Pick<Tree, 'key' | 'kind' | 'name'>): string {
  return `${kind} ${name ?? key}`;
}
