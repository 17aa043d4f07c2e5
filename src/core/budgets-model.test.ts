/** Random trees with nested budgets, held against a ledger that adds everything up each time. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { digest } from './digest.ts';
import type { TaskId } from './ids.ts';
import { restoreState } from './restore.ts';
import {
  assign,
  cancel,
  complete,
  fail,
  NO_BREAKERS,
  register,
  release,
  submit,
} from './testing/commands.ts';
import { refusalsOf } from './testing/trace.ts';
import { rowsOf } from './testing/snapshot.ts';
import { World } from './testing/world.ts';
import type { Command } from './command.ts';

const seed = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

const act = fc.record({
  kind: fc.constantFrom(
    'submit',
    'submit',
    'start',
    'start',
    'complete',
    'fail',
    'release',
    'cancel',
  ),
  a: fc.nat(9_999),
  tokens: fc.option(fc.nat(60), { nil: null }),
  limit: fc.option(fc.integer({ min: 1, max: 70 }), { nil: null }),
});

/** One line of the ledger; lines are never taken out. */
interface Line {
  readonly parent: string | null;
  readonly limit: number | null;
  readonly estimate: number;
  used: number;
  isRunning: boolean;
}

class Ledger {
  readonly lines = new Map<string, Line>();

  /** The task and all above it. */
  above(id: string): readonly string[] {
    const ids: string[] = [];
    for (let at: string | null = id; at !== null; at = this.lines.get(at)?.parent ?? null)
      ids.push(at);
    return ids;
  }

  /** What counts below and at a task: used, and reserved. */
  sums(id: string): { used: number; reserved: number } {
    const below = [...this.lines].filter(([other]) => this.above(other).includes(id));
    return {
      used: below.reduce((sum, [, line]) => sum + line.used, 0),
      reserved: below.reduce(
        (sum, [, { estimate, isRunning }]) => sum + (isRunning ? estimate : 0),
        0,
      ),
    };
  }

  /** What becomes of a start: it waits where any level has room once others are settled. */
  verdict(id: string): 'starts' | 'waits' | 'fails' {
    const asked = this.lines.get(id)?.estimate ?? 0;
    const levels = this.above(id).map((level) => {
      const limit = this.lines.get(level)?.limit ?? null;
      if (limit === null) return 'starts';
      const { reserved, used } = this.sums(level);
      const fits = (taken: number): boolean => taken + asked <= limit && taken < limit;
      if (fits(used + reserved)) return 'starts';
      return fits(used + this.#heldAbove(id, level)) ? 'waits' : 'fails';
    });
    if (levels.includes('waits')) return 'waits';
    return levels.includes('fails') ? 'fails' : 'starts';
  }

  /** What running ancestors of a task reserved at a level. */
  #heldAbove(id: string, level: string): number {
    const ancestors = this.above(id).slice(1);
    const here = ancestors.slice(0, ancestors.indexOf(level) + 1);
    return here
      .map((ancestor) => this.lines.get(ancestor) as Line)
      .reduce((sum, { estimate, isRunning }) => sum + (isRunning ? estimate : 0), 0);
  }

  /** Whether a submit below a task would be taken. */
  isOpen(id: string): boolean {
    return this.above(id).every((level) => {
      const limit = this.lines.get(level)?.limit ?? null;
      return limit === null || this.sums(level).used < limit;
    });
  }
}

type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

const plain = { tokens: null, limit: null };
/** A child takes more than its running root may: by chance that is rare. */
const SPENT: Act[] = [
  { ...plain, kind: 'submit', a: 0, limit: 1 },
  { ...plain, kind: 'start', a: 0 },
  { ...plain, kind: 'submit', a: 1 },
  { ...plain, kind: 'start', a: 0 },
  { ...plain, kind: 'complete', a: 1, tokens: 10 },
  { ...plain, kind: 'submit', a: 1 },
];

/** Two children that fit one after the other, started at once: by chance that is rare, too. */
const CROWDED: Act[] = [
  { ...plain, kind: 'submit', a: 0, limit: 10 },
  { ...plain, kind: 'start', a: 0 },
  { ...plain, kind: 'submit', a: 1, tokens: 8 },
  { ...plain, kind: 'start', a: 0 },
  { ...plain, kind: 'submit', a: 2, tokens: 8 },
  { ...plain, kind: 'start', a: 0 },
];

