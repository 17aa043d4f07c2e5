import { describe, expect, test } from 'vitest';
import type { BreakerChange, BreakerKind } from './breaker-settings.ts';
import { BREAKERS_MAX } from './breakers.ts';
import type { Command } from './command.ts';
import {
  ADVANCE,
  agentCommand,
  answer,
  ask,
  assign,
  breakLease,
  cancel,
  complete,
  fail,
  register,
  release,
  submit,
  type SpecOptions,
} from './testing/commands.ts';
import { resultText } from './testing/trace.ts';
import { World } from './testing/world.ts';

const QUICK: BreakerChange = { callsMin: 2, openMs: 500, jitter: 0, probesMax: 1, successesMin: 1 };
const ENDLESS: SpecOptions = { retry: { attemptsMax: 1_000, delayMs: 0 } };
const OPENAI: SpecOptions = { ...ENDLESS, rules: { downstreams: ['openai'] } };

function set(
  kind: BreakerKind,
  settings: BreakerChange | null,
  name: string | null = null,
): Command {
  return { type: 'breaker.set', kind, name, settings };
}

/** A roomy agent, and breakers of that kind alone that open at the second failure. */
function worldOf(kind: BreakerKind, settings: BreakerChange = {}): World {
  const world = new World();
  const off = (['agent', 'capability', 'downstream'] as const).filter((one) => one !== kind);
  world.run(1000, ...off.map((one) => set(one, { enabled: false })));
  world.run(1000, set(kind, { ...QUICK, ...settings }));
  world.run(1000, register('a1', { slots: 100, capabilities: ['email', 'post'] }));
  return world;
}

/** Runs a new task that ends so; says with what breaker state. */
function call(
  world: World,
  at: number,
  end: (id: string, token: number) => Command,
  spec: SpecOptions = OPENAI,
): void {
  const id = `c${world.state.index}`;
  world.run(at, submit(id, spec));
  world.run(at, assign(id, 'a1'));
  world.run(at, end(id, world.task(id).fencingToken));
}

function stateOf(world: World, key: string): string {
  return world.state.records.breakers.get(key)?.state ?? 'none';
}

function refusal(world: World, at: number, id: string): string {
  return world.run(at, assign(id, 'a1')).results.map(resultText).join();
}

describe('what counts', () => {
  const ends: [string, (id: string, token: number) => Command, boolean][] = [
    ['a failure that may be retried', (id, token) => fail(id, token), true],
    ['silence about a task', (id, token) => breakLease(id, token), true],
    ['a final failure', (id, token) => fail(id, token, { retryable: false }), false],
    ['a code that the task calls final', (id, token) => fail(id, token, { code: 'BAD' }), false],
    ['a code on the list to ignore', (id, token) => fail(id, token, { code: 'MEH' }), false],
    [
      'a final code on the list to count',
      (id, token) => fail(id, token, { code: 'OUCH', retryable: false }),
      true,
    ],
    [
      'what somebody else is blamed for',
      (id, token) => fail(id, token, { downstream: 'x' }),
      false,
    ],
    ['an attempt that is given back', (id, token) => release(id, token), false],
    ['a task that is canceled', (id) => cancel(id), false],
  ];

  test.each(ends)('%s', (_, end, isCounted) => {
    const world = worldOf('downstream', { ignore: ['MEH'], count: ['OUCH'] });
    const spec = { ...OPENAI, retry: { ...OPENAI.retry, nonRetryable: ['BAD'] } };
    call(world, 1000, end, spec);
    call(world, 1000, end, spec);
    expect(stateOf(world, 'downstream openai')).toBe(isCounted ? 'open' : 'none');
  });

  test('a run that takes too long', () => {
    const world = worldOf('agent');
    world.run(1000, submit('t1', { ...ENDLESS, timeouts: { runMs: 100 } }));
    world.run(1000, submit('t2', { ...ENDLESS, timeouts: { runMs: 100 } }));
    world.run(1000, assign('t1', 'a1'), assign('t2', 'a1'));
    world.run(1100, ADVANCE);
    expect(stateOf(world, 'agent a1')).toBe('open');
  });

  test('an agent that is lost is blamed alone, one that is removed not at all', () => {
    for (const [type, kinds] of [
      ['agent.lost', ['agent a1']],
      ['agent.remove', []],
    ] as const) {
      const world = new World();
      world.run(1000, register('a1'), submit('t1', OPENAI));
      world.run(1000, assign('t1', 'a1'));
      world.run(1000, agentCommand(type, 'a1'));
      expect([...world.state.records.breakers.values()].map(({ key }) => key)).toEqual(kinds);
    }
  });

  test('no time that people took to answer, however the attempt ends', () => {
    for (const end of [complete, fail]) {
      const settings = { slowMs: 5_000, slowRate: 0.5, failureRate: 1, callsMin: 2 };
      const world = worldOf('capability', settings);
      call(world, 1000, fail);
      world.run(2000, submit('t1', OPENAI), assign('t1', 'a1'));
      const token = world.task('t1').fencingToken;
      world.run(2000, ask('t1', token));
      world.run(9000, answer('t1', token));
      world.run(9000, end('t1', token));
      const breaker = world.state.records.breakers.get('capability email');
      expect(breaker?.window.slow.reduce((sum, count) => sum + count, 0)).toBe(0);
    }
  });

  test('attempts that are slow, where operators say what slow is', () => {
    const world = worldOf('capability', { slowMs: 50, slowRate: 1 });
    for (const id of ['t1', 't2']) {
      world.run(1000, submit(id), assign(id, 'a1'));
    }
    world.run(1000, assign('t1', 'a1'), assign('t2', 'a1'));
    world.run(1049, complete('t1', world.task('t1').fencingToken));
    expect(stateOf(world, 'capability email')).toBe('none');
    world.run(1050, complete('t2', world.task('t2').fencingToken));
    expect(stateOf(world, 'capability email')).toBe('closed');
    world.run(1050, submit('t3'), assign('t3', 'a1'));
    world.run(1050, assign('t3', 'a1'));
    world.run(1150, complete('t3', world.task('t3').fencingToken));
    expect(stateOf(world, 'capability email')).toBe('open');
  });
});

