/**
 * Simulated bifurcation: coupled oscillators whose positions split into −1 and +1 as the pump rises.
 *
 * Positions x and momenta y obey y' = −(1 − a(t)) x − c₀ (h + J·φ(x)), x' = y, with walls at |x| = 1 that take
 * the momentum away; a rises from 0 to 1. Ballistic: φ(x) = x; discrete: φ(x) = sign x.
 *
 * Source: Goto et al., Science Advances 7 (2021) eabe7953, with c₀ = ½ √(n − 1) / ‖J‖. Signs here are those of a
 * problem to be minimised. Replicas lie side by side, so that each coupling is read once for all of them.
 */
import type { SearchContext } from './search-context.ts';
import { descend, newState, refresh, type SpinState } from './spin-state.ts';

export interface BifurcationOptions {
  readonly kind: 'ballistic' | 'discrete';
  /** Independent copies run side by side; default 4. */
  readonly replicas?: number;
  /** Time steps of the first batch; default 1,000; each later batch has a quarter more. */
  readonly steps?: number;
  /** Length of a time step, halved while a batch does not come to rest; default 1.25 ballistic, 1 discrete. */
  readonly dt?: number;
}

interface Oscillators {
  readonly replicas: number;
  /** Length size × replicas each; replica r of spin i is at i × replicas + r. */
  readonly position: Float64Array;
  readonly momentum: Float64Array;
  readonly input: Float64Array;
  /** What pulls the replicas of one spin. */
  readonly force: Float64Array;
}

interface Motion {
  readonly kind: BifurcationOptions['kind'];
  readonly dt: number;
  readonly strength: number;
}

/** Share of the positions that may still change side from step to step at the end. */
const RESTLESS_MAX = 0.02;

const DT_MIN = 0.05;

/** Later batches draw their coupling strength from this range, in units of c₀. */
const STRENGTH_LEAST = 0.5;
const STRENGTH_SPREAD = 1.25;

/** Batches of replicas until the effort is spent. */
export function searchBifurcation(context: SearchContext, options: BifurcationOptions): void {
  const { problem } = context;
  const replicas = Math.max(1, options.replicas ?? 4);
  const length = problem.size * replicas;
  const oscillators: Oscillators = {
    replicas,
    position: new Float64Array(length),
    momentum: new Float64Array(length),
    input: new Float64Array(length),
    force: new Float64Array(replicas),
  };
  const state = newState(problem.size);
  let dt = options.dt ?? (options.kind === 'ballistic' ? 1.25 : 1);
  let steps = options.steps ?? 1000;
  const strength = strengthOf(context);
  for (let batch = 0; ; batch++) {
    // Small problems have few ways to split: other strengths open others.
    const vary = batch === 0 ? 1 : STRENGTH_LEAST + STRENGTH_SPREAD * context.rng.unit();
    const motion = { kind: options.kind, dt, strength: strength * vary };
    const restless = run(context, oscillators, motion, Math.ceil(steps));
    if (!harvest(context, oscillators, { batch, state }) || restless === undefined) return;
    if (restless > RESTLESS_MAX && dt > DT_MIN) dt /= 2;
    else steps *= 1.25;
  }
}

function strengthOf({ problem }: SearchContext): number {
  let squares = 0;
  for (const field of problem.fields) squares += 2 * field * field;
  for (const coupling of problem.coupling) squares += coupling * coupling;
  return squares === 0 ? 0 : (0.5 * Math.sqrt(Math.max(1, problem.size - 1))) / Math.sqrt(squares);
}

/** The share of positions that changed side in the last step, or undefined once the search has to end. */
function run(
  context: SearchContext,
  oscillators: Oscillators,
  motion: Motion,
  steps: number,
): number | undefined {
  const { position, momentum, input } = oscillators;
  for (let k = 0; k < position.length; k++) {
    position[k] = 0.1 * (2 * context.rng.unit() - 1);
    momentum[k] = 0.1 * (2 * context.rng.unit() - 1);
  }
  let turned = 0;
  for (let step = 1; step <= steps; step++) {
    if (motion.kind === 'ballistic') input.set(position);
    else for (let k = 0; k < input.length; k++) input[k] = position[k] < 0 ? -1 : 1;
    turned = 0;
    for (const { from, to, steps: work } of context.blocks) {
      turned += advance(context, oscillators, motion, { from, to, slack: 1 - step / steps });
      if (context.effort.spend(work * 4 * oscillators.replicas)) return undefined;
    }
  }
  return turned / position.length;
}

interface Advance {
  readonly from: number;
  readonly to: number;
  /** 1 − a(t). */
  readonly slack: number;
}

function advance(
  { problem }: SearchContext,
  { replicas, position, momentum, input, force }: Oscillators,
  { dt, strength }: Motion,
  { from, to, slack }: Advance,
): number {
  const { rowStart, column, coupling, fields } = problem;
  let turned = 0;
  for (let i = from; i < to; i++) {
    force.fill(fields[i]);
    for (let k = rowStart[i], end = rowStart[i + 1]; k < end; k++) {
      const pull = coupling[k];
      const base = column[k] * replicas;
      for (let r = 0; r < replicas; r++) force[r] += pull * input[base + r];
    }
    for (let r = 0, at = i * replicas; r < replicas; r++, at++) {
      const before = position[at];
      const y = momentum[at] - (slack * before + strength * force[r]) * dt;
      const x = before + y * dt;
      const inside = x < 1 && x > -1;
      position[at] = inside ? x : Math.sign(x);
      momentum[at] = inside ? y : 0;
      if (x * before < 0) turned += 1;
    }
  }
  return turned;
}

/** Rounds each replica to spins, descends, and offers it. False once the search has to end. */
function harvest(
  context: SearchContext,
  oscillators: Oscillators,
  { batch, state }: { readonly batch: number; readonly state: SpinState },
): boolean {
  const { problem, effort, incumbent } = context;
  const { replicas, position } = oscillators;
  for (let r = 0; r < replicas; r++) {
    for (let i = 0; i < problem.size; i++) {
      state.spins[i] = position[i * replicas + r] < 0 ? -1 : 1;
    }
    refresh(problem, state);
    descend(problem, state, context.blocks, effort);
    refresh(problem, state);
    incumbent.offer(state.spins, state.energy);
    for (let k = 0; batch > 0 && k < DISTURBANCES; k++) disturb(context, state);
  }
  return effort.stopped === undefined;
}

/** Share of the spins that are turned over where a replica's outcome is disturbed. */
const TURNED_SHARE = 1 / 3;

/** How often it is, one after the other: all of them take a small part of what a batch of a thousand steps does. */
const DISTURBANCES = 16;

/**
 * Turns some spins over, descends and offers the outcome.
 *
 * Every batch of a small problem may split to the same side, whatever its strength: this reaches all states.
 */
function disturb(context: SearchContext, state: SpinState): void {
  const { blocks, effort, incumbent, problem, rng } = context;
  for (let i = 0; i < problem.size; i++) {
    if (rng.unit() < TURNED_SHARE) state.spins[i] = -state.spins[i];
  }
  refresh(problem, state);
  descend(problem, state, blocks, effort);
  refresh(problem, state);
  incumbent.offer(state.spins, state.energy);
}
