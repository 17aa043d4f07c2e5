import { describe, expect, test } from 'vitest';
import type { Command, NewTask } from './command.ts';
import { digest } from './digest.ts';
import type { TaskId } from './ids.ts';
import { checkInvariants } from './invariants.ts';
import { restoreState } from './restore.ts';
import {
  SESSION_IDS_MAX,
  SESSION_MS,
  SESSION_OUTCOMES_MAX,
  SESSIONS_IDS_MAX,
  type SessionRef,
} from './session.ts';
import { keepOutcome } from './sessions.ts';
import { CORE_SETTINGS_DEFAULT } from './state.ts';
import { ADVANCE, submitAll, taskSpec } from './testing/commands.ts';
import { rowsOf } from './testing/snapshot.ts';
import { resultText } from './testing/trace.ts';
import { World } from './testing/world.ts';

function open(sessionId: string): Command {
  return { type: 'session.open', sessionId };
}

/** A submit as number `sequence` of a session. */
function numbered(
  session: string,
  sequence: number,
  ids: readonly string[],
  rest: Partial<SessionRef> = {},
): Command {
  const ref = { id: session, sequence, acknowledged: 0, ...rest };
  return { ...submitAll(ids.map((id) => ({ id }))), session: ref } as Command;
}

function outcome(world: World, at: number, command: Command): string {
  const [result] = world.run(at, command).results;
  return result === undefined ? '' : (resultText(result).split(':')[0] as string);
}

function many(count: number, name: string): string[] {
  return Array.from({ length: count }, (_, i) => `${name}.${i}`);
}

const EXPIRED = 'refused SESSION_EXPIRED';

describe('a session', () => {
  test('is kept for an hour after its last use, and then not known', () => {
    const world = new World();
    world.run(0, open('s'));
    expect(outcome(world, SESSION_MS - 1, numbered('s', 1, ['t1']))).toBe('submitted t1');
    expect(outcome(world, 2 * SESSION_MS - 2, numbered('s', 1, ['x']))).toBe(
      'submitted t1 (repeated at 0)',
    );
    const last = 3 * SESSION_MS - 3;
    world.run(last, ADVANCE);
    expect(outcome(world, last, numbered('s', 2, ['t2']))).toBe('submitted t2');
    expect(outcome(world, last + SESSION_MS, numbered('s', 2, ['x']))).toBe(EXPIRED);
    world.run(last + SESSION_MS + 1_000, ADVANCE);
    expect(world.state.records.sessions.size).toBe(0);
  });

  test('makes room for a new one when it was not used for longest', () => {
    const world = new World();
    world.run(1, { type: 'settings.set', settings: { ...CORE_SETTINGS_DEFAULT, sessionsMax: 2 } });
    world.run(1, open('first'), open('second'), numbered('first', 1, ['t1']), open('third'));
    expect(outcome(world, 1, numbered('second', 1, ['t2']))).toBe(EXPIRED);
    expect(outcome(world, 1, numbered('first', 1, ['x']))).toBe('submitted t1 (repeated at 0)');
  });

  test('is opened by a submit that says so, and by no other', () => {
    const world = new World();
    expect(outcome(world, 1, numbered('s', 1, ['t1']))).toBe(EXPIRED);
    expect(outcome(world, 1, numbered('s', 1, ['t1'], { opens: true }))).toBe('submitted t1');
    expect(outcome(world, 1, numbered('s', 1, ['x'], { opens: true }))).toContain('repeated');
    expect(outcome(world, 1, numbered('s', 2, ['t2']))).toBe('submitted t2');
  });

  test('keeps what it has when it is opened again', () => {
    const world = new World();
    world.run(1, open('s'), numbered('s', 1, ['t1']), open('s'));
    expect(outcome(world, 1, numbered('s', 1, ['x']))).toBe('submitted t1 (repeated at 0)');
  });
});

