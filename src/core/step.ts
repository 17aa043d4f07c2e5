import type { CoreEvent } from './event.ts';
import type { CoreState } from './state.ts';

/** One application of a batch: the state it changes and the events it leaves behind. */
export interface Step {
  readonly state: CoreState;
  readonly events: CoreEvent[];
}
