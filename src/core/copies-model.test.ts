/** Redundant tasks under random results, lies, failures and losses, held against a counter of votes. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { copiesOf, copyOf, liveCopies } from './copies.ts';
import type { Command } from './command.ts';
import { digest } from './digest.ts';
import type { AgentId, TaskId } from './ids.ts';
import { restoreState } from './restore.ts';
import { isLeased, type Task } from './task.ts';
import {
  agentCommand,
  assign,
  breakLease,
  cancel,
  fail,
  register,
  retry,
  submit,
  vote,
} from './testing/commands.ts';
import { rowsOf } from './testing/snapshot.ts';
import { refusalsOf } from './testing/trace.ts';
import { World } from './testing/world.ts';

const seed = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

const KINDS = [
  'submit',
  'assign',
  'vote',
  'fail',
  'lose',
  'break',
  'cancel',
  'end',
  'retry',
] as const;

interface Act {
  readonly kind: (typeof KINDS)[number];
  readonly a: number;
  readonly b: number;
  /** Whether the next act is of the same batch. */
  readonly isJoined: boolean;
}

const WEIGHTS: Readonly<Record<Act['kind'], number>> = {
  submit: 2,
  assign: 8,
  vote: 8,
  fail: 2,
  lose: 1,
  break: 1,
  cancel: 1,
  end: 1,
  retry: 2,
};

const act: fc.Arbitrary<Act> = fc.record({
  kind: fc.oneof(...KINDS.map((kind) => ({ weight: WEIGHTS[kind], arbitrary: fc.constant(kind) }))),
  a: fc.nat(999_999),
  b: fc.nat(999_999),
  isJoined: fc.boolean(),
});

/** A round of a task, as a counter of votes knows it. */
interface Round {
  readonly copies: number;
  readonly agree: number;
  readonly votes: { readonly id: string; readonly agentId: string; readonly hash: string }[];
  readonly lost: Set<string>;
  state: 'blocked' | 'completed' | 'failed' | 'canceled';
  agreed: string | null;
}

const AGENTS = ['a0', 'a1', 'a2', 'a3', 'a4'] as const;
const HASHES = ['truth', 'truth', 'truth', 'lie', 'other lie'] as const;

class Counter {
  readonly rounds = new Map<string, Round>();
  readonly dissents = new Map<string, number>();

  vote(original: string, id: string, agentId: string, hash: string): void {
    const round = this.rounds.get(original);
    if (round?.state !== 'blocked') return;
    round.votes.push({ id, agentId, hash });
    if (round.votes.filter((each) => each.hash === hash).length < round.agree) {
      this.#look(round);
      return;
    }
    round.state = 'completed';
    round.agreed = hash;
    for (const each of round.votes) {
      if (each.hash === hash) continue;
      this.dissents.set(each.agentId, (this.dissents.get(each.agentId) ?? 0) + 1);
    }
  }

  lose(original: string, id: string): void {
    const round = this.rounds.get(original);
    if (round?.state !== 'blocked') return;
    round.lost.add(id);
    this.#look(round);
  }

  /** Fails the round where no result can still be had often enough, tried out result by result. */
  #look(round: Round): void {
    const open = round.copies - round.votes.length - round.lost.size;
    const possible = ['nobody yet', ...round.votes.map(({ hash }) => hash)].some(
      (hash) => round.votes.filter((each) => each.hash === hash).length + open >= round.agree,
    );
    if (!possible) round.state = 'failed';
  }
}

class Player {
  readonly world: World;
  readonly counter = new Counter();
  made = 0;

  constructor(world: World = new World()) {
    this.world = world;
    world.run(1000, ...AGENTS.map((id) => register(id, { slots: 3 })));
  }

