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
