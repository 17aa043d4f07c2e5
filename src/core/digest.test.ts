import { describe, expect, test } from 'vitest';
import { digest, headDigest } from './digest.ts';
import { restoreState, type StateRows } from './restore.ts';
import { busyWorld, rowsOf } from './testing/snapshot.ts';
import { World } from './testing/world.ts';

const rows = rowsOf(busyWorld().state);

/** Every path to a leaf of the rows, and what a slightly different leaf would be. */
function leaves(value: unknown, path: readonly string[] = []): { path: readonly string[] }[] {
  if (typeof value !== 'object' || value === null) return [{ path }];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));
}

function changed(leaf: unknown): unknown {
  if (typeof leaf === 'number') return leaf + 1;
  if (typeof leaf === 'boolean') return !leaf;
  if (typeof leaf === 'string') return `${leaf}x`;
  return 'x';
}

function withChange(path: readonly string[]): StateRows {
  const copy = JSON.parse(JSON.stringify(rows)) as StateRows;
  let place = copy as unknown as Record<string, unknown>;
  for (const key of path.slice(0, -1)) place = place[key] as Record<string, unknown>;
  const last = path.at(-1) ?? '';
  place[last] = changed(place[last]);
  return copy;
}

describe('the digest', () => {
  const whole = digest(restoreState(rows));

  test('is sixteen hexadecimal digits', () => {
    expect(whole).toMatch(/^[0-9a-f]{16}$/);
  });

  test('is what it always was: nodes of other releases compare it with theirs', () => {
    expect(whole).toBe('7ca5653eb8efcbfd');
    expect(headDigest(restoreState(rows))).toBe('c80f1a7551c515ff');
  });

  test.each(['metadata of a task', 'settings of a queue'])(
    'does not depend on the order of keys in %s',
    (what) => {
      const turned = JSON.parse(JSON.stringify(rows), (_key, value: unknown) =>
        typeof value === 'object' && value !== null && !Array.isArray(value)
          ? Object.fromEntries(Object.entries(value).toReversed())
          : value,
      ) as StateRows;
      const isTask = what === 'metadata of a task';
      const part = isTask ? { tasks: turned.tasks } : { queues: turned.queues };
      expect(digest(restoreState({ ...rows, ...part }))).toBe(whole);
    },
  );

  test('does not depend on the order of rows, except of idempotency keys', () => {
    const turned = {
      ...rows,
      queues: [...rows.queues].toReversed(),
      profiles: [...rows.profiles].toReversed(),
      agents: [...rows.agents].toReversed(),
      tasks: [...rows.tasks].toReversed(),
    };
    expect(digest(restoreState(turned))).toBe(whole);
  });

  test('does not depend on the order of keys within objects', () => {
    const turned = JSON.parse(JSON.stringify(rows), (_, value: unknown) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).toReversed())
        : value,
    ) as StateRows;
    expect(digest(restoreState(turned))).toBe(whole);
  });

  test('changes with every single field that a restore accepts', () => {
    const refused: string[] = [];
    for (const { path } of leaves(rows)) {
      const name = path.join('.');
      const state = restoredOrNull(withChange(path));
      if (state === null) refused.push(name);
      else expect(digest(state), name).not.toBe(whole);
    }
    // Rows that name another row, which a restore then misses, and numbers that must grow.
    const references = refused.map((name) => name.replace(/\.\d+\./, '.*.'));
    expect([...new Set(references)].toSorted()).toEqual([
      'agents.*.0',
      'idempotency.*.seq',
      'profiles.*.0',
      'profiles.*.1.namespace',
      'profiles.*.1.queue',
      'queues.*.0',
      'records.*.0',
      'tasks.*.15',
      'tasks.*.2',
    ]);
  });

  test('takes no two of thirty thousand states that differ in one number for equal', () => {
    const seen = new Set<string>();
    const { state } = new World();
    for (let nowMs = 0; nowMs < 30_000; nowMs++) {
      state.nowMs = nowMs;
      seen.add(digest(state));
    }
    // 3 · 10⁴ of 2⁶⁴ values: the chance of one pair is below 10⁻¹⁰.
    expect(seen.size).toBe(30_000);
  });
});

function restoredOrNull(changedRows: StateRows): ReturnType<typeof restoreState> | null {
  try {
    return restoreState(changedRows);
  } catch {
    // A reference to a missing row breaks an invariant, as the test goes on to list.
    return null;
  }
}
