/** Submitters with bad connections, held against the list of what they wanted: each of it is there once. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { apply } from './apply.ts';
import type { Command } from './command.ts';
import { digest } from './digest.ts';
import type { TaskId } from './ids.ts';
import { checkInvariants } from './invariants.ts';
import { restoreState } from './restore.ts';
import type { SessionRef } from './session.ts';
import { CORE_SETTINGS_DEFAULT, createState, type CoreState } from './state.ts';
import { ADVANCE, cancel, submitAll } from './testing/commands.ts';
import { rowsOf } from './testing/snapshot.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };
const SESSION_MS = 5_000;
const SUBMITTERS = 4;

interface Wish {
  readonly label: string;
  readonly tasks: number;
  session: string;
  sequence: number;
  sends: number;
  /** Whether the connection of now has it. */
  isSent: boolean;
  outcome: 'open' | 'unknown' | readonly TaskId[];
}

interface Message {
  readonly submitter: Submitter;
  readonly wish: Wish;
  readonly ref: SessionRef;
  /** Answers of an earlier connection reach nobody. */
  readonly connection: number;
}

/** What the client does, without sockets. */
class Submitter {
  readonly name: string;
  readonly wishes: Wish[] = [];
  connection = 1;
  /** Empty until it is open. */
  session = '';
  #sessions = 0;
  #last = 0;
  readonly #seen = new Set<number>();

  constructor(name: string) {
    this.name = name;
  }

  open(): string {
    this.#sessions += 1;
    this.#last = 0;
    this.#seen.clear();
    this.session = `${this.name}/${this.#sessions}`;
    return this.session;
  }

  want(tasks: number): void {
    const label = `${this.name}.${this.wishes.length}`;
    const fresh = { session: '', sequence: 0, sends: 0, isSent: false } as const;
    this.wishes.push({ label, tasks, ...fresh, outcome: 'open' });
  }

  send(wish: Wish): Message {
    if (wish.session === '') {
      wish.session = this.session;
      wish.sequence = this.#last += 1;
    }
    wish.sends += 1;
    wish.isSent = true;
    let acknowledged = 0;
    if (wish.session === this.session) while (this.#seen.has(acknowledged + 1)) acknowledged += 1;
    const ref = { id: wish.session, sequence: wish.sequence, acknowledged };
    return { submitter: this, wish, ref, connection: this.connection };
  }

  cut(): void {
    this.connection += 1;
    for (const wish of this.wishes) wish.isSent = false;
  }

  taken(wish: Wish, taskIds: readonly TaskId[]): void {
    if (wish.session === this.session) this.#seen.add(wish.sequence);
    wish.outcome = taskIds;
  }

  expired(wish: Wish): void {
    if (wish.session === this.session) this.session = '';
    if (wish.sends > 1) wish.outcome = 'unknown';
    Object.assign(wish, { session: '', sends: 0, isSent: false });
  }
}

interface Move {
  readonly kind: 'want' | 'send' | 'deliver' | 'lose' | 'cut' | 'wait' | 'restart' | 'cancel';
  readonly a: number;
  readonly b: number;
}

const kind = fc.oneof(
  ...(
    [
      ['want', 8],
      ['send', 8],
      ['deliver', 12],
      ['lose', 2],
      ['cut', 3],
      ['wait', 2],
      ['restart', 1],
      ['cancel', 2],
    ] as const
  ).map(([name, weight]) => ({ weight, arbitrary: fc.constant(name) })),
);
const number = fc.nat({ max: 999_999 });
const moves: fc.Arbitrary<Move[]> = fc.array(fc.record({ kind, a: number, b: number }), {
  minLength: 20,
  maxLength: 150,
  size: 'max',
});

/** Core, a twin of it that is restored again and again, and what lies between them and the submitters. */
class World {
  state: CoreState = createState(1);
  twin: CoreState = createState(1);
  readonly submitters: readonly Submitter[];
  readonly wire: Message[] = [];
  /** Ids of tasks that were made, by label. */
  readonly made = new Map<string, TaskId[]>();
  nowMs = 1_000;
  #deliveries = 0;

  constructor(sessionsMax: number) {
    const settings = { ...CORE_SETTINGS_DEFAULT, sessionMs: SESSION_MS, sessionsMax };
    this.run({ type: 'settings.set', settings });
    const names = Array.from({ length: SUBMITTERS }, (_, i) => `s${i}`);
    this.submitters = names.map((name) => new Submitter(name));
  }

