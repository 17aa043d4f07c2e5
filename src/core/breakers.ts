/** How breakers open, let probes through and close; what operators do to them. */
import { breakerKey, type Breaker, type BreakerState } from './breaker.ts';
import { link, moveGate, unlink } from './breaker-links.ts';
import { breakerSettings, type BreakerKind, type BreakerSettings } from './breaker-settings.ts';
import { addCall, bucketMsOf, countsAt, createWindow } from './breaker-window.ts';
import { UNTRACKED } from './change-set.ts';
import type { Command } from './command.ts';
import type { AgentId } from './ids.ts';
import { reject, type Rejection } from './rejection.ts';
import type { CoreState } from './state.ts';
import type { Step } from './step.ts';

/** Breakers kept, at most; a closed one that nobody set makes room. */
export const BREAKERS_MAX = 10_000;

/** A breaker that no probe came for is forgotten after this: what it guarded is not used any more. */
const IDLE_MS = 3_600_000;

/** Breakers looked at for one to forget; bounds the work of one failure. */
const LOOKED_AT_MAX = 100;

export interface Call {
  readonly isFailed: boolean;
  readonly isSlow: boolean;
  readonly fencingToken: number;
}

/** Makes a closed breaker; null where there is no room for one. */
export function makeBreaker(step: Step, kind: BreakerKind, name: string): Breaker | null {
  const { state } = step;
  if (!hasRoom(step)) return null;
  const { windowMs } = breakerSettings(state, kind, null);
  state.recordSeq += 1;
  const breaker: Breaker = {
    table: 'breakers',
    key: breakerKey(kind, name),
    seq: state.recordSeq,
    kind,
    name,
    state: 'closed',
    stateAt: state.nowMs,
    forced: null,
    why: null,
    by: null,
    openUntil: 0,
    opens: 0,
    trips: 0,
    probeFrom: 0,
    probes: 0,
    probesMax: 0,
    successes: 0,
    lastAt: state.nowMs,
    alarmAt: 0,
    settings: null,
    window: createWindow(windowMs),
    dueAt: 0,
    timerSlot: -1,
    ...UNTRACKED,
  };
  state.records.breakers.add(breaker);
  link(state, breaker);
  arm(state, breaker);
  return breaker;
}

/** Counts a call that ended: O(1). */
export function countCall(step: Step, breaker: Breaker, call: Call): void {
  const { state } = step;
  const settings = breakerSettings(state, breaker.kind, breaker.settings);
  if (breaker.forced !== null || breaker.state === 'open') return;
  if (breaker.state === 'half-open') {
    countProbe(step, breaker, call, settings);
    return;
  }
  state.records.breakers.touch(breaker);
  breaker.lastAt = state.nowMs;
  if (breaker.window.bucketMs !== bucketMsOf(settings.windowMs)) {
    breaker.window = createWindow(settings.windowMs);
  }
  addCall(breaker.window, state.nowMs, call);
  const why = faultOf(state, breaker, settings);
  if (why !== null) open(step, breaker, why);
}

/** Attempts from before it let probes through say nothing of now. */
function countProbe(
  step: Step,
  breaker: Breaker,
  call: Call,
  { successesMin }: BreakerSettings,
): void {
  const { state } = step;
  if (call.fencingToken < breaker.probeFrom) return;
  state.records.breakers.touch(breaker);
  breaker.lastAt = state.nowMs;
  if (call.isFailed || call.isSlow) {
    open(step, breaker, call.isFailed ? 'a probe failed' : 'a probe was slow');
    return;
  }
  breaker.successes += 1;
  if (breaker.successes >= successesMin) close(step, breaker, 'recovered');
}

/** Why the calls in the window are too bad, or null. */
function faultOf(state: CoreState, { window }: Breaker, settings: BreakerSettings): string | null {
  const { calls, failed, slow } = countsAt(window, state.nowMs);
  if (calls < settings.callsMin) return null;
  if (failed / calls >= settings.failureRate) return `${failed} of ${calls} calls failed`;
  const isSlow = settings.slowMs > 0 && slow / calls >= settings.slowRate;
  return isSlow ? `${slow} of ${calls} calls took ${settings.slowMs} ms or more` : null;
}

function open(step: Step, breaker: Breaker, why: string): void {
  const { state } = step;
  const { jitter, openMs, openMsMax } = breakerSettings(state, breaker.kind, breaker.settings);
  // 2⁶⁰ is past every ceiling and keeps the product finite.
  const longest = Math.min(openMsMax, openMs * 2 ** Math.min(breaker.opens, 60));
  const delayMs = Math.max(1, Math.round(longest * (1 - jitter * state.rng.unit())));
  breaker.opens += 1;
  breaker.trips += 1;
  breaker.openUntil = state.nowMs + delayMs;
  breaker.why = why;
  breaker.by = null;
  enter(step, breaker, 'open');
}

function close(step: Step, breaker: Breaker, why: string, by: string | null = null): void {
  const { windowMs } = breakerSettings(step.state, breaker.kind, breaker.settings);
  breaker.opens = 0;
  breaker.openUntil = 0;
  breaker.why = why;
  breaker.by = by;
  breaker.window = createWindow(windowMs);
  enter(step, breaker, 'closed');
}

/** Brings it into a state. The caller has touched it and set what explains the state. */
function enter(step: Step, breaker: Breaker, to: BreakerState): void {
  const { events, state } = step;
  const from = breaker.state;
  breaker.state = to;
  breaker.stateAt = state.nowMs;
  breaker.probes = 0;
  breaker.successes = 0;
  arm(state, breaker);
  moveGate(step, breaker);
  const agent =
    breaker.kind === 'agent' ? (state.agents.get(breaker.name as AgentId) ?? null) : null;
  events.push({ type: 'breaker.changed', breaker, from, agent });
}

