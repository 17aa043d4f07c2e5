/** One breaker, held against a list of all calls with their times. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Breaker } from './breaker.ts';
import { countsAt, WINDOW_BUCKETS } from './breaker-window.ts';
import { digest } from './digest.ts';
import { restoreState } from './restore.ts';
import { createState } from './state.ts';
import { apply } from './apply.ts';
import { checkInvariants } from './invariants.ts';
import { ADVANCE, assign, complete, fail, register, submit } from './testing/commands.ts';
import { batchOf, histories } from './testing/histories.ts';
import { gatedBatchOf } from './testing/gated-histories.ts';
import { rowsOf } from './testing/snapshot.ts';
import { eventText, resultText } from './testing/trace.ts';
import { World } from './testing/world.ts';

const SEED = process.env['SEED'] === undefined ? {} : { seed: Number(process.env['SEED']) };

const SETTINGS = {
  callsMin: 4,
  failureRate: 0.5,
  windowMs: 1_000,
  slowMs: 200,
  slowRate: 0.75,
  openMs: 300,
  openMsMax: 1_000,
  jitter: 0,
  probesMax: 2,
  successesMin: 2,
};
const SPEC = { rules: { downstreams: ['svc'] }, retry: { attemptsMax: 1_000, delayMs: 0 } };
const OFF = { enabled: false };

interface Call {
  readonly at: number;
  readonly isFailed: boolean;
  readonly isSlow: boolean;
}

/** What a breaker is meant to do, told with everything that ever happened. */
class Reference {
  state: Breaker['state'] = 'closed';
  calls: Call[] = [];
  opens = 0;
  openUntil = 0;
  /** Probes under way, by task. */
  probes = new Set<string>();
  successes = 0;
  /** Whether it was made: a success alone makes none. */
  isKnown = false;
  lastAt = 0;
  /** When it is looked at whether it is still needed. */
  lookAt = 0;

  counts(now: number): { calls: number; failed: number; slow: number } {
    const bucketMs = SETTINGS.windowMs / WINDOW_BUCKETS;
    const oldest = (Math.floor(now / bucketMs) - WINDOW_BUCKETS + 1) * bucketMs;
    const seen = this.calls.filter(({ at }) => at >= oldest);
    const failed = seen.filter(({ isFailed }) => isFailed).length;
    return { calls: seen.length, failed, slow: seen.filter(({ isSlow }) => isSlow).length };
  }

  tick(now: number): void {
    if (this.state === 'open') {
      if (this.openUntil > now) return;
      this.state = 'half-open';
      this.probes.clear();
      this.successes = 0;
      this.lastAt = now;
      this.#look(now);
    } else if (this.isKnown && this.lookAt <= now) {
      if (this.lastAt + this.#keptMs() > now || this.probes.size > 0) this.#look(now);
      else {
        this.#close(now);
        this.isKnown = false;
      }
    }
  }

  #keptMs(): number {
    return this.state === 'closed' ? SETTINGS.windowMs : 3_600_000;
  }

  #look(now: number): void {
    this.lookAt = Math.max(this.lastAt + this.#keptMs(), now + 1_000);
  }

  mayStart(): boolean {
    if (this.state === 'half-open') return this.probes.size < SETTINGS.probesMax;
    return this.state === 'closed';
  }

  started(id: string): void {
    if (this.state === 'half-open') this.probes.add(id);
  }

  /** `call`: null for an end that counts as neither. */
  ended(id: string, call: Call | null): void {
    const isProbe = this.probes.delete(id);
    if (call === null || this.state === 'open') return;
    const isBad = call.isFailed || call.isSlow;
    if (this.state === 'half-open') {
      if (!isProbe) return;
      this.lastAt = call.at;
      if (isBad) this.#open(call.at);
      else if (++this.successes >= SETTINGS.successesMin) this.#close(call.at);
      return;
    }
    if (!this.isKnown && !isBad) return;
    this.lastAt = call.at;
    if (!this.isKnown) this.#look(call.at);
    this.isKnown = true;
    this.calls.push(call);
    const { calls, failed, slow } = this.counts(call.at);
    if (calls < SETTINGS.callsMin) return;
    if (failed / calls >= SETTINGS.failureRate || slow / calls >= SETTINGS.slowRate)
      this.#open(call.at);
  }

  #open(now: number): void {
    this.state = 'open';
    this.openUntil = now + Math.min(SETTINGS.openMsMax, SETTINGS.openMs * 2 ** this.opens);
    this.opens += 1;
    this.probes.clear();
  }

  #close(now: number): void {
    this.state = 'closed';
    this.opens = 0;
    this.calls = [];
    this.probes.clear();
    this.#look(now);
  }
}

