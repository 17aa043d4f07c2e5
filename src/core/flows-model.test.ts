/** Random flows under random ends, held against an evaluator that looks at everything each time. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Command, NewTask } from './command.ts';
import { digest } from './digest.ts';
import type { FailurePolicy } from './flow.ts';
import type { TaskId } from './ids.ts';
import { restoreState } from './restore.ts';
import { CORE_SETTINGS_DEFAULT, nextDeadline } from './state.ts';
import {
  ADVANCE,
  assign,
  cancel,
  complete,
  fail,
  NO_BREAKERS,
  purge,
  register,
  retry,
  taskSpec,
} from './testing/commands.ts';
import { rowsOf } from './testing/snapshot.ts';
import { World } from './testing/world.ts';

const seed = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

interface Act {
  readonly kind: 'submit' | 'complete' | 'fail' | 'cancel' | 'retry' | 'purge' | 'advance';
  readonly a: number;
  readonly b: number;
}

const act: fc.Arbitrary<Act> = fc.record({
  kind: fc.oneof(
    { weight: 4, arbitrary: fc.constant('submit' as const) },
    { weight: 4, arbitrary: fc.constant('complete' as const) },
    { weight: 5, arbitrary: fc.constant('fail' as const) },
    { weight: 2, arbitrary: fc.constant('cancel' as const) },
    { weight: 4, arbitrary: fc.constant('retry' as const) },
    { weight: 1, arbitrary: fc.constant('purge' as const) },
    { weight: 2, arbitrary: fc.constant('advance' as const) },
  ),
  a: fc.nat(999_999),
  b: fc.nat(999_999),
});

interface Edge {
  readonly parent: string;
  readonly policy: FailurePolicy;
}

/** A task as the evaluator knows it: for ever, also when it is gone. */
interface Known {
  readonly edges: readonly Edge[];
  state: 'blocked' | 'queued' | 'failed' | 'completed' | 'canceled' | 'purged';
  /** Failed because of a parent. */
  isOurs: boolean;
  /** Redriven by itself: parents that were over then do not count against it. */
  forgiven: Set<string>;
  /** Of those, the ones that were gone for good. */
  excused: Set<string>;
}

class Evaluator {
  readonly tasks = new Map<string, Known>();

  /** Follows what one end leads to until nothing changes any more. */
  settle(): void {
    for (let changed = true; changed;) {
      changed = false;
      for (const task of this.tasks.values()) changed = this.#look(task) || changed;
    }
  }

  /** What a parent that lives again does after that counts anew. */
  lives(task: Known): void {
    for (const [id, other] of this.tasks) {
      if (other !== task) continue;
      for (const child of this.tasks.values()) child.forgiven.delete(id);
    }
  }

  #look(task: Known): boolean {
    const unforgiven = task.edges.filter(({ parent, policy }) => {
      const { state } = this.tasks.get(parent) as Known;
      const isBad = state === 'failed' || state === 'canceled' || state === 'purged';
      return isBad && policy !== 'continue';
    });
    const bad = unforgiven.filter(({ parent }) => !task.forgiven.has(parent));
    // A dead letter that was passed over once still holds a child back that another one failed.
    const holding = unforgiven.filter(({ parent }) => !task.excused.has(parent));
    const waits = task.edges.some(({ parent }) => {
      const { state } = this.tasks.get(parent) as Known;
      return state === 'blocked' || state === 'queued';
    });
    if (task.state === 'blocked' && bad.length > 0) {
      const isSkipped = bad[0]?.policy === 'skip';
      task.state = isSkipped ? 'canceled' : 'failed';
      task.isOurs = !isSkipped;
    } else if (task.state === 'blocked' && !waits) {
      task.state = 'queued';
    } else if (task.state === 'failed' && task.isOurs && holding.length === 0) {
      task.state = 'blocked';
      task.isOurs = false;
      this.lives(task);
    } else {
      return false;
    }
    return true;
  }
}

/** Plays acts in core, with small steps so that news travel in waves. */
class Player {
  readonly world: World;
  readonly known: Evaluator = new Evaluator();
  made = 0;

  constructor(world: World = new World()) {
    this.world = world;
    world.run(1000, register('a1', { slots: 1000 }), {
      type: 'settings.set',
      settings: { ...CORE_SETTINGS_DEFAULT, flowStepMax: 3, breakers: NO_BREAKERS },
    });
  }

  live(state: string): string[] {
    const tasks = [...this.world.state.tasks.values()].filter((task) => task.state === state);
    return tasks.toSorted((a, b) => a.seq - b.seq).map(({ id }) => id);
  }

