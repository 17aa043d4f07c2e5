import { expect, test } from 'vitest';
import type { TaskView } from '../../contract/index.ts';
import { drawFlow } from './draw-flow.ts';

function task(ref: string, parents: readonly string[], state = 'blocked'): TaskView {
  const dependsOn = parents.map((taskId) => ({ taskId, onFailure: 'fail' }));
  return { id: ref, ref, type: 'work', state, dependsOn } as unknown as TaskView;
}

test('each task stands once, below its deepest parent, with the others named', () => {
  const tasks = [
    task('d', ['b', 'c']),
    task('a', [], 'completed'),
    task('b', ['a'], 'running'),
    task('c', ['b']),
    task('e', ['a'], 'failed'),
  ];
  expect(drawFlow(tasks)).toEqual([
    '✓ a  work  completed',
    '├─ ▶ b  work  running',
    '│  └─ · c  work  blocked',
    '│     └─ · d  work  blocked  (also after b)',
    '└─ ✗ e  work  failed',
  ]);
});

test('a parent that is not drawn leaves its child at the top', () => {
  expect(drawFlow([task('b', ['gone'])])).toEqual(['· b  work  blocked  (also after gone)']);
});
