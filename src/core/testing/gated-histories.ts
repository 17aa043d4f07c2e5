/** Histories in which tasks name keys and limits, and operators change those. */
import type { Command, CommandBatch, NewTask } from '../command.ts';
import type { Dedupe } from '../control.ts';
import type { TaskSpec } from '../spec.ts';
import type { CoreState } from '../state.ts';
import { batchOf, type Move } from './histories.ts';

const DEDUPES: readonly Dedupe[] = [
  { key: 'd', mode: 'debounce', windowMs: 300, maxMs: 800 },
  { key: 'd', mode: 'throttle', windowMs: 400 },
  { key: 'd', mode: 'keep-last' },
];
const POLICIES = ['queue', 'queue', 'cancel-oldest', 'cancel-newest'] as const;

/** The batch of a move as {@link batchOf} gives it, its submits with keys and limits besides. */
export function gatedBatchOf(state: CoreState, move: Move): CommandBatch {
  const { at, commands } = batchOf(state, move);
  const choice = move.intents.reduce((sum, { a, b }) => sum + a + b, 0);
  const gated = commands.map((command) =>
    command.type === 'task.submit' ? gatedSubmit(command, choice) : command,
  );
  return { at, commands: [...operatorCommands(state, choice), ...gated] };
}

function operatorCommands(state: CoreState, choice: number): Command[] {
  if (state.records.limits.size < 2) {
    return [
      { type: 'limit.set', limit: 'calls', settings: { rate: { units: 3, perMs: 500 } } },
      { type: 'limit.set', limit: 'seats', settings: { concurrencyMax: 2 } },
    ];
  }
  switch (choice % 23) {
    case 0:
      return [
        {
          type: 'limit.set',
          limit: 'calls',
          settings: { rate: { units: 1 + (choice % 5), perMs: 250, burst: 2 + (choice % 3) } },
        },
      ];
    case 1:
      return [{ type: 'limit.remove', limit: choice % 2 === 0 ? 'calls' : 'seats' }];
    case 2: {
      const settings = { concurrencyMax: 1 + (choice % 3), rate: { units: 2, perMs: 300 } };
      return [{ type: 'queue.set', queue: 'mail', settings }];
    }
    case 3:
      return [
        { type: 'queue.set', queue: 'mail', settings: { concurrencyMax: null, rate: null } },
        { type: 'limit.set', limit: 'seats', settings: { concurrencyMax: 1 + (choice % 4) } },
      ];
    case 4:
      return [{ type: 'fairness.set', weights: { team: 1 + (choice % 3), other: null } }];
    default:
      return [];
  }
}

function gatedSubmit(command: Extract<Command, { type: 'task.submit' }>, choice: number): Command {
  const tasks = command.tasks.map((task, i) => ({ ...task, ...controlFor(choice + i * 7) }));
  const specs = command.specs.map((spec, i): TaskSpec => {
    const policy = POLICIES[(choice + i) % 4] as (typeof POLICIES)[number];
    const concurrency = { limit: 1 + ((choice >> 2) % 2), policy };
    return choice % 5 === 0 ? spec : { ...spec, rules: { concurrency } };
  });
  return { type: 'task.submit', specs, tasks };
}

function controlFor(choice: number): Partial<NewTask> {
  const n = choice >> 1;
  const dedupe = n % 11 < 3 ? DEDUPES[n % 11] : undefined;
  const units = 1 + (n % 2);
  return {
    ...(n % 2 === 0 ? { concurrencyKey: `user-${n % 3}` } : {}),
    ...(n % 3 === 0
      ? { limits: [{ name: 'calls', key: `k${n % 2}`, units }, { name: 'seats' }] }
      : {}),
    ...(n % 7 === 0 ? { fairnessKey: `f${n % 2}`, estimate: { tokens: 5_000 } } : {}),
    ...(dedupe === undefined ? {} : { dedupe }),
  };
}