  #tasks(where: (task: Task) => boolean): Task[] {
    const tasks = [...this.world.state.tasks.values()].filter(where);
    return tasks.toSorted((a, b) => a.seq - b.seq);
  }

  /** A command, and what the counter learns of it once it was taken. */
  plan({ a, b, kind }: Act): { readonly command: Command; readonly learn: () => void } | null {
    const pick = (where: (task: Task) => boolean): Task | undefined => {
      const tasks = this.#tasks(where);
      return tasks[a % (tasks.length || 1)];
    };
    const running = (): Task | undefined => pick((task) => isLeased(task));
    switch (kind) {
      case 'submit': {
        const copies = 2 + (a % 4);
        const redundancy = { copies, agree: 1 + (b % copies) };
        const id = `t${String(this.made++).padStart(4, '0')}`;
        const command = submit(id, {
          rules: { redundancy },
          retry: { attemptsMax: 2, delayMs: 0 },
        });
        return { command, learn: () => this.#begin(id, redundancy) };
      }
      case 'assign': {
        const task = pick(({ state }) => state === 'queued');
        const agentId = AGENTS[b % AGENTS.length] as string;
        return task === undefined
          ? null
          : { command: assign(task.id, agentId), learn: () => undefined };
      }
      case 'vote': {
        const task = running();
        return task === undefined ? null : this.#vote(task, HASHES[b % HASHES.length] as string);
      }
      case 'fail': {
        const task = running();
        return task === undefined ? null : this.#fail(task, b % 2 === 0);
      }
      case 'break': {
        const task = running();
        const command = task && breakLease(task.id, task.fencingToken);
        return task && command ? { command, learn: () => this.#lostIfGone(task) } : null;
      }
      default:
        return this.#planRest(kind, pick, b);
    }
  }

  #planRest(
    kind: Act['kind'],
    pick: (where: (task: Task) => boolean) => Task | undefined,
    b: number,
  ): { readonly command: Command; readonly learn: () => void } | null {
    if (kind === 'lose') {
      const agentId = AGENTS[b % AGENTS.length] as AgentId;
      const held = [...(this.world.state.agents.get(agentId)?.leases ?? [])];
      const isLost = this.world.state.agents.get(agentId)?.state === 'lost';
      return {
        command: agentCommand(isLost ? 'agent.back' : 'agent.lost', agentId),
        learn: () => {
          for (const task of held.toSorted((x, y) => x.seq - y.seq)) this.#lostIfGone(task);
        },
      };
    }
    const isCopy = kind === 'cancel';
    const wanted = kind === 'retry' ? 'failed' : null;
    const task = pick(
      (each) =>
        (copyOf(each) !== null) === isCopy && (each.state === 'failed') === (wanted !== null),
    );
    if (task === undefined) return null;
    if (kind === 'retry') {
      return { command: retry(task.id), learn: () => this.#begin(task.id, ruleOf(task)) };
    }
    const learn = isCopy
      ? (): void => this.counter.lose(copyOf(task)?.taskId ?? '', task.id)
      : (): void => {
          (this.counter.rounds.get(task.id) as Round).state = 'canceled';
        };
    return { command: cancel(task.id), learn };
  }

  #vote(task: Task, hash: string): { readonly command: Command; readonly learn: () => void } {
    const [of, agentId] = [copyOf(task)?.taskId ?? '', task.agentId ?? ''];
    const command = vote(task.id, task.fencingToken, hash);
    return { command, learn: () => this.counter.vote(of, task.id, agentId, hash) };
  }

  #fail(task: Task, retryable: boolean): { readonly command: Command; readonly learn: () => void } {
    const command = fail(task.id, task.fencingToken, { retryable });
    return { command, learn: () => this.#lostIfGone(task) };
  }

  #begin(id: string, { agree, copies }: { agree: number; copies: number }): void {
    const round: Round = {
      copies,
      agree,
      votes: [],
      lost: new Set(),
      state: 'blocked',
      agreed: null,
    };
    this.counter.rounds.set(id, round);
  }

  /** An attempt failed: the copy is lost once it has no other attempt left. */
  #lostIfGone(task: Task): void {
    if (task.state === 'failed') this.counter.lose(copyOf(task)?.taskId ?? '', task.id);
  }
}

function ruleOf(task: Task): { agree: number; copies: number } {
  return task.profile.spec.rules?.redundancy ?? { agree: 0, copies: 0 };
}

/** Agents that a copy must not be given, found by looking at every task there ever was in its round. */
function taken(player: Player, task: Task): Set<string> {
  const original = copyOf(task)?.taskId;
  const found = new Set<string>();
  for (const each of player.world.state.tasks.values()) {
    const isSibling = each !== task && copyOf(each)?.taskId === original;
    if (isSibling && each.agentId !== null) found.add(each.agentId);
  }
  for (const { agentId } of player.counter.rounds.get(original ?? '')?.votes ?? []) {
    found.add(agentId);
  }
  return found;
}