const act = fc.record({
  waitMs: fc.oneof(
    { weight: 6, arbitrary: fc.nat(120) },
    { weight: 2, arbitrary: fc.nat(1_500) },
    { weight: 1, arbitrary: fc.integer({ min: -5_000, max: -1 }) },
    { weight: 1, arbitrary: fc.constantFrom(1_000, 10_000_000) },
  ),
  kind: fc.constantFrom(
    ...(['start', 'start', 'start', 'ok', 'ok', 'fail', 'fail', 'final', 'other', 'tick'] as const),
  ),
  pick: fc.nat(100),
});

test('a breaker does what a list of all calls says, whatever the clock does', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.array(act, { minLength: 1, maxLength: 120, size: 'max' }), (acts) => {
      let world = new World();
      const breakers = { agent: OFF, capability: OFF, downstream: SETTINGS };
      world.state.settings = { ...world.state.settings, breakers };
      world.run(1_000_000, register('a1', { slots: 1_000 }));
      const reference = new Reference();
      const running: { id: string; since: number }[] = [];
      let leader = 1_000_000;
      let made = 0;
      for (const { kind, pick, waitMs } of acts) {
        leader += waitMs;
        const now = Math.max(leader, world.state.nowMs);
        // A clock that was set back catches up with time as it is known.
        if (leader < now && pick % 3 === 0) leader = now;
        world.run(leader, ADVANCE);
        reference.tick(now);
        const one = running[pick % Math.max(1, running.length)];
        if (kind === 'start') {
          made += 1;
          const id = `t${made}`;
          world.run(leader, submit(id, SPEC));
          const [result] = world.run(leader, assign(id, 'a1')).results;
          const mayStart = reference.mayStart();
          expect(result?.type === 'taken' && result.refused === null).toBe(mayStart);
          if (mayStart) {
            reference.started(id);
            running.push({ id, since: now });
          }
        } else if (one !== undefined && kind !== 'tick') {
          running.splice(running.indexOf(one), 1);
          const token = world.task(one.id).fencingToken;
          const isSlow = now - one.since >= SETTINGS.slowMs;
          const call = { at: now, isFailed: kind === 'fail', isSlow };
          if (kind === 'ok') world.run(leader, complete(one.id, token));
          else if (kind === 'fail') world.run(leader, fail(one.id, token));
          else if (kind === 'final') world.run(leader, fail(one.id, token, { retryable: false }));
          else world.run(leader, fail(one.id, token, { downstream: 'elsewhere' }));
          reference.ended(one.id, kind === 'ok' || kind === 'fail' ? call : null);
        }
        const breaker = world.state.records.breakers.get('downstream svc');
        seen.add(breaker?.state ?? 'none');
        expect(breaker?.state ?? 'closed').toBe(reference.state);
        if (breaker !== undefined && reference.state === 'closed') {
          expect(countsAt(breaker.window, now)).toEqual(reference.counts(now));
        }
        if (reference.state === 'half-open') expect(breaker?.probes).toBe(reference.probes.size);
        if (reference.state === 'open') expect(breaker?.openUntil).toBe(reference.openUntil);
        if (pick % 17 === 0) world = new World(restoreState(rowsOf(world.state)));
      }
    }),
    { numRuns: 300, ...SEED },
  );
  expect([...seen].toSorted()).toEqual(['closed', 'half-open', 'none', 'open']);
});

test('histories with breakers keep every invariant, and go on the same after a restore', () => {
  // So touchy that one history in ten opens the breaker of a capability: four hundred always do.
  const judges = { callsMin: 2, failureRate: 0.5, windowMs: 10_000 };
  const touchy = { ...judges, openMs: 200, openMsMax: 800, successesMin: 1 };
  const breakers = { agent: touchy, capability: touchy, downstream: touchy };
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.integer(), histories(60), fc.nat(), (seed, moves, cut) => {
      const state = createState(seed);
      state.settings = { ...state.settings, breakers };
      let other = restoreState(rowsOf(state));
      for (const [at, move] of moves.entries()) {
        const batch = cut % 2 === 0 ? batchOf(state, move) : gatedBatchOf(state, move);
        const [did, didToo] = [state, other].map((one) => {
          const { events, results } = apply(one, one.index + 1, batch);
          return [...results.map(resultText), ...events.map(eventText)].join('\n');
        });
        expect(didToo).toBe(did);
        for (const { kind, state: standing } of state.records.breakers.values())
          seen.add(`${kind} ${standing}`);
        checkInvariants(state);
        if (at % 7 === cut % 7) other = restoreState(rowsOf(other));
        checkInvariants(other);
        expect(digest(other)).toBe(digest(state));
      }
    }),
    { numRuns: 400, ...SEED },
  );
  for (const kind of ['agent', 'capability'])
    for (const standing of ['closed', 'open', 'half-open'])
      expect([...seen]).toContain(`${kind} ${standing}`);
});
