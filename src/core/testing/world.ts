import { invariant } from '../../base/invariant.ts';
import type { Agent } from '../agent.ts';
import { apply, type Applied } from '../apply.ts';
import type { Command, CommandBatch } from '../command.ts';
import type { AgentId, TaskId } from '../ids.ts';
import { checkInvariants } from '../invariants.ts';
import type { Queue } from '../queue.ts';
import { createState, type CoreState } from '../state.ts';
import type { Task, TaskState } from '../task.ts';
import {
  agentCommand,
  ask,
  assign,
  cancel,
  complete,
  fail,
  register,
  submit,
  type SpecOptions,
  type TaskFields,
} from './commands.ts';

/** A state that is reached through commands alone, its invariants checked after each batch. */
export class World {
  readonly state: CoreState;

  constructor(state: CoreState = createState(1)) {
    this.state = state;
  }

  /** Applies one batch, given at `at` milliseconds. */
  run(at: number, ...commands: readonly Command[]): Applied {
    return this.runBatch({ at, commands });
  }

  runBatch(batch: CommandBatch): Applied {
    const applied = apply(this.state, this.state.index + 1, batch);
    checkInvariants(this.state);
    return applied;
  }

  task(id: string = 't1'): Task {
    const task = this.state.tasks.get(id as TaskId);
    invariant(task !== undefined, `task ${id} is live`);
    return task;
  }

  agent(id: string = 'a1'): Agent {
    const agent = this.state.agents.get(id as AgentId);
    invariant(agent !== undefined, `agent ${id} is registered`);
    return agent;
  }

  queue(name: string = 'default'): Queue {
    const queue = this.state.queues.get(name);
    invariant(queue !== undefined, `queue ${name} exists`);
    return queue;
  }
}

/** States a task can be met in; `absent` was never submitted. */
export type Given = TaskState | 'absent';

/** The token of the running attempt in {@link worldWith}: the index of its assignment. */
export const TOKEN = 3;

/**
 * Agent `a1` (batch 1, at 1000) and task `t1` (batch 2, at 1000) in the state asked for.
 *
 * A blocked one waits for `p1`, of another queue. Running ones were assigned by batch {@link TOKEN}; one that waits for input asked in the next; a failed one failed for good at its first attempt.
 */
export function worldWith(given: Given, spec: SpecOptions = {}, fields: TaskFields = {}): World {
  const world = new World();
  world.run(1000, register('a1'));
  if (given === 'absent') return world;
  if (given === 'blocked') {
    const first = submit('p1', { queue: 'parents' });
    world.run(
      1000,
      first,
      submit('t1', spec, { dependsOn: [{ taskId: 'p1' as TaskId }], ...fields }),
    );
    return world;
  }
  world.run(1000, submit('t1', spec, given === 'scheduled' ? { runAt: 9000, ...fields } : fields));
  if (given === 'scheduled' || given === 'queued') return world;
  if (given === 'canceled') {
    world.run(1000, cancel('t1'));
    return world;
  }
  world.run(1000, assign('t1', 'a1'));
  if (given === 'input_required') world.run(1000, ask('t1', TOKEN));
  if (given === 'completed') world.run(1000, complete('t1', TOKEN));
  if (given === 'failed') world.run(1000, fail('t1', TOKEN, { retryable: false }));
  return world;
}

/** States an agent can be met in; `full` and `leaving` are ready and draining with both slots taken. */
export type GivenAgent = 'unknown' | 'ready' | 'full' | 'draining' | 'leaving' | 'lost';

/** Tasks `t1` and `t2` wait (batch 1, at 1000); `a1` is in the state asked for, full of them or idle. */
export function worldWithAgent(given: GivenAgent): World {
  const world = new World();
  world.run(1000, submit('t1'), submit('t2'));
  if (given === 'unknown') return world;
  world.run(1000, register('a1'));
  const isBusy = given === 'full' || given === 'leaving';
  if (isBusy) world.run(1000, assign('t1', 'a1'), assign('t2', 'a1'));
  if (given === 'draining' || given === 'leaving')
    world.run(1000, agentCommand('agent.drain', 'a1'));
  if (given === 'lost') world.run(1000, agentCommand('agent.lost', 'a1'));
  return world;
}