describe('an open breaker', () => {
  test('of a capability holds those that require it, and nobody else', () => {
    const world = worldOf('capability');
    world.run(1000, submit('waits', ENDLESS), submit('goes', { type: 'post' }));
    call(world, 1000, (id, token) => fail(id, token), ENDLESS);
    call(world, 1000, (id, token) => fail(id, token), ENDLESS);
    expect(refusal(world, 1000, 'waits')).toBe('refused at 0 GATE_CLOSED');
    expect(refusal(world, 1000, 'goes')).toBe('taken');
    expect(world.task('goes').profile.gates).toBeNull();
  });

  test('stays open as long as it is asked to, though that is longer than it may grow by itself', () => {
    const world = worldOf('downstream', { openMs: 300_000 });
    call(world, 1000, (id, token) => fail(id, token));
    call(world, 1000, (id, token) => fail(id, token));
    const breaker = world.state.records.breakers.get('downstream openai');
    expect(breaker).toMatchObject({ state: 'open', openUntil: 301_000 });
  });

  test('waits twice as long after each failed probe, at most so long, and then closes', () => {
    const world = worldOf('downstream', { openMsMax: 1_500 });
    call(world, 1000, (id, token) => fail(id, token));
    call(world, 1000, (id, token) => fail(id, token));
    let at = 1000;
    for (const waitMs of [500, 1_000, 1_500, 1_500]) {
      world.run(at + waitMs - 1, ADVANCE);
      expect(stateOf(world, 'downstream openai')).toBe('open');
      at += waitMs;
      world.run(at, ADVANCE);
      expect(stateOf(world, 'downstream openai')).toBe('half-open');
      call(world, at, (id, token) => fail(id, token));
    }
    world.run(at + 1_500, ADVANCE);
    call(world, at + 1_500, (id, token) => complete(id, token));
    expect(stateOf(world, 'downstream openai')).toBe('closed');
    call(world, at + 1_500, (id, token) => fail(id, token));
    call(world, at + 1_500, (id, token) => fail(id, token));
    const breaker = world.state.records.breakers.get('downstream openai');
    expect(breaker).toMatchObject({ state: 'open', openUntil: at + 2_000, trips: 6 });
  });

  test('lets no more probes through than it may, also while one waits for input', () => {
    const world = worldOf('agent', { probesMax: 2, successesMin: 2 });
    world.run(1000, ...['t1', 't2', 't3', 't4'].map((id) => submit(id, ENDLESS)));
    call(world, 1000, (id, token) => fail(id, token), ENDLESS);
    call(world, 1000, (id, token) => fail(id, token), ENDLESS);
    world.run(1500, ADVANCE);
    expect(refusal(world, 1500, 't1')).toBe('taken');
    expect(refusal(world, 1500, 't2')).toBe('taken');
    expect(refusal(world, 1500, 't3')).toBe('refused at 0 BREAKER_OPEN');
    world.run(1500, ask('t1', world.task('t1').fencingToken));
    expect(refusal(world, 1500, 't3')).toBe('refused at 0 BREAKER_OPEN');
    world.run(1500, release('t1', world.task('t1').fencingToken));
    expect(refusal(world, 1500, 't3')).toBe('taken');
  });

  test('hears nothing of attempts that started before its probes', () => {
    const world = worldOf('downstream');
    world.run(1000, submit('old', OPENAI), submit('older', OPENAI));
    world.run(1000, assign('old', 'a1'), assign('older', 'a1'));
    call(world, 1000, (id, token) => fail(id, token));
    call(world, 1000, (id, token) => fail(id, token));
    world.run(1000, complete('old', world.task('old').fencingToken));
    world.run(1500, ADVANCE);
    world.run(1500, complete('older', world.task('older').fencingToken));
    expect(stateOf(world, 'downstream openai')).toBe('half-open');
  });

  test('of an agent stays with it when it registers anew', () => {
    const world = worldOf('agent');
    call(world, 1000, (id, token) => fail(id, token), ENDLESS);
    call(world, 1000, (id, token) => fail(id, token), ENDLESS);
    world.run(1000, agentCommand('agent.remove', 'a1'), register('a1'));
    expect(world.agent('a1').breaker?.state).toBe('open');
  });

  test('is forgotten when nobody asks for what it guards', () => {
    const world = worldOf('downstream');
    call(world, 1000, (id, token) => fail(id, token));
    call(world, 1000, (id, token) => fail(id, token));
    world.run(1500, ADVANCE);
    world.run(1500 + 3_600_000, ADVANCE);
    expect(world.state.records.breakers.size).toBe(0);
    expect(world.state.alarms.size).toBe(0);
  });
});