test('budgets hold on every level as the ledger says, whatever happens, also after a restore', () => {
  const reached = new Set<string>();
  fc.assert(
    fc.property(fc.array(act, { minLength: 1, maxLength: 60, size: 'max' }), (acts) => {
      let world = new World();
      world.state.settings = { ...world.state.settings, breakers: NO_BREAKERS };
      const ledger = new Ledger();
      world.run(1000, register('a1', { slots: 1000 }));
      const spec = {
        requires: { capabilities: [], labels: {} },
        retry: { attemptsMax: 9, delayMs: 0 },
      };
      const inState = (state: string, a: number): string | undefined => {
        const ids = [...world.state.tasks.values()].filter((task) => task.state === state);
        return ids.toSorted((x, y) => x.seq - y.seq)[a % (ids.length || 1)]?.id;
      };
      const end = (id: string, used: number): void => {
        const line = ledger.lines.get(id) as Line;
        line.isRunning = false;
        line.used += used;
      };
      for (const { a, kind, limit, tokens } of acts) {
        const running = inState('running', a);
        const token = running === undefined ? 0 : world.task(running).fencingToken;
        const line = running === undefined ? undefined : ledger.lines.get(running);
        if (kind === 'submit') {
          const id = `t${ledger.lines.size}`;
          const parent = a % 4 === 0 || running === undefined ? null : running;
          const isOpen = parent === null || ledger.isOpen(parent);
          const [code] = refusalsOf(
            world.run(
              1000,
              submit(id, spec, {
                ...(parent === null ? {} : { parentId: parent as TaskId }),
                ...(limit === null ? {} : { budget: { tokens: limit } }),
                ...(tokens === null ? {} : { estimate: { tokens: tokens % 15, costUsd: 0 } }),
              }),
            ).results[0],
          );
          expect(code).toBe(isOpen ? undefined : 'BUDGET_EXCEEDED');
          if (isOpen)
            ledger.lines.set(id, {
              parent,
              limit,
              estimate: (tokens ?? 0) % 15,
              used: 0,
              isRunning: false,
            });
          else reached.add('submit refused');
        } else if (kind === 'start') {
          const id = inState('queued', a);
          if (id === undefined) continue;
          const verdict = ledger.verdict(id);
          const [code] = refusalsOf(world.run(1000, assign(id, 'a1')).results[0]);
          const codes = { starts: undefined, waits: 'GATE_CLOSED', fails: 'BUDGET_EXCEEDED' };
          expect(code).toBe(codes[verdict]);
          reached.add(verdict);
          (ledger.lines.get(id) as Line).isRunning = verdict === 'starts';
        } else if (running !== undefined && line !== undefined) {
          const usage = tokens === null ? {} : { usage: { tokens, costUsd: 0 } };
          const used = tokens ?? line.estimate;
          if (kind === 'release') world.run(1000, release(running, token));
          else if (kind === 'cancel') world.run(1000, cancel(running));
          else {
            const command = kind === 'complete' ? complete(running, token) : fail(running, token);
            const { items } = command as Extract<Command, { type: 'task.complete' }>;
            world.run(1000, {
              ...command,
              items: items.map((item) => ({ ...item, ...usage })),
            } as Command);
          }
          end(running, kind === 'release' ? 0 : kind === 'cancel' ? line.estimate : used);
        }
        for (const tree of world.state.records.trees.values()) {
          const { reserved, used } = ledger.sums(tree.key);
          expect([tree.key, tree.reservedTokens]).toEqual([tree.key, reserved]);
          // A tree without a budget may be younger than the attempts of its root.
          if (tree.budget !== null) expect([tree.key, tree.usedTokens]).toEqual([tree.key, used]);
        }
        if (a % 5 !== 0) continue;
        const again = new World(restoreState(rowsOf(world.state)));
        expect(digest(again.state)).toBe(digest(world.state));
        world = again;
      }
    }),
    { ...seed, numRuns: 600, examples: [[SPENT], [CROWDED]] },
  );
  expect([...reached].toSorted()).toEqual(['fails', 'starts', 'submit refused', 'waits']);
});