describe('an outcome', () => {
  test('is let go once its submitter has seen it, and the submit is not taken again', () => {
    const world = new World();
    world.run(1, open('s'), numbered('s', 1, ['t1']));
    world.run(1, numbered('s', 2, ['t2'], { acknowledged: 1 }));
    expect(outcome(world, 1, numbered('s', 1, ['x']))).toBe(EXPIRED);
    expect(world.state.sessionIds).toBe(1);
  });

  test('of a submit that was refused is judged anew', () => {
    const world = new World();
    world.run(1, open('s'), submitAll([{ id: 't1' }]));
    expect(outcome(world, 1, numbered('s', 1, ['t1']))).toBe('refused TASK_EXISTS');
    expect(outcome(world, 1, numbered('s', 1, ['t2']))).toBe('submitted t2');
  });

  test('of another number of tasks is not that of the submit', () => {
    const world = new World();
    world.run(1, open('s'), numbered('s', 1, ['t1']));
    expect(outcome(world, 1, numbered('s', 1, ['x', 'y']))).toBe('refused SESSION_CONFLICT');
  });

  test('is one of so many that are kept, the newest', () => {
    const world = new World();
    world.run(1, open('s'));
    const commands = many(SESSION_OUTCOMES_MAX + 1, 't').map((id, i) => numbered('s', i + 1, [id]));
    world.run(1, ...commands);
    expect(outcome(world, 1, numbered('s', 1, ['x']))).toBe(EXPIRED);
    expect(outcome(world, 1, numbered('s', 2, ['x']))).toBe('submitted t.1 (repeated at 0)');
  });

  test('is one of so many ids that a session keeps, and all sessions', () => {
    const { state } = new World();
    const ids = many(SESSION_IDS_MAX / 6, 'x') as TaskId[];
    const sessions = Math.floor(SESSIONS_IDS_MAX / SESSION_IDS_MAX) + 1;
    for (let session = 0; session < sessions; session++) {
      const ref = { id: `s${session}`, acknowledged: 0 };
      for (let sequence = 1; sequence <= 7; sequence++) {
        keepOutcome(state, { ...ref, sequence }, ids);
      }
      const kept = state.records.sessions.get(ref.id);
      expect([kept?.ids, kept?.forgottenThrough]).toEqual([SESSION_IDS_MAX, 1]);
    }
    checkInvariants(state);
    expect(state.sessionIds).toBe((sessions - 1) * SESSION_IDS_MAX);
    expect(state.records.sessions.get('s0')).toBeUndefined();
    expect(state.records.sessions.get('s1')).toBeDefined();
  });
});

test('sessions of a restored state are those of the state, in the order of their uses', () => {
  const world = new World();
  const settings = { ...CORE_SETTINGS_DEFAULT, sessionsMax: 3 };
  world.run(1, { type: 'settings.set', settings });
  world.run(1, open('a'), open('b'), open('c'), numbered('a', 1, ['t1', 't2']));
  const twin = new World(restoreState(rowsOf(world.state)));
  for (const one of [world, twin]) {
    one.run(2, open('d'));
    expect([...one.state.sessionsByUse.keys()]).toEqual(['c', 'a', 'd']);
    expect(outcome(one, 2, numbered('a', 1, ['x', 'y']))).toContain('submitted t1 t2');
  }
  expect(digest(twin.state)).toBe(digest(world.state));
});

describe('a large submit of a session', () => {
  const session = { id: 's', sequence: 1, acknowledged: 0 };

  function add(stageId: string, index: number, ...ids: readonly string[]): Command {
    const tasks = ids.map((id): NewTask => ({ id: id as TaskId, spec: 0, payloadBytes: 4 }));
    const payloads = ids.map(() => 'null');
    return { type: 'stage.add', stageId, index, specs: [taskSpec()], tasks, payloads };
  }

  function commit(stageId: string): Command {
    return { type: 'stage.commit', stageId, parts: 2, session };
  }

  test('has an outcome from its commit on, in the order of its tasks', () => {
    const world = new World();
    world.run(1, open('s'), add('g', 0, 'c', 'd'), add('g', 1, 'a', 'b'), commit('g'));
    expect(world.state.records.sessions.get('s')?.outcomes.get(1)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('makes no tasks when it comes again, also while the first is on its way', () => {
    const world = new World();
    world.run(1, open('s'), add('g', 0, 'c', 'd'), add('h', 0, 'y', 'z'));
    world.run(1, add('g', 1, 'a', 'b'), add('h', 1, 'w', 'x'));
    expect(world.run(1, commit('g'), commit('h')).results.map(resultText)).toEqual([
      'taken',
      'taken',
    ]);
    world.run(1, ADVANCE);
    expect([...world.state.tasks.keys()]).toEqual(['c', 'd', 'a', 'b']);
    expect(world.state.records.stages.size).toBe(0);
  });

  test('is refused as others are where its session is not known', () => {
    const world = new World();
    world.run(1, add('g', 0, 'a'), add('g', 1, 'b'));
    expect(outcome(world, 1, commit('g'))).toBe(EXPIRED);
  });
});
