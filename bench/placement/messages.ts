/** What dispatchers must be told for a policy to choose as it does. */
import type { Policy } from './policy.ts';
import type { Run } from './simulate.ts';

/**
 * `own`: how its own tasks end, and no more. `loads`: what others send, too, and when that ends. `idle`: of an agent that
 * runs dry, one dispatcher. `all`: the state of every agent at every choice.
 */
export type Needs = 'own' | 'loads' | 'idle' | 'all';

const OWN: ReadonlySet<string> = new Set([
  'random',
  'round-robin',
  'least connections',
  'EXP3-IX',
  'born',
  'born+zones',
  'weighted random',
  'weighted-round-robin',
]);

/** What a policy needs; of one that is not known, loads, which are what pools of the product are told. */
export function needsOf({ name, told }: Policy): Needs {
  if (told === 'truth') return 'all';
  if (name === 'join idle queue') return 'idle';
  return OWN.has(name) ? 'own' : 'loads';
}

/**
 * Messages of a run: each attempt is sent and its end reported; and what else the policy needs told. A dispatcher
 * that is alone knows it from its own tasks. That agents are full is told under all policies and not counted.
 */
export function messagesOf(run: Pick<Run, 'attempts' | 'idleTold' | 'told'>, needs: Needs): number {
  const own = 2 * run.attempts;
  switch (needs) {
    case 'own':
      return own;
    case 'loads':
      return own + run.told;
    case 'idle':
      return own + (run.told > 0 ? run.idleTold : 0);
    case 'all':
      return Number.NaN;
  }
}