/** Its moment came: probes may go, or nothing was heard of it for so long that it is forgotten. */
export function checkBreaker(step: Step, breaker: Breaker): void {
  const { state } = step;
  state.records.breakers.touch(breaker);
  breaker.alarmAt = 0;
  if (breaker.state === 'open') {
    breaker.openUntil = 0;
    breaker.probeFrom = state.index;
    breaker.probesMax = breakerSettings(state, breaker.kind, breaker.settings).probesMax;
    breaker.lastAt = state.nowMs;
    enter(step, breaker, 'half-open');
    return;
  }
  if (breaker.lastAt + keptMs(state, breaker) > state.nowMs || breaker.probes > 0) {
    arm(state, breaker);
    return;
  }
  if (breaker.state !== 'closed') close(step, breaker, 'not used');
  forget(state, breaker);
}

/** How long after its last call a breaker is still needed. */
function keptMs(state: CoreState, { kind, settings, state: standing }: Breaker): number {
  return standing === 'closed' ? breakerSettings(state, kind, settings).windowMs : IDLE_MS;
}

function arm(state: CoreState, breaker: Breaker): void {
  const { lastAt, openUntil, settings } = breaker;
  const isKept = breaker.forced !== null || settings !== null;
  if (breaker.state === 'open') breaker.alarmAt = openUntil;
  else if (isKept) breaker.alarmAt = 0;
  // A half-open breaker whose probes run for longer than that is looked at again.
  else breaker.alarmAt = Math.max(lastAt + keptMs(state, breaker), state.nowMs + 1_000);
  state.alarms.arm(breaker, breaker.alarmAt);
}

function forget(state: CoreState, breaker: Breaker): void {
  breaker.alarmAt = 0;
  state.alarms.arm(breaker, 0);
  unlink(state, breaker);
  state.records.breakers.remove(breaker);
}

function hasRoom({ state }: Step): boolean {
  const table = state.records.breakers;
  if (table.size < BREAKERS_MAX) return true;
  let looked = 0;
  for (const breaker of table.values()) {
    if (++looked > LOOKED_AT_MAX) return false;
    if (breaker.state !== 'closed' || breaker.forced !== null || breaker.settings !== null)
      continue;
    forget(state, breaker);
    return true;
  }
  return false;
}

type BreakerCommand = Extract<Command, { type: 'breaker.set' | 'breaker.force' }>;

/** What operators do. */
export function changeBreaker(step: Step, command: BreakerCommand): Rejection | null {
  return command.type === 'breaker.set' ? setBreaker(step, command) : forceBreaker(step, command);
}

/** Sets what holds for one breaker, or for all of a kind; null takes it back. O(breakers). */
function setBreaker(
  step: Step,
  command: Extract<Command, { type: 'breaker.set' }>,
): Rejection | null {
  const { kind, name, settings } = command;
  const { state } = step;
  if (name === null) {
    const { [kind]: _, ...others } = state.settings.breakers ?? {};
    const breakers = settings === null ? others : { ...others, [kind]: settings };
    const { breakers: _before, ...rest } = state.settings;
    state.settings = Object.keys(breakers).length === 0 ? rest : { ...rest, breakers };
    for (const breaker of state.records.breakers.values()) {
      if (breaker.kind === kind) refit(step, breaker);
    }
    return null;
  }
  const known = state.records.breakers.get(breakerKey(kind, name));
  if (known === undefined && settings === null) return unknown(kind, name);
  const breaker = known ?? makeBreaker(step, kind, name);
  if (breaker === null) return full();
  state.records.breakers.touch(breaker);
  breaker.settings = settings;
  refit(step, breaker);
  return null;
}

/** Brings a breaker in line with settings that changed. */
function refit(step: Step, breaker: Breaker): void {
  const { state } = step;
  state.records.breakers.touch(breaker);
  const { enabled, probesMax } = breakerSettings(state, breaker.kind, breaker.settings);
  if (!enabled && breaker.state !== 'closed' && breaker.forced === null) {
    close(step, breaker, 'switched off');
    return;
  }
  arm(state, breaker);
  if (breaker.state !== 'half-open' || breaker.probesMax === probesMax) return;
  breaker.probesMax = probesMax;
  moveGate(step, breaker);
}

/** Holds a breaker open or closed against all counts, or lets it go by them again. */
function forceBreaker(
  step: Step,
  { by, kind, name, reason, to }: Extract<Command, { type: 'breaker.force' }>,
): Rejection | null {
  const { state } = step;
  const known = state.records.breakers.get(breakerKey(kind, name));
  if (known === undefined && to === 'auto') return unknown(kind, name);
  const breaker = known ?? makeBreaker(step, kind, name);
  if (breaker === null) return full();
  state.records.breakers.touch(breaker);
  breaker.lastAt = state.nowMs;
  breaker.forced = to === 'auto' ? null : to;
  if (to !== 'open') {
    close(step, breaker, reason ?? (to === 'auto' ? 'reset' : 'held closed'), by);
    return null;
  }
  if (breaker.state !== 'open') breaker.trips += 1;
  breaker.openUntil = 0;
  breaker.why = reason;
  breaker.by = by;
  enter(step, breaker, 'open');
  return null;
}

function unknown(kind: BreakerKind, name: string): Rejection {
  const message = `a breaker must have counted a failure or been set, got ${kind} ${name}`;
  return reject('BREAKER_NOT_FOUND', message, { kind, name });
}

function full(): Rejection {
  const message = `there can be at most ${BREAKERS_MAX} breakers that are open or set`;
  return reject('BREAKER_LIMIT', message, { breakersMax: BREAKERS_MAX });
}
