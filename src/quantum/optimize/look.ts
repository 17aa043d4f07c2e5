import { throwIfCanceled, type Watch } from '../watch.ts';

/** Called by passes every few hundred gates; ends them by throwing once the run is canceled. */
export type Look = () => void;

/** For networks that are so small that no pass over them takes long. */
export const NO_LOOK: Look = () => undefined;

/** Gates that a pass goes through between two looks: a millisecond or less. */
const GATES_PER_LOOK = 512;

/** Looks at a watch. */
export function lookAt(watch: Watch): Look {
  return () => throwIfCanceled(watch);
}

/** Calls `look` if gate `i` is one of those at which a pass looks. */
export function lookEvery(i: number, look: Look): void {
  if (i % GATES_PER_LOOK === GATES_PER_LOOK - 1) look();
}

/** Steps of a few nanoseconds between two looks: some two milliseconds. */
const STEPS_PER_LOOK = 2 ** 16;
const STEPS_PER_GATE = 16;

/** Looks by the work done, where what one gate takes is not bounded. */
export class WorkLook {
  readonly #look: Look;
  #steps = 0;

  constructor(look: Look) {
    this.#look = look;
  }

  /** Counts steps, and looks once there are enough. */
  did(steps: number): void {
    this.#steps += steps;
    if (this.#steps < STEPS_PER_LOOK) return;
    this.#steps = 0;
    this.#look();
  }

  didGates(count: number): void {
    this.did(STEPS_PER_GATE * count);
  }
}