function checkRounds({ counter, world }: Player, reached: Set<string>): void {
  for (const [id, { agreed, state }] of counter.rounds) {
    const task = world.state.tasks.get(id as TaskId);
    const isGone = state === 'completed' || state === 'canceled';
    reached.add(state);
    expect(`${id} ${task?.state}`).toBe(`${id} ${isGone ? undefined : state}`);
    if (task !== undefined && state === 'failed') {
      expect(task.error?.code).toBe('REDUNDANCY_DISAGREED');
      expect(liveCopies(world.state, task)).toEqual([]);
    }
    if (agreed !== null) reached.add(`agreed on ${agreed}`);
  }
  for (const agent of world.state.agents.values()) {
    expect(agent.trust?.dissents ?? 0).toBe(counter.dissents.get(agent.id) ?? 0);
  }
}

test('tasks end as a naive counter of votes says, and no agent has two copies of one', () => {
  const reached = new Set<string>();
  fc.assert(
    fc.property(fc.array(act, { minLength: 1, maxLength: 60, size: 'max' }), (acts) => {
      const player = new Player();
      let batch: NonNullable<ReturnType<Player['plan']>>[] = [];
      for (const one of acts) {
        const planned = player.plan(one);
        if (planned === null) continue;
        const names = JSON.stringify(planned.command);
        // Acts of one batch are planned on the state before it: no two of them on the same task.
        const isFree = !batch.some(({ command }) => sharesTask(command, names));
        const mayJoin = planned.command.type === 'task.complete' && isFree;
        if (one.isJoined && mayJoin) {
          batch.push(planned);
          continue;
        }
        play(player, batch, reached);
        batch = [];
        const again = player.plan(one);
        if (again !== null) play(player, [again], reached);
      }
      play(player, batch, reached);
    }),
    { ...seed, numRuns: 500 },
  );
  for (const name of ['completed', 'failed', 'canceled', 'blocked', 'agreed on lie', 'barred']) {
    expect(reached).toContain(name);
  }
});

function sharesTask(command: Command, names: string): boolean {
  return command.type === 'task.complete' && names.includes(command.items[0]?.taskId ?? '');
}

function play(
  player: Player,
  batch: readonly NonNullable<ReturnType<Player['plan']>>[],
  reached: Set<string>,
): void {
  if (batch.length === 0) return;
  const [first] = batch;
  const { command } = first as (typeof batch)[number];
  if (batch.length === 1 && command.type === 'task.assign') {
    const task = player.world.task(command.taskIds[0] ?? '');
    const agentId = command.agentIds[0] ?? '';
    const agent = player.world.agent(agentId);
    const isOpen = agent.state === 'ready' && agent.leases.size < agent.spec.slots;
    const isBarred = taken(player, task).has(agentId);
    const { results } = player.world.run(1000, command);
    const expected = isOpen ? (isBarred ? ['COPY_SAME_AGENT'] : []) : [expect.any(String)];
    expect(refusalsOf(results[0])).toEqual(expected);
    if (isOpen && isBarred) reached.add('barred');
    return;
  }
  const { results } = player.world.run(1000, ...batch.map((each) => each.command));
  for (const [position, { learn }] of batch.entries()) {
    expect(refusalsOf(results[position])).toEqual([]);
    learn();
  }
  checkRounds(player, reached);
}

test('a state that is restored before every batch goes the same way', () => {
  let copies = 0;
  fc.assert(
    fc.property(fc.array(act, { minLength: 1, maxLength: 40, size: 'max' }), (acts) => {
      const player = new Player();
      for (const one of acts) {
        const planned = player.plan(one);
        if (planned === null) continue;
        const again = new World(restoreState(rowsOf(player.world.state)));
        again.run(1000, planned.command);
        player.world.run(1000, planned.command);
        for (const task of player.world.state.tasks.values())
          copies += copiesOf(task)?.ids.length ?? 0;
        expect(digest(again.state)).toBe(digest(player.world.state));
      }
    }),
    { ...seed, numRuns: 150 },
  );
  expect(copies).toBeGreaterThan(1_000);
});
