/** A task as its callers see it, for the search of an order in which all their answers make sense. */
import type { Model } from '../checks/linearizability.ts';

/** How a task stands for whoever asks: not there yet, under way, or how it ended. */
export type Standing = 'none' | 'open' | 'completed' | 'canceled' | 'failed';

export type TaskInput =
  | { readonly kind: 'submit' }
  | { readonly kind: 'cancel' }
  /** An attempt reports its result. */
  | { readonly kind: 'report' }
  | { readonly kind: 'get' };

/** What was read of it; of a change whether it was taken. */
export type TaskOutput = Standing | 'taken' | 'refused';

export const taskModel: Model<Standing, TaskInput, TaskOutput> = {
  initial: 'none',
  step(standing, { kind }, output) {
    switch (kind) {
      case 'submit':
        return standing === 'none' ? 'open' : standing;
      case 'cancel':
        return ended(standing, 'canceled', output);
      case 'report':
        // The same report may have been taken before.
        if (output === 'taken' && standing === 'completed') return standing;
        return ended(standing, 'completed', output);
      case 'get':
        // Nobody asks for the end of a task that took down its agents.
        if (output === 'failed' && standing === 'open') return 'failed';
        return output === undefined || output === standing ? standing : undefined;
    }
  },
  fingerprint: (standing) => standing,
};

/** An attempt of a task that is open may be refused too: it may have lost its lease. */
function ended(
  standing: Standing,
  to: Standing,
  output: TaskOutput | undefined,
): Standing | undefined {
  if (output === 'refused') return to === 'canceled' && standing === 'open' ? undefined : standing;
  if (standing === 'open') return to;
  return output === 'taken' ? undefined : standing;
}