  run(command: Command): ReturnType<typeof apply>['results'][number] | undefined {
    const batch = { at: this.nowMs, commands: [command] };
    const { events, results } = apply(this.state, this.state.index + 1, batch);
    apply(this.twin, this.twin.index + 1, batch);
    for (const event of events) {
      if (event.type !== 'task.submitted') continue;
      const label = event.task.id.slice(0, event.task.id.indexOf(':'));
      this.made.set(label, [...(this.made.get(label) ?? []), event.task.id]);
    }
    checkInvariants(this.twin);
    expect(digest(this.twin)).toBe(digest(this.state));
    return results[0];
  }

  send(submitter: Submitter, wish: Wish): void {
    if (submitter.session === '') {
      this.run({ type: 'session.open', sessionId: submitter.open() });
    }
    this.wire.push(submitter.send(wish));
  }

  /** The leader gives new ids to whatever comes. */
  deliver({ connection, ref, submitter, wish }: Message): void {
    const delivery = (this.#deliveries += 1);
    const tasks = Array.from({ length: wish.tasks }, (_, i) => ({
      id: `${wish.label}:${delivery}.${i}`,
    }));
    const result = this.run({ ...submitAll(tasks), session: ref } as Command);
    if (connection !== submitter.connection || wish.outcome !== 'open') return;
    if (result?.type === 'submitted') submitter.taken(wish, result.submitted.taskIds);
    else if (result?.type === 'refused' && result.rejection.code === 'SESSION_EXPIRED') {
      submitter.expired(wish);
    } else throw new Error(`a submit must be taken or too late, got ${JSON.stringify(result)}`);
  }

  move({ a, b, kind: what }: Move): void {
    const submitter = this.submitters[a % SUBMITTERS] as Submitter;
    const open = submitter.wishes.filter((wish) => wish.outcome === 'open' && !wish.isSent);
    const place = a % Math.max(1, this.wire.length);
    switch (what) {
      case 'want':
        submitter.want(1 + (b % 3));
        return;
      case 'send':
        if (open.length > 0) this.send(submitter, open[b % open.length] as Wish);
        return;
      case 'deliver':
        for (const message of this.wire.splice(place, 1)) this.deliver(message);
        return;
      case 'lose':
        for (const { submitter: whose } of this.wire.splice(place, 1)) whose.cut();
        return;
      case 'cut':
        submitter.cut();
        return;
      case 'wait':
        this.nowMs += b % (b % 3 === 0 ? 2 * SESSION_MS : 100);
        this.run(ADVANCE);
        return;
      case 'restart':
        this.twin = restoreState(structuredClone(rowsOf(this.twin)));
        return;
      case 'cancel': {
        const ids = [...this.state.tasks.keys()];
        if (ids.length > 0) this.run(cancel(ids[b % ids.length] as TaskId));
      }
    }
  }

  /** Good connections from now on, until everybody knows; what was on its way comes last of all. */
  settle(): void {
    const late = this.wire.splice(0);
    for (const submitter of this.submitters) submitter.cut();
    for (const submitter of this.submitters) {
      submitter.want(1);
      for (const wish of submitter.wishes) this.#settle(submitter, wish);
    }
    for (const message of late) this.deliver(message);
  }

  #settle(submitter: Submitter, wish: Wish): void {
    while (wish.outcome === 'open') {
      this.send(submitter, wish);
      for (const message of this.wire.splice(0)) this.deliver(message);
    }
  }
}

/** How many outcomes nobody can know any more. */
function play(history: readonly Move[], sessionsMax: number, waits: boolean): number {
  const world = new World(sessionsMax);
  for (const move of history) if (waits || move.kind !== 'wait') world.move(move);
  world.settle();
  let unknown = 0;
  for (const { wishes } of world.submitters) {
    for (const { label, outcome, tasks } of wishes) {
      const made = world.made.get(label) ?? [];
      if (outcome === 'unknown') {
        unknown += 1;
        expect([0, tasks]).toContain(made.length);
      } else expect(made).toEqual(outcome);
    }
  }
  return unknown;
}

test('every submit makes its tasks once, whatever is lost, late, sent again or restarted', () => {
  fc.assert(
    fc.property(moves, (history) => {
      expect(play(history, 100, false)).toBe(0);
    }),
    { numRuns: 150, ...SEED },
  );
});

test('no submit makes its tasks twice where sessions expire and are crowded out', () => {
  let unknown = 0;
  fc.assert(
    fc.property(moves, fc.integer({ min: 1, max: 4 }), (history, sessionsMax) => {
      unknown += play(history, sessionsMax, true);
    }),
    { numRuns: 150, ...SEED },
  );
  expect(unknown).toBeGreaterThan(0);
}, 60_000);