  /** The commands of an act, by what core holds now; each its own batch. */
  commands({ a, b, kind }: Act): Command[] {
    const pick = (state: string): string | undefined => {
      const ids = this.live(state);
      return ids[a % (ids.length || 1)];
    };
    switch (kind) {
      case 'submit':
        return [this.#submit(a, b)];
      case 'complete':
      case 'fail': {
        const id = pick('queued');
        if (id === undefined) return [];
        const token = this.world.state.index + 2;
        return [
          assign(id, 'a1'),
          kind === 'complete' ? complete(id, token - 1) : fail(id, token - 1),
        ];
      }
      case 'cancel': {
        const id = pick(b % 2 === 0 ? 'blocked' : 'queued');
        return id === undefined ? [] : [cancel(id)];
      }
      case 'retry':
      case 'purge': {
        const id = pick('failed');
        return id === undefined ? [] : [kind === 'retry' ? retry(id) : purge(id)];
      }
      default:
        return [ADVANCE];
    }
  }

  /** Up to six tasks that depend on each other and on live ones; all unforgiving edges of one are alike. */
  #submit(a: number, b: number): Command {
    const count = 1 + (a % 6);
    const names = Array.from({ length: count }, () => `t${String(this.made++).padStart(4, '0')}`);
    const live = [...this.world.state.tasks.keys()];
    const tasks = names.map((id, i): NewTask => {
      const strict = (['fail', 'skip'] as const)[(a >> i) % 2] as FailurePolicy;
      const own = names.slice(0, i).filter((_, j) => ((b >> (i + j)) & 1) === 1);
      const others = live.filter((_, j) => (a + i * 7 + j * 3) % 5 === 0).slice(0, 4);
      const dependsOn = [...own, ...others].map((taskId, j) => ({
        taskId: taskId as TaskId,
        onFailure: (b >> j) % 3 === 0 ? ('continue' as const) : strict,
      }));
      return { id: id as TaskId, spec: 0, payloadBytes: 1, dependsOn };
    });
    const order = b % 2 === 0 ? tasks : tasks.toReversed();
    return {
      type: 'task.submit',
      specs: [taskSpec({ retry: { attemptsMax: 1 } })],
      tasks: order,
    };
  }

  drain(): void {
    while (this.world.state.records.waves.size > 0) this.world.run(1000, ADVANCE);
  }

  /** What the evaluator learns of a command that core took. */
  learn(command: Command): void {
    const { tasks } = this.known;
    const of = (id: string): Known => tasks.get(id) as Known;
    switch (command.type) {
      case 'task.submit':
        for (const { dependsOn = [], id } of command.tasks) {
          const edges = dependsOn.map(({ onFailure = 'fail', taskId }) => ({
            parent: taskId,
            policy: onFailure,
          }));
          tasks.set(id, {
            edges,
            state: 'blocked',
            isOurs: false,
            forgiven: new Set(),
            excused: new Set(),
          });
        }
        break;
      case 'task.complete':
        for (const { taskId } of command.items) of(taskId).state = 'completed';
        break;
      case 'task.fail':
        for (const { taskId } of command.items) of(taskId).state = 'failed';
        break;
      case 'task.cancel':
        for (const id of command.taskIds) of(id).state = 'canceled';
        break;
      case 'task.retry':
        for (const id of command.taskIds) this.#retry(of(id));
        break;
      case 'dead-letter.purge':
        for (const id of command.taskIds) of(id).state = 'purged';
        break;
      default:
        return;
    }
    this.known.settle();
  }

  #retry(task: Known): void {
    task.state = 'blocked';
    task.isOurs = false;
    for (const { parent } of task.edges) {
      const { state } = this.known.tasks.get(parent) as Known;
      if (state !== 'blocked' && state !== 'queued') task.forgiven.add(parent);
      if (state === 'canceled' || state === 'purged') task.excused.add(parent);
    }
    this.known.lives(task);
  }
}

test('flows come out as when everything is looked at each time', () => {
  const reached = new Set<string>();
  fc.assert(
    fc.property(fc.array(act, { minLength: 1, maxLength: 40, size: 'max' }), (acts) => {
      const player = new Player();
      for (const one of acts) {
        for (const command of player.commands(one)) {
          const { results } = player.world.run(1000, command);
          expect(results[0]?.type).not.toBe('refused');
          if (player.world.state.records.waves.size > 0) reached.add('wave');
          player.drain();
          player.learn(command);
        }
        for (const [id, { state }] of player.known.tasks) {
          const live = player.world.state.tasks.get(id as TaskId)?.state;
          const expected = state === 'completed' || state === 'canceled' || state === 'purged';
          reached.add(state);
          expect(`${id} ${live}`).toBe(`${id} ${expected ? undefined : state}`);
        }
      }
    }),
    { ...seed, numRuns: 400 },
  );
  expect(reached).toContain('wave');
  expect(reached).toContain('purged');
});

test('a state that is restored before every batch goes the same way', () => {
  let waves = 0;
  fc.assert(
    fc.property(fc.array(act, { minLength: 1, maxLength: 40, size: 'max' }), (acts) => {
      const player = new Player();
      for (const one of acts) {
        for (const command of player.commands(one)) {
          const again = new World(restoreState(rowsOf(player.world.state)));
          again.run(1000, command);
          player.world.run(1000, command);
          waves += player.world.state.records.waves.size;
          expect(nextDeadline(again.state)).toBe(nextDeadline(player.world.state));
          expect(digest(again.state)).toBe(digest(player.world.state));
        }
      }
    }),
    { ...seed, numRuns: 200 },
  );
  expect(waves).toBeGreaterThan(100);
});