test('a breaker that is switched off while it is open closes', () => {
  const world = worldOf('capability');
  call(world, 1000, (id, token) => fail(id, token), ENDLESS);
  call(world, 1000, (id, token) => fail(id, token), ENDLESS);
  world.run(1000, set('capability', { enabled: false }));
  expect(stateOf(world, 'capability email')).toBe('closed');
});

test('past their number what fails gets a breaker only in the place of a closed one', () => {
  const world = worldOf('downstream', { windowMs: 86_400_000 });
  const names = Array.from({ length: BREAKERS_MAX }, (_, n) => `s${n}`);
  const force = (name: string): Command => ({
    type: 'breaker.force',
    kind: 'downstream',
    name,
    to: 'open',
    reason: null,
    by: null,
  });
  world.run(1000, ...names.map(force));
  const [last] = world.run(1000, force('more')).results;
  expect(last).toMatchObject({ type: 'refused', rejection: { code: 'BREAKER_LIMIT' } });
  call(world, 1000, (id, token) => fail(id, token));
  expect(stateOf(world, 'downstream openai')).toBe('none');
  world.run(1000, { ...force('s7'), to: 'auto' } as Command);
  call(world, 1000, (id, token) => fail(id, token));
  expect([stateOf(world, 'downstream openai'), stateOf(world, 'downstream s7')]).toEqual([
    'closed',
    'none',
  ]);
  expect(world.state.records.breakers.size).toBe(BREAKERS_MAX);
});

test('an agent that was never heard of can be held back before it comes', () => {
  const world = new World();
  const name = 'late';
  world.run(1000, {
    type: 'breaker.force',
    kind: 'agent',
    name,
    to: 'open',
    reason: 'new',
    by: 'ann',
  });
  world.run(1000, register('late'), submit('t1'));
  const [result] = world.run(1000, assign('t1', 'late')).results;
  expect(result).toMatchObject({
    refused: new Map([
      [
        0,
        {
          code: 'BREAKER_OPEN',
          message:
            'the breaker of agent late is held open since 1970-01-01T00:00:01.000Z by ann: new',
        },
      ],
    ]),
  });
});
